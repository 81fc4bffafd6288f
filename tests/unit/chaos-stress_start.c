/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-stress_start.c - tests of src/chaos/stress_start.c. */
#include "chaos_cgroup.h"

static int status_of(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void start(struct hp_stress_start *s, pid_t *ret_pid)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_stress_start(s, ret_pid, &err) < 0)
		fail_msg("%s", err.msg);
}

static void waits_until_it_is_let_go(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *file = hp_path_join(dir, "done");
	AUTO_FREE char *script = hp_sprintf("ls /proc/self/fd >%s; exit 3", file);
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	struct hp_stress_start s = {.argv = argv, .go_fd = -1};
	struct hp_error err = HP_ERROR_INIT;
	pid_t pid;

	(void)state;
	start(&s, &pid);
	AWAIT(getsid(pid) == pid);
	hp_clock_sleep_ms(50);
	assert_false(scratch_has(file));
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(hp_stress_go(&s, pid, &err), 0);
	assert_int_equal(status_of(pid), 3);
	/* It was given nothing of ours; the fourth is the directory that is listed. */
	AUTO_FREE char *fds = NULL;
	assert_int_equal(hp_cgroup_get(dir, "done", &fds, &err), 0);
	assert_string_equal(fds, "0\n1\n2\n3\n");
}

static void ends_when_nobody_lets_it_go(void **state)
{
	const char *const argv[] = {"/bin/true", NULL};
	struct hp_stress_start s = {.argv = argv, .go_fd = -1};
	pid_t pid;

	(void)state;
	start(&s, &pid);
	close(s.go_fd);
	assert_int_equal(status_of(pid), 126);
}

/* With whoever has started it, however that ends. */
static void ends_with_its_parent(void **state)
{
	int fds[2];
	pid_t middle;
	pid_t pid = 0;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	middle = fork();
	if (middle == 0) {
		const struct hp_stress own = {
			.cpu = 1, .vm = -1, .io = -1, .hdd = -1, .cpu_load = 1};
		struct hp_stress_start s = {.own = &own, .go_fd = -1};
		struct hp_error err = HP_ERROR_INIT;

		close(fds[0]);
		if (hp_stress_start(&s, &pid, &err) < 0 || hp_stress_go(&s, pid, &err) < 0 ||
		    write(fds[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(kill(pid, 0), 0);
	kill(middle, SIGKILL);
	assert_int_equal(status_of(middle), 128 + SIGKILL);
	/* The worker's own child holds nothing of the pipe, so its end is theirs. */
	close(fds[0]);
	AWAIT(kill(-pid, 0) < 0 && errno == ESRCH);
}

static void says_by_its_status_that_a_program_cannot_be(void **state)
{
	const char *const argv[] = {"/nowhere/stress-ng", NULL};
	struct hp_stress_start s = {.argv = argv, .go_fd = -1};
	struct hp_error err = HP_ERROR_INIT;
	pid_t pid;

	(void)state;
	start(&s, &pid);
	assert_int_equal(hp_stress_go(&s, pid, &err), 0);
	assert_int_equal(status_of(pid), 126);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(waits_until_it_is_let_go),
		FDS_TEST(ends_when_nobody_lets_it_go),
		FDS_TEST(ends_with_its_parent),
		FDS_TEST(says_by_its_status_that_a_program_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
