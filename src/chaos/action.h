/* SPDX-License-Identifier: Apache-2.0 */
/* action.h - what can be done to a container: one file and one row of action.c for each.
 *
 * An action without an undo is done by the run itself. One with an undo makes a *fault*: a guard
 * process (guard.h) journals it, applies it, holds it, undoes it, whatever becomes of the run. */
#pragma once
#include <sys/types.h>

#include "base/error.h"
#include "base/labels.h"
#include "base/str.h"
#include "engine/engine_impl.h"
#include "wire/json.h"

enum hp_action_flag {
	HP_ACTION_NEEDS_TARGET = 1u << 0, /* does not take "all containers" for an answer */
	HP_ACTION_STOPPED_TOO = 1u << 1,  /* containers that do not run are targets, too */
	HP_ACTION_LOCAL = 1u << 2,        /* works on processes of this host */
	HP_ACTION_SHARED =
		1u << 3, /* a state of the target that several faults hold together: only
				     * the last one's end undoes it */
	HP_ACTION_BLOCKS =
		1u << 4, /* has no undo, but may take long: done in a process of its own */
};

/* One action on one container, in the process that does it. */
struct hp_fault {
	const struct hp_action *action;
	char *id; /* of the fault: run id, "-", a number; unique on this host */
	/* The target as it was when the run chose it. */
	struct hp_container *container;
	/* Everything that undo needs beside the target. Journalled before apply is called; what
	 * apply adds is saved by hp_fault_save() before it has any effect. */
	struct hp_json *args;
	bool allow_host;
	int64_t duration_ns;
	int64_t began_ns; /* Unix time of its journalling */
	/* apply() has succeeded; kept for HP_ACTION_SHARED only. Without it a daemon may still do
	 * what it was asked for, though who asked has died: undo() watches out for that. */
	bool confirmed;
	pid_t guard; /* in what was read from the journal: who held it */

	/* How it is reached; filled at the first hp_fault_engine() and hp_fault_netns(). */
	struct hp_fault_reach *reach;

	/* A process that apply has started and that is the fault, a child of the caller; 0: none.
	 * Its end is the fault's end; undo ends it. */
	pid_t workload;
	char *output; /* what apply has got to read, for the log; NULL: nothing */
};

struct hp_action {
	const char *name;    /* "pause" */
	const char *doing;   /* the line of the log, "pausing container" */
	const char *undoing; /* "stop pausing container"; NULL when nothing undoes it */
	unsigned flags;      /* enum hp_action_flag */

	/* Do it. May block as long as the action says (the grace of a stop); engines' calls have
	 * their own deadline. What failed half-way is undone by undo(). */
	int (*apply)(struct hp_fault *f, struct hp_error *err);
	/* Undo it, however much of it was applied: nothing, a part, or all; also when the target has
	 * gone, also a second time, also in another process than the one that applied it. Leaves
	 * alone what others did to the same target. NULL: the action needs no guard.
	 * Fails only when it is worth trying again. */
	int (*undo)(struct hp_fault *f, struct hp_error *err);
	/* What it has come to: what the kernel counted while it was held ("packets" = "12"), or the
	 * container's state; called before undo(), without one after apply(). NULL: nothing to see. */
	int (*observe)(struct hp_fault *f, struct hp_labels *ret_effects, struct hp_error *err);
	/* What the log's line says beside the target's name and id. NULL: nothing. */
	void (*describe)(const struct hp_json *args, struct hp_labels *ret_fields);
	/* The steps that apply and undo would take, a line each, for --dry-run. NULL: only the
	 * action's name is told. */
	void (*steps)(const struct hp_fault *f, struct hp_strv *ret_apply,
		      struct hp_strv *ret_undo);
};

extern const struct hp_action hp_action_kill;
extern const struct hp_action hp_action_stop;         /* without a restart */
extern const struct hp_action hp_action_stop_restart; /* stopped, and started again by undo */
extern const struct hp_action hp_action_pause;
extern const struct hp_action hp_action_restart;
extern const struct hp_action hp_action_remove;
extern const struct hp_action hp_action_exec;
extern const struct hp_action hp_action_iptables;
extern const struct hp_action hp_action_stress;

/* The action whose name is @name, NULL when there is none: for reading a journal. */
const struct hp_action *hp_action_find(const char *name);

/* For the actions. The engine that runs the target. Returns: borrowed from @f. */
int hp_fault_engine(struct hp_fault *f, struct hp_engine **ret_engine,
		    struct hp_error *err) MUST_CHECK;
/* A descriptor of the target's network namespace, borrowed from @f. It is opened once, before the
 * fault is applied, and works when the target has gone. After a restart of the guard's work it is
 * found again by its inode number, in whatever process is still in it.
 * Fails: HP_ENOTFOUND - it is gone, and so is all that was in it; HP_EINVALID - it is the host's, and
 * that is not allowed; HP_EUNSUPPORTED - the engine is on another host. */
int hp_fault_netns(struct hp_fault *f, int *ret_fd, struct hp_error *err) MUST_CHECK;
/* A descriptor (pidfd) of the target's first process. Fails: HP_ENOTFOUND - it has ended, or its
 * pid belongs to somebody else now. */
int hp_fault_pidfd(struct hp_fault *f, int *ret_fd, struct hp_error *err) MUST_CHECK;
/* An observe() for actions that change the container's state: "state" = "paused", or "gone". */
int hp_observe_state(struct hp_fault *f, struct hp_labels *ret_effects, struct hp_error *err);
/* Write args into the journal anew. */
int hp_fault_save(struct hp_fault *f, struct hp_error *err) MUST_CHECK;
