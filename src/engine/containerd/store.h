/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - the daemon's image storage as a struct hp_store, and what its files share. */
#pragma once
#include "engine/containerd/containerd.h"

struct containerd_store {
	struct hp_store base;
	struct containerd *c;
	const char *snapshotter; /* borrowed: the client's, or the one a container asks for */
	char *lease;             /* NULL: nothing is held */

	/* The blob that is written; one at a time. */
	struct hp_rpc write; /* .call is NULL when no stream is open */
	char *ref;           /* NULL: none is open */
	bool there;          /* the daemon has this blob already: swallow the data */
	int64_t sent, acked; /* bytes */
	struct hp_buf pending;
};

static inline struct containerd_store *hp_containerd__store_of(struct hp_store *s)
{
	return container_of(s, struct containerd_store, base);
}

/* The deadline of work whose time depends on how much there is to move: an upload, an unpacked
 * layer, a garbage collection. */
int64_t hp_containerd__long_deadline(const struct containerd *c);
/* Give a failed write or unpack the code that its text tells: a full disk is HP_EEXHAUSTED, with
 * what to do. Always returns -1. */
int hp_containerd__storage_failed(struct hp_error *err);

/* leases.c */
int hp_containerd__hold_begin(struct hp_store *s, struct hp_error *err);
int hp_containerd__hold_end(struct hp_store *s, struct hp_error *err);

/* content.c */
int hp_containerd__blob_stat(struct hp_store *s, const char *digest, int64_t *ret_size,
			     struct hp_error *err);
int hp_containerd__blob_open(struct hp_store *s, const char *ref, int64_t size,
			     const char *digest, struct hp_error *err);
int hp_containerd__blob_data(struct hp_store *s, const void *data, size_t len,
			     struct hp_error *err);
int hp_containerd__blob_commit(struct hp_store *s, int64_t size, const char *digest,
			       const struct hp_blob_label *labels, size_t n_labels,
			       struct hp_error *err);
void hp_containerd__blob_abort(struct hp_store *s);
int hp_containerd__blob_read(struct hp_store *s, const char *digest,
			     int (*sink)(void *arg, struct hp_bytes data, struct hp_error *err),
			     void *arg, struct hp_error *err);
int hp_containerd__blob_label(struct hp_store *s, const char *digest, const char *key,
			      const char *value, struct hp_error *err);

/* snapshots.c */
int hp_containerd__snapshot_exists(struct hp_store *s, const char *chain, struct hp_error *err);
int hp_containerd__snapshot_apply(struct hp_store *s, const struct hp_descriptor *layer,
				  const char *diff_id, const char *parent, const char *chain,
				  struct hp_error *err);

/* Remove an image's name; there is none: success. With @collect, what the name alone kept is gone
 * when the call returns. */
int hp_containerd__image_drop(struct containerd *c, const char *name, bool collect,
			      struct hp_error *err);
/* Fill @ret from the protocol's descriptor. Fails: HP_EPROTO - no digest, a negative size. */
int hp_containerd__descriptor(const Hp__Descriptor *from, struct hp_descriptor *ret,
			      struct hp_error *err);
