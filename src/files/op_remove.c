/* SPDX-License-Identifier: Apache-2.0 */
/* op_remove.c - remove and move names. */
#include <errno.h>
#include <fcntl.h>

#include "files/call.h"
#include "files/node_spare.h"

static int remove_name(struct hp_files_call *c, int flags)
{
	struct hp_nodes *nodes = &c->files->nodes;
	int rc;

	pthread_rwlock_rdlock(&nodes->names);
	hp_files__node_keep(nodes, c->node, c->r->name);
	rc = unlinkat(c->node->fd, c->r->name, flags) < 0 ? errno : 0;
	pthread_rwlock_unlock(&nodes->names);
	return rc;
}

int hp_files__unlink(struct hp_files_call *c)
{
	return remove_name(c, 0);
}

int hp_files__rmdir(struct hp_files_call *c)
{
	return remove_name(c, AT_REMOVEDIR);
}

static int rename_to(struct hp_files_call *c, const struct hp_node *to)
{
	struct hp_nodes *nodes = &c->files->nodes;
	int rc;

	if (!S_ISDIR(to->type))
		return ENOTDIR;
	/* Each share is a file system of its own, whether or not the host has them on one. */
	if (to->key.share != c->node->key.share)
		return EXDEV;
	pthread_rwlock_rdlock(&nodes->names);
	hp_files__node_keep(nodes, c->node, c->r->name);
	hp_files__node_keep(nodes, to, c->r->name2);
	rc = renameat2(c->node->fd, c->r->name, to->fd, c->r->name2, c->r->in.rename.flags) < 0
		     ? errno
		     : 0;
	pthread_rwlock_unlock(&nodes->names);
	if (rc == 0 && to != c->node) {
		hp_files__node_moved(nodes, to, c->r->name2);
		if (c->r->in.rename.flags & RENAME_EXCHANGE)
			hp_files__node_moved(nodes, c->node, c->r->name);
	}
	return rc;
}

int hp_files__rename(struct hp_files_call *c)
{
	struct hp_node *to;
	int rc;

	/* RENAME_WHITEOUT is for overlays whose upper directory is here, which are not meant. */
	if (c->r->in.rename.flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return EINVAL;
	to = hp_files__node_get(&c->files->nodes, c->r->in.rename.newdir);
	if (!to)
		return errno;
	rc = rename_to(c, to);
	hp_files__node_put(&c->files->nodes, to);
	return rc;
}
