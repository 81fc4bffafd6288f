/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-filter.c - any text as a Go number, duration or quoted text, a network and a list of ports. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/go.h"
#include "fuzz.h"
#include "wire/filter.h"

/* What was read and is printed must read the same again. */
static void check_go(const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	int64_t ns = -77;
	int64_t again = 0;
	int64_t n = -77;
	double share = 0;
	bool flag = false;

	if (hp_go_duration(text, &ns, &err) == 0) {
		AUTO_FREE char *printed = hp_go_duration_text(ns);
		FUZZ_CHECK(hp_go_duration(printed, &again, &err) == 0 && again == ns);
	} else {
		FUZZ_CHECK(err.code != HP_OK && ns == -77);
	}
	hp_error_clear(&err);
	if (hp_go_int(text, &n, &err) < 0)
		FUZZ_CHECK(err.code != HP_OK && n == -77);
	hp_error_clear(&err);
	if (hp_go_float(text, &share, &err) == 0 &&
	    hp_filter_share("share", share, 1, &err) == 0)
		FUZZ_CHECK(share >= 0 && share <= 1);
	hp_error_clear(&err);
	if (hp_go_bool(text, &flag, &err) == 0)
		FUZZ_CHECK(strlen(text) <= 5);
}

static void check_filter(const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_strv_free) struct hp_strv ports = {0};
	AUTO(hp_strv_free) struct hp_strv same = {0};
	AUTO_FREE char *network = NULL;
	AUTO_FREE char *again = NULL;

	if (hp_filter_network(text, &network, &err) == 0)
		FUZZ_CHECK(hp_filter_network(network, &again, &err) == 0 &&
			   strcmp(network, again) == 0);
	hp_error_clear(&err);
	if (hp_filter_ports(text, &ports, &err) < 0) {
		FUZZ_CHECK(ports.count == 0);
		return;
	}
	AUTO_FREE char *list = hp_strv_join(hp_strv_view(&ports), ",");
	FUZZ_CHECK(ports.count <= HP_FILTER_PORTS_MAX);
	FUZZ_CHECK(hp_filter_ports(list, &same, &err) == 0 && same.count == ports.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = hp_strndup((const char *)data, size);
	AUTO_FREE char *quoted = hp_go_quote(text);

	FUZZ_CHECK(strlen(quoted) >= strlen(text) + 2 && !strchr(quoted, '\n'));
	check_go(text);
	check_filter(text);
	return 0;
}
