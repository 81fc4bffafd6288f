/* SPDX-License-Identifier: Apache-2.0 */
/* base-go.c - tests of src/base/go.c. What is expected was read off Go 1.26's own functions. */
#include "base/go.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "fds.h"

static void refuse(int rc, const struct hp_error *err, enum hp_code code, const char *text)
{
	if (rc != -1 || err->code != code)
		fail_msg("'%s' gives %d, %s", text, rc, hp_code_name(err->code));
}

static void test_int(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
		{"0", 0},
		{"-0", 0},
		{"+7", 7},
		{"1_000", 1000},
		{"0x1F", 31},
		{"-0X_1f", -31},
		{"0b101", 5},
		{"0o17", 15},
		{"017", 15},
		{"0_7", 7},
		{"9223372036854775807", INT64_MAX},
		{"-9223372036854775808", INT64_MIN},
	};
	static const char *const bad[] = {"",     "-",  "+",     "x",   "08",   "0x", "_1",
					  "1__0", "1_", "1_0.5", "1e5", "0b2",  " 1", "1 ",
					  "--1",  "0o", "0_",    "inf", "0x_g", NULL};
	static const char *const far[] = {"9223372036854775808", "-9223372036854775809",
					  "99999999999999999999", "0x8000000000000000", NULL};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t value = -77;
		assert_int_equal(hp_go_int(rows[i].text, &value, &err), 0);
		assert_int_equal(value, rows[i].value);
	}
	for (size_t i = 0; bad[i]; i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t value = -77;
		refuse(hp_go_int(bad[i], &value, &err), &err, HP_EINVALID, bad[i]);
		assert_string_equal(err.msg, "parse error");
		assert_int_equal(value, -77);
	}
	for (size_t i = 0; far[i]; i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t value = -77;
		refuse(hp_go_int(far[i], &value, &err), &err, HP_ERANGE, far[i]);
		assert_string_equal(err.msg, "value out of range");
	}
}

static void test_float(void **state)
{
	static const struct {
		const char *text;
		double value;
	} rows[] = {
		{"1_000", 1000},
		{"1_0.5", 10.5},
		{"0x1p4", 16},
		{"0x1_0p4", 256},
		{"0x_1p4", 16},
		{"inf", INFINITY},
		{"-Infinity", -INFINITY},
		{".5", 0.5},
		{"5.", 5},
		{"1e5", 1e5},
		{"1e1_0", 1e10},
		{"-1.5e-2", -0.015},
		{"1e-999", 0},
		{"0x.8P1", 1},
		{"+0.3", 0.3},
		{"007", 7},
	};
	static const char *const bad[] = {"",     ".",      "0x1",  "+nan",  "1e",   "1e_5",
					  "infi", " 1",     "1f",   "0b1",   "_1",   "1__0",
					  "1_",   "nan(1)", "0x1p", "1.2.3", "1e5.", "-",
					  "e5",   "0xp1",   NULL};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		double value = -77;
		if (hp_go_float(rows[i].text, &value, &err) < 0 || value != rows[i].value)
			fail_msg("'%s' gives %g", rows[i].text, value);
	}
	for (size_t i = 0; bad[i]; i++) {
		struct hp_error err = HP_ERROR_INIT;
		double value = -77;
		refuse(hp_go_float(bad[i], &value, &err), &err, HP_EINVALID, bad[i]);
	}
	struct hp_error err = HP_ERROR_INIT;
	double value = 0;
	assert_int_equal(hp_go_float("NaN", &value, &err), 0);
	assert_true(isnan(value));
	refuse(hp_go_float("1e999", &value, &err), &err, HP_ERANGE, "1e999");
}

static void test_bool(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	bool value = false;

	(void)state;
	assert_int_equal(hp_go_bool("T", &value, &err), 0);
	assert_true(value);
	assert_int_equal(hp_go_bool("False", &value, &err), 0);
	assert_false(value);
	refuse(hp_go_bool("yes", &value, &err), &err, HP_EINVALID, "yes");
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} rows[] = {
		{"0", 0},
		{"-0", 0},
		{"1s", 1000000000},
		{"1.s", 1000000000},
		{".5s", 500000000},
		{"-1.5h", INT64_C(-5400000000000)},
		{"1\xc2\xb5s", 1000},
		{"1h2m3.5s", INT64_C(3723500000000)},
		{"9223372036854775807ns", INT64_MAX},
		{"-9223372036854775808ns", INT64_MIN},
		{"2562047h47m16.854775807s", INT64_MAX},
		{"1.00000000000000000000000001s", 1000000000},
		{"0.3333333333333333333h", INT64_C(1200000000000)},
		{"+5s", INT64_C(5000000000)},
	};
	static const char *const bad[] = {"",  "30", ".s", "--5s", "1d", "5 s", "1h1",
					  "s", "-",  "+",  "1..s", "00", "0 ",  NULL};
	static const char *const far[] = {"9223372036854775808ns", "2562047h47m16.854775808s",
					  "99999999999999h", "-2562048h", NULL};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t ns = -77;
		assert_int_equal(hp_go_duration(rows[i].text, &ns, &err), 0);
		assert_int_equal(ns, rows[i].ns);
	}
	for (size_t i = 0; bad[i]; i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t ns = -77;
		refuse(hp_go_duration(bad[i], &ns, &err), &err, HP_EINVALID, bad[i]);
		assert_int_equal(ns, -77);
	}
	for (size_t i = 0; far[i]; i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t ns = -77;
		refuse(hp_go_duration(far[i], &ns, &err), &err, HP_ERANGE, far[i]);
		assert_string_equal(err.msg, "parse error");
	}
}

static void test_duration_text(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{0, "0s"},
		{1, "1ns"},
		{1500, "1.5\xc2\xb5s"},
		{1000000, "1ms"},
		{1500000, "1.5ms"},
		{INT64_C(90000000000), "1m30s"},
		{INT64_C(3600000000000), "1h0m0s"},
		{-1500000000, "-1.5s"},
		{INT64_C(5400500000000), "1h30m0.5s"},
		{INT64_MAX, "2562047h47m16.854775807s"},
		{INT64_MIN, "-2562047h47m16.854775808s"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *text = hp_go_duration_text(rows[i].ns);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_quote(void **state)
{
	static const struct {
		const char *text;
		const char *quoted;
	} rows[] = {
		{"", "\"\""},
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"\xc3\xa9", "\"\xc3\xa9\""},
		{"\x01\a\b\f\n\r\t\v\x7f", "\"\\x01\\a\\b\\f\\n\\r\\t\\v\\x7f\""},
		{"\xff"
		 "a",
		 "\"\\xffa\""},
		{"\xc2\x85", "\"\\u0085\""},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *quoted = hp_go_quote(rows[i].text);
		assert_string_equal(quoted, rows[i].quoted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_int),      FDS_TEST(test_float),         FDS_TEST(test_bool),
		FDS_TEST(test_duration), FDS_TEST(test_duration_text), FDS_TEST(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
