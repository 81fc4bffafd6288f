/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-action.c - tests of src/chaos/action.c. */
#include "chaos/action.h"

#include "scratch.h"

static const struct hp_action *const known[] = {
	&hp_action_kill,    &hp_action_stop,   &hp_action_stop_restart, &hp_action_pause,
	&hp_action_restart, &hp_action_remove, &hp_action_exec,
};

static void finds_each_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(known); i++)
		assert_ptr_equal(hp_action_find(known[i]->name), known[i]);
	assert_null(hp_action_find("nothing"));
	assert_null(hp_action_find(""));
}

/* What is undone has a word for it, and can be begun. */
static void each_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(known); i++) {
		assert_non_null(known[i]->apply);
		assert_true(known[i]->doing[0]);
		assert_true(!known[i]->undo == !known[i]->undoing);
		assert_false(known[i]->undo && known[i]->flags & HP_ACTION_BLOCKS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(finds_each_by_its_name),
		FDS_TEST(each_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
