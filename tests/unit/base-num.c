/* SPDX-License-Identifier: Apache-2.0 */
/* base-num.c - tests of src/base/num.c. */
#include "base/buf.h"
#include "base/str.h"

#include "fds.h"

typedef int parse_fn(const char *s, int64_t *ret, struct hp_error *err);

struct row {
	const char *text;
	int64_t value;
};

static void expect(parse_fn *parse, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t value = -77;

		if (parse(rows[i].text, &value, &err) < 0)
			fail_msg("'%s': %s", rows[i].text, err.msg);
		assert_int_equal(value, rows[i].value);
	}
}

/* Each must be refused with @code, naming the text, and leave the result alone. */
static void refuse(parse_fn *parse, enum hp_code code, const char *const *texts)
{
	for (; *texts; texts++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t value = -77;

		if (parse(*texts, &value, &err) == 0)
			fail_msg("'%s' was taken", *texts);
		assert_int_equal(err.code, code);
		assert_non_null(strstr(err.msg, *texts));
		assert_int_equal(value, -77);
	}
}

static const char *const no_numbers[] = {"",    " ",   "x", " 1",  "1 ",       "+1", "0x10",
					 "1e3", "--1", "-", "1,5", "\xd9\xa1", NULL};

static void reads_unsigned(void **state)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x1", "1.0"};
	struct hp_error err = HP_ERROR_INIT;
	uint64_t n = 9;

	(void)state;
	assert_int_equal(hp_str_u64("0", &n, &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(hp_str_u64("0018446744073709551615", &n, &err), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(hp_str_u64("18446744073709551616", &n, &err), -1);
	assert_int_equal(err.code, HP_ERANGE);
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		hp_error_clear(&err);
		assert_int_equal(hp_str_u64(bad[i], &n, &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
	}
	assert_true(n == UINT64_MAX);
}

static void reads_signed(void **state)
{
	static const struct row rows[] = {
		{"0", 0},
		{"-0", 0},
		{"-1", -1},
		{"9223372036854775807", INT64_MAX},
		{"-9223372036854775808", INT64_MIN},
	};
	static const char *const far[] = {"9223372036854775808", "-9223372036854775809",
					  "99999999999999999999999", NULL};

	(void)state;
	expect(hp_str_i64, rows, HP_ARRAY_LEN(rows));
	refuse(hp_str_i64, HP_EINVALID, no_numbers);
	refuse(hp_str_i64, HP_ERANGE, far);
}

static void reads_sizes(void **state)
{
	static const struct row rows[] = {
		{"0", 0},
		{"512", 512},
		{"512b", 512},
		{"512B", 512},
		{"1k", 1024},
		{"1K", 1024},
		{"1kb", 1024},
		{"1KiB", 1024},
		{"64m", 64 << 20},
		{"1.5g", INT64_C(3) << 29},
		{"1GiB", INT64_C(1) << 30},
		{"2t", INT64_C(2) << 40},
		{".5k", 512},
		{"0.000000001g", 1},
		{"0.999999999t", INT64_C(1099511626676)},
		{"8388607t", INT64_C(8388607) << 40},
	};
	static const char *const bad[] = {
		"m",   "64x",    "64mm", "64 m", "-1", "1.5.5g", "1kx",           "64i",
		"1e3", "64mib ", "1kbb", ".",    ".k", "",       "1.0000000001g", NULL};
	static const char *const far[] = {"8388608t", "9223372036854775808",
					  "99999999999999999999k", NULL};

	(void)state;
	expect(hp_str_size, rows, HP_ARRAY_LEN(rows));
	refuse(hp_str_size, HP_EINVALID, bad);
	refuse(hp_str_size, HP_ERANGE, far);
}

static void reads_nanos(void **state)
{
	static const struct row rows[] = {
		{"0", 0},
		{"2", 2000000000},
		{"1.5", 1500000000},
		{"0.000000001", 1},
		{".25", 250000000},
		{"1.", 1000000000},
		{"9223372036.854775807", INT64_MAX},
	};
	static const char *const bad[] = {"0.0000000001", "1.5x", "-1.5", "1e9", ".", "",
					  "1..5",         "half", NULL};
	static const char *const far[] = {"9223372036.854775808", "9223372037", NULL};

	(void)state;
	expect(hp_str_nano, rows, HP_ARRAY_LEN(rows));
	refuse(hp_str_nano, HP_EINVALID, bad);
	refuse(hp_str_nano, HP_EINVALID, no_numbers);
	refuse(hp_str_nano, HP_ERANGE, far);
}

static void reads_durations(void **state)
{
	static const struct row rows[] = {
		{"0", 0},          {"0s", 0},
		{"10", 10000},     {"1.5", 1500},
		{"300ms", 300},    {"10s", 10000},
		{"1m", 60000},     {"1h2m3.5s", 3723500},
		{"1.5h", 5400000}, {"1us", 1},
		{"1\xc2\xb5s", 1}, {"1\xce\xbcs", 1},
		{"1000001ns", 2},  {"2562047h", INT64_C(2562047) * 3600000},
	};
	static const char *const bad[] = {"",    "s",   "1x",    "1h2",  "1m 2s", "-1s",
					  "1mm", "1hh", "ms",    "1.s5", "1d",    "1h ",
					  "+1s", "..s", "\xb5s", NULL};
	static const char *const far[] = {"2562048h", "2562047h3000m", "9223372037",
					  "99999999999999999999s", NULL};

	(void)state;
	expect(hp_str_duration, rows, HP_ARRAY_LEN(rows));
	refuse(hp_str_duration, HP_EINVALID, bad);
	refuse(hp_str_duration, HP_ERANGE, far);
}

static void prints_bytes_for_people(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{12897485, "12.3 MiB"},
		{1048575, "1.0 MiB"},
		{UINT64_C(5) << 30, "5.0 GiB"},
		{UINT64_C(1) << 50, "1.0 PiB"},
		{UINT64_MAX, "16.0 EiB"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *text = hp_str_human_bytes(rows[i].bytes);

		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_unsigned),  FDS_TEST(reads_signed),
		FDS_TEST(reads_sizes),     FDS_TEST(reads_nanos),
		FDS_TEST(reads_durations), FDS_TEST(prints_bytes_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
