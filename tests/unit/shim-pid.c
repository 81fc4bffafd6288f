/* SPDX-License-Identifier: Apache-2.0 */
/* shim-pid.c - tests of src/shim/pid.c. */
#include "shim/pid.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "fds.h"

#define SOON_MS 5000

/* A child that waits to be killed, with a name that looks like the end of one. */
static pid_t sleeper(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "a) S 1 (b");
		for (;;)
			pause();
	}
	return pid;
}

static void knows_who_is_there(void **state)
{
	struct hp_shim_pid self = hp_shim_pid_of(getpid());
	struct hp_shim_pid other = self;

	(void)state;
	assert_int_equal(self.pid, getpid());
	assert_true(self.started > 0);
	assert_true(hp_shim_pid_alive(self));
	other.started++;
	assert_false(hp_shim_pid_alive(other));
	assert_int_equal(hp_shim_pid_of(0).pid, 0);
	assert_int_equal(hp_shim_pid_of(-1).pid, 0);
	assert_false(hp_shim_pid_alive((struct hp_shim_pid){0}));
}

static void kills_and_waits(void **state)
{
	pid_t pid = sleeper();
	struct hp_shim_pid p = hp_shim_pid_of(pid);
	struct hp_shim_pid reused = p;
	int status;

	(void)state;
	assert_int_equal(p.pid, pid);
	/* The number of another process kills nobody. */
	reused.started++;
	assert_true(hp_shim_pid_kill(reused, hp_clock_ms() + SOON_MS));
	assert_true(hp_shim_pid_alive(p));
	/* A zombie is gone, as far as anybody but its parent cares. */
	assert_true(hp_shim_pid_kill(p, hp_clock_ms() + SOON_MS));
	assert_false(hp_shim_pid_alive(p));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(hp_shim_pid_kill(p, hp_clock_ms() + SOON_MS));
	assert_true(hp_shim_pid_kill((struct hp_shim_pid){0}, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(knows_who_is_there),
		FDS_TEST(kills_and_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
