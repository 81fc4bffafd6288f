/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - owns the course of a run: rounds, what is done in each, and the reasons to end. */
#include "chaos/run.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "chaos/hold.h"
#include "chaos/select.h"

#define NS_PER_MS INT64_C(1000000)

/* A run under way. */
struct course {
	const struct hp_chaos_run *in;
	struct hp_chance chance;
	struct hp_hold hold;
	int64_t deadline_ms; /* of the whole run; 0: none */
	int64_t rounds;
};

static int64_t ms_of(int64_t ns)
{
	return ns / NS_PER_MS + (ns % NS_PER_MS > 0);
}

static void tell(const struct course *c, struct hp_chaos_event e)
{
	hp_chaos_say(c->in, &e);
}

static int list_targets(struct course *c, struct hp_container_list **ret_list,
			const struct hp_container ***ret_items, size_t *ret_count,
			struct hp_error *err)
{
	const struct hp_plan *plan = c->in->plan;
	bool stopped_too = plan->action->flags & HP_ACTION_STOPPED_TOO;
	const struct hp_list_filter filter = {.labels = plan->select.labels,
					      .all = stopped_too};

	if (hp_engine_list_some(c->in->engine, &filter, ret_list, err) < 0)
		return -1;
	*ret_items = hp_select_all(&plan->select, *ret_list, stopped_too, ret_count);
	*ret_count = hp_select_some(&plan->select, *ret_items, *ret_count, &c->chance);
	return 0;
}

/* What would be done to one target. */
static void preview(struct course *c, const struct hp_container *target)
{
	AUTO(hp_strv_free) struct hp_strv apply = {0};
	AUTO(hp_strv_free) struct hp_strv undo = {0};
	AUTO(hp_labels_clear) struct hp_labels fields = {0};
	AUTO(hp_fault_free) struct hp_fault *f = hp_hold_fault(&c->hold, target);
	const struct hp_action *action = f->action;

	if (action->describe)
		action->describe(f->args, &fields);
	if (action->steps)
		action->steps(f, &apply, &undo);
	tell(c, (struct hp_chaos_event){
			.what = HP_CHAOS_PLANNED,
			.container = f->container,
			.fault_id = f->id,
			.fields = &fields,
			.apply = &apply,
			.undo = &undo,
		});
}

static int hit(struct course *c, const struct hp_container *const *items, size_t count,
	       struct hp_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (c->in->plan->dry_run)
			preview(c, items[i]);
		else if (hp_hold_add(&c->hold, items[i], err) < 0)
			return -1;
		if (hp_hold_stopped(&c->hold))
			return 0;
	}
	return 0;
}

static int one_round(struct course *c, struct hp_error *err)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	AUTO_FREE const struct hp_container **items = NULL;
	size_t count = 0;

	tell(c, (struct hp_chaos_event){.what = HP_CHAOS_ROUND, .count = ++c->rounds});
	if (hp_hold_begin(&c->hold, c->deadline_ms, err) < 0 ||
	    list_targets(c, &list, &items, &count, err) < 0)
		return -1;
	if (count == 0) {
		tell(c, (struct hp_chaos_event){.what = HP_CHAOS_NONE});
		if (c->in->plan->fail_if_none)
			return hp_fail(err, HP_ENOTFOUND, "no container matches");
		if (!c->in->plan->follow)
			return 0;
	}
	int rc = hit(c, items, count, err);
	/* What was applied is held and undone, whatever became of the rest. */
	if (hp_hold_all(&c->hold, rc < 0 ? &(struct hp_error)HP_ERROR_INIT : err) < 0)
		rc = -1;
	return rc;
}

/* The time to the next round, from the beginning of this one. */
static int64_t draw_interval_ms(struct course *c)
{
	const struct hp_schedule *s = &c->in->plan->schedule;
	int64_t span = s->interval_max_ns - s->interval_min_ns;
	int64_t more = span > 0 ? (int64_t)hp_chance_below(&c->chance, (uint64_t)span + 1) : 0;

	return ms_of(s->interval_min_ns + more);
}

static bool is_time_up(const struct course *c)
{
	return c->deadline_ms && hp_clock_ms() >= c->deadline_ms;
}

/* Wait until @at_ms, less when the run's time is over before. */
static int wait_until(struct course *c, int64_t at_ms, struct hp_error *err)
{
	if (c->deadline_ms && at_ms > c->deadline_ms)
		at_ms = c->deadline_ms;
	return hp_hold_wait(&c->hold, at_ms, err);
}

static int rounds(struct course *c, struct hp_error *err)
{
	const struct hp_schedule *s = &c->in->plan->schedule;

	if (wait_until(c, hp_clock_ms() + ms_of(s->start_delay_ns), err) < 0)
		return -1;
	for (;;) {
		struct hp_error failure = HP_ERROR_INIT;
		int64_t next = hp_clock_ms() + draw_interval_ms(c);

		if (hp_hold_stopped(&c->hold) || is_time_up(c))
			return 0;
		if (one_round(c, &failure) < 0) {
			if (!c->in->plan->skip_error || failure.code == HP_ECANCELED) {
				*err = failure;
				return -1;
			}
			tell(c, (struct hp_chaos_event){.what = HP_CHAOS_SKIPPED,
							.err = &failure});
		}
		if (!s->interval_min_ns || (s->count && c->rounds >= s->count))
			return 0;
		if (wait_until(c, next, err) < 0)
			return -1;
	}
}

int hp_chaos_run(const struct hp_chaos_run *run, struct hp_error *err)
{
	const struct hp_plan *plan = run->plan;
	struct course c = {.in = run, .chance = {.state = plan->schedule.seed}};

	if (plan->schedule.max_total_ns)
		c.deadline_ms = hp_clock_ms() + ms_of(plan->schedule.max_total_ns);
	hp_hold_init(&c.hold, run);
	tell(&c, (struct hp_chaos_event){.what = HP_CHAOS_BEGUN});
	int rc = rounds(&c, err);
	tell(&c, (struct hp_chaos_event){
			 .what = HP_CHAOS_ENDED,
			 .err = rc < 0 ? err : NULL,
			 .count = (int64_t)c.hold.failures,
		 });
	hp_hold_clear(&c.hold);
	return rc;
}
