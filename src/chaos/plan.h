/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - what a run of chaos shall do: which containers, which action, when. A value without I/O,
 * filled by whoever parses an argument vector, and executed by run.h.
 *
 * All strings and vectors are borrowed for as long as the plan is used; vectors end with NULL, and a
 * NULL vector is an empty one. Times are nanoseconds. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "wire/json.h"

struct hp_action;

/* Which containers. Without names and pattern: all. */
struct hp_selector {
	const char *const *names;  /* exact names or whole ids */
	const char *pattern;       /* regular expression for names, unanchored; NULL: none */
	const char *const *labels; /* "key" or "key=value"; all must match */
	int64_t limit;             /* at most so many, chosen by chance; 0: all that match */
	bool random;               /* of those one, chosen by chance */
};

/* When. One round comes at once or after start_delay_ns; further ones when there is an interval. */
struct hp_schedule {
	int64_t interval_min_ns; /* 0: one round only */
	int64_t interval_max_ns; /* the same as the least for an interval without a range */
	int64_t start_delay_ns;
	int64_t count;        /* rounds; 0: until it is stopped */
	int64_t max_total_ns; /* the whole run; 0: no limit */
	uint64_t seed;        /* of every choice by chance: the same seed chooses the same */
};

/* A run. */
struct hp_plan {
	const char *run_id; /* as hp_str_check_id() wants it; it begins the ids of faults */
	const struct hp_action *action;
	/* The action's own parameters, checked; what is in it says the action's file. Goes into the
	 * journal as it is, so that whoever undoes a fault knows what was done. */
	const struct hp_json *args;
	int64_t duration_ns; /* how long a fault is held; 0 for actions that nothing undoes */
	struct hp_selector select;
	struct hp_schedule schedule;
	bool dry_run;      /* say what would be done */
	bool skip_error;   /* a round that fails is no reason to end */
	bool fail_if_none; /* no container that matches is a failure */
	bool follow;       /* faults for containers that start within the duration, too */
	bool allow_host;   /* touch the host's own network namespace */
};
