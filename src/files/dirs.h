/* SPDX-License-Identifier: Apache-2.0 */
/* dirs.h - the directories that the guest has open, and the handles that it names them by. */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The most that may be open at once. */
#define HP_DIRS_MAX   4096
/* What the host is asked for at once; the guest asks for less than fits in there. */
#define HP_DIR_BUFFER 4096

struct hp_dir {
	uint64_t id;
	uint64_t node;        /* whose directory it is */
	int fd;               /* -1: the top directory */
	unsigned refs;        /* the table's lock guards it */
	pthread_mutex_t lock; /* of what follows; who lists holds it */
	uint64_t at;          /* the position after what was taken last */
	uint8_t *entries;     /* what the host gave and is not taken yet; NULL at the end */
	size_t pos;
	size_t len;
};

struct hp_dirs {
	pthread_mutex_t lock;
	struct hp_dir **slots;
	uint32_t n_slots;
	uint32_t count;
	uint32_t generation;
	uint32_t max;
};

/* One entry. */
struct hp_dir_entry {
	uint64_t ino;
	uint64_t next;      /* the position after it */
	unsigned char type; /* DT_* */
	const char *name;   /* borrowed until the next one is looked at */
};

void hp_files__dirs_init(struct hp_dirs *t, uint32_t max);
void hp_files__dirs_free(struct hp_dirs *t);

/* Hand @take_fd, or -1, over to a new handle. Returns: its id; 0 with errno ENFILE, @take_fd then
 * is closed. */
uint64_t hp_files__dir_add(struct hp_dirs *t, uint64_t node, int take_fd);
/* The directory that handle @id of @node stands for. Returns: with a reference; NULL. */
struct hp_dir *hp_files__dir_get(struct hp_dirs *t, uint64_t id, uint64_t node);
void hp_files__dir_put(struct hp_dirs *t, struct hp_dir *d);
/* No longer open; it goes with its last reference. */
void hp_files__dir_remove(struct hp_dirs *t, uint64_t id);
void hp_files__dirs_remove_all(struct hp_dirs *t);

/* Under d->lock: be at @position. Returns: 0, or an errno. */
int hp_files__dir_seek(struct hp_dir *d, uint64_t position);
/* Under d->lock: look at the next entry. Returns: 1, 0 at the end, or an errno made negative. */
int hp_files__dir_peek(struct hp_dir *d, struct hp_dir_entry *ret);
/* Under d->lock: go on behind what was looked at. */
void hp_files__dir_next(struct hp_dir *d);
