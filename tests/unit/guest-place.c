/* SPDX-License-Identifier: Apache-2.0 */
/* guest-place.c - tests of src/guest/place.c: an image's links lead nowhere but into its root. */
#include "guest/place.h"

#include <errno.h>
#include <fcntl.h>

#include "base/str.h"
#include "scratch.h"

struct root {
	char *dir, *root;
	int fd;
};

static void root_open(struct root *r)
{
	struct hp_error err = HP_ERROR_INIT;

	r->dir = scratch_new();
	r->root = hp_path_join(r->dir, "root");
	assert_int_equal(hp_mkdirs(r->root, 0755, &err), 0);
	r->fd = open(r->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(r->fd >= 0);
}

static void root_close(struct root *r)
{
	close(r->fd);
	scratch_free(r->dir);
	free(r->root);
}

/* Find @path; it must be what is at @really then, from the root. */
static void expect(const struct root *r, const char *path, bool file, const char *really)
{
	AUTO_FREE char *want = hp_sprintf("%s%s", r->root, really);
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int fd = -1;
	char link[HP_GUEST_FD_PATH], target[512];
	struct stat st;
	ssize_t n;

	if (hp_guest_place(r->fd, path, file, &fd, &err) < 0)
		fail_msg("%s", err.msg);
	hp_guest_fd_path(fd, link);
	n = readlink(link, target, sizeof(target) - 1);
	assert_true(n > 0);
	target[n] = '\0';
	assert_string_equal(target, want);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(file ? S_ISREG(st.st_mode) : S_ISDIR(st.st_mode));
}

static void makes_what_is_missing(void **state)
{
	struct root r;

	(void)state;
	root_open(&r);
	expect(&r, "/a/b/c", false, "/a/b/c");
	expect(&r, "/a/b/c", false, "/a/b/c");
	expect(&r, "x//y/", false, "/x/y");
	expect(&r, "/etc/resolv.conf", true, "/etc/resolv.conf");
	root_close(&r);
}

static void follows_links_to_what_is_not_there(void **state)
{
	struct root r;

	(void)state;
	root_open(&r);
	expect(&r, "/d", false, "/d");
	assert_int_equal(symlinkat("/deep/target", r.fd, "absolute"), 0);
	assert_int_equal(symlinkat("../other", r.fd, "d/relative"), 0);
	assert_int_equal(symlinkat("absolute/more", r.fd, "chain"), 0);
	expect(&r, "/absolute/sub", false, "/deep/target/sub");
	expect(&r, "/d/relative", true, "/other");
	expect(&r, "/chain/end", false, "/deep/target/more/end");
	root_close(&r);
}

static void never_leaves_the_root(void **state)
{
	AUTO_FREE char *outside = NULL;
	struct root r;

	(void)state;
	root_open(&r);
	outside = hp_path_join(r.dir, "out");
	assert_int_equal(symlinkat("../../../../out", r.fd, "up"), 0);
	expect(&r, "/up/here", false, "/out/here");
	expect(&r, "/../../out/there", false, "/out/there");
	assert_false(scratch_has(outside));
	root_close(&r);
}

static void gives_up_on_links_that_go_round(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct root r;
	int fd = -1;

	(void)state;
	root_open(&r);
	assert_int_equal(symlinkat("b", r.fd, "a"), 0);
	assert_int_equal(symlinkat("a", r.fd, "b"), 0);
	assert_int_equal(hp_guest_place(r.fd, "/a/x", false, &fd, &err), -1);
	assert_int_equal(err.sys, ELOOP);
	hp_error_clear(&err);
	/* Each of these makes a path that is longer, and never one that is there. */
	assert_int_equal(symlinkat("grow/x", r.fd, "grow"), 0);
	assert_int_equal(hp_guest_place(r.fd, "/grow", false, &fd, &err), -1);
	assert_int_equal(err.sys, ELOOP);
	assert_int_equal(fd, -1);
	root_close(&r);
}

static void a_file_is_no_directory(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct root r;
	int fd = -1;

	(void)state;
	root_open(&r);
	expect(&r, "/file", true, "/file");
	assert_int_equal(hp_guest_place(r.fd, "/file/below", false, &fd, &err), -1);
	assert_int_equal(err.sys, ENOTDIR);
	root_close(&r);
}

static void finds_the_directory_of_a_path(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int fd = -1;
	struct stat st;
	struct root r;

	(void)state;
	root_open(&r);
	assert_int_equal(hp_guest_place_parent(r.fd, "/dev/net/tun", &fd, &err), 0);
	assert_int_equal(mkdirat(fd, "probe", 0755), 0);
	assert_int_equal(fstatat(r.fd, "dev/net/probe", &st, 0), 0);
	assert_int_equal(fstatat(r.fd, "dev/net/tun", &st, 0), -1);
	root_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(makes_what_is_missing),  FDS_TEST(follows_links_to_what_is_not_there),
		FDS_TEST(never_leaves_the_root),  FDS_TEST(gives_up_on_links_that_go_round),
		FDS_TEST(a_file_is_no_directory), FDS_TEST(finds_the_directory_of_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
