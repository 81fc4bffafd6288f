/* SPDX-License-Identifier: Apache-2.0 */
/* shim-spec_read.c - tests of src/shim/spec_read.c. */
#include "shim-bundle.h"
#include "shim/spec_parts.h"

static struct hp_json *parse(const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *v = NULL;

	assert_int_equal(hp_json_parse(hp_bytes_str(text), &v, &err), 0);
	return v;
}

static void leaves_what_is_missing(void **state)
{
	AUTO(hp_shim__arena_clear) struct hp_shim__arena arena = {0};
	AUTO(hp_json_free) struct hp_json *v = parse("{\"null\":null}");
	const struct hp_shim__reader r = {.arena = &arena};
	struct hp_error err = HP_ERROR_INIT;
	char before[] = "before";
	char *text = before;
	int64_t number = 5;
	bool yes = true;

	(void)state;
	assert_int_equal(hp_shim__read_str(&r, HP_SHIM_FIELD(v, "o", "a"), &text, &err), 0);
	assert_int_equal(hp_shim__read_str(&r, HP_SHIM_FIELD(v, "o", "null"), &text, &err), 0);
	assert_int_equal(hp_shim__read_i64(HP_SHIM_FIELD(v, "o", "a"), &number, &err), 0);
	assert_int_equal(hp_shim__read_bool(HP_SHIM_FIELD(NULL, "o", "a"), &yes, &err), 0);
	assert_ptr_equal(text, before);
	assert_int_equal(number, 5);
	assert_true(yes);
}

static void reads_each_type(void **state)
{
	AUTO(hp_shim__arena_clear) struct hp_shim__arena arena = {0};
	AUTO(hp_json_free)
	struct hp_json *v = parse("{\"s\":\"x\",\"n\":-1,\"u\":18446744073709551615,"
				  "\"b\":false,\"l\":[\"a\",\"b\"],\"o\":{\"k\":\"v\"}}");
	const struct hp_shim__reader r = {.arena = &arena};
	struct hp_error err = HP_ERROR_INIT;
	Hp__Guest__Sysctl **pairs = NULL;
	char **list = NULL;
	size_t n = 0;
	int64_t i64 = 0;
	uint64_t u64 = 0;
	bool yes = true;

	(void)state;
	assert_int_equal(hp_shim__read_i64(HP_SHIM_FIELD(v, "o", "n"), &i64, &err), 0);
	assert_int_equal(hp_shim__read_u64(HP_SHIM_FIELD(v, "o", "u"), &u64, &err), 0);
	assert_int_equal(hp_shim__read_bool(HP_SHIM_FIELD(v, "o", "b"), &yes, &err), 0);
	assert_int_equal(i64, -1);
	assert_int_equal(u64, UINT64_MAX);
	assert_false(yes);
	assert_int_equal(hp_shim__read_strs(&r, HP_SHIM_FIELD(v, "o", "l"), &list, &n, &err),
			 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[1], "b");
	assert_null(list[2]);
	assert_int_equal(hp_shim__read_pairs(&r, HP_SHIM_FIELD(v, "o", "o"), &pairs, &n, &err),
			 0);
	assert_int_equal(n, 1);
	assert_string_equal(pairs[0]->value, "v");
}

static void names_what_is_wrong(void **state)
{
	AUTO(hp_shim__arena_clear) struct hp_shim__arena arena = {0};
	AUTO(hp_json_free)
	struct hp_json *v = parse("{\"a\":1.5,\"s\":\"rel\",\"big\":4294967296}");
	const struct hp_shim__reader r = {.arena = &arena};
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_json *o = NULL;
	char *text = NULL;
	uint32_t u32 = 0;
	int64_t i64 = 0;

	(void)state;
	assert_int_equal(hp_shim__read_i64(HP_SHIM_FIELD(v, "here", "a"), &i64, &err), -1);
	assert_non_null(strstr(err.msg, "here.a"));
	hp_error_clear(&err);
	assert_int_equal(hp_shim__read_u32(HP_SHIM_FIELD(v, "here", "big"), &u32, &err), -1);
	assert_non_null(strstr(err.msg, "32 bits"));
	hp_error_clear(&err);
	assert_int_equal(hp_shim__read_path(&r, HP_SHIM_FIELD(v, "here", "s"), &text, &err),
			 -1);
	assert_non_null(strstr(err.msg, "'rel'"));
	hp_error_clear(&err);
	assert_int_equal(hp_shim__read_object(HP_SHIM_FIELD(v, "here", "s"), &o, &err), -1);
	hp_error_clear(&err);
	assert_int_equal(hp_shim__read_array(HP_SHIM_FIELD(v, "here", "s"), &o, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
}

static void keeps_many(void **state)
{
	AUTO(hp_shim__arena_clear) struct hp_shim__arena arena = {0};
	char *last = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		AUTO_FREE char *text = hp_sprintf("%d", i);

		last = hp_shim__arena_str(&arena, text);
	}
	assert_string_equal(last, "999");
	assert_string_equal(arena.items[513], "513");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(leaves_what_is_missing),
		FDS_TEST(reads_each_type),
		FDS_TEST(names_what_is_wrong),
		FDS_TEST(keeps_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
