/* SPDX-License-Identifier: Apache-2.0 */
/* guest-cgroup.c - tests of src/guest/cgroup.c, on a directory of files such as the kernel makes. */
#include "guest/cgroup.h"

#include <fcntl.h>

#include "scratch.h"

struct tree {
	char *dir, *container;
	struct hp_guest_cgroup g;
};

static void put(const struct tree *t, const char *file, const char *text)
{
	free(scratch_file(t->container, file, text));
}

static void tree_open(struct tree *t)
{
	struct hp_error err = HP_ERROR_INIT;

	t->dir = scratch_new();
	t->container = hp_path_join(t->dir, "container");
	free(scratch_file(t->dir, "cgroup.controllers", "cpu pids\n"));
	free(scratch_file(t->dir, "cgroup.subtree_control", ""));
	assert_int_equal(hp_guest_cgroup_open(t->dir, &t->g, &err), 0);
	assert_true(t->g.fd >= 0);
	assert_true(scratch_has(t->container));
}

static void tree_close(struct tree *t)
{
	hp_guest_cgroup_close(&t->g);
	assert_int_equal(t->g.fd, -1);
	scratch_free(t->dir);
	free(t->container);
}

static void expect(const char *dir, const char *file, const char *want)
{
	AUTO_FREE char *path = hp_path_join(dir, file);
	AUTO(hp_buf_free) struct hp_buf text = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_file_read(path, 4096, &text, &err), 0);
	AUTO_FREE char *got = hp_buf_take_str(&text);
	assert_string_equal(got, want);
}

static void turns_controllers_on_one_by_one(void **state)
{
	struct tree t;

	(void)state;
	tree_open(&t);
	/* The kernel takes each write by itself; here the last is put over the first. */
	expect(t.dir, "cgroup.subtree_control", "+pids");
	tree_close(&t);
}

/* A process that is in no cgroup of the container's, and one that is not there. */
static void finds_where_processes_are(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct tree t;
	int fd = -1;

	(void)state;
	tree_open(&t);
	assert_int_equal(hp_guest_cgroup_open_of(&t.g, getpid(), &fd, &err), -1);
	assert_int_equal(err.code, HP_EINTERNAL);
	hp_error_clear(&err);
	assert_int_equal(hp_guest_cgroup_open_of(&t.g, INT32_MAX, &fd, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_int_equal(fd, -1);
	tree_close(&t);
}

static void needs_a_cgroup(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *missing = hp_path_join(dir, "missing");
	const Hp__Guest__Resources none = HP__GUEST__RESOURCES__INIT;
	struct hp_guest_cgroup g = {.fd = 99};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_guest_cgroup_open(missing, &g, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	/* A directory that is none of cgroup v2. */
	assert_int_equal(hp_guest_cgroup_open(dir, &g, &err), -1);
	assert_non_null(strstr(err.msg, "cgroup.controllers"));
	hp_error_clear(&err);
	free(scratch_file(dir, "cgroup.controllers", "cpu\n"));
	assert_int_equal(hp_guest_cgroup_open(dir, &g, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	hp_error_clear(&err);

	assert_int_equal(hp_guest_cgroup_open(NULL, &g, &err), 0);
	assert_int_equal(g.fd, -1);
	assert_int_equal(hp_guest_cgroup_limit(&g, &none, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	hp_error_clear(&err);
	assert_int_equal(hp_guest_cgroup_signal(&g, SIGTERM, &err), 0);
	assert_int_equal(hp_guest_cgroup_open_events(&g), -1);
	hp_guest_cgroup_close(&g);
}

#define INT(n) &((Hp__Guest__Int){.base = {&hp__guest__int__descriptor, 0, NULL}, .value = (n)})

static void writes_limits(void **state)
{
	static const char *const files[] = {"memory.max",  "memory.low",     "cpu.max",
					    "cpu.weight",  "pids.max",       "cpuset.cpus",
					    "cpuset.mems", "hugetlb.2MB.max"};
	Hp__Guest__Resources r = HP__GUEST__RESOURCES__INIT;
	Hp__Guest__Sysctl huge = HP__GUEST__SYSCTL__INIT;
	Hp__Guest__Sysctl *unified[] = {&huge};
	struct hp_error err = HP_ERROR_INIT;
	struct tree t;

	(void)state;
	tree_open(&t);
	for (size_t i = 0; i < HP_ARRAY_LEN(files); i++)
		put(&t, files[i], "");
	huge.key = (char *)"hugetlb.2MB.max";
	huge.value = (char *)"0";
	r.unified = unified;
	r.n_unified = 1;
	r.memory_max = INT(1048576);
	r.memory_swap_max = INT(0); /* whose file is not there, which is no matter */
	r.memory_low = INT(4096);
	r.cpu_quota_us = INT(50000);
	r.cpu_period_us = INT(100000);
	r.cpu_weight = INT(42);
	r.pids_max = INT(-1);
	r.cpuset_cpus = (char *)"0-1";
	r.cpuset_mems = (char *)"0";
	if (hp_guest_cgroup_limit(&t.g, &r, &err) < 0)
		fail_msg("%s", err.msg);
	expect(t.container, "memory.max", "1048576");
	expect(t.container, "memory.low", "4096");
	expect(t.container, "cpu.max", "50000 100000");
	expect(t.container, "cpu.weight", "42");
	expect(t.container, "pids.max", "max");
	expect(t.container, "cpuset.cpus", "0-1");
	expect(t.container, "cpuset.mems", "0");
	expect(t.container, "hugetlb.2MB.max", "0");
	tree_close(&t);
}

static void a_period_comes_with_a_quota(void **state)
{
	Hp__Guest__Resources r = HP__GUEST__RESOURCES__INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct tree t;

	(void)state;
	tree_open(&t);
	put(&t, "cpu.max", "");
	r.cpu_period_us = INT(250000);
	assert_int_equal(hp_guest_cgroup_limit(&t.g, &r, &err), 0);
	expect(t.container, "cpu.max", "max 250000");
	tree_close(&t);
}

static void names_the_limit_that_is_missing(void **state)
{
	Hp__Guest__Resources r = HP__GUEST__RESOURCES__INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct tree t;

	(void)state;
	tree_open(&t);
	r.pids_max = INT(10);
	assert_int_equal(hp_guest_cgroup_limit(&t.g, &r, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "pids.max"));
	tree_close(&t);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static void expect_signal(pid_t pid, int sig)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), sig);
}

static void signals_all_that_is_below(void **state)
{
	AUTO_FREE char *below = NULL;
	AUTO_FREE char *top = NULL;
	AUTO_FREE char *deep = NULL;
	struct hp_error err = HP_ERROR_INIT;
	pid_t pids[2];
	struct tree t;

	(void)state;
	tree_open(&t);
	for (int i = 0; i < 2; i++)
		pids[i] = sleeper();
	below = hp_path_join(t.container, "below");
	assert_int_equal(hp_mkdirs(below, 0755, &err), 0);
	top = hp_sprintf("%d\nno number\n-1\n0\n1\n", (int)pids[0]);
	deep = hp_sprintf("%d\n", (int)pids[1]);
	put(&t, "cgroup.procs", top);
	free(scratch_file(below, "cgroup.procs", deep));
	assert_int_equal(hp_guest_cgroup_signal(&t.g, SIGTERM, &err), 0);
	expect_signal(pids[0], SIGTERM);
	expect_signal(pids[1], SIGTERM);
	tree_close(&t);
}

static void kills_all_at_once_where_it_can(void **state)
{
	AUTO_FREE char *procs = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct tree t;
	pid_t pid;

	(void)state;
	tree_open(&t);
	pid = sleeper();
	procs = hp_sprintf("%d\n", (int)pid);
	put(&t, "cgroup.procs", procs);
	put(&t, "cgroup.kill", "");
	assert_int_equal(hp_guest_cgroup_signal(&t.g, SIGKILL, &err), 0);
	expect(t.container, "cgroup.kill", "1");
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);

	/* Kernels before 5.14 have no such file. */
	AUTO_FREE char *file = hp_path_join(t.container, "cgroup.kill");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(hp_guest_cgroup_signal(&t.g, SIGKILL, &err), 0);
	expect_signal(pid, SIGKILL);
	tree_close(&t);
}

static void counts_kills_for_memory(void **state)
{
	AUTO_CLOSE int fd = -1;
	struct tree t;

	(void)state;
	tree_open(&t);
	assert_int_equal(hp_guest_cgroup_open_events(&t.g), -1);
	assert_int_equal(hp_guest_cgroup_oom_kills(-1), 0);
	put(&t, "memory.events", "low 0\nhigh 9\nmax 8\noom 7\noom_kill 3\noom_group_kill 0\n");
	fd = hp_guest_cgroup_open_events(&t.g);
	assert_true(fd >= 0);
	assert_int_equal(hp_guest_cgroup_oom_kills(fd), 3);
	tree_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(turns_controllers_on_one_by_one),
		FDS_TEST(finds_where_processes_are),
		FDS_TEST(needs_a_cgroup),
		FDS_TEST(writes_limits),
		FDS_TEST(a_period_comes_with_a_quota),
		FDS_TEST(names_the_limit_that_is_missing),
		FDS_TEST(signals_all_that_is_below),
		FDS_TEST(kills_all_at_once_where_it_can),
		FDS_TEST(counts_kills_for_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
