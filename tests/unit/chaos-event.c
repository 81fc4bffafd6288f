/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-event.c - tests of src/chaos/event.c. */
#include "chaos/event.h"

#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

static void has_a_word_for_each(void **state)
{
	(void)state;
	for (int what = HP_CHAOS_BEGUN; what <= HP_CHAOS_ENDED; what++)
		assert_true(hp_chaos_word((enum hp_chaos_what)what)[0]);
	assert_string_equal(hp_chaos_word(HP_CHAOS_UNDONE), "undone");
}

static void says_all_that_it_has(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(hp_labels_clear) struct hp_labels effects = {0};
	struct hp_error failure = HP_ERROR_INIT;

	chaos_world_open(&w, 1);
	AUTO(hp_fault_free) struct hp_fault *f = chaos_world_fault(&w, "a", 1);
	hp_labels_add(&effects, "packets", "3");
	hp_fail(&failure, HP_EIO, "it broke");
	const struct hp_chaos_event e = {
		.what = HP_CHAOS_FAILED,
		.plan = &w.plan,
		.time_ns = 1700000000000000000,
		.container = f->container,
		.fault_id = f->id,
		.effects = &effects,
		.output = "hello",
		.err = &failure,
	};
	AUTO(hp_json_free) struct hp_json *o = hp_chaos_event_to_json(&e);
	assert_string_equal(hp_json_get_str(o, "schema"), "harpoon.chaos.v1");
	assert_string_equal(hp_json_get_str(o, "run"), "test");
	assert_string_equal(hp_json_get_str(o, "time"), "2023-11-14T22:13:20.000000000Z");
	assert_string_equal(hp_json_get_str(o, "event"), "failed");
	assert_string_equal(hp_json_get_str(o, "action"), "mark");
	assert_string_equal(hp_json_str(hp_json_path(o, "container.name")), "a");
	assert_string_equal(hp_json_get_str(o, "fault"), "test-1");
	assert_string_equal(hp_json_str(hp_json_path(o, "effects.packets")), "3");
	assert_string_equal(hp_json_get_str(o, "output"), "hello");
	assert_string_equal(hp_json_str(hp_json_path(o, "error.code")), "HP_EIO");
	assert_string_equal(hp_json_str(hp_json_path(o, "error.message")), "it broke");
	assert_null(hp_json_get(o, "fields"));
	assert_null(hp_json_get(o, "count"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_a_word_for_each),
		FDS_TEST(says_all_that_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
