/* SPDX-License-Identifier: Apache-2.0 */
/* base-time.c - tests of src/base/time.c. */
#include "base/buf.h"
#include "base/clock.h"

#include "fds.h"

#define S  INT64_C(1000000000)
#define MS INT64_C(1000000)

static void formats(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000000000Z"},
		{1, "1970-01-01T00:00:00.000000001Z"},
		{-1, "1969-12-31T23:59:59.999999999Z"},
		{-S, "1969-12-31T23:59:59.000000000Z"},
		{1709210096 * S + 123456789, "2024-02-29T12:34:56.123456789Z"},
		{INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
		{INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		char text[HP_TIME_TEXT];

		hp_time_format(rows[i].ns, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void parses(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01t00:00:00z", 0},
		{"1970-01-01 00:00:01Z", S},
		{"2024-02-29T12:34:56.123456789Z", 1709210096 * S + 123456789},
		{"2024-02-29T12:34:56.5Z", 1709210096 * S + 500 * MS},
		{"2024-02-29T12:34:56.1234567899999Z", 1709210096 * S + 123456789},
		{"2024-02-29T14:34:56+02:00", 1709210096 * S},
		{"2024-02-29T07:04:56-05:30", 1709210096 * S},
		{"1969-12-31T23:59:59.5Z", -500 * MS},
		{"2000-02-29T00:00:00Z", 951782400 * S},
		{"0001-01-01T00:00:00Z", 0},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t ns = -7;

		assert_int_equal(hp_time_parse(rows[i].text, &ns, &err), 0);
		assert_int_equal(ns, rows[i].ns);
	}
}

static void refuses_what_is_no_time(void **state)
{
	static const char *const texts[] = {
		"",
		"x",
		"2024",
		"2024-02-29",
		"2024-02-29T12:34:56",
		"2024-02-29T12:34:56.Z",
		"2024-02-29T12:34:56Zx",
		"2024-02-30T12:34:56Z",
		"2023-02-29T12:34:56Z",
		"1900-02-29T12:34:56Z",
		"2024-13-01T12:34:56Z",
		"2024-00-01T12:34:56Z",
		"2024-01-00T12:34:56Z",
		"2024-01-01T24:00:00Z",
		"2024-01-01T23:60:00Z",
		"2024-01-01T23:00:60Z",
		"2024-1-01T23:00:00Z",
		"2024-01-01T23:00:00+24:00",
		"2024-01-01T23:00:00+1:00",
		"2024-01-01T23:00:00+01:60",
		"2024-01-01T23:00:00 Z",
		"1677-01-01T00:00:00Z",
		"2263-01-01T00:00:00Z",
		"9999-12-31T23:59:59Z",
		"-024-01-01T23:00:00Z",
		" 2024-01-01T23:00:00Z",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++) {
		struct hp_error err = HP_ERROR_INIT;
		int64_t ns = -7;

		assert_int_equal(hp_time_parse(texts[i], &ns, &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
		assert_non_null(strstr(err.msg, texts[i]));
		assert_int_equal(ns, -7);
	}
}

static void reads_back_what_it_formats(void **state)
{
	(void)state;
	for (int64_t ns = INT64_MIN / 2; ns < INT64_MAX / 2 - INT64_C(7654321987654321);
	     ns += INT64_C(7654321987654321)) {
		struct hp_error err = HP_ERROR_INIT;
		char text[HP_TIME_TEXT];
		int64_t back;

		hp_time_format(ns, text);
		assert_int_equal(hp_time_parse(text, &back, &err), 0);
		assert_int_equal(back, ns);
	}
}

static void parses_what_users_type(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} rows[] = {
		{"1700000000", 1700000000 * S},
		{"1700000000.5", 1700000000 * S + 500 * MS},
		{"0", 0},
		{"10m", 1000000 * S - 600 * S},
		{"1h30m", 1000000 * S - 5400 * S},
		{"1.5s", 1000000 * S - 1500 * MS},
		{"2024-02-29T12:34:56Z", 1709210096 * S},
	};
	static const char *const bad[] = {"",     "yesterday", "10",  ".",
					  "10mm", "-5m",       "1..", "99999999999"};
	int64_t ns = 5;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_time_parse_user(rows[i].text, 1000000 * S, &ns, &err), 0);
		assert_int_equal(ns, rows[i].ns);
	}
	ns = 5;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;

		/* A small Unix time is one all the same. */
		if (strcmp(bad[i], "10") == 0)
			continue;
		assert_int_equal(hp_time_parse_user(bad[i], 0, &ns, &err), -1);
		assert_true(err.code == HP_EINVALID || err.code == HP_ERANGE);
		assert_int_equal(ns, 5);
	}
}

static void takes_local_time(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {
		{"2024-02-29", 1709164800 - 7200},
		{"2024-02-29T12:34", 1709210040 - 7200},
		{"2024-02-29T12:34:56", 1709210096 - 7200},
		{"2024-02-29 12:34:56", 1709210096 - 7200},
		{"2024-02-29T12:34:56Z", 1709210096},
	};
	static const char *const bad[] = {"2023-02-29", "2024-13-01", "2024-02-29T25:00",
					  "2024-"};
	int64_t ns = 0;

	(void)state;
	setenv("TZ", "EET-2", 1);
	tzset();
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_time_parse_user(rows[i].text, 0, &ns, &err), 0);
		assert_int_equal(ns, rows[i].seconds * S);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_time_parse_user(bad[i], 0, &ns, &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
	}
	unsetenv("TZ");
	tzset();
}

static void refuses_moments_before_time(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	int64_t ns;

	(void)state;
	assert_int_equal(hp_time_parse_user("2000000h", INT64_MIN + S, &ns, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
}

static void says_how_long_ago(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{-5, "Less than a second ago"},
		{0, "Less than a second ago"},
		{1, "1 second ago"},
		{59, "59 seconds ago"},
		{60, "About a minute ago"},
		{119, "About a minute ago"},
		{120, "2 minutes ago"},
		{59 * 60, "59 minutes ago"},
		{3600, "About an hour ago"},
		{89 * 60, "About an hour ago"},
		{90 * 60, "2 hours ago"},
		{47 * 3600, "47 hours ago"},
		{48 * 3600, "2 days ago"},
		{13 * 86400, "13 days ago"},
		{14 * 86400, "2 weeks ago"},
		{59 * 86400, "8 weeks ago"},
		{60 * 86400, "2 months ago"},
		{729 * 86400, "24 months ago"},
		{730 * 86400, "2 years ago"},
	};
	AUTO_FREE char *part = hp_time_ago(1900 * MS, 2100 * MS);

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *text =
			hp_time_ago(1700000000 * S, (1700000000 + rows[i].seconds) * S);

		assert_string_equal(text, rows[i].text);
	}
	assert_string_equal(part, "Less than a second ago");
}

static void survives_moments_far_apart(void **state)
{
	AUTO_FREE char *past = hp_time_ago(INT64_MIN, INT64_MAX);
	AUTO_FREE char *future = hp_time_ago(INT64_MAX, INT64_MIN);

	(void)state;
	assert_string_equal(past, "584 years ago");
	assert_string_equal(future, "Less than a second ago");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(formats),
		FDS_TEST(parses),
		FDS_TEST(refuses_what_is_no_time),
		FDS_TEST(reads_back_what_it_formats),
		FDS_TEST(parses_what_users_type),
		FDS_TEST(takes_local_time),
		FDS_TEST(refuses_moments_before_time),
		FDS_TEST(says_how_long_ago),
		FDS_TEST(survives_moments_far_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
