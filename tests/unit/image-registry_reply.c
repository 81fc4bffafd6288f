/* SPDX-License-Identifier: Apache-2.0 */
/* image-registry_reply.c - headers and refusals of registries. */
#include "image/registry_reply.h"

#include <string.h>

#include "fds.h"

static void reads_ranges(void **state)
{
	int64_t from = -1;

	(void)state;
	assert_true(hp_registry__range_start("bytes 5-9/10", &from));
	assert_int_equal(from, 5);
	assert_true(hp_registry__range_start("bytes 0-", &from));
	assert_int_equal(from, 0);
	assert_false(hp_registry__range_start(NULL, &from));
	assert_false(hp_registry__range_start("bytes -9", &from));
	assert_false(hp_registry__range_start("bytes */10", &from));
	assert_false(hp_registry__range_start("lines 1-2", &from));
	assert_false(hp_registry__range_start("bytes 99999999999999999999999-1", &from));
}

static void reads_waits(void **state)
{
	(void)state;
	assert_int_equal(hp_registry__retry_after_ms("3"), 3000);
	assert_int_equal(hp_registry__retry_after_ms("0"), 0);
	assert_int_equal(hp_registry__retry_after_ms("86400"), 60000);
	assert_int_equal(hp_registry__retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
	assert_int_equal(hp_registry__retry_after_ms("Sun, 06 Nov 2094 08:49:37 GMT"), 60000);
	assert_int_equal(hp_registry__retry_after_ms("soon"), -1);
	assert_int_equal(hp_registry__retry_after_ms("-1"), -1);
	assert_int_equal(hp_registry__retry_after_ms(""), -1);
	assert_int_equal(hp_registry__retry_after_ms(NULL), -1);
}

static void tells_busy_from_wrong(void **state)
{
	(void)state;
	assert_true(hp_registry__is_busy(429));
	assert_true(hp_registry__is_busy(503));
	assert_false(hp_registry__is_busy(404));
	assert_false(hp_registry__is_busy(501));
}

static void refusals_have_codes_and_words(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum hp_code code;
		const char *why;
	} rows[] = {
		{401, "", HP_EDENIED, "answers 401"},
		{404, "<html>", HP_ENOTFOUND, "there is no such thing"},
		{404, "{\"errors\":[{\"message\":\"manifest unknown\"}]}", HP_ENOTFOUND,
		 "answers 404 (manifest unknown)"},
		{429, "{\"errors\":[]}", HP_EEXHAUSTED, "no reason given"},
		{500, "{\"errors\":[{\"message\":7}]}", HP_EUNAVAILABLE, "no reason given"},
		{418, "{\"errors\":[{\"message\":\"a\\tb\\u00e9\"}]}", HP_EPROTO, "a?b??"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(
			hp_registry__refused(rows[i].status, hp_bytes_str(rows[i].body), &err),
			-1);
		assert_int_equal(err.code, rows[i].code);
		if (!strstr(err.msg, rows[i].why))
			fail_msg("no '%s' in '%s'", rows[i].why, err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_ranges),
		cmocka_unit_test(reads_waits),
		cmocka_unit_test(tells_busy_from_wrong),
		cmocka_unit_test(refusals_have_codes_and_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
