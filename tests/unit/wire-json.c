/* SPDX-License-Identifier: Apache-2.0 */
/* wire-json.c - JSON read, built and printed; what is no JSON, or too much of it, is refused. */
#include "wire/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct hp_json *parse(const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *v = NULL;

	if (hp_json_parse(hp_bytes_str(text), &v, &err) < 0)
		fail_msg("'%s': %s", text, err.msg);
	return v;
}

static void assert_round_trip(const char *text)
{
	AUTO(hp_json_free) struct hp_json *v = parse(text);
	AUTO(hp_json_free) struct hp_json *copy = hp_json_copy(v);
	AUTO_FREE char *printed = hp_json_text(copy, false);

	assert_string_equal(printed, text);
}

static void test_round_trips(void **state)
{
	(void)state;
	assert_round_trip("null");
	assert_round_trip("7");
	assert_round_trip("\"a/b\"");
	assert_round_trip("{\"a\":[1,-2,null,true,\"x\"],\"b\":{\"c\":{}}}");
	assert_round_trip("18446744073709551615");
	assert_round_trip("-9223372036854775808");
	assert_round_trip("0.1");
	assert_round_trip("\"\xc3\xa9\xf0\x9f\x90\x8b\"");
}

static void test_read(void **state)
{
	AUTO(hp_json_free)
	struct hp_json *v =
		parse(" {\"a\":{\"b\":{\"c\":\"deep\"}},\"n\":5,\"big\":18446744073709551615,"
		      "\"neg\":-1,\"t\":true,\"l\":[1,2],\"z\":null} \n");

	(void)state;
	assert_string_equal(hp_json_str(hp_json_path(v, "a.b.c")), "deep");
	assert_null(hp_json_path(v, "a.x.c"));
	assert_null(hp_json_path(v, "n.x"));
	assert_int_equal(hp_json_i64(hp_json_get(v, "n"), -1), 5);
	assert_int_equal(hp_json_i64(hp_json_get(v, "big"), -7), -7);
	assert_true(hp_json_u64(hp_json_get(v, "big"), 0) == UINT64_MAX);
	assert_int_equal(hp_json_u64(hp_json_get(v, "neg"), 9), 9);
	assert_true(hp_json_double(hp_json_get(v, "neg"), 9) < 0);
	assert_true(hp_json_double(hp_json_get(v, "none"), 9.5) == 9.5);
	assert_int_equal(hp_json_i64(hp_json_get(v, "neg"), 9), -1);
	assert_true(hp_json_bool(hp_json_get(v, "t"), false));
	assert_int_equal(hp_json_count(v), 7);
	assert_int_equal(hp_json_count(hp_json_get(v, "l")), 2);
	assert_int_equal(hp_json_i64(hp_json_at(hp_json_get(v, "l"), 1), 0), 2);
	assert_null(hp_json_at(hp_json_get(v, "l"), 2));
	assert_string_equal(hp_json_key_at(v, 1), "n");
	assert_int_equal(hp_json_i64(hp_json_value_at(v, 1), 0), 5);
	assert_null(hp_json_key_at(v, 7));
	assert_true(hp_json_is_null(hp_json_get(v, "z")));
	assert_true(hp_json_is_object(v) && !hp_json_is_array(v));
}

/* Nothing is what one gets from nothing, and from a value of another type. */
static void test_read_nothing(void **state)
{
	AUTO(hp_json_free) struct hp_json *s = hp_json_new_str("5");
	const struct hp_json *const values[] = {NULL, s};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(values); i++) {
		assert_null(hp_json_get(values[i], "a"));
		assert_null(hp_json_get_str(values[i], "a"));
		assert_null(hp_json_path(values[i], "a.b"));
		assert_null(hp_json_at(values[i], 0));
		assert_null(hp_json_key_at(values[i], 0));
		assert_null(hp_json_value_at(values[i], 0));
		assert_int_equal(hp_json_count(values[i]), 0);
		assert_int_equal(hp_json_i64(values[i], 3), 3);
		assert_int_equal(hp_json_u64(values[i], 3), 3);
		assert_true(hp_json_bool(values[i], true));
		assert_false(hp_json_is_array(values[i]));
	}
	assert_null(hp_json_str(NULL));
	assert_null(hp_json_copy(NULL));
	hp_json_free(NULL);
}

static void assert_refused(struct hp_bytes text, const char *why)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *v = NULL;

	if (hp_json_parse(text, &v, &err) == 0)
		fail_msg("accepted: '%.*s'", (int)text.len, (const char *)text.data);
	assert_null(v);
	assert_int_equal(err.code, HP_ECORRUPT);
	if (!strstr(err.msg, why))
		fail_msg("'%s' does not say '%s'", err.msg, why);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} bad[] = {
		{"", "at byte 0"},
		{"   ", "at byte"},
		{"{", "at byte"},
		{"nul", "at byte"},
		{"{\"a\":1,}", "at byte"},
		{"[1,]", "at byte"},
		{"{'a':1}", "at byte 1"},
		{"/* c */ 1", "at byte"},
		{"NaN", "at byte"},
		{"Infinity", "at byte"},
		{"01", "at byte"},
		{"-01", "at byte"},
		{"+1", "at byte"},
		{"1.", "at byte"},
		{".5", "at byte"},
		{"-", "at byte"},
		{"1e", "at byte"},
		{"0x10", "at byte"},
		{"TRUE", "at byte"},
		{"[1\v]", "at byte"},
		{"[1 2]", "at byte"},
		{"{\"a\" 1}", "at byte"},
		{"{1:2}", "at byte"},
		{"\"\\x\"", "at byte"},
		{"[1] x", "at byte"},
		{"{}{}", "at byte 2"},
		{"1 2", "at byte"},
		{"{\"a\":1,\"a\":2}", "same key twice"},
		{"{\"a\":1,\"\\u0061\":2}", "same key twice"},
		{"[{\"x\":{\"b\":1,\"c\":1,\"b\":1}}]", "same key twice"},
		{"\"a\\u0000b\"", "NUL"},
		{"{\"a\\u0000b\":1}", "NUL"},
		{"\"a\nb\"", "control character"},
		{"\"\xff\"", "at byte"},
		{"\"abc", "at byte"},
		{"\"abc\\", "at byte"},
		{"]", "at byte"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++)
		assert_refused(hp_bytes_str(bad[i].text), bad[i].why);
	assert_refused(HP_BYTES("\"a\0b\"", 5), "control character");
	assert_refused(HP_BYTES("{}\0", 3), "at byte 2");
	assert_refused(HP_BYTES("7\0", 2), "at byte");
}

static void test_depth(void **state)
{
	char text[2 * 33 + 1];

	(void)state;
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	text[66] = '\0';
	assert_refused(hp_bytes_str(text), "over 32 levels");
	/* One level less is fine. */
	text[65] = '\0';

	AUTO(hp_json_free) struct hp_json *v = parse(text + 1);

	assert_int_equal(hp_json_count(v), 1);
}

/* A text of @count copies of @item between @open and @close. */
static struct hp_buf repeat(const char *open, const char *item, size_t count, const char *close)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_buf b;

	hp_buf_init(&b, 32U << 20);
	assert_int_equal(hp_buf_add(&b, open, strlen(open), &err), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(hp_buf_add(&b, item, strlen(item), &err), 0);
	assert_int_equal(hp_buf_add(&b, close, strlen(close), &err), 0);
	return b;
}

static void test_amounts(void **state)
{
	AUTO(hp_buf_free) struct hp_buf arrays = repeat("[", "[],", 70000, "1]");
	AUTO(hp_buf_free) struct hp_buf values = repeat("[", "1,", 300000, "1]");
	AUTO(hp_buf_free) struct hp_buf spaces = repeat("", "    ", 5U << 20, "1");
	AUTO(hp_buf_free) struct hp_buf members = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_refused(hp_buf_bytes(&arrays), "over 65536 arrays and objects");
	assert_refused(hp_buf_bytes(&values), "over 262144 values");
	assert_refused(hp_buf_bytes(&spaces), "over the limit");
	hp_buf_init(&members, 1U << 20);
	for (unsigned i = 0; i <= 4096; i++)
		assert_int_equal(hp_buf_printf(&members, &err, "%c\"k%u\":0", i ? ',' : '{', i),
				 0);
	assert_int_equal(hp_buf_add(&members, "}", 1, &err), 0);
	assert_refused(hp_buf_bytes(&members), "over 4096 members");
}

static void test_build(void **state)
{
	static const char *const strings[] = {"x", "y", NULL};
	AUTO(hp_json_free) struct hp_json *v = hp_json_object();
	struct hp_json *list = hp_json_array();

	(void)state;
	hp_json_set_str(v, "s", "a\"b\n");
	hp_json_set_str(v, "null", NULL);
	hp_json_set_i64(v, "i", INT64_MIN);
	hp_json_set_u64(v, "u", UINT64_MAX);
	hp_json_set_bool(v, "b", false);
	hp_json_set_strs(v, "l", strings);
	hp_json_set_strs(v, "none", NULL);
	hp_json_add(list, hp_json_new_bool(true));
	hp_json_add(list, hp_json_new_u64(1));
	hp_json_set(v, "i", hp_json_new_i64(5)); /* replaces */
	hp_json_set(v, "o", list);

	AUTO_FREE char *text = hp_json_text(v, false);

	assert_string_equal(text, "{\"s\":\"a\\\"b\\n\",\"null\":null,\"i\":5,"
				  "\"u\":18446744073709551615,\"b\":false,"
				  "\"l\":[\"x\",\"y\"],\"none\":[],\"o\":[true,1]}");
}

static void test_pretty(void **state)
{
	AUTO(hp_json_free) struct hp_json *v = parse("{\"a\":{\"b\":[1,2]},\"c\":[]}");
	AUTO_FREE char *text = hp_json_text(v, true);

	(void)state;
	assert_non_null(strstr(text, "{\n  \"a\": {\n    \"b\": ["));
	AUTO(hp_json_free) struct hp_json *again = parse(text);
	AUTO_FREE char *plain = hp_json_text(again, false);
	assert_string_equal(plain, "{\"a\":{\"b\":[1,2]},\"c\":[]}");
}

static void assert_double(double d, const char *expected)
{
	AUTO(hp_json_free) struct hp_json *v = hp_json_new_double(d);
	AUTO_FREE char *text = hp_json_text(v, false);

	assert_string_equal(text, expected);
}

static void test_doubles(void **state)
{
	(void)state;
	assert_double(0.1, "0.1");
	assert_double(12.5, "12.5");
	assert_double(1.0 / 3, "0.33333333333333331");
	assert_double((double)INFINITY, "null");
	assert_double((double)NAN, "null");
}

/* Text from outside that is no UTF-8 must not make our JSON unreadable. */
static void test_bad_utf8_is_replaced(void **state)
{
	static const char *const bad[] = {
		"\xff",         "\xc3",     "\xe2\x82",         "\xed\xa0\x80",
		"\xf4\x90\x80", "\xc0\xaf", "\xf0\x82\x82\xac", "\x80",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		AUTO(hp_json_free) struct hp_json *v = hp_json_object();

		hp_json_set_str(v, bad[i], bad[i]);
		AUTO_FREE char *text = hp_json_text(v, false);
		AUTO(hp_json_free) struct hp_json *again = parse(text);

		assert_non_null(strstr(text, "\xef\xbf\xbd"));
		assert_int_equal(hp_json_count(again), 1);
	}
	AUTO(hp_json_free) struct hp_json *good = hp_json_new_str("a\xc3\xa9\xe2\x82\xac");
	assert_string_equal(hp_json_str(good), "a\xc3\xa9\xe2\x82\xac");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_nothing),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_amounts),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_bad_utf8_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
