/* SPDX-License-Identifier: Apache-2.0 */
/* node.c - owns the table of nodes. An id is an index and a number that is not used again, so that
 * one that is made up, or was forgotten, leads nowhere. */
#include "files/node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "files/data.h"
#include "files/node_spare.h"

#define BUCKETS_MIN 64
#define SLOTS_MIN   64

static uint32_t bucket_of(const struct hp_nodes *t, const struct hp_node_key *key)
{
	/* Fibonacci hashing: the upper bits of the product are the good ones. */
	uint64_t mixed =
		(key->ino ^ key->dev << 24 ^ key->mount << 40 ^ (uint64_t)key->share << 56) *
		UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(mixed >> 32) & (t->n_buckets - 1);
}

static bool same_key(const struct hp_node_key *a, const struct hp_node_key *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->mount == b->mount &&
	       a->share == b->share;
}

void hp_files__nodes_init(struct hp_nodes *t, uint32_t max_open)
{
	*t = (struct hp_nodes){.max = HP_NODES_MAX, .max_open = max_open, .proc_fd = -1};
	pthread_mutex_init(&t->lock, NULL);
	pthread_rwlock_init(&t->names, NULL);
	t->n_buckets = BUCKETS_MIN;
	t->buckets = hp_alloc_array(t->n_buckets, sizeof(struct hp_node *));
	t->cap = SLOTS_MIN;
	t->slots = hp_alloc_array(t->cap, sizeof(struct hp_node *));
	t->free_slots = hp_alloc_array(t->cap, sizeof(uint32_t));
	/* Slot 0 is none, and 1 is the top directory's, which is no file. */
	t->n_slots = FUSE_ROOT_ID + 1;
	/* The guest may know nodes of a server before this one: none of them is taken for ours. */
	if (getrandom(&t->generation, sizeof(t->generation), GRND_NONBLOCK) < 0)
		t->generation = (uint32_t)getpid() << 16;
}

static void free_node(struct hp_node *n)
{
	hp_files__data_forget(n);
	if (n->fd >= 0 && !n->root)
		close(n->fd);
	free(n->name);
	free(n);
}

void hp_files__nodes_free(struct hp_nodes *t)
{
	for (uint32_t i = 0; i < t->n_slots; i++)
		if (t->slots[i])
			free_node(t->slots[i]);
	free(t->slots);
	free(t->free_slots);
	free(t->buckets);
	pthread_mutex_destroy(&t->lock);
	pthread_rwlock_destroy(&t->names);
}

static void grow_buckets(struct hp_nodes *t)
{
	struct hp_node **old = t->buckets;
	uint32_t n_old = t->n_buckets;

	t->n_buckets *= 2;
	t->buckets = hp_alloc_array(t->n_buckets, sizeof(struct hp_node *));
	for (uint32_t i = 0; i < n_old; i++) {
		for (struct hp_node *n = old[i], *next; n; n = next) {
			uint32_t b = bucket_of(t, &n->key);

			next = n->next;
			n->next = t->buckets[b];
			t->buckets[b] = n;
		}
	}
	free(old);
}

static uint32_t take_slot(struct hp_nodes *t)
{
	if (t->n_free > 0)
		return t->free_slots[--t->n_free];
	if (t->n_slots == t->cap) {
		t->slots = hp_realloc_array(t->slots, t->cap * 2, sizeof(struct hp_node *));
		t->free_slots = hp_realloc_array(t->free_slots, t->cap * 2, sizeof(uint32_t));
		memset(t->slots + t->cap, 0, t->cap * sizeof(struct hp_node *));
		t->cap *= 2;
	}
	return t->n_slots++;
}

/* Under the lock. */
static struct hp_node *add_node(struct hp_nodes *t, const struct hp_node_found *found)
{
	uint32_t slot = take_slot(t);
	struct hp_node *n = hp_alloc(sizeof(*n));
	uint32_t bucket;

	*n = (struct hp_node){.id = (uint64_t)t->generation++ << 32 | slot,
			      .key = found->key,
			      .born_ns = found->born_ns,
			      .fd = found->fd,
			      .type = found->type,
			      .live = found->live,
			      .parent = found->parent,
			      .name = hp_strdup(found->name)};
	if (t->count >= t->n_buckets)
		grow_buckets(t);
	bucket = bucket_of(t, &n->key);
	n->next = t->buckets[bucket];
	t->buckets[bucket] = n;
	t->slots[slot] = n;
	t->count++;
	t->n_open++;
	return n;
}

/* Under the lock: nobody finds it any more. */
static void remove_node(struct hp_nodes *t, struct hp_node *n)
{
	struct hp_node **at = &t->buckets[bucket_of(t, &n->key)];
	uint32_t slot = (uint32_t)n->id;

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	t->slots[slot] = NULL;
	t->free_slots[t->n_free++] = slot;
	t->count--;
	if (n->fd < 0)
		t->n_closed--;
	n->dead = true;
}

/* Under the lock. */
static struct hp_node *find_key(const struct hp_nodes *t, const struct hp_node_key *key)
{
	struct hp_node *n = t->buckets[bucket_of(t, key)];

	while (n && !same_key(&n->key, key))
		n = n->next;
	return n;
}

/* Under the lock. */
static struct hp_node *find_id(const struct hp_nodes *t, uint64_t id)
{
	uint32_t slot = (uint32_t)id;
	struct hp_node *n = slot < t->n_slots ? t->slots[slot] : NULL;

	return n && n->id == id ? n : NULL;
}

struct hp_node *hp_files__node_root(struct hp_nodes *t, const struct hp_node_found *found)
{
	struct hp_node *n;

	pthread_mutex_lock(&t->lock);
	n = add_node(t, found);
	n->root = true;
	pthread_mutex_unlock(&t->lock);
	return n;
}

/* Under the lock: free it when nobody needs it. Returns: what is to be freed without the lock. */
static struct hp_node *release(struct hp_nodes *t, struct hp_node *n)
{
	if (n->refs > 0 || n->lookups > 0 || n->root)
		return NULL;
	if (!n->dead)
		remove_node(t, n);
	if (n->fd >= 0)
		t->n_open--;
	return n;
}

/* Under the lock: @n, which was there already, was found again. Returns: a descriptor to close. */
static int meet_again(struct hp_nodes *t, struct hp_node *n, const struct hp_node_found *found)
{
	if (found->name &&
	    (n->parent != found->parent || !n->name || strcmp(n->name, found->name) != 0)) {
		free(n->name);
		n->name = hp_strdup(found->name);
		n->parent = found->parent;
	}
	if (n->fd >= 0)
		return found->fd;
	__atomic_store_n(&n->fd, found->fd, __ATOMIC_RELEASE);
	t->n_open++;
	t->n_closed--;
	return -1;
}

/* A node whose file is open cannot lose its number to another file; one that is closed can. */
static bool is_other_file(const struct hp_node *n, const struct hp_node_found *found)
{
	return n->type != found->type || (n->fd < 0 && n->born_ns != found->born_ns);
}

struct hp_node *hp_files__node_enter(struct hp_nodes *t, const struct hp_node_found *found)
{
	struct hp_node *n;
	struct hp_node *gone = NULL;
	int unneeded = -1;

	pthread_mutex_lock(&t->lock);
	n = find_key(t, &found->key);
	if (n && is_other_file(n, found) && !n->root) {
		remove_node(t, n);
		n->lookups = 0;
		gone = release(t, n);
		n = NULL;
	}
	if (n)
		unneeded = meet_again(t, n, found);
	else if (t->count < t->max)
		n = add_node(t, found);
	if (n) {
		n->refs++;
		n->lookups++;
		n->used = true;
	}
	pthread_mutex_unlock(&t->lock);
	if (gone)
		free_node(gone);
	if (!n)
		unneeded = found->fd;
	if (unneeded >= 0)
		close(unneeded);
	if (!n)
		errno = ENFILE;
	return n;
}

struct hp_node *hp_files__node_ref(struct hp_nodes *t, uint64_t id)
{
	struct hp_node *n;

	pthread_mutex_lock(&t->lock);
	n = find_id(t, id);
	if (n) {
		n->refs++;
		n->used = true;
	}
	pthread_mutex_unlock(&t->lock);
	return n;
}

struct hp_node *hp_files__node_get(struct hp_nodes *t, uint64_t id)
{
	struct hp_node *n = hp_files__node_ref(t, id);

	if (!n) {
		errno = ESTALE;
		return NULL;
	}
	/* Once open, it stays so while it is referred to. */
	if (__atomic_load_n(&n->fd, __ATOMIC_ACQUIRE) >= 0)
		return n;
	hp_files__nodes_spare(t);
	if (hp_files__node_reopen(t, n) < 0) {
		int sys = errno;

		hp_files__node_put(t, n);
		errno = sys;
		return NULL;
	}
	return n;
}

struct hp_node *hp_files__node_find(struct hp_nodes *t, const struct hp_node_key *key)
{
	struct hp_node *n;

	pthread_mutex_lock(&t->lock);
	n = find_key(t, key);
	if (n)
		n->refs++;
	pthread_mutex_unlock(&t->lock);
	return n;
}

void hp_files__node_put(struct hp_nodes *t, struct hp_node *n)
{
	struct hp_node *gone;

	pthread_mutex_lock(&t->lock);
	n->refs--;
	gone = release(t, n);
	pthread_mutex_unlock(&t->lock);
	if (gone)
		free_node(gone);
}

void hp_files__node_forget(struct hp_nodes *t, uint64_t id, uint64_t times)
{
	struct hp_node *n;
	struct hp_node *gone = NULL;

	pthread_mutex_lock(&t->lock);
	n = find_id(t, id);
	if (n) {
		n->lookups -= times < n->lookups ? times : n->lookups;
		gone = release(t, n);
	}
	pthread_mutex_unlock(&t->lock);
	if (gone)
		free_node(gone);
}

void hp_files__nodes_forget_all(struct hp_nodes *t)
{
	uint32_t n_slots;

	pthread_mutex_lock(&t->lock);
	n_slots = t->n_slots;
	pthread_mutex_unlock(&t->lock);
	for (uint32_t i = 0; i < n_slots; i++) {
		struct hp_node *gone = NULL;

		pthread_mutex_lock(&t->lock);
		if (t->slots[i]) {
			t->slots[i]->lookups = 0;
			gone = release(t, t->slots[i]);
		}
		pthread_mutex_unlock(&t->lock);
		if (gone)
			free_node(gone);
	}
}
