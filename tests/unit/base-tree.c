/* SPDX-License-Identifier: Apache-2.0 */
/* base-tree.c - tests of src/base/tree.c. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "scratch.h"
#include "torture.h"

/* A tree with one of everything that is not a mount. */
static char *make_tree(const char *dir)
{
	struct hp_error err = HP_ERROR_INIT;
	char *tree = hp_path_join(dir, "tree");
	AUTO_FREE char *deep = hp_path_join(tree, "a/b/c");
	AUTO_FREE char *fifo = hp_path_join(tree, "a/fifo");
	AUTO_FREE char *out = hp_path_join(tree, "a/out");
	AUTO_FREE char *up = hp_path_join(tree, "a/up");
	AUTO_FREE char *dangling = hp_path_join(tree, "dangling");

	assert_int_equal(hp_mkdirs(deep, 0755, &err), 0);
	free(scratch_file(deep, "file", "x"));
	free(scratch_file(tree, "a strange\nname", "x"));
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink("/etc/passwd", out), 0);
	assert_int_equal(symlink("../..", up), 0);
	assert_int_equal(symlink("nowhere", dangling), 0);
	return tree;
}

static void removes_trees_and_files(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *tree = make_tree(dir);
	AUTO_FREE char *beside = scratch_file(dir, "beside", "stays");
	AUTO_FREE char *with_slash = hp_sprintf("%s///", tree);

	(void)state;
	assert_int_equal(hp_remove_tree(with_slash, &err), 0);
	assert_false(scratch_has(tree));
	assert_true(scratch_has(beside));
	assert_int_equal(hp_remove_tree(beside, &err), 0);
	assert_false(scratch_has(beside));
}

static void takes_missing_for_removed(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *none = hp_path_join(dir, "none");
	AUTO_FREE char *below = hp_path_join(dir, "none/below");

	(void)state;
	assert_int_equal(hp_remove_tree(none, &err), 0);
	assert_int_equal(hp_remove_tree(below, &err), 0);
}

static void removes_a_link_and_not_what_it_names(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *tree = make_tree(dir);
	AUTO_FREE char *link = hp_path_join(dir, "link");

	(void)state;
	assert_int_equal(symlink("tree", link), 0);
	assert_int_equal(hp_remove_tree(link, &err), 0);
	assert_false(scratch_has(link));
	assert_true(scratch_has(tree));
}

static void refuses_what_names_no_tree(void **state)
{
	static const char *const paths[] = {"",   "/",       "///",       ".",
					    "..", "/tmp/..", "/tmp/../.", "./"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(paths); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_remove_tree(paths[i], &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
	}
}

/* 3,000 levels are deeper than any path and than the descriptors a process may have. */
static void removes_very_deep_trees(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *tree = hp_path_join(dir, "tree");
	int fd;

	(void)state;
	assert_int_equal(hp_mkdirs(tree, 0755, &err), 0);
	fd = open(tree, O_PATH | O_CLOEXEC);
	for (int i = 0; i < 3000; i++) {
		int next;

		assert_int_equal(mkdirat(fd, "directory", 0755), 0);
		next = openat(fd, "directory", O_PATH | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	close(fd);
	assert_int_equal(hp_remove_tree(tree, &err), 0);
	assert_false(scratch_has(tree));
}

/* Names like those that it gives itself must not stop it. */
static void moves_around_names_that_are_taken(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *tree = hp_path_join(dir, "tree");
	AUTO_FREE char *path = hp_strdup(tree);

	(void)state;
	for (int i = 0; i < 100; i++) {
		char *next = hp_sprintf("%s/d", path);

		free(path);
		path = next;
	}
	assert_int_equal(hp_mkdirs(path, 0755, &err), 0);
	for (int i = 0; i < 3; i++) {
		AUTO_FREE char *taken = hp_sprintf("%s/.harpoon-moved-%d/x", tree, i);

		assert_int_equal(hp_mkdirs(taken, 0755, &err), 0);
	}
	assert_int_equal(hp_remove_tree(tree, &err), 0);
	assert_false(scratch_has(tree));
}

/* In a mount namespace of its own. Returns: 0 when the mount was left alone. */
static int try_mounted(const char *tree, const char *outside, const char *at)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *file = hp_path_join(outside, "precious");

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(outside, at, "none", MS_BIND, NULL) < 0)
		return 77;
	if (hp_remove_tree(tree, &err) == 0)
		return 1;
	if (err.code != HP_ESTATE || !strstr(err.msg, "mount point"))
		return 2;
	if (!scratch_has(file))
		return 3;
	/* The tree itself as a mount point is left alone too. */
	hp_error_clear(&err);
	if (hp_remove_tree(at, &err) == 0 || err.code != HP_ESTATE || !scratch_has(file))
		return 4;
	return 0;
}

static void does_not_cross_mounts(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *tree = make_tree(dir);
	AUTO_FREE char *at = hp_path_join(tree, "a/b");
	AUTO_FREE char *outside = hp_path_join(dir, "outside");
	int status = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(mkdir(outside, 0755), 0);
	free(scratch_file(outside, "precious", "x"));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(try_mounted(tree, outside, at));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* Mounting takes a privilege that an ordinary user does not have. */
	if (geteuid() == 0)
		assert_int_equal(WEXITSTATUS(status), 0);
}

static int remove_once(void *arg, struct hp_error *err)
{
	struct hp_error again = HP_ERROR_INIT;
	AUTO_FREE char *tree = NULL;
	int rc;

	hp_fault_pause(true);
	tree = make_tree(arg);
	hp_fault_pause(false);
	rc = hp_remove_tree(tree, err);
	hp_fault_pause(true);
	/* After a failure, the next try succeeds. */
	assert_int_equal(hp_remove_tree(tree, &again), 0);
	assert_false(scratch_has(tree));
	hp_fault_pause(false);
	return rc;
}

static void survives_any_call_failing(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();

	(void)state;
	torture_all(remove_once, dir, 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(removes_trees_and_files),
		FDS_TEST(takes_missing_for_removed),
		FDS_TEST(removes_a_link_and_not_what_it_names),
		FDS_TEST(refuses_what_names_no_tree),
		FDS_TEST(removes_very_deep_trees),
		FDS_TEST(moves_around_names_that_are_taken),
		FDS_TEST(does_not_cross_mounts),
		FDS_TEST(survives_any_call_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
