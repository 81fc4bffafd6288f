/* SPDX-License-Identifier: Apache-2.0 */
/* shim-stdio_place.c - tests of src/shim/stdio_place.c. */
#include "base/alloc.h"
#include "fds.h"
#include "shim/stdio_parts.h"

#include <string.h>

static void expect(const char *text, enum hp_shim__place_kind kind, const char *path,
		   const char *args)
{
	AUTO(hp_shim__place_clear) struct hp_shim__place p = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *joined = NULL;

	if (hp_shim__place_parse(text, &p, &err) < 0)
		fail_msg("%s", err.msg);
	joined = hp_strv_join(hp_strv_view(&p.args), "|");
	assert_int_equal(p.kind, kind);
	assert_string_equal(p.path ? p.path : "", path);
	assert_string_equal(joined, args);
}

static void reads_places(void **state)
{
	(void)state;
	expect(NULL, HP_SHIM_PLACE_NONE, "", "");
	expect("", HP_SHIM_PLACE_NONE, "", "");
	expect("/run/f%41", HP_SHIM_PLACE_PATH, "/run/f%41", "");
	expect("/run/a://b", HP_SHIM_PLACE_PATH, "/run/a://b", "");
	expect("fifo:///run/f%41", HP_SHIM_PLACE_PATH, "/run/fA", "");
	expect("file:///var/log/a%20b+c#x", HP_SHIM_PLACE_FILE, "/var/log/a b+c", "");
	expect("binary:///bin/log", HP_SHIM_PLACE_LOGGER, "/bin/log", "");
	/* The first value of a key counts, and a key may have none. */
	expect("binary:///bin/log?id=a%26b&flag&&id=c&sp=a+b#frag", HP_SHIM_PLACE_LOGGER,
	       "/bin/log", "id|a&b|flag||sp|a b");
}

static void tells_loggers_apart(void **state)
{
	AUTO(hp_shim__place_clear) struct hp_shim__place first = {0};
	AUTO(hp_shim__place_clear) struct hp_shim__place second = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim__place_parse("binary:///l", &first, &err), 0);
	assert_int_equal(hp_shim__place_parse("binary-v2:///l", &second, &err), 0);
	assert_false(first.says_ready);
	assert_true(second.says_ready);
}

static void refuses(void **state)
{
	static const char *const wrong[] = {
		"http://host/x",   "ttrpc+unix:///x?streaming_id=1",
		"relative",        "fifo://relative",
		"file://",         "file:///a%2",
		"file:///a%zz",    "file:///a%00b",
		"binary:///a?k=%", "binary:///a?%=v",
	};
	AUTO_FREE char *huge = hp_alloc(70000);

	(void)state;
	memset(huge, '/', 69999);
	for (size_t i = 0; i < HP_ARRAY_LEN(wrong); i++) {
		AUTO(hp_shim__place_clear) struct hp_shim__place p = {0};
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_shim__place_parse(wrong[i], &p, &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
		assert_non_null(strstr(err.msg, wrong[i]));
	}

	AUTO(hp_shim__place_clear) struct hp_shim__place p = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_shim__place_parse(huge, &p, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_places),
		FDS_TEST(tells_loggers_apart),
		FDS_TEST(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
