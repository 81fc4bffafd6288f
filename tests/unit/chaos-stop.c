/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-stop.c - tests of src/chaos/stop.c, on the fake engine. */
#include "chaos_action.h"

static void stops_and_starts_again(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_stop_restart);
	OK(hp_action_stop_restart.apply(a.f, &err));
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
		FDS_TEST(the_label_says_the_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
