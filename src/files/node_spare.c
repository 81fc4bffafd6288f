/* SPDX-License-Identifier: Apache-2.0 */
/* node_spare.c - owns which nodes have a descriptor: a tree may have more files than a process
 * descriptors. What is unlinked is never closed: nothing would lead to it. */
#include "files/node_spare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "files/attr.h"
#include "files/proc.h"

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

static bool is_open(const struct hp_node *n)
{
	return __atomic_load_n(&n->fd, __ATOMIC_ACQUIRE) >= 0;
}

/* The closed nodes on the way up from one to a directory that is open. */
struct way {
	struct hp_nodes *t;
	struct step {
		struct hp_node *node; /* a reference */
		char *name;
	} * steps;
	size_t n;
	size_t cap;
};

static void way_free(struct way *w)
{
	for (size_t i = 0; i < w->n; i++) {
		hp_files__node_put(w->t, w->steps[i].node);
		free(w->steps[i].name);
	}
	free(w->steps);
}
HP_AUTO_VALUE(struct way, way_free);

static void add_step(struct way *w, struct hp_node *node, char *take_name)
{
	if (w->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 8;
		w->steps = hp_realloc_array(w->steps, w->cap, sizeof(*w->steps));
	}
	w->steps[w->n++] = (struct step){.node = node, .name = take_name};
}

/* Go up from @n until a directory is open. Returns: it, with a reference; NULL. */
static struct hp_node *go_up(struct way *w, const struct hp_node *n)
{
	struct hp_node *at = hp_files__node_ref(w->t, n->id);

	while (at && !is_open(at) && w->n < DEPTH_MAX) {
		uint64_t parent;
		char *name = name_of(w->t, at, &parent);

		add_step(w, at, name);
		at = name ? hp_files__node_ref(w->t, parent) : NULL;
	}
	if (at && !is_open(at)) {
		hp_files__node_put(w->t, at);
		at = NULL;
	}
	return at;
}

/* Open @s in the directory @dir_fd. Returns: a descriptor, or -1 with errno. */
static int open_step(int dir_fd, const struct step *s)
{
	AUTO_CLOSE int fd = openat(dir_fd, s->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct statx st;

	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return -1;
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, HP_STATX_MASK, &st) < 0 ||
	    !hp_files__is_node(&st, s->node)) {
		errno = ESTALE;
		return -1;
	}
	return TAKE_FD(fd);
}

/* A descriptor of @n of our own. The directories on the way to it are not left open, as there may
 * be more of them than descriptors. Returns: -1 with errno. */
static int walk_to(struct hp_nodes *t, const struct hp_node *n)
{
	AUTO(way_free) struct way w = {.t = t};
	struct hp_node *top = go_up(&w, n);
	int fd;

	if (!top) {
		errno = ESTALE;
		return -1;
	}
	fd = fcntl(top->fd, F_DUPFD_CLOEXEC, 0);
	hp_files__node_put(t, top);
	for (size_t i = w.n; i > 0 && fd >= 0; i--) {
		int below = open_step(fd, &w.steps[i - 1]);
		int sys = errno;

		close(fd);
		errno = sys;
		fd = below;
	}
	return fd;
}

/* What @n is called by now, when it was renamed since it was looked up: the kernel knows. The
 * directory may be another one too; then this does not help. */
static char *name_by_now(const struct hp_nodes *t, const struct hp_node *n)
{
	char path[PATH_MAX];
	char self[HP_PROC_NAME];
	ssize_t len = readlinkat(t->proc_fd, hp_files__proc_name(n->fd, self), path,
				 sizeof(path) - 1);

	if (len < 0)
		return NULL;
	path[len] = '\0';
	return hp_strdup(hp_path_base(path));
}

static void set_name(struct hp_nodes *t, struct hp_node *n, uint64_t parent, char *take_name)
{
	pthread_mutex_lock(&t->lock);
	free(n->name);
	n->name = take_name;
	n->parent = parent;
	pthread_mutex_unlock(&t->lock);
}

/* Is there a name that leads to @n, which is open? */
static bool can_be_found(struct hp_nodes *t, struct hp_node *n)
{
	uint64_t parent_id;
	AUTO_FREE char *name = name_of(t, n, &parent_id);
	struct hp_node *parent = hp_files__node_ref(t, parent_id);
	AUTO_CLOSE int dir_fd = parent ? walk_to(t, parent) : -1;
	bool leads = dir_fd >= 0 && leads_to(dir_fd, name, n);

	if (parent)
		hp_files__node_put(t, parent);
	if (dir_fd >= 0 && !leads) {
		AUTO_FREE char *other = name_by_now(t, n);

		leads = other && leads_to(dir_fd, other, n);
		if (leads)
			set_name(t, n, parent_id, TAKE(other));
	}
	return leads;
}

/* Close @n, to which we have a reference, if nobody else has and its name leads to it. */
static bool close_node(struct hp_nodes *t, struct hp_node *n)
{
	int fd = -1;

	if (!can_be_found(t, n))
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
	bool is_full;

	pthread_mutex_lock(&t->lock);
	is_full = t->n_open >= t->max_open;
	pthread_mutex_unlock(&t->lock);
	if (!is_full)
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

int hp_files__node_reopen(struct hp_nodes *t, struct hp_node *n)
{
	AUTO_CLOSE int fd = -1;
	bool gone;

	if (is_open(n))
		return 0;
	fd = walk_to(t, n);
	if (fd < 0)
		return -1;
	pthread_mutex_lock(&t->lock);
	/* Another call may have brought one meanwhile. */
	if (n->fd < 0 && !n->dead) {
		__atomic_store_n(&n->fd, TAKE_FD(fd), __ATOMIC_RELEASE);
		t->n_open++;
		t->n_closed--;
	}
	gone = n->fd < 0;
	pthread_mutex_unlock(&t->lock);
	if (gone)
		errno = ESTALE;
	return gone ? -1 : 0;
}

/* The node that @name in the directory @dir_fd leads to. Returns: with a reference; NULL. */
static struct hp_node *node_at(struct hp_nodes *t, uint32_t share, int dir_fd, const char *name)
{
	struct statx st;
	struct hp_node_key key;

	if (statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, HP_STATX_MASK, &st) < 0)
		return NULL;
	key = hp_files__key(&st, share);
	return hp_files__node_find(t, &key);
}

void hp_files__node_moved(struct hp_nodes *t, const struct hp_node *dir, const char *name)
{
	struct hp_node *n = node_at(t, dir->key.share, dir->fd, name);

	if (!n)
		return;
	set_name(t, n, dir->id, hp_strdup(name));
	hp_files__node_put(t, n);
}

void hp_files__node_keep(struct hp_nodes *t, const struct hp_node *dir, const char *name)
{
	struct hp_node *n;
	bool all_open;

	pthread_mutex_lock(&t->lock);
	all_open = t->n_closed == 0;
	pthread_mutex_unlock(&t->lock);
	n = all_open ? NULL : node_at(t, dir->key.share, dir->fd, name);
	if (!n)
		return;
	/* What cannot be opened now is another file, so nothing is lost with the name. */
	(void)!hp_files__node_reopen(t, n);
	hp_files__node_put(t, n);
}
