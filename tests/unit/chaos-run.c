/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-run.c - tests of src/chaos/run.c: rounds and the reasons to end. */
#include "chaos/run.h"

#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

static void one_round_from_end_to_end(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 2);
	w.plan.duration_ns = 50000000;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_string_equal(w.told.items[0], "begun");
	assert_string_equal(w.told.items[1], "round");
	assert_string_equal(w.told.items[w.told.count - 1], "ended");
	for (char name = 'a'; name <= 'b'; name++) {
		static const char *const words[] = {"applying", "applied", "undoing", "undone"};
		for (size_t i = 0; i < HP_ARRAY_LEN(words); i++) {
			AUTO_FREE char *told = hp_sprintf("%s %c", words[i], name);
			assert_int_equal(chaos_world_count(&w, told), 1);
		}
	}
	assert_true(hp_strv_has(&w.words, "marks=1"));
	assert_true(hp_strv_has(&w.words, "marked"));
	assert_int_equal(chaos_world_marks(&w), 0);
}

static void none_is_a_failure_only_when_asked(void **state)
{
	(void)state;
	static const char *const names[] = {"nobody", NULL};
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	w.plan.select.names = names;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(chaos_world_count(&w, "none"), 1);
	w.plan.fail_if_none = true;
	assert_int_equal(chaos_world_run(&w), HP_ENOTFOUND);
}

static void comes_again_as_often_as_asked(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	int64_t begun = hp_clock_ms();

	chaos_world_open(&w, 1);
	w.plan.duration_ns = 1000000;
	w.plan.schedule.start_delay_ns = 40000000;
	w.plan.schedule.interval_min_ns = 30000000;
	w.plan.schedule.interval_max_ns = 60000000;
	w.plan.schedule.count = 3;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(chaos_world_count(&w, "round"), 3);
	assert_int_equal(chaos_world_count(&w, "undone a"), 3);
	assert_true(hp_clock_ms() - begun >= 40 + 2 * 30);
}

static void ends_when_its_time_is_up(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	w.plan.duration_ns = 3600 * INT64_C(1000000000);
	w.plan.schedule.interval_min_ns = 1;
	w.plan.schedule.max_total_ns = 100000000;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(chaos_world_count(&w, "round"), 1);
	assert_int_equal(chaos_world_count(&w, "undone a"), 1);
}

static void a_dry_run_touches_nothing(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 2);
	w.plan.dry_run = true;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(chaos_world_count(&w, "planned a"), 1);
	assert_int_equal(chaos_world_count(&w, "planned b"), 1);
	assert_true(hp_strv_has(&w.words, "touch test-1"));
	assert_true(hp_strv_has(&w.words, "rm test-2"));
	assert_int_equal(chaos_world_count(&w, "applied a"), 0);
	assert_int_equal(chaos_world_marks(&w), 0);
}

static void a_failure_ends_it_unless_it_may_go_on(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	hp_json_set_bool(w.args, "refuse", true);
	w.plan.schedule.interval_min_ns = 1000000;
	w.plan.schedule.count = 2;
	assert_int_equal(chaos_world_run(&w), HP_EDENIED);
	assert_int_equal(chaos_world_count(&w, "round"), 1);
	w.plan.skip_error = true;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(chaos_world_count(&w, "round"), 3);
	assert_int_equal(chaos_world_count(&w, "skipped"), 2);
}

/* Actions without an undo go one after the other, and stop at the first that fails. */
static void strikes_in_order(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 3);
	w.plan.action = &chaos_strike;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(chaos_world_marks(&w), 3);
	hp_json_set_bool(w.args, "refuse", true);
	assert_int_equal(chaos_world_run(&w), HP_EDENIED);
	assert_int_equal(chaos_world_count(&w, "failed a"), 1);
	assert_int_equal(chaos_world_count(&w, "applying b"), 1);
}

/* The same seed chooses the same. */
static void a_seed_repeats_its_choices(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 8);
	w.plan.dry_run = true;
	w.plan.select.limit = 3;
	w.plan.schedule.seed = 4711;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	size_t first = w.told.count;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(w.told.count, 2 * first);
	for (size_t i = 0; i < first; i++)
		assert_string_equal(w.told.items[i], w.told.items[first + i]);
	assert_int_equal(first, 1 + 1 + 3 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(one_round_from_end_to_end),
		FDS_TEST(none_is_a_failure_only_when_asked),
		FDS_TEST(comes_again_as_often_as_asked),
		FDS_TEST(ends_when_its_time_is_up),
		FDS_TEST(a_dry_run_touches_nothing),
		FDS_TEST(a_failure_ends_it_unless_it_may_go_on),
		FDS_TEST(strikes_in_order),
		FDS_TEST(a_seed_repeats_its_choices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
