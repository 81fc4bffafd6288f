/* SPDX-License-Identifier: Apache-2.0 */
/* files_contract.c - what the file server owes a guest, shown on this host's own kernel: mounted by
 * way of /dev/fuse, its shares do what the host's file systems do, checked by posix-probe. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "../unit/scratch.h"
#include "fake/fuse_mount.h"

/* Few enough that a tree of 5,000 files has ten times as many. */
#define FEW_DESCRIPTORS 500

/* The scratch directory of one case, in a child with mounts of its own. */
struct place {
	char *dir;
	char *host; /* what is shared */
	char *at;   /* where it is mounted; below it "rootfs" */
	struct hp_files_share share;
	struct fuse_mount mount;
};

/* A failed check in the child: say where, and end it. */
#define MUST(condition)                                                                        \
	do {                                                                                   \
		if (!(condition)) {                                                            \
			fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition,             \
				strerror(errno));                                              \
			_exit(1);                                                              \
		}                                                                              \
	} while (0)

static char *make_dir(const char *dir, const char *name)
{
	char *path = hp_path_join(dir, name);

	MUST(mkdir(path, 0755) == 0);
	return path;
}

static struct place place_new(const char *dir)
{
	struct place p = {.dir = hp_strdup(dir)};

	MUST(chmod(dir, 0755) == 0 && unshare(CLONE_NEWNS) == 0);
	MUST(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0);
	p.host = make_dir(dir, "host");
	p.at = make_dir(dir, "at");
	return p;
}

static void place_start(struct place *p)
{
	struct hp_error err = HP_ERROR_INIT;

	p->share.name = "rootfs";
	p->share.fd = open(p->host, O_PATH | O_CLOEXEC);
	if (fuse_mount_start(p->at, &p->share, 1, &p->mount, &err) < 0)
		fprintf(stderr, "%s\n", err.msg);
	MUST(err.code == HP_OK);
	close(p->share.fd);
}

static void place_stop(struct place *p)
{
	struct hp_error err = HP_ERROR_INIT;

	if (fuse_mount_stop(&p->mount, &err) < 0)
		fprintf(stderr, "%s\n", err.msg);
	MUST(err.code == HP_OK);
}

/* Run the probe in @dir, with all checks or with one. Returns: its lines. Owns: the caller. */
static char *probe(const char *dir, const char *check)
{
	AUTO(hp_buf_free) struct hp_buf out = {0};
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];
	int status = -1;
	pid_t pid;

	hp_buf_init(&out, 65536);
	MUST(pipe2(fds, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		const char *program = getenv("HP_TEST_PROBE");

		dup2(fds[1], STDOUT_FILENO);
		execl(program, program, dir, check, (char *)NULL);
		_exit(255);
	}
	close(fds[1]);
	MUST(hp_fd_read_all(fds[0], &out, &err) == 0);
	close(fds[0]);
	MUST(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	MUST(WEXITSTATUS(status) < 200);
	return hp_buf_take_str(&out);
}

/* Only what fails on the host itself may fail in the guest. */
static void compare(const struct place *p)
{
	AUTO_FREE char *root = hp_path_join(p->at, "rootfs");
	AUTO_FREE char *on_host = probe(p->host, NULL);
	AUTO_FREE char *in_guest = probe(root, NULL);
	int checks = 0;
	int worse = 0;

	for (char *rest = in_guest, *line; (line = strsep(&rest, "\n")) && *line; checks++) {
		char name[128];
		AUTO_FREE char *same = NULL;

		if (sscanf(line, "FAIL %127[^:]", name) != 1)
			continue;
		same = hp_sprintf("FAIL %s:", name);
		if (strstr(on_host, same))
			continue;
		fprintf(stderr, "%s\n", line);
		worse++;
	}
	MUST(checks > 50);
	MUST(worse == 0);
}

static void run_compare(struct place *p)
{
	place_start(p);
	compare(p);
	place_stop(p);
}

static void on_the_disk(const char *dir)
{
	struct place p = place_new(dir);

	run_compare(&p);
}

static void on_tmpfs(const char *dir)
{
	struct place p = place_new(dir);

	MUST(mount("none", p.host, "tmpfs", 0, NULL) == 0);
	run_compare(&p);
}

static void mount_overlay(const struct place *p)
{
	AUTO_FREE char *lower = make_dir(p->dir, "lower");
	AUTO_FREE char *upper = make_dir(p->dir, "upper");
	AUTO_FREE char *work = make_dir(p->dir, "work");
	AUTO_FREE char *options =
		hp_sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work);

	free(scratch_file(lower, "old", "lower"));
	free(scratch_file(lower, "gone", "lower"));
	MUST(mount("none", p->host, "overlay", 0, options) == 0);
}

static void must_hold(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = hp_path_join(dir, name);
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *seen = NULL;

	hp_buf_init(&buf, 4096);
	MUST(hp_file_read(path, 4096, &buf, &err) == 0);
	seen = hp_buf_take_str(&buf);
	MUST(strcmp(seen, text) == 0);
}

/* What a container changes is in the upper directory, where a commit looks for it. */
static void on_an_overlay(const char *dir)
{
	struct place p = place_new(dir);
	AUTO_FREE char *old = hp_path_join(p.at, "rootfs/old");
	AUTO_FREE char *gone = hp_path_join(p.at, "rootfs/gone");
	AUTO_FREE char *whiteout = hp_path_join(dir, "upper/gone");
	struct stat st;
	int fd;

	mount_overlay(&p);
	place_start(&p);
	must_hold(p.at, "rootfs/old", "lower");
	fd = open(old, O_RDWR | O_APPEND | O_CLOEXEC);
	MUST(fd >= 0 && write(fd, "+", 1) == 1 && close(fd) == 0);
	must_hold(p.at, "rootfs/old", "lower+");
	must_hold(dir, "upper/old", "lower+");
	must_hold(dir, "lower/old", "lower");
	MUST(unlink(gone) == 0 && lstat(whiteout, &st) == 0 && S_ISCHR(st.st_mode));
	compare(&p);
	place_stop(&p);
}

static void on_a_share_that_others_change(const char *dir)
{
	struct place p = place_new(dir);
	AUTO_FREE char *root = hp_path_join(p.at, "rootfs");
	AUTO_FREE char *seen = hp_path_join(root, "new");
	AUTO_FREE char *written = NULL;
	struct stat st;

	p.share.shared = true;
	place_start(&p);
	MUST(lstat(seen, &st) < 0 && errno == ENOENT);
	free(scratch_file(p.host, "new", "one"));
	sleep(2);
	must_hold(p.at, "rootfs/new", "one");
	free(scratch_file(p.host, "new", "other"));
	sleep(2);
	must_hold(p.at, "rootfs/new", "other");
	written = probe(root, "executing");
	MUST(strcmp(written, "ok executing\n") == 0);
	place_stop(&p);
}

static void with_few_descriptors(const char *dir)
{
	struct place p = place_new(dir);
	struct rlimit few = {FEW_DESCRIPTORS, FEW_DESCRIPTORS};
	AUTO_FREE char *root = hp_path_join(p.at, "rootfs");
	AUTO_FREE char *seen = NULL;

	MUST(setrlimit(RLIMIT_NOFILE, &few) == 0);
	place_start(&p);
	seen = probe(root, "many-entries");
	MUST(strcmp(seen, "ok many-entries\n") == 0);
	place_stop(&p);
}

static void through_mounts_below_it(const char *dir)
{
	struct place p = place_new(dir);
	AUTO_FREE char *below = make_dir(p.host, "below");
	AUTO_FREE char *inside = hp_path_join(p.at, "rootfs/below");
	AUTO_FREE char *seen = NULL;
	struct stat there;
	struct stat here;

	MUST(mount("none", below, "tmpfs", 0, NULL) == 0);
	free(scratch_file(below, "file", "mounted"));
	place_start(&p);
	must_hold(p.at, "rootfs/below/file", "mounted");
	seen = probe(inside, "rename-directories");
	MUST(strcmp(seen, "ok rename-directories\n") == 0);
	/* Numbers are not shared between the file systems. */
	MUST(stat(inside, &here) == 0 && stat(below, &there) == 0);
	MUST(here.st_ino != there.st_ino);
	place_stop(&p);
}

static void without_changing_what_is_read_only(const char *dir)
{
	struct place p = place_new(dir);
	AUTO_FREE char *file = hp_path_join(p.at, "rootfs/file");
	AUTO_FREE char *other = hp_path_join(p.at, "rootfs/other");

	free(scratch_file(p.host, "file", "text"));
	p.share.read_only = true;
	place_start(&p);
	must_hold(p.at, "rootfs/file", "text");
	MUST(unlink(file) < 0 && errno == EROFS);
	MUST(rename(file, other) < 0 && errno == EROFS);
	MUST(mkdir(other, 0755) < 0 && errno == EROFS);
	MUST(truncate(file, 0) < 0 && errno == EROFS);
	MUST(chmod(file, 0600) < 0 && errno == EROFS);
	MUST(open(other, O_CREAT | O_RDWR | O_CLOEXEC, 0600) < 0 && errno == EROFS);
	must_hold(p.host, "file", "text");
	place_stop(&p);
}

static void a_single_file(const char *dir)
{
	struct place p = place_new(dir);
	AUTO_FREE char *seen = hp_path_join(p.at, "rootfs");
	AUTO_FREE char *hosts = scratch_file(dir, "hosts", "127.0.0.1 localhost\n");
	AUTO_FREE char *target = scratch_file(dir, "target", "");
	int fd;

	p.host = hosts;
	place_start(&p);
	must_hold(p.at, "rootfs", "127.0.0.1 localhost\n");
	/* As it is put into a container. */
	MUST(mount(seen, target, "none", MS_BIND, NULL) == 0);
	fd = open(target, O_WRONLY | O_TRUNC | O_CLOEXEC);
	MUST(fd >= 0 && write(fd, "changed", 7) == 7 && close(fd) == 0);
	must_hold(dir, "hosts", "changed");
	MUST(umount(target) == 0);
	place_stop(&p);
}

static void files_that_are_made_when_read(const char *dir)
{
	struct place p = place_new(dir);
	AUTO_FREE char *path = hp_path_join(p.at, "rootfs/version");
	char seen[16] = "";
	int fd;

	p.host = hp_strdup("/proc");
	p.share.read_only = true;
	place_start(&p);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0 && read(fd, seen, 13) == 13 && strcmp(seen, "Linux version") == 0);
	close(fd);
	place_stop(&p);
}

/* In a child, so that nothing of its mounts is left, whatever happens. */
static void in_child(void (*fn)(const char *dir))
{
	AUTO(scratch_free) char *dir = scratch_new();
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fn(dir);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define CASE(fn)                                                                               \
	static void serves_##fn(void **state)                                                  \
	{                                                                                      \
		(void)state;                                                                   \
		in_child(fn);                                                                  \
	}

CASE(on_the_disk)
CASE(on_tmpfs)
CASE(on_an_overlay)
CASE(on_a_share_that_others_change)
CASE(with_few_descriptors)
CASE(through_mounts_below_it)
CASE(without_changing_what_is_read_only)
CASE(a_single_file)
CASE(files_that_are_made_when_read)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(serves_on_the_disk),
		FDS_TEST(serves_on_tmpfs),
		FDS_TEST(serves_on_an_overlay),
		FDS_TEST(serves_on_a_share_that_others_change),
		FDS_TEST(serves_with_few_descriptors),
		FDS_TEST(serves_through_mounts_below_it),
		FDS_TEST(serves_without_changing_what_is_read_only),
		FDS_TEST(serves_a_single_file),
		FDS_TEST(serves_files_that_are_made_when_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
