/* SPDX-License-Identifier: Apache-2.0 */
/* hold.c - the run's side of all faults of a round. Each has a guard of its own, so they are applied
 * side by side; here everything that guards have to say is heard. */
#include "chaos/hold.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "chaos/follow.h"
#include "chaos/journal.h"
#include "chaos/undo.h"

#define NS_PER_MS   INT64_C(1000000)
/* How long the run tries to undo what a killed guard has left. */
#define PATIENCE_MS 5000

void hp_chaos_say(const struct hp_chaos_run *run, struct hp_chaos_event *e)
{
	e->plan = run->plan;
	e->time_ns = hp_clock_unix_ns();
	run->tell(run->arg, e);
}

static void say(const struct hp_hold *h, enum hp_chaos_what what, const struct hp_fault *f,
		struct hp_chaos_event more)
{
	more.what = what;
	more.container = f->container;
	more.fault_id = f->id;
	hp_chaos_say(h->in, &more);
}

void hp_hold_init(struct hp_hold *h, const struct hp_chaos_run *run)
{
	*h = (struct hp_hold){.in = run};
	h->journal = hp_journal_dir(run->config->state_root);
}

/* Told twice to stop, the run does not wait; else all are over. */
static void drop_guards(struct hp_hold *h)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->guards[i].over)
			hp_guard_clear(&h->guards[i]);
		else
			hp_guard_forget(&h->guards[i]);
	}
	free(h->guards);
	h->guards = NULL;
	h->count = 0;
}

void hp_hold_clear(struct hp_hold *h)
{
	drop_guards(h);
	hp_events_free(h->events);
	free(h->journal);
	*h = (struct hp_hold){0};
}

int hp_hold_begin(struct hp_hold *h, int64_t deadline_ms, struct hp_error *err)
{
	const struct hp_plan *plan = h->in->plan;

	drop_guards(h);
	h->deadline_ms = deadline_ms;
	h->end_ms = hp_clock_ms() + plan->duration_ns / NS_PER_MS;
	hp_error_clear(&h->first);
	hp_events_free(h->events);
	h->events = NULL;
	if (!plan->follow || plan->dry_run)
		return 0;
	return hp_engine_events(h->in->engine, &h->events, err) < 0 ? hp_wrap(err, "--follow")
								    : 0;
}

struct hp_fault *hp_hold_fault(struct hp_hold *h, const struct hp_container *target)
{
	const struct hp_plan *plan = h->in->plan;
	const struct hp_fault_world world = {
		.engine_name = hp_engine_name(h->in->engine),
		.address = hp_engine_address(h->in->engine),
		.ns = hp_engine_can(h->in->engine) & HP_CAN_NAMESPACES
			      ? hp_engine_namespace(h->in->engine)
			      : NULL,
		.config = h->in->config,
		.journal = h->journal,
	};
	AUTO_FREE char *id = hp_sprintf("%s-%llu", plan->run_id, (unsigned long long)++h->made);
	struct hp_fault *f = hp_fault_new(&world, id, plan->action, target, plan->args);

	f->allow_host = plan->allow_host;
	/* Who comes late to a round that follows leaves with the others. */
	f->duration_ns =
		h->events ? (h->end_ms - hp_clock_ms()) * NS_PER_MS : plan->duration_ns;
	return f;
}

/* An action that blocks nobody: done here, on the run's own connection. */
static int do_here(struct hp_hold *h, struct hp_fault *f, struct hp_error *err)
{
	AUTO(hp_labels_clear) struct hp_labels effects = {0};

	f->reach->engine = h->in->engine;
	int rc = hp_fault_apply(f, err);
	if (rc == 0)
		hp_fault_look(f, &effects);
	f->reach->engine = NULL;
	if (rc < 0) {
		h->failures++;
		say(h, HP_CHAOS_FAILED, f, (struct hp_chaos_event){.err = err});
		return -1;
	}
	say(h, HP_CHAOS_APPLIED, f,
	    (struct hp_chaos_event){.output = f->output, .effects = &effects});
	return 0;
}

static void note_failure(struct hp_hold *h, const struct hp_fault *f,
			 const struct hp_error *err)
{
	h->failures++;
	if (h->first.code == HP_OK)
		h->first = *err;
	say(h, HP_CHAOS_FAILED, f, (struct hp_chaos_event){.err = err});
}

/* Find the entry of a guard that was killed, and undo it. */
static void undo_orphan(struct hp_hold *h, const struct hp_fault *f)
{
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};
	struct hp_error err = HP_ERROR_INIT;
	int adopted = 0;

	if (hp_journal_read(h->journal, &list, &err) < 0) {
		note_failure(h, f, &err);
		return;
	}
	for (size_t i = 0; i < list.count && adopted == 0; i++) {
		struct hp_fault *orphan = list.items[i].fault;
		if (!orphan || !hp_str_eq(orphan->id, f->id))
			continue;
		adopted = hp_journal_adopt(&list.items[i], &err);
		if (adopted > 0 && hp_fault_undo(orphan, PATIENCE_MS, &err) < 0)
			adopted = -1;
	}
	if (adopted < 0)
		note_failure(h, f, &err);
	else
		say(h, HP_CHAOS_UNDONE, f, (struct hp_chaos_event){0});
}

static void on_death(struct hp_hold *h, const struct hp_guard *g)
{
	struct hp_error err = HP_ERROR_INIT;

	hp_fail(&err, HP_EABORTED, "the guard of the fault on container '%s' was killed",
		g->fault->container->name);
	say(h, HP_CHAOS_GUARD_DIED, g->fault, (struct hp_chaos_event){.err = &err});
	if (g->fault->action->undo)
		undo_orphan(h, g->fault);
	note_failure(h, g->fault, &err);
}

static void on_news(struct hp_hold *h, const struct hp_guard *g, const struct hp_guard_news *n)
{
	switch (n->what) {
	case HP_GUARD_APPLIED:
		say(h, HP_CHAOS_APPLIED, g->fault,
		    (struct hp_chaos_event){.output = n->output});
		break;
	case HP_GUARD_UNDOING:
		say(h, HP_CHAOS_UNDOING, g->fault,
		    (struct hp_chaos_event){.effects = &n->effects});
		break;
	case HP_GUARD_UNDONE:
		say(h, HP_CHAOS_UNDONE, g->fault, (struct hp_chaos_event){0});
		/* Whatever ends because it was told to has not failed. */
		if (n->err.code != HP_OK && !h->asked)
			note_failure(h, g->fault, &n->err);
		break;
	case HP_GUARD_FAILED:
	case HP_GUARD_STUCK:
		note_failure(h, g->fault, &n->err);
		break;
	case HP_GUARD_DIED:
		/* We killed it ourselves, in the middle of an action without an undo. */
		if (!h->asked || g->fault->action->undo)
			on_death(h, g);
		break;
	}
}

static void hear(struct hp_hold *h, struct hp_guard *g)
{
	for (;;) {
		AUTO(hp_guard_news_clear) struct hp_guard_news news = {0};
		if (hp_guard_next(g, &news) != HP_NEXT_ITEM)
			return;
		on_news(h, g, &news);
	}
}

static size_t under_way(const struct hp_hold *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->count; i++)
		n += !h->guards[i].over;
	return n;
}

static void release_all(struct hp_hold *h)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->guards[i].over)
			continue;
		if (h->guards[i].fault->action->undo)
			hp_guard_release(&h->guards[i]);
		else
			hp_guard_abandon(&h->guards[i]);
	}
}

static void read_stop(struct hp_hold *h)
{
	struct signalfd_siginfo info;

	while (read(h->in->stop_fd, &info, sizeof(info)) > 0)
		h->asked++;
}

bool hp_hold_stopped(struct hp_hold *h)
{
	if (h->in->stop_fd >= 0 && !h->asked) {
		struct pollfd p = {.fd = h->in->stop_fd, .events = POLLIN};
		if (poll(&p, 1, 0) > 0)
			read_stop(h);
	}
	return h->asked > 0;
}

/* Wait for one thing to happen, until @at_ms (-1: without end), and deal with it.
 * Returns: 0, or -1 when poll(2) fails. */
static int turn(struct hp_hold *h, int64_t at_ms, struct hp_error *err)
{
	AUTO_FREE struct pollfd *fds = hp_alloc_array(h->count + 2, sizeof(*fds));
	int64_t left = at_ms < 0 ? -1 : at_ms - hp_clock_ms();
	int before = h->asked;

	for (size_t i = 0; i < h->count; i++)
		fds[i] = (struct pollfd){
			.fd = h->guards[i].over ? -1 : h->guards[i].fd,
			.events = POLLIN,
		};
	fds[h->count] = (struct pollfd){.fd = h->in->stop_fd, .events = POLLIN};
	fds[h->count + 1] = (struct pollfd){
		.fd = h->events ? hp_events_fd(h->events) : -1,
		.events = POLLIN,
	};
	if (left < 0 && at_ms >= 0)
		left = 0;
	size_t heard = h->count;
	if (poll(fds, h->count + 2, left > INT32_MAX ? INT32_MAX : (int)left) < 0)
		return errno == EINTR ? 0 : hp_fail_errno(err, errno, "poll");
	if (fds[heard].revents)
		read_stop(h);
	if (h->asked && !before)
		release_all(h);
	for (size_t i = 0; i < heard; i++)
		if (fds[i].revents)
			hear(h, &h->guards[i]);
	return fds[heard + 1].revents && !h->asked ? hp_follow(h, err) : 0;
}

static int add_guard(struct hp_hold *h, struct hp_fault *take_fault, struct hp_error *err)
{
	struct hp_guard g;

	if (hp_guard_start(take_fault, &g, err) < 0)
		return -1;
	h->guards = hp_realloc_array(h->guards, h->count + 1, sizeof(*h->guards));
	h->guards[h->count++] = g;
	return 0;
}

/* An action that takes its time, in another process: so that we hear what is said meanwhile. */
static int do_apart(struct hp_hold *h, struct hp_fault *take_fault, struct hp_error *err)
{
	if (add_guard(h, take_fault, err) < 0)
		return -1;
	while (under_way(h) && h->asked < 2)
		if (turn(h, -1, err) < 0)
			return -1;
	if (h->first.code != HP_OK) {
		*err = h->first;
		return -1;
	}
	return 0;
}

/* The process and its namespaces, which not every engine tells in a list. */
static int look_closer(struct hp_hold *h, const struct hp_container *target,
		       struct hp_container **ret, struct hp_error *err)
{
	bool needed = h->events || h->in->plan->action->flags & HP_ACTION_LOCAL;

	if (target->pid || !needed)
		return 0;
	return hp_engine_inspect(h->in->engine, target->id, ret, err);
}

int hp_hold_add(struct hp_hold *h, const struct hp_container *target, struct hp_error *err)
{
	AUTO(hp_container_free) struct hp_container *closer = NULL;
	AUTO(hp_labels_clear) struct hp_labels fields = {0};
	const struct hp_action *action = h->in->plan->action;

	if (look_closer(h, target, &closer, err) < 0)
		return -1;
	AUTO(hp_fault_free) struct hp_fault *f = hp_hold_fault(h, closer ? closer : target);
	if (action->describe)
		action->describe(f->args, &fields);
	say(h, HP_CHAOS_APPLYING, f, (struct hp_chaos_event){.fields = &fields});
	if (action->undo)
		return add_guard(h, TAKE(f), err);
	if (action->flags & HP_ACTION_BLOCKS)
		return do_apart(h, TAKE(f), err);
	return do_here(h, f, err);
}

/* When the run's time is up, or the round's while it follows. Guards know their own times. */
static int64_t end_of(const struct hp_hold *h)
{
	int64_t end = h->deadline_ms ? h->deadline_ms : -1;

	if (h->events && (end < 0 || h->end_ms < end))
		end = h->end_ms;
	return end;
}

int hp_hold_all(struct hp_hold *h, struct hp_error *err)
{
	int64_t end = end_of(h);

	while ((under_way(h) || (h->events && end >= 0)) && h->asked < 2) {
		if (turn(h, end, err) < 0)
			return -1;
		if (end >= 0 && (hp_clock_ms() >= end || h->asked)) {
			release_all(h);
			end = -1;
		}
	}
	if (h->asked >= 2)
		return hp_fail(
			err, HP_ECANCELED,
			"told to stop twice; what is not undone yet is being undone by %zu "
			"guards",
			under_way(h));
	if (h->first.code == HP_OK)
		return 0;
	*err = h->first;
	return -1;
}

int hp_hold_wait(struct hp_hold *h, int64_t at_ms, struct hp_error *err)
{
	while (!hp_hold_stopped(h) && hp_clock_ms() < at_ms)
		if (turn(h, at_ms, err) < 0)
			return -1;
	return 0;
}
