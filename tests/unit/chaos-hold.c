/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-hold.c - tests of src/chaos/hold.c: what happens to faults that are held. */
#include "chaos/hold.h"

#include <signal.h>
#include <sys/signalfd.h>

#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

/* As what a signalfd gives. */
static void ask_to_stop(const struct chaos_world *w)
{
	struct signalfd_siginfo info = {.ssi_signo = SIGINT};

	assert_int_equal(write(w->stop_fds[1], &info, sizeof(info)), sizeof(info));
}

static void stop_when_applied(struct chaos_world *w, const struct hp_chaos_event *e)
{
	if (e->what == HP_CHAOS_APPLIED)
		ask_to_stop(w);
}

static void told_to_stop_it_undoes(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 2);
	w.on_event = stop_when_applied;
	w.plan.schedule.interval_min_ns = 1;
	/* The second fault's word stops it a second time, maybe before the undo is heard. */
	enum hp_code code = chaos_world_run(&w);
	assert_true(code == HP_OK || code == HP_ECANCELED);
	chaos_world_await_marks(&w, 0);
	for (int i = 0; i < 1000 && chaos_world_entries(&w); i++)
		hp_clock_sleep_ms(5);
	assert_int_equal(chaos_world_count(&w, "round"), 1);
}

static void stop_once(struct chaos_world *w, const struct hp_chaos_event *e)
{
	if (e->what == HP_CHAOS_APPLIED && chaos_world_count(w, "applied a") == 1)
		ask_to_stop(w);
}

static void told_once_it_waits_for_the_undo(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	w.on_event = stop_once;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(chaos_world_count(&w, "undone a"), 1);
	assert_int_equal(chaos_world_marks(&w), 0);
}

static void kill_guard(struct chaos_world *w, const struct hp_chaos_event *e)
{
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};

	if (e->what != HP_CHAOS_APPLIED)
		return;
	OK(hp_journal_read(w->journal, &list, &err));
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].fault && hp_str_eq(list.items[i].fault->id, e->fault_id))
			kill(list.items[i].fault->guard, SIGKILL);
}

static void the_run_undoes_for_a_killed_guard(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 2);
	w.on_event = kill_guard;
	assert_int_equal(chaos_world_run(&w), HP_EABORTED);
	assert_int_equal(chaos_world_count(&w, "guard-died a"), 1);
	assert_int_equal(chaos_world_count(&w, "undone a"), 1);
	assert_int_equal(chaos_world_count(&w, "undone b"), 1);
	assert_int_equal(chaos_world_marks(&w), 0);
}

/* One that cannot be marked keeps nobody from being marked and unmarked. */
static void others_are_held_when_one_fails(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 3);
	w.plan.duration_ns = 50000000;
	hp_json_set_str(w.args, "workload", "/no/such/program");
	assert_int_equal(chaos_world_run(&w), HP_ENOCMD);
	assert_int_equal(chaos_world_count(&w, "failed a") + chaos_world_count(&w, "failed b") +
				 chaos_world_count(&w, "failed c"),
			 3);
	assert_int_equal(chaos_world_marks(&w), 0);
}

static void a_slow_strike_is_given_up(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	int64_t begun = hp_clock_ms();

	chaos_world_open(&w, 2);
	w.plan.action = &chaos_strike_slow;
	hp_json_set_i64(w.args, "sleep_ms", 60000);
	ask_to_stop(&w);
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_true(hp_clock_ms() - begun < 30000);
	assert_int_equal(chaos_world_marks(&w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(told_to_stop_it_undoes),
		FDS_TEST(told_once_it_waits_for_the_undo),
		FDS_TEST(the_run_undoes_for_a_killed_guard),
		FDS_TEST(others_are_held_when_one_fails),
		FDS_TEST(a_slow_strike_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
