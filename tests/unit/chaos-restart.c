/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-restart.c - tests of src/chaos/restart.c, on the fake engine. */
#include "chaos_action.h"

static void starts_anew(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_restart);
	pid_t before = a.f->container->pid;
	OK(hp_action_restart.apply(a.f, &err));
	AUTO(hp_fault_free) struct hp_fault *after = chaos_world_fault(&a.w, "a", 2);
	assert_int_equal(chaos_world_state(&a.w, "a"), HP_STATE_RUNNING);
	assert_int_not_equal(after->container->pid, before);
}

static void says_its_patience(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_restart);
	AUTO_FREE char *usual = acted_says(&a, "timeout");
	assert_string_equal(usual, "1s");
	hp_json_set_i64(a.f->args, "timeout_ms", 1500);
	AUTO_FREE char *given = acted_says(&a, "timeout");
	assert_string_equal(given, "1500ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(starts_anew),
		FDS_TEST(says_its_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
