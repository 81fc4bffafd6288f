/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - what import, unpack and export need of an engine's image storage.
 *
 * A small vtable, so that the code here knows archives and images but no engine. The containerd
 * engine implements it over its content, snapshot, diff, lease and image services; tests have
 * one in memory (tests/fake/store.c). Every op wraps its own errors. */
#pragma once
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/oci_image.h"

struct hp_store;

/* Content, by digest. */
struct hp_blob_label {
	const char *key;
	const char *value;
};

struct hp_store_ops {
	/* Hold everything that is written from now on, until end; what nothing refers to is gone
	 * when end returns. Not nested. A killed process' hold ends by itself within a day. */
	int (*hold_begin)(struct hp_store *s, struct hp_error *err);
	int (*hold_end)(struct hp_store *s, struct hp_error *err);

	/* Returns: 1 with the size, 0 when it is not there, -1. */
	int (*blob_stat)(struct hp_store *s, const char *digest, int64_t *ret_size,
			 struct hp_error *err);
	/* Write one blob: open, data any number of times, commit or abort. One at a time.
	 * size: -1 when it is not known yet; digest NULL likewise. After a failed open there is
	 * nothing to abort; abort with nothing open does nothing.
	 * blob_commit fails with HP_ECORRUPT when @digest or the size are not those written; a blob
	 * that is there already is success. HP_EEXHAUSTED: the disk is full. */
	int (*blob_open)(struct hp_store *s, const char *ref, int64_t size, const char *digest,
			 struct hp_error *err);
	int (*blob_data)(struct hp_store *s, const void *data, size_t len,
			 struct hp_error *err);
	int (*blob_commit)(struct hp_store *s, int64_t size, const char *digest,
			   const struct hp_blob_label *labels, size_t n_labels,
			   struct hp_error *err);
	void (*blob_abort)(struct hp_store *s);
	/* Read a blob piecewise into @sink, which returns -1 with its error to stop. */
	int (*blob_read)(struct hp_store *s, const char *digest,
			 int (*sink)(void *arg, struct hp_bytes data, struct hp_error *err),
			 void *arg, struct hp_error *err);
	/* Add or change one label. */
	int (*blob_label)(struct hp_store *s, const char *digest, const char *key,
			  const char *value, struct hp_error *err);

	/* Snapshots, named by chain ID. Returns: 1 there, 0 not. */
	int (*snapshot_exists)(struct hp_store *s, const char *chain, struct hp_error *err);
	/* Apply @layer on top of @parent ("" for none) and commit it as @chain, checking that the
	 * uncompressed digest is @diff_id. There already: success. Fails: HP_ECORRUPT,
	 * HP_EEXHAUSTED; nothing is left then. */
	int (*snapshot_apply)(struct hp_store *s, const struct hp_descriptor *layer,
			      const char *diff_id, const char *parent, const char *chain,
			      struct hp_error *err);
	const char *(*snapshotter)(struct hp_store *s); /* such as "overlayfs" */

	/* Name a manifest or index; an old name is moved. */
	int (*image_put)(struct hp_store *s, const char *name,
			 const struct hp_descriptor *target, struct hp_error *err);
	/* Returns: 1 with *ret_target, 0 when there is no such name, -1. */
	int (*image_get)(struct hp_store *s, const char *name, struct hp_descriptor *ret_target,
			 struct hp_error *err);
	/* Take a name away; there is none: success. */
	int (*image_drop)(struct hp_store *s, const char *name, struct hp_error *err);
};

struct hp_store {
	const struct hp_store_ops *ops;
};
