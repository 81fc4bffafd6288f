/* SPDX-License-Identifier: Apache-2.0 */
/* files-proc.c - tests of src/files/proc.c. */
#include "files/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "scratch.h"

static void names_descriptors(void **state)
{
	char name[HP_PROC_NAME];

	(void)state;
	assert_string_equal(hp_files__proc_name(0, name), "0");
	assert_string_equal(hp_files__proc_name(7, name), "7");
	assert_string_equal(hp_files__proc_name(120, name), "120");
	assert_string_equal(hp_files__proc_name(2147483647, name), "2147483647");
}

static void opens_what_a_path_only_descriptor_stands_for(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "file", "text");
	AUTO_CLOSE int path_fd = open(path, O_PATH | O_CLOEXEC);
	AUTO_CLOSE int proc_fd = -1;
	AUTO_CLOSE int fd = -1;
	struct hp_error err = HP_ERROR_INIT;
	char seen[8];

	(void)state;
	assert_int_equal(hp_files__proc_dir(&proc_fd, &err), 0);
	/* It has no name any more. */
	assert_int_equal(unlink(path), 0);
	fd = hp_files__proc_open(proc_fd, path_fd, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, seen, sizeof(seen)), 4);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(hp_files__proc_open(proc_fd, 99999, O_RDONLY), -1);
	assert_int_equal(errno, ENOENT);
}

/* In a root of its own, where /proc is a directory that somebody else has made. */
static int try_in_root(const char *dir)
{
	AUTO_FREE char *fake = hp_path_join(dir, "proc/self/fd");
	AUTO_FREE char *file = NULL;
	struct hp_error err = HP_ERROR_INIT;
	int proc_fd = -1;
	int path_fd;

	if (hp_mkdirs(fake, 0755, &err) < 0)
		return 1;
	file = scratch_file(dir, "file", "text");
	free(scratch_file(fake, "5", "a trap"));
	path_fd = open(file, O_PATH | O_CLOEXEC);
	if (unshare(CLONE_NEWNS) < 0 || chroot(dir) < 0 || chdir("/") < 0)
		return 2;
	if (hp_files__proc_dir(&proc_fd, &err) < 0)
		return 3;
	return hp_files__proc_open(proc_fd, path_fd, O_RDONLY) >= 0 ? 0 : 4;
}

static void is_not_deceived_by_its_root(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	int status = 0;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(try_in_root(dir));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(names_descriptors),
		FDS_TEST(opens_what_a_path_only_descriptor_stands_for),
		FDS_TEST(is_not_deceived_by_its_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
