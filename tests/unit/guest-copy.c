/* SPDX-License-Identifier: Apache-2.0 */
/* guest-copy.c - tests of src/guest/copy.c. */
#include "guest/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>

#include "base/str.h"
#include "scratch.h"

/* Two directories, open for reading. */
struct pair {
	char *dir, *from, *to;
	int from_fd, to_fd;
};

static void pair_open(struct pair *p)
{
	struct hp_error err = HP_ERROR_INIT;

	p->dir = scratch_new();
	p->from = hp_path_join(p->dir, "from");
	p->to = hp_path_join(p->dir, "to");
	assert_int_equal(hp_mkdirs(p->from, 0755, &err), 0);
	assert_int_equal(hp_mkdirs(p->to, 0700, &err), 0);
	p->from_fd = open(p->from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->to_fd = open(p->to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->from_fd >= 0 && p->to_fd >= 0);
}

static void pair_close(struct pair *p)
{
	close(p->from_fd);
	close(p->to_fd);
	scratch_free(p->dir);
	free(p->from);
	free(p->to);
}

static void copies_files_with_all_they_have(void **state)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 2000, .tv_nsec = 5}};
	AUTO_FREE char *large = hp_alloc(100001);
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO_FREE char *path = NULL;
	char value[8] = "";
	struct stat st;
	struct pair p;

	(void)state;
	pair_open(&p);
	memset(large, 'x', 100000);
	path = scratch_file(p.from, "tool", large);
	assert_int_equal(chown(path, 1000, 1001), 0);
	assert_int_equal(chmod(path, 04751), 0);
	assert_int_equal(setxattr(path, "trusted.mark", "here", 4, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);

	assert_int_equal(hp_guest_copy_tree(p.from_fd, p.to_fd, &err), 0);
	free(path);
	path = hp_path_join(p.to, "tool");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 04751);
	assert_int_equal(st.st_uid, 1000);
	assert_int_equal(st.st_gid, 1001);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(st.st_mtim.tv_nsec, 5);
	assert_int_equal(getxattr(path, "trusted.mark", value, sizeof(value)), 4);
	assert_string_equal(value, "here");
	assert_int_equal(hp_file_read(path, 200000, &text, &err), 0);
	assert_int_equal(text.len, 100000);
	assert_memory_equal(text.data, large, text.len);
	/* The directory itself is like the one it was copied from. */
	assert_int_equal(stat(p.to, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	pair_close(&p);
}

static void copies_what_is_no_file(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char target[16] = "";
	struct stat st;
	struct pair p;

	(void)state;
	pair_open(&p);
	assert_int_equal(mkdirat(p.from_fd, "sub", 0750), 0);
	assert_int_equal(mkdirat(p.from_fd, "sub/empty", 0711), 0);
	assert_int_equal(symlinkat("../gone", p.from_fd, "sub/link"), 0);
	assert_int_equal(fchownat(p.from_fd, "sub/link", 7, 8, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(mkfifoat(p.from_fd, "sub/fifo", 0640), 0);

	assert_int_equal(hp_guest_copy_tree(p.from_fd, p.to_fd, &err), 0);
	assert_int_equal(fstatat(p.to_fd, "sub", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0750);
	assert_int_equal(fstatat(p.to_fd, "sub/empty", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0711);
	assert_int_equal(fstatat(p.to_fd, "sub/link", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_uid, 7);
	assert_int_equal(st.st_gid, 8);
	assert_int_equal(readlinkat(p.to_fd, "sub/link", target, sizeof(target) - 1), 7);
	assert_string_equal(target, "../gone");
	assert_int_equal(fstatat(p.to_fd, "sub/fifo", &st, 0), 0);
	assert_true(S_ISFIFO(st.st_mode));
	pair_close(&p);
}

static void names_what_cannot_be_copied(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct pair p;

	(void)state;
	pair_open(&p);
	assert_int_equal(mkdirat(p.from_fd, "sub", 0755), 0);
	assert_int_equal(symlinkat("a", p.from_fd, "sub/there"), 0);
	assert_int_equal(mkdirat(p.to_fd, "sub", 0755), 0);
	assert_int_equal(hp_guest_copy_tree(p.from_fd, p.to_fd, &err), -1);
	assert_int_equal(err.sys, EEXIST);
	assert_true(hp_str_starts(err.msg, "'sub': make directory"));
	pair_close(&p);
}

static void stops_where_it_is_too_deep(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	int fd, below;
	struct pair p;

	(void)state;
	pair_open(&p);
	fd = dup(p.from_fd);
	for (int i = 0; i < 130; i++) {
		assert_int_equal(mkdirat(fd, "d", 0755), 0);
		below = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	close(fd);
	assert_int_equal(hp_guest_copy_tree(p.from_fd, p.to_fd, &err), -1);
	assert_int_equal(err.code, HP_ERANGE);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(copies_files_with_all_they_have),
		FDS_TEST(copies_what_is_no_file),
		FDS_TEST(names_what_cannot_be_copied),
		FDS_TEST(stops_where_it_is_too_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
