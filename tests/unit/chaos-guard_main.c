/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-guard_main.c - tests of src/chaos/guard_main.c: when a guard undoes, and how it lives. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "base/buf.h"
#include "base/fd.h"
#include "chaos/guard.h"
#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

static struct hp_guard start(struct chaos_world *w)
{
	struct hp_guard g = {0};

	OK(hp_guard_start(chaos_world_fault(w, "a", 1), &g, &err));
	return g;
}

/* Hear it out. Returns: the last news' failure. */
static struct hp_error hear_out(struct hp_guard *g, enum hp_guard_what want)
{
	struct hp_error last = HP_ERROR_INIT;

	while (!g->over) {
		AUTO(hp_guard_news_clear) struct hp_guard_news news = {0};
		struct pollfd p = {.fd = g->fd, .events = POLLIN};
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		assert_int_equal(hp_guard_next(g, &news), HP_NEXT_ITEM);
		last = news.err;
		if (g->over)
			assert_int_equal(news.what, want);
	}
	return last;
}

static void a_signal_undoes(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	struct hp_guard g = start(&w);
	chaos_world_await_marks(&w, 1);
	kill(g.pid, SIGTERM);
	(void)hear_out(&g, HP_GUARD_UNDONE);
	assert_int_equal(chaos_world_marks(&w), 0);
	hp_guard_clear(&g);
}

static void the_end_of_the_workload_undoes(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	hp_json_set_str(w.args, "workload", "true");
	struct hp_guard g = start(&w);
	struct hp_error end = hear_out(&g, HP_GUARD_UNDONE);
	assert_int_equal(end.code, HP_OK);
	hp_guard_clear(&g);

	hp_json_set_str(w.args, "workload", "false");
	g = start(&w);
	end = hear_out(&g, HP_GUARD_UNDONE);
	assert_int_equal(end.code, HP_EFAILED);
	assert_non_null(strstr(end.msg, "exit status 1"));
	hp_guard_clear(&g);
	assert_int_equal(chaos_world_marks(&w), 0);
}

/* The run is killed in the middle: the guard undoes. */
static void a_killed_run_leaves_nothing(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	pid_t run = fork();
	if (run == 0) {
		(void)start(&w);
		for (;;)
			pause();
	}
	chaos_world_await_marks(&w, 1);
	kill(run, SIGKILL);
	assert_int_equal(waitpid(run, NULL, 0), run);
	chaos_world_await_marks(&w, 0);
	for (int i = 0; i < 1000 && chaos_world_entries(&w); i++)
		hp_clock_sleep_ms(5);
	assert_int_equal(chaos_world_entries(&w), 0);
}

/* Who waits for the end of our output does not wait for the guard; nor does our terminal's ^C
 * reach it. */
static void it_keeps_nothing_of_ours(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(hp_buf_free) struct hp_buf name = {0};
	int fds[2];
	char byte;

	chaos_world_open(&w, 1);
	assert_int_equal(pipe(fds), 0);
	struct hp_guard g = start(&w);
	chaos_world_await_marks(&w, 1);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	assert_int_equal(getsid(g.pid), g.pid);
	AUTO_FREE char *path = hp_sprintf("/proc/%d/comm", (int)g.pid);
	OK(hp_file_read(path, 64, &name, &err));
	assert_true(name.len >= 13 && memcmp(name.data, "harpoon-guard", 13) == 0);
	hp_guard_clear(&g);
	assert_int_equal(chaos_world_marks(&w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(a_signal_undoes),
		FDS_TEST(the_end_of_the_workload_undoes),
		FDS_TEST(a_killed_run_leaves_nothing),
		FDS_TEST(it_keeps_nothing_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
