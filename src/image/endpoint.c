/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.c - from a reference to the registry that has it. */
#include "image/endpoint.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "net/http.h"
#include "wire/digest.h"

/* From: docker registry/config.go, DefaultV2Registry. */
#define HUB      "docker.io"
#define HUB_HOST "registry-1.docker.io"

void hp_endpoint_clear(struct hp_endpoint *e)
{
	free(e->host);
	free(e->base);
	free(e->repo);
	free(e->tag);
	free(e->digest);
	*e = (struct hp_endpoint){0};
}

/* Is "host[:port]" this machine, and on which port? ret_port: "" for none. */
static bool is_here(const char *host, const char **ret_port)
{
	const char *colon = strrchr(host, ':');
	const bool bracket = host[0] == '[';
	const char *end = bracket ? strchr(host, ']') : NULL;

	if (colon && end && colon < end)
		colon = NULL;
	*ret_port = colon ? colon + 1 : "";
	const size_t len = colon ? (size_t)(colon - host) : strlen(host);
	AUTO_FREE char *bare =
		bracket && len >= 2 ? hp_strndup(host + 1, len - 2) : hp_strndup(host, len);
	return hp_http_is_loopback(bare);
}

/* From: distribution/reference normalize.go, splitDockerDomain. */
bool hp_endpoint_is_named(const char *reference)
{
	const size_t len = strcspn(reference, "/");

	if (reference[len] != '/')
		return false;
	return memchr(reference, '.', len) || memchr(reference, ':', len);
}

static char *base_of(const char *host, const struct hp_endpoint_how *how)
{
	const char *port = "";
	const bool here = is_here(host, &port);
	const bool plain = how->plain_http || (here && !how->tls && !hp_str_eq(port, "443"));

	return hp_sprintf("%s://%s", plain ? "http" : "https",
			  hp_str_eq(host, HUB) ? HUB_HOST : host);
}

int hp_endpoint_of(const char *full, const struct hp_endpoint_how *how, struct hp_endpoint *ret,
		   struct hp_error *err)
{
	const char *slash = strchr(full, '/');
	const char *at = strchr(full, '@');
	AUTO(hp_endpoint_clear) struct hp_endpoint e = {0};

	if (!slash)
		return hp_fail(err, HP_EINVALID, "'%s' names no registry", full);
	if (hp_str_starts(full, "localhost/"))
		return hp_fail(err, HP_EINVALID,
			       "'%s' is an image of this machine, in no registry; a registry "
			       "here is named with its port, as in localhost:5000/...",
			       full);
	if (at && !hp_digest_valid(at + 1))
		return hp_fail(err, HP_EINVALID, "'%s': only sha256 digests can be pulled by",
			       full);
	const size_t len = at ? (size_t)(at - full) : strlen(full);
	const char *colon = memrchr(slash, ':', len - (size_t)(slash - full));
	const char *end = colon ? colon : full + len;
	e.host = hp_strndup(full, (size_t)(slash - full));
	e.base = base_of(e.host, how);
	e.repo = hp_strndup(slash + 1, (size_t)(end - slash - 1));
	e.tag = colon ? hp_strndup(colon + 1, (size_t)(full + len - colon - 1)) : hp_strdup("");
	e.digest = hp_strdup(at ? at + 1 : "");
	*ret = e;
	e = (struct hp_endpoint){0};
	return 0;
}

/* Scheme and authority, with the port that the scheme has by itself. Owns: the caller. */
static char *origin_of(const char *url)
{
	const char *sep = strstr(url, "://");
	const char *host = sep ? sep + 3 : url;
	size_t len = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', len);

	if (at) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	AUTO_FREE char *name = hp_strndup(host, len);
	const char *bracket = strrchr(name, ']');
	const bool has_port = strchr(bracket ? bracket : name, ':') != NULL;
	const bool secure = strncasecmp(url, "https:", 6) == 0;
	return hp_sprintf("%s://%s%s", secure ? "https" : "http", name,
			  has_port ? "" : (secure ? ":443" : ":80"));
}

bool hp_endpoint_same_origin(const char *url, const char *other)
{
	AUTO_FREE char *a = origin_of(url);
	AUTO_FREE char *b = origin_of(other);

	return strcasecmp(a, b) == 0;
}
