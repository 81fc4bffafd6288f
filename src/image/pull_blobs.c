/* SPDX-License-Identifier: Apache-2.0 */
/* pull_blobs.c - fetch the config and the layers of an image, several at a time. */
#include "base/alloc.h"
#include "image/pull.h"
#include "image/put.h"

/* A blob on its way, and the store that writes it. */
struct slot {
	const struct hp_pull_blobs *pull;
	struct hp_store *store;
	bool busy;
	size_t item; /* 0: the config, i + 1: layer i */
	struct hp_fetch fetch;
	char *path;
	int64_t done;
};

static const struct hp_descriptor *item_at(const struct hp_manifest *m, size_t item)
{
	return item ? &m->children[item - 1] : &m->config;
}

void hp_pull__tell(const struct hp_pull *what, const struct hp_manifest *manifest, size_t i,
		   enum hp_pull_state state, int64_t done)
{
	const struct hp_pull_step step = {
		.digest = manifest->children[i].digest,
		.state = state,
		.layer = (unsigned)i,
		.layers = (unsigned)manifest->n_children,
		.done = (uint64_t)done,
		.total = (uint64_t)manifest->children[i].size,
	};

	if (what->progress)
		what->progress(what->progress_arg, &step);
}

static void tell(const struct hp_pull_blobs *b, size_t item, enum hp_pull_state state,
		 int64_t done)
{
	if (item > 0)
		hp_pull__tell(b->what, b->manifest, item - 1, state, done);
}

static int take_data(void *arg, struct hp_bytes data, struct hp_error *err)
{
	struct slot *s = arg;

	if (s->store->ops->blob_data(s->store, data.data, data.len, err) < 0)
		return -1;
	s->done += (int64_t)data.len;
	tell(s->pull, s->item, HP_PULL_FETCHING, s->done);
	return 0;
}

/* Begin to write @item and to fetch it. */
static int begin(struct slot *s, size_t item, struct hp_error *err)
{
	const struct hp_descriptor *d = item_at(s->pull->manifest, item);
	AUTO_FREE char *ref = hp_put_ref(item ? "layer" : "config");

	if (s->store->ops->blob_open(s->store, ref, d->size, d->digest, err) < 0)
		return -1;
	s->busy = true;
	s->item = item;
	s->done = 0;
	free(s->path);
	s->path = hp_sprintf("blobs/%s", d->digest);
	s->fetch = (struct hp_fetch){
		.what = item ? "layer" : "config",
		.path = s->path,
		.digest = d->digest,
		.size = d->size,
		.max = d->size,
		.data = take_data,
		.arg = s,
	};
	tell(s->pull, item, HP_PULL_FETCHING, 0);
	return hp_registry_start(s->pull->registry, &s->fetch, err);
}

static int finish(struct slot *s, struct hp_error *err)
{
	const struct hp_pull_blobs *b = s->pull;
	const struct hp_descriptor *d = item_at(b->manifest, s->item);

	if (s->store->ops->blob_commit(s->store, d->size, d->digest, b->labels, b->n_labels,
				       err) < 0)
		return -1;
	s->busy = false;
	tell(b, s->item, HP_PULL_FETCHED, d->size);
	return 0;
}

/* An image may have one blob twice, such as the empty layer. */
static bool came_before(const struct hp_manifest *m, size_t item)
{
	for (size_t i = 0; i < item; i++)
		if (hp_str_eq(item_at(m, i)->digest, item_at(m, item)->digest))
			return true;
	return false;
}

/* Returns: 1 it has to be fetched, 0 it is there or on its way, -1. */
static int is_wanted(const struct hp_pull_blobs *b, size_t item, struct hp_error *err)
{
	const struct hp_descriptor *d = item_at(b->manifest, item);
	struct hp_store *s = b->into->store;
	int64_t size = 0;

	if (item == 0 && d->size > (int64_t)HP_DOCUMENT_MAX)
		return hp_fail(err, HP_ECORRUPT, "config %s of %lld bytes is too large",
			       d->digest, (long long)d->size);
	if (came_before(b->manifest, item))
		return 0;
	const int there = s->ops->blob_stat(s, d->digest, &size, err);
	if (there < 0)
		return -1;
	if (there && size != d->size)
		return hp_fail(err, HP_ECORRUPT, "%s has %lld bytes here, but %lld are said",
			       d->digest, (long long)size, (long long)d->size);
	if (there)
		tell(b, item, HP_PULL_PRESENT, d->size);
	return !there;
}

static struct slot *free_slot(struct slot *slots, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!slots[i].busy)
			return &slots[i];
	return NULL;
}

/* Keep all slots busy with what is wanted, from *@next on. */
static int fill(const struct hp_pull_blobs *b, struct slot *slots, size_t *next,
		struct hp_error *err)
{
	struct slot *s;

	while (*next <= b->manifest->n_children && (s = free_slot(slots, b->into->n_writers))) {
		const size_t item = (*next)++;
		const int wanted = is_wanted(b, item, err);
		if (wanted < 0 || (wanted > 0 && begin(s, item, err) < 0))
			return -1;
	}
	return 0;
}

static int run(const struct hp_pull_blobs *b, struct slot *slots, struct hp_error *err)
{
	size_t next = 0;

	for (;;) {
		struct hp_fetch *done = NULL;
		if (fill(b, slots, &next, err) < 0)
			return -1;
		const int got = hp_registry_next(b->registry, &done, err);
		if (got <= 0)
			return got;
		if (finish(done->arg, err) < 0)
			return -1;
	}
}

int hp_pull__blobs(const struct hp_pull_blobs *b, struct hp_error *err)
{
	const size_t n = b->into->n_writers;
	AUTO_FREE struct slot *slots = hp_alloc_array(n, sizeof(*slots));

	for (size_t i = 0; i < n; i++) {
		slots[i].pull = b;
		slots[i].store = b->into->writers[i];
	}
	const int rc = run(b, slots, err);
	for (size_t i = 0; i < n; i++) {
		if (slots[i].busy)
			slots[i].store->ops->blob_abort(slots[i].store);
		free(slots[i].path);
	}
	return rc;
}
