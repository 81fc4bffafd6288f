/* SPDX-License-Identifier: Apache-2.0 */
/* shim-stdio_end.c - tests of src/shim/stdio_end.c. */
#include <errno.h>
#include <fcntl.h>

#include "scratch.h"
#include "shim/stdio_parts.h"

static struct hp_shim__place place_of(enum hp_shim__place_kind kind, char *path)
{
	return (struct hp_shim__place){.kind = kind, .path = path};
}

static void holds_both_ends_of_a_fifo(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "fifo");
	struct hp_shim__place p = place_of(HP_SHIM_PLACE_PATH, path);
	struct hp_shim__end out = HP_SHIM_END_INIT;
	struct hp_shim__end in = HP_SHIM_END_INIT;
	struct hp_error err = HP_ERROR_INIT;
	int path_fd = -1;
	char byte;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	/* Nobody else has it open, and neither waits. */
	assert_int_equal(hp_shim__end_output(&p, &out, &err), 0);
	assert_true(out.fd >= 0 && out.keep_fd >= 0);
	assert_int_equal(write(out.fd, "x", 1), 1);
	assert_int_equal(hp_shim__end_find(&p, &path_fd, &err), 0);
	/* It is this one, whatever becomes of its name. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(hp_shim__end_input(path_fd, &in, &err), 0);
	close(path_fd);
	assert_int_equal(read(in.fd, &byte, 1), 1);
	/* Empty, and not at its end: we could write to it. */
	hp_shim__end_close(&out);
	assert_int_equal(read(in.fd, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	close(in.keep_fd);
	in.keep_fd = -1;
	assert_int_equal(read(in.fd, &byte, 1), 0);
	hp_shim__end_close(&in);
	assert_int_equal(in.fd, -1);
}

static void appends_to_files(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "log", "before ");
	AUTO_FREE char *made = hp_path_join(dir, "a/b/log");
	struct hp_shim__place p = place_of(HP_SHIM_PLACE_PATH, path);
	struct hp_shim__place q = place_of(HP_SHIM_PLACE_FILE, made);
	struct hp_shim__end end = HP_SHIM_END_INIT;
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf text;
	struct stat st;

	(void)state;
	hp_buf_init(&text, 100);
	assert_int_equal(hp_shim__end_output(&p, &end, &err), 0);
	assert_int_equal(end.keep_fd, -1);
	assert_int_equal(write(end.fd, "after", 5), 5);
	hp_shim__end_close(&end);
	assert_int_equal(hp_file_read(path, 100, &text, &err), 0);
	assert_int_equal(text.len, 12);
	assert_int_equal(hp_shim__end_output(&q, &end, &err), 0);
	hp_shim__end_close(&end);
	assert_int_equal(stat(made, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~022, 0644);
}

static void refuses(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *gone = hp_path_join(dir, "gone");
	struct hp_shim__place p = place_of(HP_SHIM_PLACE_PATH, gone);
	struct hp_shim__place d = place_of(HP_SHIM_PLACE_PATH, dir);
	struct hp_shim__place logger = place_of(HP_SHIM_PLACE_LOGGER, dir);
	struct hp_shim__end end = HP_SHIM_END_INIT;
	struct hp_error err = HP_ERROR_INIT;
	int path_fd = -1;

	(void)state;
	assert_int_equal(hp_shim__end_output(&p, &end, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, gone));
	hp_error_clear(&err);
	assert_int_equal(hp_shim__end_find(&d, &path_fd, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	assert_int_equal(hp_shim__end_find(&logger, &path_fd, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(holds_both_ends_of_a_fifo),
		FDS_TEST(appends_to_files),
		FDS_TEST(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
