/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-remove.c - tests of src/chaos/remove.c, on the fake engine. */
#include "chaos_action.h"

static void removes_who_runs_only_by_force(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_remove);
	FAILS(HP_ESTATE, hp_action_remove.apply(a.f, &err));
	hp_json_set_bool(a.f->args, "force", true);
	OK(hp_action_remove.apply(a.f, &err));
	FAILS(HP_ENOTFOUND, hp_engine_pause(a.w.engine, "a", &err));
	/* Somebody else was faster. */
	OK(hp_action_remove.apply(a.f, &err));
}

static void says_all_three(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_remove);
	hp_json_set_bool(a.f->args, "volumes", true);
	AUTO_FREE char *force = acted_says(&a, "force");
	AUTO_FREE char *links = acted_says(&a, "links");
	AUTO_FREE char *volumes = acted_says(&a, "volumes");
	assert_string_equal(force, "false");
	assert_string_equal(links, "false");
	assert_string_equal(volumes, "true");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(removes_who_runs_only_by_force),
		FDS_TEST(says_all_three),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
