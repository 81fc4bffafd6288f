/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-undo.c - tests of src/chaos/undo.c. */
#include "chaos/undo.h"

#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

static void applied_and_undone(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	AUTO(hp_fault_free) struct hp_fault *f = chaos_world_fault(&w, "a", 1);
	OK(hp_fault_apply(f, &err));
	assert_true(chaos_world_has(&w, "test-1"));
	assert_int_equal(chaos_world_entries(&w), 1);
	OK(hp_fault_undo(f, 0, &err));
	assert_int_equal(chaos_world_marks(&w), 0);
	assert_int_equal(chaos_world_entries(&w), 0);
	/* A second time does no harm. */
	OK(hp_fault_undo(f, 0, &err));
}

static void half_applied_leaves_nothing(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	hp_json_set_bool(w.args, "refuse", true);
	AUTO(hp_fault_free) struct hp_fault *f = chaos_world_fault(&w, "a", 1);
	FAILS(HP_EDENIED, hp_fault_apply(f, &err));
	assert_int_equal(chaos_world_marks(&w), 0);
	assert_int_equal(chaos_world_entries(&w), 0);
}

static void without_an_undo_there_is_no_entry(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	w.plan.action = &chaos_strike;
	AUTO(hp_fault_free) struct hp_fault *f = chaos_world_fault(&w, "a", 1);
	OK(hp_fault_apply(f, &err));
	assert_true(chaos_world_has(&w, "test-1"));
	assert_int_equal(chaos_world_entries(&w), 0);
}

/* What cannot be undone now stays in the journal for later. */
static void tries_again_and_then_leaves_it(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	hp_json_set_bool(w.args, "stuck", true);
	AUTO(hp_fault_free) struct hp_fault *f = chaos_world_fault(&w, "a", 1);
	AUTO_FREE char *stuck = scratch_file(w.dir, "stuck", "");
	OK(hp_fault_apply(f, &err));
	FAILS(HP_EIO, hp_fault_undo(f, 100, &err));
	assert_int_equal(chaos_world_entries(&w), 1);
	assert_int_equal(chaos_world_marks(&w), 1);
	pid_t helper = fork();
	if (helper == 0) {
		hp_clock_sleep_ms(100);
		_exit(unlink(stuck) < 0);
	}
	OK(hp_fault_undo(f, PATIENCE_MS, &err));
	assert_int_equal(waitpid(helper, NULL, 0), helper);
	assert_int_equal(chaos_world_marks(&w), 0);
}

/* A state that two faults hold is undone by the last of them, in whatever order they end. */
static void the_last_one_undoes_a_shared_state(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 2);
	w.plan.action = &chaos_mark_shared;
	AUTO(hp_fault_free) struct hp_fault *first = chaos_world_fault(&w, "a", 1);
	AUTO(hp_fault_free) struct hp_fault *second = chaos_world_fault(&w, "a", 2);
	AUTO(hp_fault_free) struct hp_fault *other = chaos_world_fault(&w, "b", 3);
	OK(hp_fault_apply(first, &err));
	OK(hp_fault_apply(second, &err));
	OK(hp_fault_undo(first, 0, &err));
	assert_true(chaos_world_has(&w, "shared"));
	/* A fault on another container does not count. */
	OK(hp_fault_apply(other, &err));
	OK(hp_fault_undo(second, 0, &err));
	assert_false(chaos_world_has(&w, "shared"));
	OK(hp_fault_undo(other, 0, &err));
}

/* What would spoil another fault's undo is refused, in whoever's hands that is. */
static void two_states_at_once_are_refused(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	struct hp_error why = HP_ERROR_INIT;

	chaos_world_open(&w, 2);
	w.plan.action = &chaos_mark_shared;
	AUTO(hp_fault_free) struct hp_fault *first = chaos_world_fault(&w, "a", 1);
	AUTO(hp_fault_free) struct hp_fault *elsewhere = chaos_world_fault(&w, "b", 2);
	w.plan.action = &chaos_mark_other;
	AUTO(hp_fault_free) struct hp_fault *second = chaos_world_fault(&w, "a", 3);
	OK(hp_fault_apply(first, &err));
	OK(hp_fault_apply(elsewhere, &err));
	assert_int_equal(hp_fault_apply(second, &why), -1);
	assert_int_equal(why.code, HP_ESTATE);
	assert_non_null(strstr(why.msg, "test-1"));
	assert_true(chaos_world_has(&w, "shared"));
	OK(hp_fault_undo(first, 0, &err));
	OK(hp_fault_apply(second, &err));
	OK(hp_fault_undo(second, 0, &err));
	OK(hp_fault_undo(elsewhere, 0, &err));
}

struct tally {
	int undone, held, failed;
};

static void count(void *arg, const struct hp_recovery *r)
{
	struct tally *t = arg;

	t->held += r->held;
	t->failed += r->err != NULL;
	t->undone += !r->held && !r->err;
}

/* A fault whose guard was killed: its lock is gone, its entry and its effect are not. */
static void orphan(struct chaos_world *w, unsigned n)
{
	AUTO(hp_fault_free) struct hp_fault *f = chaos_world_fault(w, "a", n);

	OK(hp_fault_apply(f, &err));
}

static void recovers_what_nobody_holds(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	struct tally t = {0};

	chaos_world_open(&w, 1);
	AUTO(hp_fault_free) struct hp_fault *ours = chaos_world_fault(&w, "a", 1);
	OK(hp_fault_apply(ours, &err));
	orphan(&w, 2);
	orphan(&w, 3);
	assert_int_equal(chaos_world_marks(&w), 3);
	OK(hp_chaos_recover(w.journal, NULL, count, &t, &err));
	assert_int_equal(t.undone, 2);
	assert_int_equal(t.held, 1);
	assert_int_equal(t.failed, 0);
	assert_int_equal(chaos_world_marks(&w), 1);
	OK(hp_fault_undo(ours, 0, &err));
	OK(hp_chaos_recover(w.journal, NULL, count, &t, &err));
	assert_int_equal(t.undone, 2);
}

static void recovers_one_run_only(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	struct tally t = {0};

	chaos_world_open(&w, 1);
	orphan(&w, 2);
	OK(hp_chaos_recover(w.journal, "tes", count, &t, &err));
	OK(hp_chaos_recover(w.journal, "test-2", count, &t, &err));
	assert_int_equal(chaos_world_marks(&w), 1);
	OK(hp_chaos_recover(w.journal, "test", count, &t, &err));
	assert_int_equal(t.undone, 1);
	assert_int_equal(chaos_world_marks(&w), 0);
}

static void counts_what_cannot_be_recovered(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	struct tally t = {0};
	int failed = 0;

	chaos_world_open(&w, 1);
	AUTO_FREE char *broken = hp_path_join(w.journal, "broken.json");
	orphan(&w, 2);
	free(scratch_file(w.journal, "broken.json", "no"));
	OK(failed = hp_chaos_recover(w.journal, NULL, count, &t, &err));
	assert_int_equal(failed, 1);
	assert_int_equal(t.failed, 1);
	assert_int_equal(t.undone, 1);
	unlink(broken);
}

static void knows_whose_fault_it_is(void **state)
{
	(void)state;
	assert_true(hp_fault_is_of_run("r-1", "r"));
	assert_true(hp_fault_is_of_run("r-1-12", "r-1"));
	assert_false(hp_fault_is_of_run("r-1-12", "r"));
	assert_false(hp_fault_is_of_run("rx-1", "r"));
	assert_false(hp_fault_is_of_run("r", "r"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(applied_and_undone),
		FDS_TEST(half_applied_leaves_nothing),
		FDS_TEST(without_an_undo_there_is_no_entry),
		FDS_TEST(tries_again_and_then_leaves_it),
		FDS_TEST(the_last_one_undoes_a_shared_state),
		FDS_TEST(two_states_at_once_are_refused),
		FDS_TEST(recovers_what_nobody_holds),
		FDS_TEST(recovers_one_run_only),
		FDS_TEST(counts_what_cannot_be_recovered),
		FDS_TEST(knows_whose_fault_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
