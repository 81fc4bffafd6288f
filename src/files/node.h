/* SPDX-License-Identifier: Apache-2.0 */
/* node.h - the table of what the guest knows: node ids and the files they stand for. */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* The most nodes that a guest may know at once; each takes some 150 bytes here. */
#define HP_NODES_MAX (1U << 20)

/* Which file it is. A file that is reached through two shares or mounts has two nodes, as what is
 * allowed and what is mounted below differs. */
struct hp_node_key {
	uint64_t dev;
	uint64_t ino;
	uint64_t mount;
	uint32_t share;
};

struct hp_data;

/* One file. What is not marked is fixed, or the table's lock guards it. */
struct hp_node {
	struct hp_node *next; /* in its bucket */
	uint64_t id;
	struct hp_node_key key;
	int64_t born_ns;  /* tells a file from a later one of the same number; 0: not known */
	uint64_t lookups; /* how often the guest was told of it and has not forgotten */
	unsigned refs;    /* calls that work on it */
	int fd;           /* O_PATH; -1: closed to save descriptors, see node_spare.c */
	mode_t type;      /* S_IFMT of its mode */
	bool root;        /* of a share: it stays, and its descriptor is the caller's */
	bool dead;        /* no longer in the table */
	bool used;        /* since the hand of node_spare.c came by */
	bool live;        /* contents come into being when read, as in /proc */
	uint64_t parent;  /* where it was found last... */
	char *name;       /* ...and as what; NULL: nowhere */
	struct hp_data *data; /* kept open; data.c guards it */
};

struct hp_nodes {
	pthread_mutex_t lock;
	struct hp_node **slots; /* the lower half of an id is an index here */
	uint32_t *free_slots;   /* a stack of those that are NULL, below n_slots */
	uint32_t n_free;
	uint32_t n_slots;
	uint32_t cap;
	struct hp_node **buckets;
	uint32_t n_buckets; /* a power of two */
	uint32_t count;
	uint32_t max;
	uint32_t generation; /* the upper half of the next id */

	/* Of node_spare.c. Who removes or moves names holds @names shared, from before it looks
	 * whether any node is closed; who closes one holds it alone. */
	pthread_rwlock_t names;
	int proc_fd;     /* /proc/self/fd; borrowed */
	uint32_t n_open; /* descriptors of nodes */
	uint32_t max_open;
	uint32_t n_closed; /* nodes without their descriptor */
	uint32_t hand;
};

/* What was found: an open file, and where. */
struct hp_node_found {
	int fd;
	struct hp_node_key key;
	int64_t born_ns;
	mode_t type;
	bool live;
	uint64_t parent;
	const char *name;
};

void hp_files__nodes_init(struct hp_nodes *t, uint32_t max_open);
void hp_files__nodes_free(struct hp_nodes *t);

/* Make the node of a share's root. Its descriptor stays the caller's. Returns: borrowed. */
struct hp_node *hp_files__node_root(struct hp_nodes *t, const struct hp_node_found *found);

/* The node of @found, made when there is none, looked up once more. Takes the descriptor: it is the
 * node's, or closed.
 * Returns: with a reference; NULL with errno ENFILE when there are too many. */
struct hp_node *hp_files__node_enter(struct hp_nodes *t, const struct hp_node_found *found);

/* The node @id that the guest names, its descriptor open.
 * Returns: with a reference; NULL with errno ESTALE when there is none, or it is gone. */
struct hp_node *hp_files__node_get(struct hp_nodes *t, uint64_t id);
/* The node of a file that is in the table, also when its descriptor is closed; NULL. */
struct hp_node *hp_files__node_find(struct hp_nodes *t, const struct hp_node_key *key);
void hp_files__node_put(struct hp_nodes *t, struct hp_node *n);

/* The guest has forgotten @times lookups; more than there were are as many as there were. */
void hp_files__node_forget(struct hp_nodes *t, uint64_t id, uint64_t times);
/* It has forgotten everything. */
void hp_files__nodes_forget_all(struct hp_nodes *t);

/* For node_spare.c. A reference to @id, open or not; NULL. */
struct hp_node *hp_files__node_ref(struct hp_nodes *t, uint64_t id);
