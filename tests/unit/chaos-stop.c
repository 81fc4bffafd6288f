/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-stop.c - tests of src/chaos/stop.c, on the fake engine. */
#include "chaos_action.h"

static void stops_and_starts_again(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_stop_restart);
	OK(hp_action_stop_restart.apply(a.f, &err));
	a.f->confirmed = true;
	assert_int_equal(chaos_world_state(&a.w, "a"), HP_STATE_EXITED);
	OK(hp_action_stop_restart.undo(a.f, &err));
	assert_int_equal(chaos_world_state(&a.w, "a"), HP_STATE_RUNNING);
	/* Whoever started it first has done our work. */
	OK(hp_action_stop_restart.undo(a.f, &err));
	AUTO_FREE char *grace = acted_says(&a, "timout");
	assert_string_equal(grace, "5");
}

static void who_is_gone_is_not_started(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_stop_restart);
	OK(hp_action_stop_restart.apply(a.f, &err));
	OK(hp_engine_remove(a.w.engine, "a", true, true, &err));
	OK(hp_action_stop_restart.undo(a.f, &err));
}

/* The guard was killed, and the daemon goes on with what it was asked for. */
static void a_stop_that_comes_late_is_undone(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;
	int64_t begun = hp_clock_ms();

	acted_open(&a, &hp_action_stop_restart);
	hp_json_set_i64(a.f->args, "grace_ms", 0);
	/* It runs all the time that a stop may take. */
	OK(hp_action_stop_restart.undo(a.f, &err));
	assert_true(hp_clock_ms() - begun >= 1000);
	OK(hp_engine_stop(a.w.engine, "a", 0, 0, &err));
	OK(hp_action_stop_restart.undo(a.f, &err));
	assert_int_equal(chaos_world_state(&a.w, "a"), HP_STATE_RUNNING);
}

static void the_label_says_the_signal(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;
	struct hp_exit end = {0};

	acted_open(&a, &hp_action_stop);
	hp_labels_add(&a.f->container->labels, "com.gaiaadm.pumba.stop-signal", "SIGNONE");
	FAILS(HP_EINVALID, hp_action_stop.apply(a.f, &err));
	assert_int_equal(chaos_world_state(&a.w, "a"), HP_STATE_RUNNING);
	hp_labels_add(&a.f->container->labels, "com.gaiaadm.pumba.stop-signal", "SIGHUP");
	OK(hp_action_stop.apply(a.f, &err));
	OK(hp_engine_wait(a.w.engine, "a", PATIENCE_MS, &end, &err));
	assert_int_equal(end.code, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(stops_and_starts_again),
		FDS_TEST(who_is_gone_is_not_started),
		FDS_TEST(a_stop_that_comes_late_is_undone),
		FDS_TEST(the_label_says_the_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
