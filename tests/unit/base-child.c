/* SPDX-License-Identifier: Apache-2.0 */
/* base-child.c - tests of src/base/child.c. */
#include "base/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/str.h"
#include "scratch.h"
#include "torture.h"

#define SH(script) ((const char *const[]){"sh", "-c", script, NULL})

/* Run @c with its stdout in a pipe. Returns: its output, owned by the caller. */
static char *output_of(struct hp_child c, int *ret_status)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf buf;
	int fds[2];
	int targets[] = {-1, -1, -1};
	pid_t pid;

	hp_buf_init(&buf, 1 << 20);
	assert_int_equal(hp_pipe(fds, &err), 0);
	targets[1] = fds[1];
	c.fds = targets;
	c.n_fds = 3;
	if (hp_child_start(&c, &pid, &err) < 0)
		fail_msg("%s", err.msg);
	close(fds[1]);
	assert_int_equal(hp_fd_read_all(fds[0], &buf, &err), 0);
	close(fds[0]);
	assert_int_equal(hp_child_wait(pid, 10000, ret_status, &err), 0);
	return hp_buf_take_str(&buf);
}

static void expect_output(const char *script, const char *expected)
{
	int status = -1;
	AUTO_FREE char *text =
		output_of((struct hp_child){.path = "sh", .argv = SH(script)}, &status);

	assert_string_equal(text, expected);
	assert_int_equal(status, 0);
}

static void runs_programs(void **state)
{
	const char *const env[] = {"A=1", NULL};
	int status = -1;
	AUTO_FREE char *text = output_of((struct hp_child){.path = "/bin/sh",
							   .argv = SH("echo $A; pwd; exit 3"),
							   .env = env,
							   .cwd = "/usr"},
					 &status);

	(void)state;
	assert_string_equal(text, "1\n/usr\n");
	assert_int_equal(status, 3);
	expect_output("echo $0", "sh\n");
}

static void tells_signals_from_exits(void **state)
{
	int status = -1;
	AUTO_FREE char *text = output_of(
		(struct hp_child){.path = "sh", .argv = SH("kill -TERM $$")}, &status);

	(void)state;
	assert_string_equal(text, "");
	assert_int_equal(status, 128 + SIGTERM);
}

/* Neither descriptors that are open here and not close-on-exec, nor any above. */
static void passes_nothing_else_on(void **state)
{
	AUTO_CLOSE int leak = dup(0);
	AUTO_CLOSE int high = fcntl(0, F_DUPFD, 500);

	(void)state;
	assert_true(leak >= 0 && high >= 500);
	expect_output("ls /proc/$$/fd; true", "0\n1\n2\n");
	expect_output("readlink /proc/$$/fd/0; readlink /proc/$$/fd/2",
		      "/dev/null\n/dev/null\n");
}

static void gives_a_clean_signal_state(void **state)
{
	sigset_t set;
	sigset_t blocked;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	expect_output("grep -E 'SigBlk|SigIgn' /proc/self/status",
		      "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	/* And ours is as it was. */
	assert_true(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	assert_true(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &set, &blocked), 0);
	assert_int_equal(sigismember(&blocked, SIGTERM), 1);
	assert_int_equal(sigismember(&blocked, SIGUSR2), 0);
}

static void make_three_pipes(int fds[3][2])
{
	for (int i = 0; i < 3; i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_pipe(fds[i], &err), 0);
	}
}

/* Targets that are each other's sources must not overwrite one another. */
static void places_descriptors_in_any_order(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	const char *script = "ls /proc/$$/fd; echo 3 >&3; echo 4 >&4; echo 5 >&5";
	char text[40] = "";
	int fds[3][2];
	int targets[6] = {-1, -1, -1};
	int status;
	pid_t pid;

	(void)state;
	make_three_pipes(fds);
	targets[1] = fds[0][1];
	targets[3] = fds[1][1];
	targets[4] = fds[2][1];
	targets[5] = fds[0][1];
	assert_int_equal(hp_child_start(&(struct hp_child){.path = "sh",
							   .argv = SH(script),
							   .fds = targets,
							   .n_fds = 6},
					&pid, &err),
			 0);
	assert_int_equal(hp_child_wait(pid, 10000, &status, &err), 0);
	assert_int_equal(status, 0);
	assert_int_equal(read(fds[1][0], text, sizeof(text)), 2);
	assert_string_equal(text, "3\n");
	assert_int_equal(read(fds[2][0], text, sizeof(text)), 2);
	assert_string_equal(text, "4\n");
	assert_int_equal(read(fds[0][0], text, sizeof(text) - 1), 2 + 12);
	assert_string_equal(text, "0\n1\n2\n3\n4\n5\n5\n");
	for (int i = 0; i < 3; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
}

static void expect_failure(struct hp_child c, enum hp_code code, const char *word)
{
	for (int detach = 0; detach < 2; detach++) {
		struct hp_error err = HP_ERROR_INIT;
		pid_t pid = -7;

		c.argv = SH("true");
		c.detach = detach;
		assert_int_equal(hp_child_start(&c, &pid, &err), -1);
		assert_int_equal(err.code, code);
		assert_non_null(strstr(err.msg, word));
		assert_int_equal(pid, -7);
	}
	/* No zombie either. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void says_what_cannot_run(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *file = scratch_file(dir, "plain", "no program");
	AUTO_FREE char *noise = scratch_file(dir, "noise",
					     "\x7f"
					     "ELFnot really");
	AUTO_FREE char *below = hp_path_join(file, "x");

	(void)state;
	assert_int_equal(chmod(noise, 0755), 0);
	expect_failure((struct hp_child){.path = "/nonexistent/p"}, HP_ENOCMD,
		       "/nonexistent/p");
	expect_failure((struct hp_child){.path = "no-such-program-at-all"}, HP_ENOCMD,
		       "no-such");
	expect_failure((struct hp_child){.path = below}, HP_ENOCMD, "plain/x");
	expect_failure((struct hp_child){.path = file}, HP_ENOEXEC, "plain");
	expect_failure((struct hp_child){.path = dir}, HP_ENOEXEC, dir);
	expect_failure((struct hp_child){.path = noise}, HP_ENOEXEC, "noise");
	expect_failure((struct hp_child){.path = ""}, HP_ENOCMD, "''");
	expect_failure((struct hp_child){.path = "sh", .cwd = "/nonexistent/d"}, HP_ENOTFOUND,
		       "/nonexistent/d");
	expect_failure((struct hp_child){.path = "sh", .fds = (int[]){9999}, .n_fds = 1},
		       HP_EIO, "descriptors");
}

static void waits_only_so_long(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	int64_t start = hp_clock_ms();
	int status = -7;
	pid_t pid;

	(void)state;
	assert_int_equal(
		hp_child_start(
			&(struct hp_child){.path = "sleep",
					   .argv = (const char *const[]){"sleep", "100", NULL}},
			&pid, &err),
		0);
	assert_int_equal(hp_child_wait(pid, 30, &status, &err), -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
	assert_int_equal(status, -7);
	assert_true(hp_clock_ms() - start < 5000);
	assert_int_equal(kill(pid, SIGKILL), 0);
	hp_error_clear(&err);
	assert_int_equal(hp_child_wait(pid, 0, &status, &err), 0);
	assert_int_equal(status, 128 + SIGKILL);
	assert_int_equal(hp_child_wait(pid, 0, &status, &err), -1);
	assert_int_equal(err.sys, ECHILD);
}

/* Where a sandbox forbids pidfds, the wait is the same. */
static void waits_without_pidfds(void **state)
{
	const char *const argv[] = {"sleep", "100", NULL};
	struct hp_error err = HP_ERROR_INIT;
	int status = -7;
	pid_t pid;

	(void)state;
	assert_int_equal(
		hp_child_start(&(struct hp_child){.path = "sleep", .argv = argv}, &pid, &err),
		0);
	hp_fault_arm(1, ENOSYS);
	assert_int_equal(hp_child_wait(pid, 20, &status, &err), -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
	hp_error_clear(&err);
	assert_int_equal(kill(pid, SIGKILL), 0);
	hp_fault_arm(1, EPERM);
	assert_int_equal(hp_child_wait(pid, 10000, &status, &err), 0);
	hp_fault_arm(0, 0);
	assert_int_equal(status, 128 + SIGKILL);
}

static void detaches(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char text[64] = "";
	AUTO_FREE char *expected = NULL;
	int targets[3] = {-1, -1, -1};
	int fds[2];
	pid_t pid;

	(void)state;
	assert_int_equal(hp_pipe(fds, &err), 0);
	targets[1] = fds[1];
	/* Fields 1 and 6 of stat: pid and session. */
	assert_int_equal(
		hp_child_start(&(struct hp_child){.path = "sh",
						  .fds = targets,
						  .n_fds = 3,
						  .argv = SH("cut -d' ' -f1,6 /proc/$$/stat"),
						  .detach = true},
			       &pid, &err),
		0);
	close(fds[1]);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	expected = hp_sprintf("%d %d\n", (int)pid, (int)pid);
	assert_string_equal(text, expected);
}

/* A middle process that starts a sleeper tied to it, tells its pid, and ends. */
static void dies_with_its_parent(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	int64_t deadline = hp_deadline_in(10000);
	int fds[2];
	pid_t middle;
	pid_t pid = 0;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(hp_pipe(fds, &err), 0);
	middle = fork();
	assert_true(middle >= 0);
	if (middle == 0) {
		const char *const argv[] = {"sleep", "100", NULL};
		const struct hp_child c = {
			.path = "sleep", .argv = argv, .parent_death_signal = SIGKILL};

		if (hp_child_start(&c, &pid, &err) == 0 && write(fds[1], &pid, sizeof(pid)) < 0)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(read(fds[0], &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(waitpid(middle, NULL, 0), middle);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		assert_true(hp_deadline_left_ms(deadline) > 0);
		hp_clock_sleep_ms(2);
	}
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	close(fds[0]);
	close(fds[1]);
}

static int start_and_wait(void *arg, struct hp_error *err)
{
	struct hp_child c = {.path = "true", .argv = SH("true"), .cwd = "/"};
	struct hp_error cleanup = HP_ERROR_INIT;
	int status;
	pid_t pid;
	int rc;

	c.detach = arg != NULL;
	c.parent_death_signal = c.detach ? 0 : SIGKILL;
	if (hp_child_start(&c, &pid, err) < 0)
		return -1;
	if (c.detach)
		return 0;
	rc = hp_child_wait(pid, 10000, &status, err);
	if (rc < 0)
		assert_int_equal(hp_child_wait(pid, 0, &status, &cleanup), 0);
	assert_int_equal(status, 0);
	return rc;
}

static void survives_any_call_failing(void **state)
{
	int detach = 1;

	(void)state;
	torture_all(start_and_wait, NULL, 18);
	torture_all(start_and_wait, &detach, 17);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(runs_programs),
		FDS_TEST(tells_signals_from_exits),
		FDS_TEST(passes_nothing_else_on),
		FDS_TEST(gives_a_clean_signal_state),
		FDS_TEST(places_descriptors_in_any_order),
		FDS_TEST(says_what_cannot_run),
		FDS_TEST(waits_only_so_long),
		FDS_TEST(waits_without_pidfds),
		FDS_TEST(detaches),
		FDS_TEST(dies_with_its_parent),
		FDS_TEST(survives_any_call_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
