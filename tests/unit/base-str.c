/* SPDX-License-Identifier: Apache-2.0 */
/* base-str.c - tests of src/base/str.c. */
#include "base/str.h"

#include "base/alloc.h"
#include "fds.h"

static void compares(void **state)
{
	(void)state;
	assert_true(hp_str_eq("a", "a"));
	assert_true(hp_str_eq(NULL, NULL));
	assert_false(hp_str_eq("a", NULL));
	assert_false(hp_str_eq(NULL, ""));
	assert_true(hp_str_starts("abc", ""));
	assert_true(hp_str_starts("abc", "ab"));
	assert_false(hp_str_starts("ab", "abc"));
	assert_true(hp_str_ends("abc", "bc"));
	assert_true(hp_str_ends("abc", ""));
	assert_false(hp_str_ends("bc", "abc"));
	assert_true(hp_str_empty(NULL));
	assert_true(hp_str_empty(""));
	assert_false(hp_str_empty(" "));
}

static void measures_characters(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{"a", 1},
		{"ab", 1},
		{"\x7f", 1},
		{"\303\251x", 2},
		{"\342\202\254", 3},
		{"\360\237\220\263", 4},
		{"\364\217\277\277", 4},
		{"", 0},
		{"\200", 0},             /* in the middle of one */
		{"\303", 0},             /* cut */
		{"\303a", 0},            /* broken off */
		{"\342\202a", 0},        /* broken off later */
		{"\300\200", 0},         /* longer than it must be */
		{"\340\237\277", 0},     /* so too */
		{"\360\217\277\277", 0}, /* so too */
		{"\355\240\200", 0},     /* half of a surrogate pair */
		{"\364\220\200\200", 0}, /* beyond Unicode */
		{"\365\200\200\200", 0}, /* so too */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(hp_str_utf8_len(rows[i].text, strlen(rows[i].text)),
				 rows[i].len);
	assert_int_equal(hp_str_utf8_len("\303\251", 1), 0);
	assert_int_equal(hp_str_utf8_len("\0", 1), 1);
}

static void reads_booleans(void **state)
{
	static const char *const yes[] = {"true", "1", "yes", "on", "TRUE", "Yes"};
	static const char *const no[] = {"false", "0", "no", "off", "False"};
	static const char *const none[] = {"", "2", "y", "truee", " true"};
	bool value;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(yes); i++) {
		value = false;
		assert_true(hp_str_bool(yes[i], &value));
		assert_true(value);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(no); i++) {
		value = true;
		assert_true(hp_str_bool(no[i], &value));
		assert_false(value);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(none); i++)
		assert_false(hp_str_bool(none[i], &value));
}

static void collects_strings(void **state)
{
	AUTO(hp_strv_free) struct hp_strv v = {0};
	AUTO_FREE char *joined = NULL;

	(void)state;
	assert_null(hp_strv_view(&v)[0]);
	hp_strv_add(&v, "a");
	hp_strv_take(&v, hp_strdup("b"));
	hp_strv_addf(&v, "%s=%d", "c", 3);
	assert_int_equal(v.count, 3);
	assert_string_equal(hp_strv_view(&v)[2], "c=3");
	assert_null(hp_strv_view(&v)[3]);
	assert_true(hp_strv_has(&v, "b"));
	assert_false(hp_strv_has(&v, "c"));
	joined = hp_strv_join(hp_strv_view(&v), ", ");
	assert_string_equal(joined, "a, b, c=3");
	hp_strv_free(&v);
	assert_int_equal(v.count, 0);
	assert_null(v.items);
}

static void holds_many_strings(void **state)
{
	AUTO(hp_strv_free) struct hp_strv v = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		hp_strv_addf(&v, "%d", i);
		assert_null(v.items[v.count]);
	}
	assert_int_equal(v.count, 1000);
	assert_string_equal(v.items[999], "999");
}

static void joins_nothing(void **state)
{
	const char *const one[] = {"x", NULL};
	AUTO_FREE char *none = hp_strv_join(NULL, ",");
	AUTO_FREE char *single = hp_strv_join(one, ",");

	(void)state;
	assert_string_equal(none, "");
	assert_string_equal(single, "x");
}

static void splits(void **state)
{
	static const struct {
		const char *text;
		size_t count;
	} rows[] = {{"", 0}, {"a", 1}, {"a,b", 2}, {",", 2}, {"a,,b,", 4}};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_strv_free) struct hp_strv v = {0};
		AUTO_FREE char *back = NULL;

		hp_strv_split(&v, rows[i].text, ',');
		assert_int_equal(v.count, rows[i].count);
		back = hp_strv_join(hp_strv_view(&v), ",");
		assert_string_equal(back, rows[i].text);
	}
}

static void checks_identifiers(void **state)
{
	static const char *const good[] = {"a", "A9", "a-b", "a.b_c-d", "0123"};
	static const char *const bad[] = {"",    "-a",   "a-",  "a..b", "a._b",
					  "a/b", "../x", "a b", "a\n",  "\xc3\xa9",
					  ".",   "a:b",  "%s"};
	char longest[78];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	for (size_t i = 0; i < HP_ARRAY_LEN(good); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_str_check_id("name", good[i], &err), 0);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_str_check_id("name", bad[i], &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
		assert_memory_equal(err.msg, "name '", 6);
	}
	for (size_t len = 76; len <= 77; len++) {
		struct hp_error err = HP_ERROR_INIT;

		longest[len] = '\0';
		assert_int_equal(hp_str_check_id("id", longest, &err), len == 76 ? 0 : -1);
		longest[len] = 'x';
	}
}

static void reads_hex_digits(void **state)
{
	static const char digits[] = "0123456789abcdef";
	static const char none[] = {'g', 'G', '@', '`', '/', ':', ' ', '\0', (char)0xff};

	(void)state;
	for (int i = 0; i < 16; i++) {
		assert_int_equal(hp_str_hex_digit(digits[i]), i);
		if (i >= 10)
			assert_int_equal(hp_str_hex_digit((char)(digits[i] - 'a' + 'A')), i);
	}
	for (size_t i = 0; i < sizeof(none); i++)
		assert_int_equal(hp_str_hex_digit(none[i]), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(compares),
		FDS_TEST(reads_hex_digits),
		FDS_TEST(measures_characters),
		FDS_TEST(reads_booleans),
		FDS_TEST(collects_strings),
		FDS_TEST(holds_many_strings),
		FDS_TEST(joins_nothing),
		FDS_TEST(splits),
		FDS_TEST(checks_identifiers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
