/* SPDX-License-Identifier: Apache-2.0 */
/* base-file.c - tests of src/base/file.c. */
#include "base/fd.h"

#include <fcntl.h>

#include "scratch.h"
#include "torture.h"

/* The text of @path, owned by the caller. */
static char *text_of(const char *path)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_buf buf;

	if (hp_file_read(path, 1 << 20, &buf, &err) < 0)
		fail_msg("%s", err.msg);
	return hp_buf_take_str(&buf);
}

static int entries_in(const char *path)
{
	DIR *dir = opendir(path);
	int n = -2; /* "." and ".." */

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void writes_and_reads(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "file");
	AUTO_FREE char *text = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(hp_file_write(path, "first", 5, 0600, &err), 0);
	assert_int_equal(hp_file_write(path, "second", 6, 0640, &err), 0);
	text = text_of(path);
	assert_string_equal(text, "second");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(entries_in(dir), 1);
}

static void replaces_a_link_and_not_its_target(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *target = scratch_file(dir, "target", "precious");
	AUTO_FREE char *link = hp_path_join(dir, "link");
	AUTO_FREE char *text = NULL;

	(void)state;
	assert_int_equal(symlink("target", link), 0);
	assert_int_equal(hp_file_write(link, "new", 3, 0600, &err), 0);
	text = text_of(target);
	assert_string_equal(text, "precious");
}

static void refuses_to_read_too_much(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "file", "0123456789");
	struct hp_buf buf = {.len = 77};

	(void)state;
	assert_int_equal(hp_file_read(path, 9, &buf, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(buf.len, 77);
	hp_error_clear(&err);
	assert_int_equal(hp_file_read("/dev/zero", 100000, &buf, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	hp_error_clear(&err);
	assert_int_equal(hp_file_read(path, 10, &buf, &err), 0);
	assert_int_equal(buf.len, 10);
	hp_buf_free(&buf);
}

static void names_what_it_could_not_open(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *none = hp_path_join(dir, "none/file");
	struct hp_buf buf;

	(void)state;
	assert_int_equal(hp_file_read(none, 10, &buf, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, none));
	hp_error_clear(&err);
	assert_int_equal(hp_file_write(none, "x", 1, 0600, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	assert_int_equal(hp_file_read(dir, 10, &buf, &err), -1);
	assert_int_equal(err.sys, EISDIR);
	hp_error_clear(&err);
	/* Writing over a directory fails in the rename, and leaves no temporary file. */
	assert_int_equal(hp_mkdirs(none, 0755, &err), 0);
	assert_int_equal(hp_file_write(none, "x", 1, 0600, &err), -1);
	assert_int_equal(err.sys, EISDIR);
	assert_int_equal(entries_in(dir), 1);
}

static void makes_directories(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *deep = hp_path_join(dir, "a//b/c/");
	AUTO_FREE char *file = scratch_file(dir, "file", "");
	AUTO_FREE char *below = hp_path_join(file, "x");
	AUTO_FREE char *link = hp_path_join(dir, "link");
	struct stat st;

	(void)state;
	assert_int_equal(hp_mkdirs(deep, 0711, &err), 0);
	assert_int_equal(hp_mkdirs(deep, 0711, &err), 0);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	assert_int_equal(symlink("a", link), 0);
	assert_int_equal(hp_mkdirs(link, 0755, &err), 0);
	assert_int_equal(hp_mkdirs("/", 0755, &err), 0);

	assert_int_equal(hp_mkdirs(file, 0755, &err), -1);
	assert_int_equal(err.code, HP_EEXISTS);
	hp_error_clear(&err);
	assert_int_equal(hp_mkdirs(below, 0755, &err), -1);
	assert_int_equal(err.code, HP_EEXISTS);
}

/* A root with links that try to lead out of it, beside a secret. */
static char *make_jail(const char *dir)
{
	struct hp_error err = HP_ERROR_INIT;
	char *root = hp_path_join(dir, "root");
	AUTO_FREE char *etc = hp_path_join(root, "etc");
	AUTO_FREE char *secret = scratch_file(dir, "secret", "outside");
	static const char *const links[][2] = {
		{"abs", "/etc/passwd"},
		{"up", "../../../../../secret"},
		{"host", "/secret"},
		{"loop", "loop"},
		{"dir", "/etc"},
		{"magic", "/proc/self/root"},
		{"climb", "etc/../../secret"},
	};

	assert_int_equal(hp_mkdirs(etc, 0755, &err), 0);
	free(scratch_file(etc, "passwd", "inside"));
	for (size_t i = 0; i < HP_ARRAY_LEN(links); i++) {
		AUTO_FREE char *link = hp_path_join(root, links[i][0]);

		assert_int_equal(symlink(links[i][1], link), 0);
	}
	return root;
}

static void cannot_be_led_out_of_a_root(void **state)
{
	static const char *const in[] = {"etc/passwd", "/etc/passwd", "abs", "dir/passwd",
					 "../../etc/passwd"};
	static const char *const none[] = {"up", "host", "climb", "../secret", "magic"};
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *root = make_jail(dir);
	AUTO_CLOSE int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct hp_error err = HP_ERROR_INIT;
	int none_fd = -7;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(in); i++) {
		char text[10] = "";
		AUTO_CLOSE int fd = -1;

		if (hp_open_in_root(root_fd, in[i], O_RDONLY, &fd, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		assert_int_equal(read(fd, text, sizeof(text)), 6);
		assert_string_equal(text, "inside");
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(none); i++) {
		hp_error_clear(&err);
		assert_int_equal(hp_open_in_root(root_fd, none[i], O_RDONLY, &none_fd, &err),
				 -1);
		if (err.code != HP_ENOTFOUND)
			fail_msg("%s", err.msg);
	}
	hp_error_clear(&err);
	assert_int_equal(hp_open_in_root(root_fd, "loop", O_RDONLY, &none_fd, &err), -1);
	assert_int_equal(err.sys, ELOOP);
	assert_int_equal(none_fd, -7);
}

static void makes_files_in_a_root(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *root = make_jail(dir);
	AUTO_FREE char *inside = hp_path_join(root, "secret");
	AUTO_CLOSE int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int fd = -1;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_open_in_root(root_fd, "host", O_WRONLY | O_CREAT, &fd, &err), 0);
	assert_true(scratch_has(inside));
}

static int use_files(void *arg, struct hp_error *err)
{
	AUTO_FREE char *sub = hp_path_join(arg, "t/u");
	AUTO_FREE char *top = hp_path_join(arg, "t");
	AUTO_FREE char *path = hp_path_join(arg, "file");
	AUTO(hp_buf_free) struct hp_buf buf;
	AUTO_CLOSE int dir_fd = open(arg, O_PATH | O_CLOEXEC);
	AUTO_CLOSE int fd = -1;
	int rc = -1;

	hp_buf_init(&buf, 0);
	rmdir(sub);
	rmdir(top);
	if (hp_mkdirs(sub, 0755, err) == 0 && hp_mkdirs(sub, 0755, err) == 0 &&
	    hp_file_write(path, "abc", 3, 0600, err) == 0 &&
	    hp_file_read(path, 10, &buf, err) == 0)
		rc = hp_open_in_root(dir_fd, "file", O_RDONLY, &fd, err);
	unlink(path);
	rmdir(sub);
	rmdir(top);
	assert_int_equal(entries_in(arg), 0);
	return rc;
}

static void survives_any_call_failing(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();

	(void)state;
	torture_all(use_files, dir, 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(writes_and_reads),
		FDS_TEST(replaces_a_link_and_not_its_target),
		FDS_TEST(refuses_to_read_too_much),
		FDS_TEST(names_what_it_could_not_open),
		FDS_TEST(makes_directories),
		FDS_TEST(cannot_be_led_out_of_a_root),
		FDS_TEST(makes_files_in_a_root),
		FDS_TEST(survives_any_call_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
