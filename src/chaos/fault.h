/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - faults as values: made for a target, written as a document, read again.
 *
 * A fault belongs to one process at a time: the run makes it, its guard takes it over by fork(2),
 * and whoever recovers reads it from the journal. */
#pragma once
#include "base/cleanup.h"
#include "chaos/action.h"

/* How the target is reached, and what proves that it is still the same. */
struct hp_fault_reach {
	char *engine_name;
	struct hp_strv config_strings; /* owners of what @config borrows */
	struct hp_client_config config;
	struct hp_engine *engine; /* NULL until it is needed; owned */
	char *journal;            /* the directory of the journal */
	uint64_t started;         /* of the target's pid, in clock ticks since boot; 0: none */
	uint64_t netns_inode;     /* 0: none */
	int netns_fd;             /* -1: not opened yet */
	int pidfd;                /* the same */
	int entry_fd;             /* of the journal's entry, locked; -1: none */
};

/* Where faults are reached and journalled; borrowed for the call. */
struct hp_fault_world {
	const char *engine_name;
	const char *
		address; /* of the engine, and its namespace, as they are in use: another process */
	const char *ns; /* may have other defaults. NULL or "": what @config says */
	const struct hp_client_config *config;
	const char *journal;
};

/* A fault of @action on @container, copied, that nothing was done for yet. What identifies the
 * target's process and namespace is taken down now; for an engine on another host, whose pids mean
 * others here, there is none. args: copied; NULL is none.
 * Owns: the caller, until hp_fault_free(). */
struct hp_fault *hp_fault_new(const struct hp_fault_world *world, const char *id,
			      const struct hp_action *action,
			      const struct hp_container *container, const struct hp_json *args);
void hp_fault_free(struct hp_fault *f); /* NULL is fine; nothing is undone */
HP_AUTO_PTR(struct hp_fault, hp_fault_free);

/* The document of the journal, and back. @journal: the directory that it was found in.
 * Fails: HP_ECORRUPT - it is none, or of a form or with an action that this program does not know. */
struct hp_json *hp_fault_to_json(const struct hp_fault *f);
int hp_fault_from_json(const struct hp_json *doc, const char *journal, struct hp_fault **ret,
		       struct hp_error *err) MUST_CHECK;
