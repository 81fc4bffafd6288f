/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-follow.c - tests of src/chaos/follow.c. */
#include "chaos/follow.h"

#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

/* A container that comes while the first one's fault is held. */
static void add_one(struct chaos_world *w, const struct hp_chaos_event *e)
{
	if (e->what == HP_CHAOS_APPLIED && chaos_world_count(w, "applied a") == 1 &&
	    w->told.count && hp_str_eq(w->told.items[w->told.count - 1], "applied a"))
		chaos_world_add(w, "z", true);
}

static void hits_who_comes_later(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	w.plan.follow = true;
	w.plan.duration_ns = 600000000;
	w.on_event = add_one;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(chaos_world_count(&w, "applied a"), 1);
	assert_int_equal(chaos_world_count(&w, "applied z"), 1);
	assert_int_equal(chaos_world_count(&w, "undone z"), 1);
	assert_int_equal(chaos_world_marks(&w), 0);
}

static void restart_it(struct chaos_world *w, const struct hp_chaos_event *e)
{
	if (e->what == HP_CHAOS_APPLIED && chaos_world_count(w, "applied a") == 1 &&
	    w->told.count && hp_str_eq(w->told.items[w->told.count - 1], "applied a"))
		OK(hp_engine_restart(w->engine, "a", 0, &err));
}

static void hits_again_who_was_restarted(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	w.plan.follow = true;
	w.plan.select.random = true;
	w.plan.duration_ns = 600000000;
	w.on_event = restart_it;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(chaos_world_count(&w, "applied a"), 2);
	assert_int_equal(chaos_world_count(&w, "undone a"), 2);
}

static void a_limit_is_a_limit(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	w.plan.follow = true;
	w.plan.select.limit = 1;
	w.plan.duration_ns = 300000000;
	w.on_event = add_one;
	assert_int_equal(chaos_world_run(&w), HP_OK);
	assert_int_equal(chaos_world_count(&w, "applied a"), 1);
	assert_int_equal(chaos_world_count(&w, "applied z"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(hits_who_comes_later),
		FDS_TEST(hits_again_who_was_restarted),
		FDS_TEST(a_limit_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
