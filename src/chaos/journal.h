/* SPDX-License-Identifier: Apache-2.0 */
/* journal.h - what is being held at the moment, on disk, so that it is undone whatever happens.
 *
 * One file a fault, ID.json in a directory of the host's, written before the fault has any effect
 * and removed after it was undone. Whoever is responsible for a fault holds a lock on its file,
 * which ends with that process: an entry that can be locked is an orphan. */
#pragma once
#include "chaos/fault.h"

/* The directory below a state root; NULL is /run/harpoon. Owns: the caller. */
char *hp_journal_dir(const char *state_root);
/* Can @id name a fault? Fails: HP_EINVALID. */
int hp_journal_check_id(const char *id, struct hp_error *err) MUST_CHECK;

/* Write the fault down, and be responsible for it from now on. Writing it anew is fine.
 * Fails: HP_EEXISTS - another process has an entry of that id. */
int hp_journal_write(struct hp_fault *f, struct hp_error *err) MUST_CHECK;
/* Remove the entry; one that is not there is fine. */
void hp_journal_remove(struct hp_fault *f);

/* Be alone among those who decide about faults of one target: between looking at what others hold
 * and writing or removing an entry. Closing the descriptor ends it. */
int hp_journal_lock(const char *journal, int *ret_fd, struct hp_error *err) MUST_CHECK;

/* Entries, as they were a moment ago. */
struct hp_journal_item {
	struct hp_fault *fault; /* NULL: the file cannot be read as one */
	char *path;
	struct hp_error why; /* when it cannot */
	bool held;           /* somebody is responsible for it */
};
struct hp_journal_list {
	struct hp_journal_item *items;
	size_t count;
};
/* All of them, in the order of their ids. A directory that is not there has none. */
int hp_journal_read(const char *journal, struct hp_journal_list *ret,
		    struct hp_error *err) MUST_CHECK;
void hp_journal_list_clear(struct hp_journal_list *list);
HP_AUTO_VALUE(struct hp_journal_list, hp_journal_list_clear);

/* Become responsible for the orphan @item, whose fault then has its entry locked.
 * Returns: 1; 0 when somebody else is, or it has gone; -1. */
int hp_journal_adopt(struct hp_journal_item *item, struct hp_error *err) MUST_CHECK;
