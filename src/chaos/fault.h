/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - faults as values: made for a target, written down, read again, reached.
 *
 * A fault belongs to one process at a time: the run makes it, its guard takes it over by fork(2),
 * and whoever recovers reads it from the journal. */
#pragma once
#include <sys/stat.h>

#include "chaos/action.h"

/* How the target is reached, and what proves that it is still the same. */
struct hp_fault_reach {
	char *engine_name;
	struct hp_client_config config; /* strings are owned by @strings */
	struct hp_strv strings;
	struct hp_engine *engine; /* opened at the first use; owned */
	struct hp_client_config at_hand_config;
	char *state_root;     /* the journal is below it */
	uint64_t started;     /* of the target's pid, in clock ticks since boot; 0: none */
	uint64_t netns_inode; /* 0: unknown */
	int netns_fd;         /* -1: not opened */
	int pidfd;            /* -1: not opened */
	int entry_fd;         /* the journal's entry, locked; -1: none */
};
