/* SPDX-License-Identifier: Apache-2.0 */
/* node_spare.h - close descriptors of nodes when there are many, and open them again by name. */
#pragma once
#include "files/node.h"

/* Make room for one descriptor more: when there are as many as may be, those of nodes that were not
 * used lately are closed. A node is closed only while its name leads to it. */
void hp_files__nodes_spare(struct hp_nodes *t);

/* Open the descriptor of @n, to which the caller has a reference, again.
 * Returns: 0, or -1 with errno: ESTALE - its name does not lead to it any more; EMFILE. */
int hp_files__node_reopen(struct hp_nodes *t, struct hp_node *n) MUST_CHECK;

/* Before @name in the open directory @dir is removed or moved, under t->names: when what it names is
 * a closed node, open it, for it could not be found afterwards. */
void hp_files__node_keep(struct hp_nodes *t, const struct hp_node *dir, const char *name);
/* What @name in @dir names was moved there from another directory. */
void hp_files__node_moved(struct hp_nodes *t, const struct hp_node *dir, const char *name);
