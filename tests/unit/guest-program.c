/* SPDX-License-Identifier: Apache-2.0 */
/* guest-program.c - tests of src/guest/program.c. */
#include "guest/program.h"

#include <errno.h>

#include "scratch.h"

static void expect_found(const char *name, const char *path, const char *want)
{
	AUTO_FREE char *variable = hp_sprintf("PATH=%s", path);
	const char *env[] = {"A=1", variable, NULL};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *found = NULL;

	if (hp_guest_program_find(name, env, &found, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(found, want);
}

static void expect_none(const char *name, const char *path, enum hp_code code, int sys,
			const char *words)
{
	AUTO_FREE char *variable = hp_sprintf("PATH=%s", path);
	const char *env[] = {variable, NULL};
	struct hp_error err = HP_ERROR_INIT;
	char *found = NULL;

	assert_int_equal(hp_guest_program_find(name, path ? env : NULL, &found, &err), -1);
	assert_int_equal(err.code, code);
	assert_int_equal(err.sys, sys);
	assert_string_equal(err.msg, words);
	assert_null(found);
}

static void searches_the_path(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *first = hp_path_join(dir, "first");
	AUTO_FREE char *second = hp_path_join(dir, "second");
	AUTO_FREE char *path = hp_sprintf("%s:/nowhere:%s", first, second);
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_mkdirs(first, 0755, &err), 0);
	assert_int_equal(hp_mkdirs(second, 0755, &err), 0);
	/* Neither what cannot be executed nor a directory is a program. */
	free(scratch_file(first, "tool", ""));
	AUTO_FREE char *closed = hp_path_join(first, "dir");
	assert_int_equal(hp_mkdirs(closed, 0755, &err), 0);
	AUTO_FREE char *tool = scratch_file(second, "tool", "");
	AUTO_FREE char *dir_tool = scratch_file(second, "dir", "");
	assert_int_equal(chmod(tool, 0755), 0);
	assert_int_equal(chmod(dir_tool, 0755), 0);
	expect_found("tool", path, tool);
	expect_found("dir", path, dir_tool);
	expect_found(tool, "/nowhere", tool);
}

static void an_empty_part_is_the_working_directory(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *before = getcwd(NULL, 0);
	AUTO_FREE char *tool = scratch_file(dir, "tool", "");

	(void)state;
	assert_int_equal(chmod(tool, 0755), 0);
	assert_int_equal(chdir(dir), 0);
	expect_found("tool", "/nowhere::/nowhere", "./tool");
	expect_none("tool", "/nowhere", HP_ENOTFOUND, ENOENT,
		    "exec: \"tool\": executable file not found in $PATH");
	assert_int_equal(chdir(before), 0);
}

static void tells_in_runcs_words(void **state)
{
	(void)state;
	expect_none("tool", NULL, HP_ENOTFOUND, ENOENT,
		    "exec: \"tool\": executable file not found in $PATH");
	expect_none("", "/bin", HP_ENOTFOUND, ENOENT,
		    "exec: \"\": executable file not found in $PATH");
	expect_none("/no/such", "/bin", HP_ENOTFOUND, ENOENT,
		    "exec: \"/no/such\": no such file or directory");
	expect_none("/etc/passwd", "/bin", HP_EDENIED, EACCES,
		    "exec: \"/etc/passwd\": permission denied");
	expect_none("/etc", "/bin", HP_EDENIED, EISDIR, "exec: \"/etc\": is a directory");
	expect_none("/etc/passwd/x", "/bin", hp_code_from_errno(ENOTDIR), ENOTDIR,
		    "exec: \"/etc/passwd/x\": not a directory");
	assert_string_equal(hp_guest_errno_text(EPERM), "operation not permitted");
	assert_string_equal(hp_guest_errno_text(ENOEXEC), "exec format error");
	assert_string_equal(hp_guest_errno_text(E2BIG), "argument list too long");
	assert_string_equal(hp_guest_errno_text(ELOOP), "too many levels of symbolic links");
	assert_string_equal(hp_guest_errno_text(EIO), strerror(EIO));
}

static void expect_env(char **env, size_t n, uint32_t uid, const char *want)
{
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	AUTO(hp_strv_free) struct hp_strv made = {0};

	p.env = env;
	p.n_env = n;
	p.uid = uid;
	hp_guest_program_env(&p, &made);
	AUTO_FREE char *joined = hp_strv_join(hp_strv_view(&made), " ");
	assert_string_equal(joined, want);
}

static void the_last_of_a_name_counts(void **state)
{
	char *env[] = {(char *)"A=1", (char *)"AB=2", (char *)"A=3", (char *)"HOME=/h"};
	char *empty[] = {(char *)"HOME=", (char *)"B"};

	(void)state;
	expect_env(env, 4, 0, "AB=2 A=3 HOME=/h");
	/* A user that has no entry. */
	expect_env(empty, 2, 1234567, "B HOME=/");
	expect_env(NULL, 0, 0, "HOME=/root");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(searches_the_path),
		FDS_TEST(an_empty_part_is_the_working_directory),
		FDS_TEST(tells_in_runcs_words),
		FDS_TEST(the_last_of_a_name_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
