/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-daemon.c - tests of src/cmd/daemon.c and daemon_stop.c, without a containerd. */
#include "cmd/daemon.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/mount.h>

#include "base/proc.h"
#include "scratch.h"

static const struct hp_cli cli = {0};

/* A daemon whose directories are made, below @dir. */
static struct hp_daemon daemon_in(const char *dir)
{
	AUTO_FREE char *root = hp_path_join(dir, "root");
	AUTO_FREE char *state = hp_path_join(dir, "state");
	struct hp_daemon d = {.lock_fd = -1};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_daemon_init(&cli, root, state, &d, &err) < 0 ||
	    hp_daemon_make(d.root, 0700, &err) < 0 || hp_daemon_make(d.state, 0700, &err) < 0)
		fail_msg("%s", err.msg);
	return d;
}

static void test_paths(void **state)
{
	(void)state;
	AUTO(hp_daemon_clear) struct hp_daemon d = {.lock_fd = -1};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_daemon_init(&cli, NULL, NULL, &d, &err), 0);
	assert_string_equal(d.root, "/var/lib/harpoon/containerd");
	assert_string_equal(d.address, "/run/harpoon/containerd/containerd.sock");
	hp_daemon_clear(&d);
	assert_int_equal(hp_daemon_init(&cli, "a/../b", "/x//y/", &d, &err), 0);
	assert_int_equal(d.root[0], '/');
	assert_true(hp_str_ends(d.root, "/b"));
	assert_string_equal(d.state, "/x/y");
}

static void refuses(const char *root, const char *state)
{
	struct hp_daemon d = {.lock_fd = 77};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_daemon_init(&cli, root, state, &d, &err), -1);
	assert_int_equal(err.code, HP_EUSAGE);
	assert_int_equal(d.lock_fd, 77);
}

static void test_bad_paths(void **state)
{
	(void)state;
	char longer[120];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	refuses("/a\"b", "/s");
	refuses("/a\nb", "/s");
	refuses("/a\\b", "/s");
	refuses("/", "/s");
	refuses("/same", "/same/");
	refuses("/r", longer);
}

static void test_make_is_careful(void **state)
{
	(void)state;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *mine = hp_path_join(dir, "mine/deep");
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_daemon_make(mine, 0700, &err), 0);
	assert_true(hp_daemon_made(mine));
	assert_int_equal(hp_daemon_make(mine, 0700, &err), 0);
	/* @dir has something in it now, and no mark. */
	assert_false(hp_daemon_made(dir));
	assert_int_equal(hp_daemon_make(dir, 0700, &err), -1);
	assert_int_equal(err.code, HP_EEXISTS);
}

static void write_pid(const struct hp_daemon *d, const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	assert_int_equal(hp_file_write(d->pid_file, text, strlen(text), 0644, &err), 0);
}

/* Only the process that has the number, the start time and the configuration is the daemon. */
static void test_pid_file(void **state)
{
	(void)state;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_daemon_clear) struct hp_daemon d = daemon_in(dir);
	static const char *const bad[] = {"",       "1\n", "1 1\n",         "x y\n",
					  "-5 3\n", "0 0", "99999999999 1", "1 2 3\n"};

	assert_int_equal(hp_daemon_pid(&d), 0);
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		write_pid(&d, bad[i]);
		assert_int_equal(hp_daemon_pid(&d), 0);
	}
	AUTO_FREE char *ours =
		hp_sprintf("%d %" PRIu64 "\n", getpid(), hp_proc_start_ticks(getpid()));
	write_pid(&d, ours); /* right in all but its command line */
	assert_int_equal(hp_daemon_pid(&d), 0);
}

static pid_t start_sleeper(const struct hp_daemon *d)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "trap '' TERM; while :; do sleep 1; done",
		      d->config, NULL);
		_exit(1);
	}
	for (int i = 0; i < 500 && !hp_proc_has_word(pid, d->config); i++)
		usleep(10000);
	return pid;
}

static void test_end_only_ours(void **state)
{
	(void)state;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_daemon_clear) struct hp_daemon d = daemon_in(dir);
	struct hp_error err = HP_ERROR_INIT;
	pid_t pid = start_sleeper(&d);
	uint64_t start = hp_proc_start_ticks(pid);

	AUTO_FREE char *other = hp_sprintf("%d %" PRIu64 "\n", pid, start + 1);
	write_pid(&d, other);
	assert_int_equal(hp_daemon_end(&d, &err), 0);
	assert_int_equal(kill(pid, 0), 0);
	AUTO_FREE char *line = hp_sprintf("%d %" PRIu64 "\n", pid, start);
	write_pid(&d, line);
	assert_int_equal(hp_daemon_pid(&d), pid);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(hp_daemon_end(&d, &err), 0);
	assert_false(scratch_has(d.pid_file));
}

static void test_lock(void **state)
{
	(void)state;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_daemon_clear) struct hp_daemon d = daemon_in(dir);
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_daemon_lock(&d, &err), 0);
	assert_true(d.lock_fd >= 0);
	/* Down removes the file that it has locked; who comes next has a lock of its own. */
	assert_int_equal(hp_daemon_remove_dir(d.state, &err), 0);
	assert_false(hp_daemon_made(d.state));
	AUTO(hp_daemon_clear) struct hp_daemon next = daemon_in(dir);
	assert_int_equal(hp_daemon_lock(&next, &err), 0);
}

static void test_tasks(void **state)
{
	(void)state;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_daemon_clear) struct hp_daemon d = daemon_in(dir);
	AUTO(hp_strv_free) struct hp_strv tasks = {0};
	AUTO_FREE char *one = hp_path_join(d.state, "io.containerd.runtime.v2.task/ns/one");
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_daemon_tasks(&d, &tasks, &err), 0);
	assert_int_equal(tasks.count, 0);
	assert_int_equal(hp_daemon_end_tasks(&d, &err), 0);
	assert_int_equal(hp_mkdirs(one, 0700, &err), 0);
	assert_int_equal(hp_daemon_tasks(&d, &tasks, &err), 0);
	assert_int_equal(tasks.count, 1);
	assert_string_equal(tasks.items[0], "ns/one");
}

/* What is mounted below is unmounted, and its content stays. */
static void test_remove_unmounts(void **state)
{
	(void)state;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *kept = hp_path_join(dir, "kept");
	AUTO_FREE char *gone = hp_path_join(dir, "gone");
	AUTO_FREE char *point = hp_path_join(gone, "a mount point");
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_mkdirs(kept, 0700, &err), 0);
	assert_int_equal(hp_mkdirs(point, 0700, &err), 0);
	AUTO_FREE char *file = scratch_file(kept, "file", "precious");
	/* Without the right to mount, the rest of the test still says something. */
	bool mounted = mount(kept, point, NULL, MS_BIND, NULL) == 0;
	AUTO_FREE char *seen = hp_path_join(point, "file");
	assert_int_equal(scratch_has(seen), mounted);
	assert_int_equal(hp_daemon_remove_dir(gone, &err), 0);
	assert_false(scratch_has(gone));
	assert_true(scratch_has(file));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_paths),           FDS_TEST(test_bad_paths),
		FDS_TEST(test_make_is_careful), FDS_TEST(test_pid_file),
		FDS_TEST(test_end_only_ours),   FDS_TEST(test_lock),
		FDS_TEST(test_tasks),           FDS_TEST(test_remove_unmounts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
