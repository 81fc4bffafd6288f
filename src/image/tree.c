/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - walk from an index or a manifest down to the layers, with bounds on everything. */
#include "image/tree.h"

#include "base/alloc.h"
#include "image/put.h"

#define DEPTH_MAX 4
#define NODES_MAX 512

/* One walk under way. */
struct walk {
	const struct hp_tree *t;
	unsigned nodes;
};

static int walk_node(struct walk *w, const struct hp_descriptor *d, bool required, int depth,
		     struct hp_error *err);

/* Returns: 1 when the blob is in the store, with its size checked, 0 when it is nowhere, -1. */
static int present(const struct hp_tree *t, const struct hp_descriptor *d, struct hp_error *err)
{
	int64_t size = 0;

	int there = t->store->ops->blob_stat(t->store, d->digest, &size, err);
	if (there == 0 && t->fetch) {
		const int brought = t->fetch(t->arg, d, err);
		if (brought <= 0)
			return brought;
		there = t->store->ops->blob_stat(t->store, d->digest, &size, err);
	}
	if (there <= 0)
		return there;
	if (size != d->size)
		return hp_fail(err, HP_ECORRUPT, "%s has %lld bytes, but %lld are said",
			       d->digest, (long long)size, (long long)d->size);
	return 1;
}

static int missing(const char *what, const struct hp_descriptor *d, struct hp_error *err)
{
	return hp_fail(err, HP_ECORRUPT, "%s %s is missing", what, d->digest);
}

static int edge(struct walk *w, const struct hp_descriptor *parent,
		const struct hp_descriptor *child, const char *name, struct hp_error *err)
{
	return w->t->edge ? w->t->edge(w->t->arg, parent, child, name, err) : 0;
}

/* Returns: 1 visited, 0 not all of it is there and that is fine, -1. */
static int walk_manifest(struct walk *w, const struct hp_descriptor *d,
			 const struct hp_manifest *m, bool required, struct hp_error *err)
{
	const struct hp_tree *t = w->t;

	/* All or nothing: first see whether all is there, then visit. */
	for (size_t i = 0; i <= m->n_children; i++) {
		const struct hp_descriptor *child = i ? &m->children[i - 1] : &m->config;
		const int there = present(t, child, err);
		if (there < 0)
			return -1;
		if (there == 0)
			return required ? missing(i ? "layer" : "config", child, err) : 0;
	}
	for (size_t i = 0; i <= m->n_children; i++) {
		const struct hp_descriptor *child = i ? &m->children[i - 1] : &m->config;
		AUTO_FREE char *name = i ? hp_sprintf("l.%zu", i - 1) : hp_strdup("config");
		if (t->visit(t->arg, child, err) < 0 || edge(w, d, child, name, err) < 0)
			return -1;
	}
	return t->visit(t->arg, d, err) < 0 ? -1 : 1;
}

/* Returns: as walk_manifest(). */
static int walk_index(struct walk *w, const struct hp_descriptor *d,
		      const struct hp_manifest *m, int depth, struct hp_error *err)
{
	const int pick = hp_manifest_pick(m);
	size_t found = 0;

	for (size_t i = 0; i < m->n_children; i++) {
		const struct hp_descriptor *child = &m->children[i];
		const int rc = walk_node(w, child, pick == (int)i, depth + 1, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		found++;
		AUTO_FREE char *name = hp_sprintf("m.%zu", i);
		if (edge(w, d, child, name, err) < 0)
			return -1;
	}
	if (found == 0)
		return hp_fail(err, HP_ECORRUPT, "index %s leads to nothing that is there",
			       d->digest);
	return w->t->visit(w->t->arg, d, err) < 0 ? -1 : 1;
}

static int walk_node(struct walk *w, const struct hp_descriptor *d, bool required, int depth,
		     struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};

	if (++w->nodes > NODES_MAX || depth >= DEPTH_MAX)
		return hp_fail(err, HP_ECORRUPT,
			       "the image has over %d manifests, or indexes over %d deep",
			       NODES_MAX, DEPTH_MAX);
	const int there = present(w->t, d, err);
	if (there < 0)
		return -1;
	if (there == 0)
		return required ? missing("manifest", d, err) : 0;
	if (hp_put__read(w->t->store, d->digest, &text, err) < 0)
		return -1;
	if (hp_manifest_parse(hp_buf_bytes(&text), &m, err) < 0)
		return hp_wrap(err, "%s", d->digest);
	if (m.is_index)
		return walk_index(w, d, &m, depth, err);
	return walk_manifest(w, d, &m, required, err);
}

int hp_tree__walk(const struct hp_tree *t, const struct hp_descriptor *root,
		  struct hp_error *err)
{
	struct walk w = {.t = t};

	return walk_node(&w, root, true, 0, err) < 0 ? -1 : 0;
}
