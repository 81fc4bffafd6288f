/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-out.c - tests of src/cmd/out.c. */
#include "cmd/out.h"

#include <string.h>

#include "base/alloc.h"
#include "fds.h"

static const struct hp_column columns[] = {{"ID", "Id"}, {"NAME", "Name"}, {"N", "N"}, {0}};

static struct hp_json *rows(void)
{
	struct hp_json *array = hp_json_array();
	struct hp_json *a = hp_json_object();
	struct hp_json *b = hp_json_object();
	struct hp_json *inner = hp_json_object();

	hp_json_set_str(a, "Id", "1");
	hp_json_set_str(a, "Name", "a longer name");
	hp_json_set_i64(a, "N", 7);
	hp_json_set_str(a, "SortKey", "x");
	hp_json_set_str(b, "SortKey", "y");
	hp_json_set_str(inner, "Key", "deep");
	hp_json_set(a, "Inner", inner);
	hp_json_set_str(b, "Id", "22");
	hp_json_set_str(b, "Name", "\xc3\xbc\x1b[31m");
	hp_json_add(array, a);
	hp_json_add(array, b);
	return array;
}

/* What hp_out_rows() prints. Owns: the caller. */
static char *print(const char *format, int wanted, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *all = rows();
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(hp_out_rows(out, all, columns, format, err), wanted);
	fclose(out);
	return hp_strdup(text);
}

static void prints(const char *format, const char *wanted)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *text = print(format, 0, &err);
	assert_string_equal(text, wanted);
}

static void test_table(void **state)
{
	(void)state;
	/* Columns align by characters, and what could steer a terminal is shown as '?'. */
	prints("table", "ID   NAME            N\n"
			"1    a longer name   7\n"
			"22   \xc3\xbc?[31m          \n");
}

static void test_json(void **state)
{
	(void)state;
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *text = print("json", 0, &err);
	char *second = strchr(text, '\n') + 1;

	assert_non_null(strstr(text, "\"N\":7"));
	assert_non_null(strstr(second, "\"Id\":\"22\""));
	assert_non_null(strstr(second, "\\u001b"));
	AUTO(hp_json_free) struct hp_json *back = NULL;
	struct hp_bytes line = HP_BYTES(text, (size_t)(second - text) - 1);
	assert_int_equal(hp_json_parse(line, &back, &err), 0);
	assert_string_equal(hp_json_str(hp_json_path(back, "Inner.Key")), "deep");
}

static void test_template(void **state)
{
	(void)state;
	prints("{{.Id}}", "1\n22\n");
	prints("<{{ .Id }}>\\t{{json .Id}}\\n!", "<1>\t\"1\"\n!\n<22>\t\"22\"\n!\n");
	prints("plain {", "plain {\nplain {\n");
}

static void test_template_table(void **state)
{
	(void)state;
	/* A column's title, and the name of what has no column. */
	prints("table {{.Id}}\\t<{{json .Id}}>\\t{{.SortKey}}",
	       "ID   <ID>     SORT KEY\n1    <\"1\">    x\n22   <\"22\">   y\n");
	prints("table\t{{.Id}}", "ID\n1\n22\n");
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *text = print("table {{.Nope}}", -1, &err);
	assert_string_equal(text, "");
}

static void test_template_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"{{.Id", "{{.Inner.Nope}}", "{{.Nope}}", "{{Id}}",
					  "{{}}",  "{{json Id}}"};

	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO_FREE char *text = print(bad[i], -1, &err);
		assert_int_equal(err.code, HP_EINVALID);
		assert_non_null(strstr(err.msg, "--format"));
	}
}

static void test_column(void **state)
{
	(void)state;
	AUTO(hp_json_free) struct hp_json *all = rows();
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	hp_out_column(out, all, "Id");
	fclose(out);
	assert_string_equal(text, "1\n22\n");
}

static void is(char *take_text, const char *wanted)
{
	assert_string_equal(take_text, wanted);
	free(take_text);
}

static void test_short_id(void **state)
{
	(void)state;
	static const char hex[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	AUTO_FREE char *digest = hp_sprintf("sha256:%s", hex);
	AUTO_FREE char *longer = hp_sprintf("%s0", hex);

	is(hp_out_short_id(hex), "0123456789ab");
	is(hp_out_short_id(digest), "0123456789ab");
	is(hp_out_short_id(longer), longer);
	is(hp_out_short_id("my-container"), "my-container");
	is(hp_out_short_id(""), "");
}

static void test_cut(void **state)
{
	(void)state;
	is(hp_out_cut("short", 5), "short");
	is(hp_out_cut("longer", 5), "long…");
	is(hp_out_cut("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 3), "\xc3\xbc\xc3\xbc…");
	is(hp_out_cut("", 1), "");
}

static void test_size(void **state)
{
	(void)state;
	is(hp_out_size(0), "0B");
	is(hp_out_size(999), "999B");
	is(hp_out_size(4260000), "4.26MB");
	is(hp_out_size(42600000), "42.6MB");
	is(hp_out_size(426000000000), "426GB");
	is(hp_out_size(INT64_MAX), "9.22EB");
	is(hp_out_size(-1), "-");
}

static void test_memory(void **state)
{
	(void)state;
	is(hp_out_memory(0), "0B");
	is(hp_out_memory(1023), "1023B");
	is(hp_out_memory(501760), "490KiB");
	is(hp_out_memory(67108864), "64MiB");
	is(hp_out_memory(12939428), "12.34MiB");
	is(hp_out_memory(UINT64_MAX), "16EiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_table),
		FDS_TEST(test_json),
		FDS_TEST(test_template),
		FDS_TEST(test_template_refused),
		FDS_TEST(test_column),
		FDS_TEST(test_short_id),
		FDS_TEST(test_cut),
		FDS_TEST(test_size),
		FDS_TEST(test_template_table),
		FDS_TEST(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
