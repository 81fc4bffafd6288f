/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-state.c - tests of src/chaos/state.c. */
#include "chaos_action.h"

static void tells_what_became_of_it(void **state)
{
	(void)state;
	AUTO(acted_close) struct acted a;

	acted_open(&a, &hp_action_pause);
	OK(hp_action_pause.apply(a.f, &err));
	AUTO(hp_labels_clear) struct hp_labels paused = {0};
	OK(hp_observe_state(a.f, &paused, &err));
	assert_string_equal(hp_labels_get(&paused, "state"), "paused");
	OK(hp_engine_remove(a.w.engine, "a", true, true, &err));
	AUTO(hp_labels_clear) struct hp_labels gone = {0};
	OK(hp_observe_state(a.f, &gone, &err));
	assert_string_equal(hp_labels_get(&gone, "state"), "gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(tells_what_became_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
