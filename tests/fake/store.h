/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - an image store in memory that fails on demand and collects garbage as containerd does. */
#pragma once
#include "base/labels.h"
#include "image/store.h"
#include "wire/digest.h"

#define FAKE_SNAPSHOTTER "memory"

struct fake_blob {
	char digest[HP_DIGEST_TEXT];
	uint8_t *data;
	size_t len;
	struct hp_labels labels;
	bool marked;
};

struct fake_snapshot {
	char *chain;
	char *parent;
	bool marked;
};

struct fake_image {
	char *name;
	struct hp_descriptor target;
};

struct fake_store {
	struct hp_store base;

	struct fake_blob *blobs;
	size_t n_blobs;
	struct fake_snapshot *snapshots;
	size_t n_snapshots;
	struct fake_image *images;
	size_t n_images;

	bool held;
	char *writing; /* name of the write under way; NULL: none */
	bool there;    /* the blob that is written is there already */
	struct hp_buf data;

	unsigned ops;        /* how many calls there were */
	unsigned fail_at;    /* the number of the call that fails; 0: none */
	const char *failed;  /* which one it was; NULL: none yet */
	size_t disk_bytes;   /* how much fits; 0: any amount */
	bool snapshots_full; /* no layer can be unpacked */
};

void fake_store_init(struct fake_store *f);
void fake_store_clear(struct fake_store *f);
HP_AUTO_VALUE(struct fake_store, fake_store_clear);

/* Returns: NULL when there is none. */
struct fake_blob *fake_store_blob(struct fake_store *f, const char *digest);
const struct fake_image *fake_store_image(const struct fake_store *f, const char *name);
bool fake_store_snapshot(const struct fake_store *f, const char *chain);
/* Put a blob in directly. ret_digest: may be NULL. */
void fake_store_add(struct fake_store *f, const void *data, size_t len, char *ret_digest);
/* Nothing is held, written, or kept without a name. */
bool fake_store_idle(const struct fake_store *f);
/* Drop what no image leads to, as the end of a hold does. */
void fake_store_collect(struct fake_store *f);
