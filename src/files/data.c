/* SPDX-License-Identifier: Apache-2.0 */
/* data.c - owns the descriptors of contents: the ones used last stay open. */
#include "files/data.h"

#include <errno.h>
#include <fcntl.h>

#include "base/alloc.h"
#include "files/node.h"
#include "files/proc.h"

void hp_files__cache_init(struct hp_data_cache *all, unsigned max)
{
	*all = (struct hp_data_cache){.proc_fd = -1, .max = max};
	pthread_mutex_init(&all->lock, NULL);
}

void hp_files__cache_free(struct hp_data_cache *all)
{
	hp_files__cache_trim(all);
	pthread_mutex_destroy(&all->lock);
}

static void free_data(struct hp_data *data)
{
	close(data->fd);
	free(data);
}

/* Under the lock: take it out of the list. */
static void unlink_data(struct hp_data *data)
{
	struct hp_data_cache *all = data->all;

	*(data->newer ? &data->newer->older : &all->newest) = data->older;
	*(data->older ? &data->older->newer : &all->oldest) = data->newer;
	data->newer = data->older = NULL;
	all->n--;
}

/* Under the lock: put it in as the newest. */
static void link_data(struct hp_data *data)
{
	struct hp_data_cache *all = data->all;

	data->older = all->newest;
	data->newer = NULL;
	*(all->newest ? &all->newest->newer : &all->oldest) = data;
	all->newest = data;
	all->n++;
}

/* Under the lock: nobody finds it any more. Returns: what is to be freed without the lock. */
static struct hp_data *drop(struct hp_data *data)
{
	unlink_data(data);
	data->node->data = NULL;
	data->node = NULL;
	return data->users == 0 ? data : NULL;
}

/* Under the lock: the one used longest ago, when there are too many. Returns: as drop(). */
static struct hp_data *drop_surplus(struct hp_data_cache *all)
{
	struct hp_data *data = all->oldest;

	if (all->n <= all->max)
		return NULL;
	while (data && data->users > 0)
		data = data->newer;
	return data ? drop(data) : NULL;
}

/* Under the lock: keep @data for @n. Returns: as drop(). */
static struct hp_data *keep_data(struct hp_data *data, struct hp_node *n)
{
	struct hp_data *gone = NULL;

	if (n->data && (n->data->writable || !data->writable))
		return NULL;
	/* One that can write takes the place of one that can only read. */
	if (n->data)
		gone = drop(n->data);
	data->node = n;
	n->data = data;
	link_data(data);
	return gone ? gone : drop_surplus(data->all);
}

static struct hp_data *new_data(struct hp_data_cache *all, int fd, bool writable)
{
	struct hp_data *data = hp_alloc(sizeof(*data));

	*data = (struct hp_data){.all = all, .fd = fd, .writable = writable, .users = 1};
	return data;
}

int hp_files__data_get(struct hp_data_cache *all, struct hp_node *n, bool writable, bool keep,
		       struct hp_data **ret)
{
	struct hp_data *data;
	struct hp_data *gone = NULL;
	int fd;

	pthread_mutex_lock(&all->lock);
	data = n->data;
	if (data && (data->writable || !writable)) {
		data->users++;
		if (data != all->newest) {
			unlink_data(data);
			link_data(data);
		}
		pthread_mutex_unlock(&all->lock);
		*ret = data;
		return 0;
	}
	pthread_mutex_unlock(&all->lock);

	fd = hp_files__proc_open(all->proc_fd, n->fd, writable ? O_RDWR : O_RDONLY);
	if (fd < 0)
		return errno;
	data = new_data(all, fd, writable);
	if (keep) {
		pthread_mutex_lock(&all->lock);
		gone = keep_data(data, n);
		pthread_mutex_unlock(&all->lock);
	}
	if (gone)
		free_data(gone);
	*ret = data;
	return 0;
}

void hp_files__data_put(struct hp_data *data)
{
	struct hp_data_cache *all = data->all;
	bool last;

	pthread_mutex_lock(&all->lock);
	last = --data->users == 0 && !data->node;
	pthread_mutex_unlock(&all->lock);
	if (last)
		free_data(data);
}

void hp_files__data_give(struct hp_data_cache *all, struct hp_node *n, int take_fd)
{
	struct hp_data *data = new_data(all, take_fd, true);
	struct hp_data *gone;

	pthread_mutex_lock(&all->lock);
	gone = keep_data(data, n);
	pthread_mutex_unlock(&all->lock);
	if (gone)
		free_data(gone);
	hp_files__data_put(data);
}

void hp_files__data_forget(struct hp_node *n)
{
	struct hp_data *data = n->data;
	struct hp_data_cache *all = data ? data->all : NULL;

	if (!data)
		return;
	pthread_mutex_lock(&all->lock);
	data = n->data ? drop(n->data) : NULL;
	pthread_mutex_unlock(&all->lock);
	if (data)
		free_data(data);
}

void hp_files__cache_trim(struct hp_data_cache *all)
{
	struct hp_data *data;

	do {
		pthread_mutex_lock(&all->lock);
		data = all->oldest;
		while (data && data->users > 0)
			data = data->newer;
		if (data)
			drop(data);
		pthread_mutex_unlock(&all->lock);
		if (data)
			free_data(data);
	} while (data);
}
