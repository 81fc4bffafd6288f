/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-kill.c - tests of src/chaos/kill.c, on the fake engine. */
#include "chaos_action.h"

static void kills_with_the_signal_given(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;
	struct hp_exit end = {0};

	acted_open(&a, &hp_action_kill);
	hp_json_set_i64(a.f->args, "signal", 15);
	OK(hp_action_kill.apply(a.f, &err));
	OK(hp_engine_wait(a.w.engine, "a", PATIENCE_MS, &end, &err));
	assert_int_equal(end.code, 15);
	AUTO_FREE char *signal = acted_says(&a, "signal");
	assert_string_equal(signal, "SIGTERM");
	FAILS(HP_ESTATE, hp_action_kill.apply(a.f, &err));
}

static void kills_hard_without_one(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;
	struct hp_exit end = {0};

	acted_open(&a, &hp_action_kill);
	OK(hp_action_kill.apply(a.f, &err));
	OK(hp_engine_wait(a.w.engine, "a", PATIENCE_MS, &end, &err));
	assert_int_equal(end.code, 137);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(kills_with_the_signal_given),
		FDS_TEST(kills_hard_without_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
