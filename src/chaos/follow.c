/* SPDX-License-Identifier: Apache-2.0 */
/* follow.c - owns which targets a round takes on while it goes on. */
#include "chaos/follow.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/proc.h"
#include "chaos/select.h"

/* Take all that is there. Returns: whether containers may be other ones now, or -1. */
static int drain(struct hp_hold *h, struct hp_error *err)
{
	int changed = 0;

	for (;;) {
		AUTO(hp_event_clear) struct hp_event event = {0};
		int found = hp_events_next(h->events, &event, err);
		if (found < 0)
			return hp_wrap(err, "--follow");
		if (found == HP_NEXT_END) {
			hp_events_free(h->events);
			h->events = NULL;
		}
		if (found != HP_NEXT_ITEM)
			return changed;
		changed |= hp_str_eq(event.type, "container") || hp_str_eq(event.type, "task");
	}
}

/* The fault that was begun last for the container; NULL when there was none. */
static const struct hp_guard *last_of(const struct hp_hold *h, const char *id)
{
	for (size_t i = h->count; i > 0; i--)
		if (hp_str_eq(h->guards[i - 1].fault->container->id, id))
			return &h->guards[i - 1];
	return NULL;
}

/* Was the container started again since? Not every engine tells pids in a list. */
static bool is_other_process(const struct hp_hold *h, const struct hp_guard *g,
			     const struct hp_container *now)
{
	AUTO(hp_container_free) struct hp_container *closer = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	const struct hp_fault *f = g->fault;

	if (!now->pid && hp_engine_inspect(h->in->engine, now->id, &closer, &ignored) == 0)
		now = closer;
	return now->pid && (now->pid != f->container->pid ||
			    hp_proc_start_ticks(now->pid) != f->reach->started);
}

static bool is_due(const struct hp_hold *h, const struct hp_container *now, size_t *room)
{
	const struct hp_guard *g = last_of(h, now->id);

	if (g)
		return is_other_process(h, g, now);
	if (*room == 0)
		return false;
	(*room)--;
	return true;
}

/* How many containers may be hit that were not yet. */
static size_t room_for_more(const struct hp_hold *h)
{
	const struct hp_selector *s = &h->in->plan->select;
	uint64_t most = s->random ? 1 : s->limit > 0 ? (uint64_t)s->limit : SIZE_MAX;
	size_t taken = 0;

	for (size_t i = 0; i < h->count; i++)
		taken += last_of(h, h->guards[i].fault->container->id) == &h->guards[i];
	return taken < most ? (size_t)(most - taken) : 0;
}

/* A container that has gone again is no failure of the round; what else may fail its guard tells. */
static void hit(struct hp_hold *h, const struct hp_container *target)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_hold_add(h, target, &ignored) < 0)
		return;
}

int hp_follow(struct hp_hold *h, struct hp_error *err)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	AUTO_FREE const struct hp_container **items = NULL;
	size_t count = 0;
	int changed = drain(h, err);

	if (changed <= 0 || hp_clock_ms() >= h->end_ms)
		return changed < 0 ? -1 : 0;
	const struct hp_list_filter filter = {.labels = h->in->plan->select.labels};
	if (hp_engine_list_some(h->in->engine, &filter, &list, err) < 0)
		return hp_wrap(err, "--follow");
	items = hp_select_all(&h->in->plan->select, list, false, &count);
	size_t room = room_for_more(h);
	for (size_t i = 0; i < count; i++)
		if (is_due(h, items[i], &room))
			hit(h, items[i]);
	return 0;
}
