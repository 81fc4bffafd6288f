/* SPDX-License-Identifier: Apache-2.0 */
/* image-pull.h - images made in memory, in a registry of the test's, and a store to pull them to. */
#pragma once
#include "image-registry.h"
#include "image-world.h"
#include "image/pull.h"

#define SERVED_MAX 24

struct pull_world {
	struct fake_store store;
	struct hp_store *writer;
	struct hp_pull_into into;
	struct http_answer answers[SERVED_MAX];
	struct hp_strv texts; /* what the answers point to */
	size_t n;
	struct http_peer peer;
	char *name; /* of tag 1 */
	char *dir;
};

static inline const char *keep(struct pull_world *w, char *take_text)
{
	hp_strv_take(&w->texts, take_text);
	return take_text;
}

/* Serve @data below "/v2/a/b/". @type: its Content-Type, NULL for a blob. */
static inline void serve_bytes(struct pull_world *w, const char *path, const void *data,
			       size_t len, const char *type)
{
	char digest[HP_DIGEST_TEXT];

	assert_true(w->n < SERVED_MAX);
	hp_digest_of(HP_BYTES(data, len), digest);
	w->answers[w->n++] = (struct http_answer){
		.path = keep(w, hp_sprintf("/v2/a/b/%s", path)),
		.status = "200 OK",
		.headers = type ? keep(w, hp_sprintf("Content-Type: %s\r\n"
						     "Docker-Content-Digest: %s\r\n",
						     type, digest))
				: NULL,
		.body = data,
		.len = len,
	};
}

static inline void serve_blob(struct pull_world *w, const char *digest, const void *data,
			      size_t len)
{
	AUTO_FREE char *path = hp_sprintf("blobs/%s", digest);

	serve_bytes(w, path, data, len, NULL);
}

/* Serve all of @d, its manifest also under @tag unless that is NULL. */
static inline void serve_image(struct pull_world *w, const struct fake_docs *d, const char *tag)
{
	AUTO_FREE char *by_digest = hp_sprintf("manifests/%s", d->manifest_digest);
	AUTO_FREE char *by_tag = hp_sprintf("manifests/%s", tag ? tag : "");

	for (int i = 0; i < 2; i++)
		serve_blob(w, d->layer_digests[i], d->layers[i].data, d->layers[i].len);
	serve_blob(w, d->config_digest, d->config, strlen(d->config));
	serve_bytes(w, by_digest, d->manifest, strlen(d->manifest), HP_MT_OCI_MANIFEST);
	if (tag)
		serve_bytes(w, by_tag, d->manifest, strlen(d->manifest), HP_MT_OCI_MANIFEST);
}

/* After all is served. */
static inline void pull_begin(struct pull_world *w)
{
	http_peer_start(&w->peer, w->answers, w->n);
	w->name = hp_sprintf("%s/a/b:1", w->peer.url + strlen("http://"));
	w->dir = scratch_new();
}

static inline void pull_empty(struct pull_world *w)
{
	fake_store_init(&w->store);
	w->writer = &w->store.base;
	w->into = (struct hp_pull_into){
		.store = &w->store.base, .writers = &w->writer, .n_writers = 1};
}

static inline void pull_end(struct pull_world *w)
{
	http_peer_stop(&w->peer);
	fake_store_clear(&w->store);
	hp_strv_free(&w->texts);
	scratch_free(w->dir);
	free(w->name);
}
