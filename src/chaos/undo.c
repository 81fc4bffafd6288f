/* SPDX-License-Identifier: Apache-2.0 */
/* undo.c - owns the order of journal, apply and undo. */
#include "chaos/undo.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* How long undoing is tried when apply has failed half-way, and by `recover`. */
#define PATIENCE_MS 5000

enum { FIRST_PAUSE_MS = 20, LONGEST_PAUSE_MS = 1000 };

static bool is_shared(const struct hp_fault *f)
{
	return f->action->flags & HP_ACTION_SHARED;
}

static bool is_same_target(const struct hp_fault *f, const struct hp_fault *other)
{
	return !hp_str_eq(other->id, f->id) &&
	       hp_str_eq(other->container->id, f->container->id) &&
	       hp_str_eq(other->reach->engine_name, f->reach->engine_name);
}

/* A container that is held paused cannot be stopped, nor the other way round, without one undo
 * spoiling the other. */
static int refuse_contradiction(const struct hp_fault *f, struct hp_error *err)
{
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};

	if (hp_journal_read(f->reach->journal, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const struct hp_fault *other = list.items[i].fault;
		if (!other || !is_shared(other) || other->action == f->action ||
		    !is_same_target(f, other))
			continue;
		return hp_fail(err, HP_ESTATE,
			       "container '%s' is held by fault '%s' (%s) already%s",
			       f->container->name, other->id, other->action->name,
			       list.items[i].held ? "; wait for its end"
						  : "; its guard was killed: 'harpoon chaos "
						    "recover' undoes it");
	}
	return 0;
}

/* Write the entry; of a shared state while nobody decides whether he is the last to hold it. */
static int begin(struct hp_fault *f, struct hp_error *err)
{
	AUTO_CLOSE int lock = -1;

	if (is_shared(f) && (hp_journal_lock(f->reach->journal, &lock, err) < 0 ||
			     refuse_contradiction(f, err) < 0))
		return -1;
	return hp_journal_write(f, err);
}

int hp_fault_apply(struct hp_fault *f, struct hp_error *err)
{
	struct hp_error undo_err = HP_ERROR_INIT;

	if (!f->action->undo)
		return f->action->apply(f, err);
	if (begin(f, err) < 0)
		return -1;
	if (f->action->apply(f, err) == 0) {
		f->confirmed = true;
		if (!is_shared(f) || hp_journal_write(f, err) == 0)
			return 0;
	}
	if (hp_fault_undo(f, PATIENCE_MS, &undo_err) < 0)
		hp_wrap(err, "what it did is not undone (%s)", undo_err.msg);
	return -1;
}

void hp_fault_look(struct hp_fault *f, struct hp_labels *ret_effects)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (f->action->observe && f->action->observe(f, ret_effects, &ignored) < 0)
		hp_labels_clear(ret_effects);
}

/* Does another fault hold the target in the same state? */
static int held_by_others(const struct hp_fault *f, bool *ret, struct hp_error *err)
{
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};

	if (hp_journal_read(f->reach->journal, &list, err) < 0)
		return -1;
	*ret = false;
	for (size_t i = 0; i < list.count && !*ret; i++) {
		const struct hp_fault *other = list.items[i].fault;
		*ret = other && other->action == f->action && is_same_target(f, other);
	}
	return 0;
}

static int undo_once(struct hp_fault *f, struct hp_error *err)
{
	AUTO_CLOSE int lock = -1;
	bool others = false;

	if (is_shared(f) && (hp_journal_lock(f->reach->journal, &lock, err) < 0 ||
			     held_by_others(f, &others, err) < 0))
		return -1;
	if (!others && f->action->undo(f, err) < 0)
		return -1;
	hp_journal_remove(f);
	return 0;
}

int hp_fault_undo(struct hp_fault *f, int64_t patience_ms, struct hp_error *err)
{
	int64_t deadline = hp_clock_ms() + patience_ms;

	for (int64_t pause = FIRST_PAUSE_MS;; pause *= 2) {
		if (undo_once(f, err) == 0)
			return 0;
		if (hp_clock_ms() + pause >= deadline)
			return -1;
		hp_error_clear(err);
		hp_clock_sleep_ms(pause);
		if (pause > LONGEST_PAUSE_MS / 2)
			pause = LONGEST_PAUSE_MS / 2;
	}
}

bool hp_fault_is_of_run(const char *fault_id, const char *run_id)
{
	size_t len = strlen(run_id);

	return hp_str_starts(fault_id, run_id) && fault_id[len] == '-' &&
	       strspn(fault_id + len + 1, "0123456789") == strlen(fault_id + len + 1);
}

/* Returns: 1 when it could not be undone, else 0. */
static int recover_one(struct hp_journal_item *item,
		       void (*told)(void *arg, const struct hp_recovery *r), void *arg)
{
	struct hp_recovery r = {.item = item};
	struct hp_error err = HP_ERROR_INIT;
	int adopted = -1;

	if (!item->fault)
		r.err = &item->why;
	else
		adopted = hp_journal_adopt(item, &err);
	if (adopted > 0)
		adopted = hp_fault_undo(item->fault, PATIENCE_MS, &err) < 0 ? -1 : 1;
	r.held = adopted == 0;
	if (adopted < 0 && !r.err)
		r.err = &err;
	told(arg, &r);
	return r.err ? 1 : 0;
}

int hp_chaos_recover(const char *journal, const char *run_id,
		     void (*told)(void *arg, const struct hp_recovery *r), void *arg,
		     struct hp_error *err)
{
	AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};
	int failed = 0;

	if (hp_journal_read(journal, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct hp_journal_item *item = &list.items[i];
		if (!run_id || (item->fault && hp_fault_is_of_run(item->fault->id, run_id)))
			failed += recover_one(item, told, arg);
	}
	return failed;
}
