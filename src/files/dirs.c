/* SPDX-License-Identifier: Apache-2.0 */
/* dirs.c - owns open directories. A listing is kept by its handle, for a new one would not go on
 * where an old one was once entries came or went. */
#include "files/dirs.h"

#include <dirent.h>
#include <errno.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"

#define SLOTS_MIN 16

void hp_files__dirs_init(struct hp_dirs *t, uint32_t max)
{
	*t = (struct hp_dirs){.n_slots = SLOTS_MIN, .max = max};
	pthread_mutex_init(&t->lock, NULL);
	t->slots = hp_alloc_array(t->n_slots, sizeof(struct hp_dir *));
	/* As with nodes, handles of a server before this one must not be taken for ours. */
	if (getrandom(&t->generation, sizeof(t->generation), GRND_NONBLOCK) < 0)
		t->generation = (uint32_t)getpid() << 16;
}

static void free_dir(struct hp_dir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	pthread_mutex_destroy(&d->lock);
	free(d->entries);
	free(d);
}

void hp_files__dirs_free(struct hp_dirs *t)
{
	hp_files__dirs_remove_all(t);
	free(t->slots);
	pthread_mutex_destroy(&t->lock);
}

/* Under the lock. */
static uint32_t take_slot(struct hp_dirs *t)
{
	uint32_t slot = 0;

	while (slot < t->n_slots && t->slots[slot])
		slot++;
	if (slot == t->n_slots) {
		t->slots = hp_realloc_array(t->slots, t->n_slots * 2, sizeof(struct hp_dir *));
		memset(t->slots + t->n_slots, 0, t->n_slots * sizeof(struct hp_dir *));
		t->n_slots *= 2;
	}
	return slot;
}

uint64_t hp_files__dir_add(struct hp_dirs *t, uint64_t node, int take_fd)
{
	AUTO_CLOSE int fd = take_fd;
	struct hp_dir *d;
	uint32_t slot;

	pthread_mutex_lock(&t->lock);
	if (t->count >= t->max) {
		pthread_mutex_unlock(&t->lock);
		errno = ENFILE;
		return 0;
	}
	d = hp_alloc(sizeof(*d));
	slot = take_slot(t);
	/* 0 is no handle. */
	if (++t->generation == 0)
		t->generation = 1;
	*d = (struct hp_dir){.id = (uint64_t)t->generation << 32 | slot,
			     .node = node,
			     .fd = TAKE_FD(fd),
			     .refs = 1};
	pthread_mutex_init(&d->lock, NULL);
	t->slots[slot] = d;
	t->count++;
	pthread_mutex_unlock(&t->lock);
	return d->id;
}

struct hp_dir *hp_files__dir_get(struct hp_dirs *t, uint64_t id, uint64_t node)
{
	uint32_t slot = (uint32_t)id;
	struct hp_dir *d;

	pthread_mutex_lock(&t->lock);
	d = slot < t->n_slots ? t->slots[slot] : NULL;
	if (d && (d->id != id || d->node != node))
		d = NULL;
	if (d)
		d->refs++;
	pthread_mutex_unlock(&t->lock);
	return d;
}

void hp_files__dir_put(struct hp_dirs *t, struct hp_dir *d)
{
	bool last;

	pthread_mutex_lock(&t->lock);
	last = --d->refs == 0;
	pthread_mutex_unlock(&t->lock);
	if (last)
		free_dir(d);
}

void hp_files__dir_remove(struct hp_dirs *t, uint64_t id)
{
	uint32_t slot = (uint32_t)id;
	struct hp_dir *d;

	pthread_mutex_lock(&t->lock);
	d = slot < t->n_slots ? t->slots[slot] : NULL;
	if (d && d->id == id) {
		t->slots[slot] = NULL;
		t->count--;
	} else {
		d = NULL;
	}
	pthread_mutex_unlock(&t->lock);
	if (d)
		hp_files__dir_put(t, d);
}

void hp_files__dirs_remove_all(struct hp_dirs *t)
{
	for (uint32_t i = 0;; i++) {
		uint64_t id = 0;

		pthread_mutex_lock(&t->lock);
		if (i >= t->n_slots) {
			pthread_mutex_unlock(&t->lock);
			break;
		}
		if (t->slots[i])
			id = t->slots[i]->id;
		pthread_mutex_unlock(&t->lock);
		if (id)
			hp_files__dir_remove(t, id);
	}
}

int hp_files__dir_seek(struct hp_dir *d, uint64_t position)
{
	if (position == d->at)
		return 0;
	free(TAKE(d->entries));
	d->pos = d->len = 0;
	if (lseek(d->fd, (off_t)position, SEEK_SET) < 0)
		return errno;
	d->at = position;
	return 0;
}

/* From: getdents64(2). */
static ssize_t fill(struct hp_dir *d)
{
	ssize_t n;

	if (!d->entries)
		d->entries = hp_alloc(HP_DIR_BUFFER);
	n = syscall(SYS_getdents64, d->fd, d->entries, HP_DIR_BUFFER);
	d->pos = 0;
	d->len = n > 0 ? (size_t)n : 0;
	if (n < 0)
		return -errno;
	if (n == 0)
		free(TAKE(d->entries));
	return n;
}

int hp_files__dir_peek(struct hp_dir *d, struct hp_dir_entry *ret)
{
	const struct dirent64 *entry;

	if (d->pos == d->len) {
		ssize_t n = fill(d);

		if (n <= 0)
			return (int)n;
	}
	entry = (const struct dirent64 *)(const void *)(d->entries + d->pos);
	*ret = (struct hp_dir_entry){.ino = entry->d_ino,
				     .next = (uint64_t)entry->d_off,
				     .type = entry->d_type,
				     .name = entry->d_name};
	return 1;
}

void hp_files__dir_next(struct hp_dir *d)
{
	const struct dirent64 *entry =
		(const struct dirent64 *)(const void *)(d->entries + d->pos);

	d->at = (uint64_t)entry->d_off;
	d->pos += entry->d_reclen;
}
