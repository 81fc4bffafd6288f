/* SPDX-License-Identifier: Apache-2.0 */
/* wire-json_scan.c - the look over JSON text: what it counts, and where it stops. */
#include "wire/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_counts_members(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json_scan scan = {0};
	const char *text = "{\"a:b\":1,\"c\\\":\":{\"d\":[{}]}}";

	(void)state;
	assert_int_equal(hp_json__scan(hp_bytes_str(text), &scan, &err), 0);
	assert_int_equal(scan.members, 3);
}

static void test_offset(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json_scan scan = {.members = 77};

	(void)state;
	assert_int_equal(hp_json__scan(hp_bytes_str("[\"ab\tc\"]"), &scan, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	assert_non_null(strstr(err.msg, "at byte 4"));
	assert_int_equal(scan.members, 77);
}

static void test_escape_at_the_end(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json_scan scan = {0};

	(void)state;
	/* Not JSON, but not for the scan to say; it must only not read past the end. */
	assert_int_equal(hp_json__scan(HP_BYTES("\"\\", 2), &scan, &err), 0);
	assert_int_equal(hp_json__scan(HP_BYTES("\"\\u000", 6), &scan, &err), 0);
	assert_int_equal(hp_json__scan(HP_BYTES("\"\\u0000", 7), &scan, &err), -1);
}

static void test_valid_text(void **state)
{
	(void)state;
	AUTO_FREE char *mixed = hp_json__valid_text("a\xffz");
	AUTO_FREE char *fine = hp_json__valid_text("\xf4\x8f\xbf\xbf");
	AUTO_FREE char *empty = hp_json__valid_text("");

	assert_string_equal(mixed, "a\xef\xbf\xbdz");
	assert_string_equal(fine, "\xf4\x8f\xbf\xbf");
	assert_string_equal(empty, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_members),
		cmocka_unit_test(test_offset),
		cmocka_unit_test(test_escape_at_the_end),
		cmocka_unit_test(test_valid_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
