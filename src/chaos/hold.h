/* SPDX-License-Identifier: Apache-2.0 */
/* hold.h - the faults of one round: applied, held and seen to their end. */
#pragma once
#include "chaos/guard.h"
#include "chaos/run.h"

struct hp_hold {
	const struct hp_chaos_run *in;
	char *journal;
	int64_t deadline_ms; /* of the run; 0: none */
	int64_t end_ms;      /* of the round's faults */
	struct hp_guard *guards;
	size_t count;
	uint64_t made; /* faults; their numbers */
	uint64_t failures;
	int asked;                /* how often the run was told to stop */
	struct hp_error first;    /* the first failure of the round */
	struct hp_events *events; /* with follow */
};

void hp_hold_init(struct hp_hold *h, const struct hp_chaos_run *run);
/* Let go of the guards that are left; they undo what they hold. */
void hp_hold_clear(struct hp_hold *h);

/* A new round. */
int hp_hold_begin(struct hp_hold *h, int64_t deadline_ms, struct hp_error *err) MUST_CHECK;
/* The fault that the run's action would be on @target. Owns: the caller. */
struct hp_fault *hp_hold_fault(struct hp_hold *h, const struct hp_container *target);
/* Do the action to @target. What needs a guard is only begun. Fails: the action has none, and failed. */
int hp_hold_add(struct hp_hold *h, const struct hp_container *target,
		struct hp_error *err) MUST_CHECK;
/* Hold all until they are undone, each by itself, or because the run was told to stop or its time is
 * up. Fails: with the first failure of any of them; HP_ECANCELED - told to stop twice. */
int hp_hold_all(struct hp_hold *h, struct hp_error *err) MUST_CHECK;

/* Wait until @at_ms of the monotonic clock, or until the run is told to stop. */
int hp_hold_wait(struct hp_hold *h, int64_t at_ms, struct hp_error *err) MUST_CHECK;
/* Was it? */
bool hp_hold_stopped(struct hp_hold *h);

/* Tell what has happened; the plan and the time are filled in. */
void hp_chaos_say(const struct hp_chaos_run *run, struct hp_chaos_event *e);
