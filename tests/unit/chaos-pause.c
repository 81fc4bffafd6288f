/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-pause.c - tests of src/chaos/pause.c, on the fake engine. */
#include "chaos_action.h"

static void freezes_and_thaws(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_pause);
	OK(hp_action_pause.apply(a.f, &err));
	assert_int_equal(chaos_world_state(&a.w, "a"), HP_STATE_PAUSED);
	OK(hp_action_pause.undo(a.f, &err));
	assert_int_equal(chaos_world_state(&a.w, "a"), HP_STATE_RUNNING);
	OK(hp_action_pause.undo(a.f, &err));
}

static void who_has_ended_is_not_paused_any_more(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_pause);
	OK(hp_engine_stop(a.w.engine, "a", 0, 0, &err));
	FAILS(HP_ESTATE, hp_action_pause.apply(a.f, &err));
	OK(hp_action_pause.undo(a.f, &err));
	OK(hp_engine_remove(a.w.engine, "a", true, true, &err));
	OK(hp_action_pause.undo(a.f, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(freezes_and_thaws),
		FDS_TEST(who_has_ended_is_not_paused_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
