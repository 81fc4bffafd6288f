/* SPDX-License-Identifier: Apache-2.0 */
/* pull.h - bring an image from a registry into a store, and what the files of that share. */
#pragma once
#include "image/image.h"
#include "image/registry.h"

/* Where it goes. A store writes one blob at a time, so that as many come at once as there are
 * writers; all of them and @store show the same storage, and @store's hold holds for them. */
struct hp_pull_into {
	struct hp_store *store;
	struct hp_store *const *writers; /* @store may be one, then the only one */
	size_t n_writers;
};
/* See hp_engine_pull(). ret: empty before. */
int hp_image_pull(const struct hp_pull_into *into, const struct hp_pull *what,
		  struct hp_pulled *ret, struct hp_error *err) MUST_CHECK;

/* pull_blobs.c: the config and the layers of a manifest. */
struct hp_pull_blobs {
	const struct hp_pull_into *into;
	const struct hp_pull *what;
	struct hp_registry *registry;
	const struct hp_manifest *manifest;
	const struct hp_blob_label *labels; /* for each blob that is written */
	size_t n_labels;
};
/* Bring those that the store lacks. When it fails, nothing is being written any more. */
int hp_pull__blobs(const struct hp_pull_blobs *b, struct hp_error *err) MUST_CHECK;
/* Tell how layer @i of @manifest stands. */
void hp_pull__tell(const struct hp_pull *what, const struct hp_manifest *manifest, size_t i,
		   enum hp_pull_state state, int64_t done);
