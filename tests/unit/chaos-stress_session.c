/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-stress_session.c - tests of src/chaos/stress_session.c. */
#include "base/proc.h"
#include "chaos_cgroup.h"

/* A process with a child, in a session of its own, in the cgroups of @c. */
static pid_t start_session(const struct chaos_cgroup *c)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		for (size_t i = 0; i < c->dirs.count; i++)
			if (hp_cgroup_join(c->dirs.items[i], getpid(), &err) < 0)
				_exit(1);
		if (fork() >= 0 && write(fds[1], "x", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(fds[1]);
	for (int i = 0; i < 2; i++)
		assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

static int kill_session(const struct chaos_cgroup *c, pid_t leader, uint64_t started)
{
	struct hp_error err = HP_ERROR_INIT;
	int n = hp_stress_kill_session(leader, started, &c->dirs, &err);

	if (n < 0)
		fail_msg("%s", err.msg);
	return n;
}

static void ends_all_of_it_and_nobody_else(void **state)
{
	uint64_t started;
	pid_t leader;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	leader = start_session(&c);
	started = hp_proc_start_ticks(leader);
	assert_int_equal(chaos_cgroup_count(&c, NULL), 3 * c.dirs.count);
	/* A number that belongs to somebody else now. */
	assert_int_equal(kill_session(&c, leader, started + 1), 0);
	assert_int_equal(chaos_cgroup_count(&c, NULL), 3 * c.dirs.count);
	assert_int_equal(kill_session(&c, leader, started), 2);
	assert_int_equal(waitpid(leader, NULL, 0), leader);
	AWAIT(kill_session(&c, leader, started) == 0);
	AWAIT(chaos_cgroup_count(&c, NULL) == c.dirs.count);
}

static void also_when_the_leader_has_gone(void **state)
{
	uint64_t started;
	pid_t leader;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	leader = start_session(&c);
	started = hp_proc_start_ticks(leader);
	kill(leader, SIGKILL);
	assert_int_equal(waitpid(leader, NULL, 0), leader);
	assert_int_equal(kill_session(&c, leader, started), 1);
	AWAIT(chaos_cgroup_count(&c, NULL) == c.dirs.count);
}

static void nothing_is_fine(void **state)
{
	AUTO(hp_strv_free) struct hp_strv gone = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_strv_add(&gone, "/nowhere/at/all");
	assert_int_equal(hp_stress_kill_session(0, 0, &gone, &err), 0);
	assert_int_equal(hp_stress_kill_session(0x3ffffff, 1, &gone, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(ends_all_of_it_and_nobody_else),
		FDS_TEST(also_when_the_leader_has_gone),
		FDS_TEST(nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
