/* SPDX-License-Identifier: Apache-2.0 */
/* net-curl.c - libcurl is found, and a machine without it is told what to install. */
#include "net/curl.h"

#include <string.h>

#include "fds.h"

static void loads_and_unloads(void **state)
{
	struct hp_curl c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_curl__load(HP_CURL_LIBRARY, &c, &err), 0);
	CURL *easy = c.easy_init();
	assert_non_null(easy);
	assert_int_equal(c.setopt(easy, CURLOPT_URL, "http://127.0.0.1/"), CURLE_OK);
	c.easy_cleanup(easy);
	hp_curl__unload(&c);
	hp_curl__unload(&c);
	assert_null(c.library);
}

static void missing_names_the_package(void **state)
{
	struct hp_curl c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_curl__load("libno-such-thing.so.9", &c, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "install the package libcurl4"));
	assert_null(c.library);
}

static void another_library_is_refused(void **state)
{
	struct hp_curl c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_curl__load("libc.so.6", &c, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "curl_global_init"));
	assert_null(c.library);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_and_unloads),
		cmocka_unit_test(missing_names_the_package),
		cmocka_unit_test(another_library_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
