/* SPDX-License-Identifier: Apache-2.0 */
/* node_spare.c - owns which nodes have a descriptor: a tree may have more files than a process
 * descriptors. What is unlinked is never closed: nothing would lead to it. */
#include "files/node_spare.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "files/attr.h"

/* So many are closed at once. */
#define BATCH     64
/* No path is deeper; what is moved about meanwhile must not lead around in a circle. */
#define DEPTH_MAX 4096

/* Does @name in @dir_fd lead to @n? */
static bool leads_to(int dir_fd, const char *name, const struct hp_node *n)
{
	struct statx st;

	if (statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, HP_STATX_MASK, &st) < 0)
		return false;
	return hp_files__is_node(&st, n);
}

/* A copy of the name of @n, as a lookup may give it another one. Owns: the caller; may be NULL. */
static char *name_of(struct hp_nodes *t, const struct hp_node *n, uint64_t *ret_parent)
{
	char *name;

	pthread_mutex_lock(&t->lock);
	name = hp_strdup(n->name);
	*ret_parent = n->parent;
	pthread_mutex_unlock(&t->lock);
	return name;
}

/* Close @n, to which we have a reference, if nobody else has and its name leads to it. */
static bool close_node(struct hp_nodes *t, struct hp_node *n)
{
	uint64_t parent_id;
	AUTO_FREE char *name = name_of(t, n, &parent_id);
	struct hp_node *parent = hp_files__node_ref(t, parent_id);
	bool leads = parent && parent->fd >= 0 && leads_to(parent->fd, name, n);
	int fd = -1;

	if (parent)
		hp_files__node_put(t, parent);
	if (!leads)
		return false;
	pthread_mutex_lock(&t->lock);
	if (n->refs == 1 && !n->dead) {
		fd = n->fd;
		__atomic_store_n(&n->fd, -1, __ATOMIC_RELEASE);
		t->n_open--;
		t->n_closed++;
	}
	pthread_mutex_unlock(&t->lock);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Move the hand to the next node that nobody uses and that was not used since it last came by.
 * Returns: with a reference; NULL after a whole round. */
static struct hp_node *next_unused(struct hp_nodes *t)
{
	struct hp_node *found = NULL;

	pthread_mutex_lock(&t->lock);
	for (uint32_t i = 0; i < t->n_slots && !found; i++) {
		struct hp_node *n = t->slots[++t->hand % t->n_slots];

		if (!n || n->refs > 0 || n->fd < 0 || n->root || !n->name)
			continue;
		if (!n->used)
			found = n;
		n->used = false;
	}
	if (found)
		found->refs++;
	pthread_mutex_unlock(&t->lock);
	return found;
}

void hp_files__nodes_spare(struct hp_nodes *t)
{
	unsigned closed = 0;

	if (__atomic_load_n(&t->n_open, __ATOMIC_RELAXED) < t->max_open)
		return;
	pthread_rwlock_wrlock(&t->names);
	/* Twice as many tries: those that cannot be closed must not hold up for ever. */
	for (unsigned tries = 0; tries < 2 * BATCH && closed < BATCH; tries++) {
		struct hp_node *n = next_unused(t);

		/* The first round may only have found that all were used. */
		if (!n)
			n = next_unused(t);
		if (!n)
			break;
		closed += close_node(t, n);
		hp_files__node_put(t, n);
	}
	pthread_rwlock_unlock(&t->names);
}

/* Open @n as @name in @parent, which is open. */
static bool open_again(struct hp_nodes *t, struct hp_node *n, const struct hp_node *parent,
		       const char *name)
{
	AUTO_CLOSE int fd = openat(parent->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct statx st;
	bool is_open;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, HP_STATX_MASK, &st) < 0 ||
	    !hp_files__is_node(&st, n))
		return false;
	pthread_mutex_lock(&t->lock);
	/* LOOKUP may have brought one meanwhile. */
	if (n->fd < 0 && !n->dead) {
		__atomic_store_n(&n->fd, TAKE_FD(fd), __ATOMIC_RELEASE);
		t->n_open++;
		t->n_closed--;
	}
	is_open = n->fd >= 0;
	pthread_mutex_unlock(&t->lock);
	return is_open;
}

/* Open the topmost of the closed ones among @n and the directories it is in. */
static bool open_topmost(struct hp_nodes *t, const struct hp_node *n)
{
	struct hp_node *child = hp_files__node_ref(t, n->id);
	bool opened = false;

	for (int i = 0; i < DEPTH_MAX && child; i++) {
		uint64_t parent_id;
		AUTO_FREE char *name = name_of(t, child, &parent_id);
		struct hp_node *parent = name ? hp_files__node_ref(t, parent_id) : NULL;
		bool is_end = parent && parent->fd >= 0;

		if (is_end)
			opened = open_again(t, child, parent, name);
		hp_files__node_put(t, child);
		child = parent;
		if (is_end)
			break;
	}
	if (child)
		hp_files__node_put(t, child);
	return opened;
}

int hp_files__node_reopen(struct hp_nodes *t, struct hp_node *n)
{
	bool is_open = false;

	pthread_mutex_lock(&t->reopening);
	/* Each round opens one, so there are no more rounds than levels. */
	for (int i = 0; i < DEPTH_MAX; i++) {
		is_open = __atomic_load_n(&n->fd, __ATOMIC_ACQUIRE) >= 0;
		if (is_open || !open_topmost(t, n))
			break;
	}
	pthread_mutex_unlock(&t->reopening);
	if (!is_open)
		errno = ESTALE;
	return is_open ? 0 : -1;
}

void hp_files__node_keep(struct hp_nodes *t, uint32_t share, int dir_fd, const char *name)
{
	struct statx st;
	struct hp_node_key key;
	struct hp_node *n;

	if (__atomic_load_n(&t->n_closed, __ATOMIC_RELAXED) == 0)
		return;
	if (statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, HP_STATX_MASK, &st) < 0)
		return;
	key = hp_files__key(&st, share);
	n = hp_files__node_find(t, &key);
	if (!n)
		return;
	/* What cannot be opened now is another file, so nothing is lost with the name. */
	if (__atomic_load_n(&n->fd, __ATOMIC_ACQUIRE) < 0)
		(void)!hp_files__node_reopen(t, n);
	hp_files__node_put(t, n);
}
