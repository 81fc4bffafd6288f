/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - execute a plan: rounds, targets, faults, and the word about each. */
#pragma once
#include "chaos/action.h"
#include "chaos/plan.h"

/* What is told while a run goes on. */
enum hp_chaos_what {
	HP_CHAOS_BEGUN,      /* the run */
	HP_CHAOS_ROUND,      /* count: the round's number, from 1 */
	HP_CHAOS_NONE,       /* no container matches */
	HP_CHAOS_APPLYING,   /* action on a container; fields */
	HP_CHAOS_PLANNED,    /* a dry run: what would be done; fields, apply, undo */
	HP_CHAOS_APPLIED,    /* done; fault_id when it is held */
	HP_CHAOS_UNDOING,    /* begins */
	HP_CHAOS_UNDONE,     /* put back; effects */
	HP_CHAOS_FAILED,     /* of one container: err */
	HP_CHAOS_SKIPPED,    /* err of a round, which skip_error lets pass */
	HP_CHAOS_GUARD_DIED, /* a guard was killed, and the run undoes its fault itself */
	HP_CHAOS_ENDED,      /* the run; count: of failures */
};

/* One event. All is borrowed for the call. Fields that do not belong to it are NULL or 0. */
struct hp_chaos_event {
	enum hp_chaos_what what;
	const struct hp_plan *plan;
	int64_t time_ns; /* Unix time */
	const struct hp_container *container;
	const char *fault_id;
	const struct hp_labels *fields;  /* what the action says about itself */
	const struct hp_labels *effects; /* what it came to; as observe() says */
	const struct hp_strv *apply;     /* steps, a line each */
	const struct hp_strv *undo;
	const char *output; /* what the action has read */
	const struct hp_error *err;
	int64_t count;
};
typedef void (*hp_chaos_tell_fn)(void *arg, const struct hp_chaos_event *event);

/* What executes a plan. @config: with which guards open the engine again.
 * stop_fd: a signalfd(2) or the like, -1 for none: the first thing to be read from it undoes all and
 * ends the run; the second ends it at once, and leaves the undoing to the guards. */
struct hp_chaos_run {
	const struct hp_plan *plan;
	struct hp_engine *engine;
	const struct hp_client_config *config; /* of the engine, for the guards */
	hp_chaos_tell_fn tell;
	void *arg;
	int stop_fd;
};
/* Execute the plan until it is over.
 * Returns: 0 when all that was asked for is done and undone, also when it was told to stop.
 * Fails: with the first failure; HP_ENOTFOUND - fail_if_none; HP_ECANCELED - told twice. */
int hp_chaos_run(const struct hp_chaos_run *run, struct hp_error *err) MUST_CHECK;
