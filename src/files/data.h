/* SPDX-License-Identifier: Apache-2.0 */
/* data.h - descriptors for the contents of files. The guest opens files on its own (OPEN is not
 * served), so that one is opened when contents are first asked for, and kept for a while. */
#pragma once
#include <pthread.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct hp_node;

struct hp_data {
	struct hp_data_cache *all;
	struct hp_node *node; /* NULL: no longer kept, closed after its last use */
	int fd;
	bool writable;
	unsigned users;
	struct hp_data *newer;
	struct hp_data *older;
};

struct hp_data_cache {
	pthread_mutex_t lock;
	int proc_fd; /* /proc/self/fd; borrowed */
	struct hp_data *newest;
	struct hp_data *oldest;
	unsigned n;
	unsigned max; /* kept open at once; those in use may be more */
};

void hp_files__cache_init(struct hp_data_cache *all, unsigned max); /* proc_fd is set later */
void hp_files__cache_free(struct hp_data_cache *all);

/* A descriptor for the contents of @n, a regular file that the caller has a reference to.
 * keep: leave it open for the next one; not where others would see that the file is open.
 * Returns: 0, or an errno. Release it with hp_files__data_put(). */
int hp_files__data_get(struct hp_data_cache *all, struct hp_node *n, bool writable, bool keep,
		       struct hp_data **ret) MUST_CHECK;
void hp_files__data_put(struct hp_data *data);
/* Keep @take_fd, opened for reading and writing, for @n; it is closed when one is there already. */
void hp_files__data_give(struct hp_data_cache *all, struct hp_node *n, int take_fd);

/* @n goes away; nobody uses it. */
void hp_files__data_forget(struct hp_node *n);
/* Close all that are not in use. */
void hp_files__cache_trim(struct hp_data_cache *all);
