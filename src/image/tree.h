/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - walk all content that an image consists of: index, manifests, configs, layers. */
#pragma once
#include "image/store.h"

struct hp_tree {
	struct hp_store *store;
	/* Bring a blob that the store lacks; NULL: there is nowhere to bring it from.
	 * Returns: 1 it is there now, 0 it is nowhere, -1. */
	int (*fetch)(void *arg, const struct hp_descriptor *blob, struct hp_error *err);
	/* A blob that is there, after all that it leads to. A blob can come more than once. */
	int (*visit)(void *arg, const struct hp_descriptor *blob, struct hp_error *err);
	/* @parent leads to @child, by the reference called @name ("config", "l.0", "m.1"). NULL:
	 * of no interest. */
	int (*edge)(void *arg, const struct hp_descriptor *parent,
		    const struct hp_descriptor *child, const char *name, struct hp_error *err);
	void *arg;
};

/* Walk from @root down. What an index has for other platforms may be missing, whole manifests at
 * a time; one of its manifests at least must be there. Fails: HP_ECORRUPT - content is missing,
 * has another size than is said, or there is too much of it. */
int hp_tree__walk(const struct hp_tree *t, const struct hp_descriptor *root,
		  struct hp_error *err) MUST_CHECK;
