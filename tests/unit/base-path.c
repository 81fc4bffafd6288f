/* SPDX-License-Identifier: Apache-2.0 */
/* base-path.c - tests of src/base/path.c. */
#include "base/path.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "fds.h"

struct row {
	const char *a;
	const char *b;
	const char *expected;
};

static void joins(void **state)
{
	static const struct row rows[] = {
		{"/a", "b", "/a/b"},     {"/a/", "b", "/a/b"}, {"/a//", "//b", "/a/b"},
		{"/", "b", "/b"},        {"", "b", "b"},       {"", "/b", "/b"},
		{"/a", "", "/a"},        {"/a/", "", "/a"},    {"/", "", "/"},
		{"a", "b/c/", "a/b/c/"}, {"/", "/", "/"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *path = hp_path_join(rows[i].a, rows[i].b);

		assert_string_equal(path, rows[i].expected);
	}
}

static void splits(void **state)
{
	static const struct row rows[] = {
		/* path, base, directory */
		{"/a/b", "b", "/a"}, {"/a", "a", "/"},      {"a", "a", "."},
		{"/", "/", "/"},     {"a/b", "b", "a"},     {"/a//b", "b", "/a"},
		{"a/", "a/", "."},   {"/a/b/", "b/", "/a"}, {"", "", "."},
		{"//", "//", "/"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *dir = hp_path_dir(rows[i].a);
		const char *base = hp_path_base(rows[i].a);

		assert_string_equal(dir, rows[i].expected);
		assert_true(base >= rows[i].a && base <= rows[i].a + strlen(rows[i].a));
		assert_string_equal(base, rows[i].b);
	}
}

static void cleans(void **state)
{
	static const struct row rows[] = {
		{"/a/b", NULL, "/a/b"},
		{"/a//b/", NULL, "/a/b"},
		{"/a/./b/.", NULL, "/a/b"},
		{"/a/../b", NULL, "/b"},
		{"/../../etc", NULL, "/etc"},
		{"../../etc/passwd", NULL, "/etc/passwd"},
		{"", NULL, "/"},
		{"/", NULL, "/"},
		{"a", NULL, "/a"},
		{"/a/..", NULL, "/"},
		{"/a/b/../../../c", NULL, "/c"},
		{"/...", NULL, "/..."},
		{"/..a/.b", NULL, "/..a/.b"},
		{"//////", NULL, "/"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *path = hp_path_clean(rows[i].a);

		assert_string_equal(path, rows[i].expected);
	}
}

/* Every text of up to seven characters out of four comes out clean. */
static void cleans_whatever_comes(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 1u << 14; n++) {
		char text[8] = "";
		AUTO_FREE char *path = NULL;
		AUTO_FREE char *twice = NULL;
		AUTO_FREE char *ended = NULL;

		for (unsigned i = 0; i < 7; i++)
			text[i] = "/.a\0"[n >> (2 * i) & 3];
		path = hp_path_clean(text);
		twice = hp_path_clean(path);
		ended = hp_sprintf("%s/", path);
		assert_int_equal(path[0], '/');
		assert_null(strstr(path, "//"));
		assert_null(strstr(ended, "/../"));
		assert_null(strstr(ended, "/./"));
		assert_string_equal(twice, path);
	}
}

static void takes_relative_paths_from_here(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *here = getcwd(NULL, 0);
	AUTO_FREE char *expected = hp_path_join(here, "a/b");
	AUTO_FREE char *relative = NULL;
	AUTO_FREE char *absolute = NULL;

	(void)state;
	assert_int_equal(hp_path_absolute("./a//c/../b/", &relative, &err), 0);
	assert_string_equal(relative, expected);
	assert_int_equal(hp_path_absolute("/x/./y/", &absolute, &err), 0);
	assert_string_equal(absolute, "/x/y");
}

static void knows_when_there_is_no_here(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *here = getcwd(NULL, 0);
	AUTO_FREE char *path = NULL;
	char dir[] = "/tmp/hp-path-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(hp_path_absolute("a", &path, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_null(path);
	assert_int_equal(hp_path_absolute("/a", &path, &(struct hp_error)HP_ERROR_INIT), 0);
	assert_int_equal(chdir(here), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(joins),
		FDS_TEST(splits),
		FDS_TEST(cleans),
		FDS_TEST(cleans_whatever_comes),
		FDS_TEST(takes_relative_paths_from_here),
		FDS_TEST(knows_when_there_is_no_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
