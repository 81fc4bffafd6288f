/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-guard.c - tests of src/chaos/guard.c: what the run hears, and what it can ask for. */
#include "chaos/guard.h"

#include <poll.h>
#include <signal.h>

#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

/* Wait for the next news; fails when there are none. */
static enum hp_guard_what hear(struct hp_guard *g, struct hp_guard_news *ret)
{
	for (int i = 0; i < 100; i++) {
		struct pollfd p = {.fd = g->fd, .events = POLLIN};
		int found = hp_guard_next(g, ret);
		if (found == HP_NEXT_ITEM)
			return ret->what;
		assert_int_equal(found, HP_NEXT_WAIT);
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	}
	fail_msg("a guard says nothing");
	return HP_GUARD_DIED;
}

static void expect(struct hp_guard *g, enum hp_guard_what what)
{
	AUTO(hp_guard_news_clear) struct hp_guard_news news = {0};

	assert_int_equal(hear(g, &news), what);
}

static struct hp_guard start(struct chaos_world *w)
{
	struct hp_guard g = {0};

	OK(hp_guard_start(chaos_world_fault(w, "a", 1), &g, &err));
	return g;
}

static void says_all_in_its_order(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(hp_guard_news_clear) struct hp_guard_news applied = {0}, undoing = {0};

	chaos_world_open(&w, 1);
	w.plan.duration_ns = 30000000;
	struct hp_guard g = start(&w);
	assert_int_equal(hear(&g, &applied), HP_GUARD_APPLIED);
	assert_string_equal(applied.output, "marked");
	assert_true(g.applied && !g.over);
	assert_true(chaos_world_has(&w, "test-1") || chaos_world_marks(&w) == 0);
	assert_int_equal(hear(&g, &undoing), HP_GUARD_UNDOING);
	assert_string_equal(hp_labels_get(&undoing.effects, "marks"), "1");
	expect(&g, HP_GUARD_UNDONE);
	assert_true(g.over);
	assert_int_equal(chaos_world_marks(&w), 0);
	assert_int_equal(hp_guard_next(&g, &undoing), HP_NEXT_END);
	hp_guard_clear(&g);
}

static void undoes_when_it_is_told(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	struct hp_guard g = start(&w);
	expect(&g, HP_GUARD_APPLIED);
	assert_true(chaos_world_has(&w, "test-1"));
	hp_guard_release(&g);
	expect(&g, HP_GUARD_UNDOING);
	expect(&g, HP_GUARD_UNDONE);
	assert_int_equal(chaos_world_marks(&w), 0);
	hp_guard_clear(&g);
}

static void undoes_when_nobody_listens_any_more(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	struct hp_guard g = start(&w);
	expect(&g, HP_GUARD_APPLIED);
	pid_t pid = g.pid;
	hp_guard_forget(&g);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(chaos_world_marks(&w), 0);
}

static void says_why_it_failed(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(hp_guard_news_clear) struct hp_guard_news news = {0};

	chaos_world_open(&w, 1);
	hp_json_set_bool(w.args, "refuse", true);
	struct hp_guard g = start(&w);
	assert_int_equal(hear(&g, &news), HP_GUARD_FAILED);
	assert_int_equal(news.err.code, HP_EDENIED);
	assert_non_null(strstr(news.err.msg, "the test refuses"));
	hp_guard_clear(&g);
	assert_int_equal(chaos_world_marks(&w), 0);
}

static void its_death_is_heard(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};

	chaos_world_open(&w, 1);
	struct hp_guard g = start(&w);
	expect(&g, HP_GUARD_APPLIED);
	kill(g.pid, SIGKILL);
	expect(&g, HP_GUARD_DIED);
	assert_true(g.over);
	hp_guard_clear(&g);
	/* What it held is an orphan. */
	OK(hp_journal_read(w.journal, &list, &err));
	assert_int_equal(list.count, 1);
	assert_int_equal(hp_journal_adopt(&list.items[0], &(struct hp_error)HP_ERROR_INIT), 1);
	OK(hp_fault_undo(list.items[0].fault, 0, &err));
	assert_int_equal(chaos_world_marks(&w), 0);
}

static void without_an_undo_it_can_be_abandoned(void **state)
{
	(void)state;
	AUTO(chaos_world_close) struct chaos_world w;

	chaos_world_open(&w, 1);
	w.plan.action = &chaos_strike_slow;
	hp_json_set_i64(w.args, "sleep_ms", 60000);
	struct hp_guard g = start(&w);
	hp_guard_abandon(&g);
	expect(&g, HP_GUARD_DIED);
	hp_guard_clear(&g);
	assert_int_equal(chaos_world_marks(&w), 0);
}

static void messages_come_back_as_they_went(void **state)
{
	(void)state;
	AUTO(hp_guard_news_clear) struct hp_guard_news there = {.what = HP_GUARD_STUCK};
	AUTO(hp_guard_news_clear) struct hp_guard_news back = {0};

	hp_fail(&there.err, HP_EIO, "no \"way\"");
	there.output = hp_strdup("a\nb");
	hp_labels_add(&there.effects, "packets", "3");
	AUTO(hp_json_free) struct hp_json *message = hp_guard_news_to_json(&there);
	OK(hp_guard_news_from_json(message, &back, &err));
	assert_int_equal(back.what, HP_GUARD_STUCK);
	assert_int_equal(back.err.code, HP_EIO);
	assert_string_equal(back.err.msg, "no \"way\"");
	assert_string_equal(back.output, "a\nb");
	assert_string_equal(hp_labels_get(&back.effects, "packets"), "3");
	AUTO(hp_json_free) struct hp_json *nothing = hp_json_object();
	FAILS(HP_EPROTO, hp_guard_news_from_json(nothing, &back, &err));
	hp_json_set_i64(message, "what", 99);
	FAILS(HP_EPROTO, hp_guard_news_from_json(message, &back, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(says_all_in_its_order),
		FDS_TEST(undoes_when_it_is_told),
		FDS_TEST(undoes_when_nobody_listens_any_more),
		FDS_TEST(says_why_it_failed),
		FDS_TEST(its_death_is_heard),
		FDS_TEST(without_an_undo_it_can_be_abandoned),
		FDS_TEST(messages_come_back_as_they_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
