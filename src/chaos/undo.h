/* SPDX-License-Identifier: Apache-2.0 */
/* undo.h - the way in which every fault begins and ends, whoever does it: its guard, the run whose
 * guard was killed, or `chaos recover`. */
#pragma once
#include "chaos/journal.h"

/* Journal @f, then apply it. When it fails, what it did is undone, and its entry is gone, unless
 * undoing fails too: then the entry stays for others. Actions without an undo are just applied. */
int hp_fault_apply(struct hp_fault *f, struct hp_error *err) MUST_CHECK;

/* See what it has come to. Nothing, when that cannot be told: it is no reason to do anything else.
 * ret_effects: empty before. */
void hp_fault_look(struct hp_fault *f, struct hp_labels *ret_effects);

/* Undo @f, whose entry we hold, and remove the entry; a state that another fault holds too is left
 * to that one. Tries again for @patience_ms. Fails: the entry stays. */
int hp_fault_undo(struct hp_fault *f, int64_t patience_ms, struct hp_error *err) MUST_CHECK;

/* What `chaos recover` did with an entry. */
struct hp_recovery {
	const struct hp_journal_item *item;
	bool held;                  /* somebody is responsible for it: nothing was done */
	const struct hp_error *err; /* it could not be undone; NULL: it was, or it is held */
};
/* Undo all that nobody is responsible for; with @run_id only faults of that run. @told is called for
 * each entry. Returns: how many could not be undone; -1. */
int hp_chaos_recover(const char *journal, const char *run_id,
		     void (*told)(void *arg, const struct hp_recovery *r), void *arg,
		     struct hp_error *err) MUST_CHECK;
/* Does @fault_id belong to run @run_id? */
bool hp_fault_is_of_run(const char *fault_id, const char *run_id);
