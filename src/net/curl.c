/* SPDX-License-Identifier: Apache-2.0 */
/* curl.c - find libcurl and its functions at run time. */
#include "net/curl.h"

#include <dlfcn.h>
#include <stddef.h>

#include "base/cleanup.h"

#define FUNCTION(member, symbol)                                                               \
	{                                                                                      \
		symbol, offsetof(struct hp_curl, member)                                       \
	}

static const struct {
	const char *symbol;
	size_t at; /* offset of the member that points to it */
} functions[] = {
	FUNCTION(global_init, "curl_global_init"),
	FUNCTION(global_cleanup, "curl_global_cleanup"),
	FUNCTION(easy_init, "curl_easy_init"),
	FUNCTION(easy_cleanup, "curl_easy_cleanup"),
	FUNCTION(setopt, "curl_easy_setopt"),
	FUNCTION(getinfo, "curl_easy_getinfo"),
	FUNCTION(perform, "curl_easy_perform"),
	FUNCTION(send, "curl_easy_send"),
	FUNCTION(recv, "curl_easy_recv"),
	FUNCTION(strerror, "curl_easy_strerror"),
	FUNCTION(multi_init, "curl_multi_init"),
	FUNCTION(multi_cleanup, "curl_multi_cleanup"),
	FUNCTION(multi_add, "curl_multi_add_handle"),
	FUNCTION(multi_remove, "curl_multi_remove_handle"),
	FUNCTION(multi_perform, "curl_multi_perform"),
	FUNCTION(multi_poll, "curl_multi_poll"),
	FUNCTION(multi_info, "curl_multi_info_read"),
	FUNCTION(slist_append, "curl_slist_append"),
	FUNCTION(slist_free, "curl_slist_free_all"),
};

int hp_curl__load(const char *library, struct hp_curl *ret, struct hp_error *err)
{
	/* It stays loaded: the TLS library below it does not like to be taken away. */
	struct hp_curl c = {.library = dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)};

	if (!c.library)
		return hp_fail(err, HP_EUNSUPPORTED,
			       "%s, which speaks HTTP and TLS, cannot be loaded (%s): "
			       "install the package libcurl4",
			       library, dlerror());
	for (size_t i = 0; i < HP_ARRAY_LEN(functions); i++) {
		void *found = dlsym(c.library, functions[i].symbol);
		if (!found) {
			dlclose(c.library);
			return hp_fail(err, HP_EUNSUPPORTED,
				       "%s is too old, it has no %s: install a newer libcurl4",
				       library, functions[i].symbol);
		}
		memcpy((char *)&c + functions[i].at, &found, sizeof(found));
	}
	if (c.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		dlclose(c.library);
		return hp_fail(err, HP_EINTERNAL, "%s cannot be made ready", library);
	}
	*ret = c;
	return 0;
}

void hp_curl__unload(struct hp_curl *c)
{
	if (!c->library)
		return;
	c->global_cleanup();
	dlclose(c->library);
	*c = (struct hp_curl){0};
}
