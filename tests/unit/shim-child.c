/* SPDX-License-Identifier: Apache-2.0 */
/* shim-child.c - tests of src/shim/child.c. */
#include "shim/child.h"

#include <errno.h>
#include <signal.h>

#include "base/child.h"
#include "shim-bundle.h"

struct seen {
	bool ended;
	int status;
};

static void on_end(void *data, int status)
{
	struct seen *s = data;

	s->ended = true;
	s->status = status;
}

static pid_t sh(const char *script)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct hp_child child = {.path = "sh", .argv = argv};
	struct hp_error err = HP_ERROR_INIT;
	pid_t pid = 0;

	if (hp_child_start(&child, &pid, &err) < 0)
		fail_msg("%s", err.msg);
	return pid;
}

static void watch(struct hp_loop *l, struct hp_shim_child *c, const char *script,
		  struct seen *seen)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_shim_child_watch(l, c, sh(script), on_end, seen, &err) < 0)
		fail_msg("%s", err.msg);
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static void hears_of_ends(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	struct hp_shim_child a = {0};
	struct hp_shim_child b = {0};
	struct seen seen_a = {0};
	struct seen seen_b = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_loop_new(&l, &err), 0);
	watch(l, &a, "exit 42", &seen_a);
	watch(l, &b, "exec sleep 100", &seen_b);
	turn_until(l, &seen_a.ended);
	assert_int_equal(seen_a.status, 42);
	assert_int_equal(a.pid, 0);
	/* It is safe to signal what is gone. */
	hp_shim_child_signal(&a, SIGKILL);
	hp_shim_child_signal(&b, SIGTERM);
	turn_until(l, &seen_b.ended);
	assert_int_equal(seen_b.status, 128 + SIGTERM);
}

static void ends_one(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	struct hp_shim_child c = {0};
	struct seen seen = {0};
	struct hp_error err = HP_ERROR_INIT;
	pid_t pid;

	(void)state;
	assert_int_equal(hp_loop_new(&l, &err), 0);
	watch(l, &c, "exec sleep 100", &seen);
	pid = c.pid;
	hp_shim_child_end(&c);
	assert_true(is_gone(pid));
	assert_false(seen.ended);
	hp_shim_child_end(&c);
}

/* A child that was left is nobody's here, and ends all the same. */
static void leave(const char *script, int quiet_ms, int kill_ms)
{
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	struct hp_shim_child c = {0};
	struct seen seen = {0};
	struct hp_error err = HP_ERROR_INIT;
	int status = 0;
	pid_t pid;

	assert_int_equal(hp_loop_new(&l, &err), 0);
	watch(l, &c, script, &seen);
	pid = c.pid;
	hp_shim_child_leave(&c, quiet_ms, kill_ms);
	assert_int_equal(c.pid, 0);
	assert_int_equal(hp_child_wait(pid, 10000, &status, &err), 0);
	assert_true(status == 128 + SIGTERM || status == 128 + SIGKILL);
	assert_false(seen.ended);
}

static void leaves_one_to_a_guard(void **state)
{
	(void)state;
	leave("exec sleep 100", 50, 10000);
	leave("trap '' TERM; while :; do sleep 0.1; done", 50, 50);
}

static void kills_what_it_cannot_watch(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	struct hp_shim_child c = {0};
	struct seen seen = {0};
	struct hp_error err = HP_ERROR_INIT;
	pid_t pid = sh("exit 0");
	int status;

	(void)state;
	assert_int_equal(hp_loop_new(&l, &err), 0);
	assert_int_equal(hp_child_wait(pid, 10000, &status, &err), 0);
	assert_int_equal(hp_shim_child_watch(l, &c, pid, on_end, &seen, &err), -1);
	assert_int_equal(c.pid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(hears_of_ends),
		FDS_TEST(ends_one),
		FDS_TEST(leaves_one_to_a_guard),
		FDS_TEST(kills_what_it_cannot_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
