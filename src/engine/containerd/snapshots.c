/* SPDX-License-Identifier: Apache-2.0 */
/* snapshots.c - unpack layers into the daemon's snapshots, and those of containers on top. */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/containerd/store.h"
#include "image/put.h"

#include "diff.pb-c.h"
#include "snapshots.pb-c.h"

/* From: containerd labels and unpacker: which snapshot a temporary one will become. */
#define REF_LABEL "containerd.io/snapshot.ref"

int hp_containerd__snapshot_exists(struct hp_store *store, const char *chain,
				   struct hp_error *err)
{
	struct containerd_store *s = hp_containerd__store_of(store);
	Hp__StatSnapshotRequest request = HP__STAT_SNAPSHOT_REQUEST__INIT;
	AUTO_REPLY Hp__StatSnapshotResponse *reply = NULL;

	request.snapshotter = (char *)s->snapshotter;
	request.key = (char *)chain;
	if (hp_containerd__call(s->c, HP_SVC_SNAPSHOTS "Stat", &request.base,
				&hp__stat_snapshot_response__descriptor, &reply, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return hp_wrap(err, "look for snapshot %s", chain);
		hp_error_clear(err);
		return 0;
	}
	return reply->info && reply->info->kind == HP__SNAPSHOT_KIND__SNAPSHOT_COMMITTED;
}

/* A writable snapshot that is to be made. */
struct wanted {
	const char *snapshotter;
	const char *key;
	const char *parent;
	const char *label; /* value of REF_LABEL; NULL: none */
};

static int prepare(struct containerd *c, const struct wanted *w,
		   Hp__PrepareSnapshotResponse **ret, struct hp_error *err)
{
	Hp__PrepareSnapshotRequest request = HP__PREPARE_SNAPSHOT_REQUEST__INIT;
	Hp__Pair pair = HP__PAIR__INIT;
	Hp__Pair *pairs[] = {&pair};

	pair.key = (char *)REF_LABEL;
	pair.value = (char *)w->label;
	request.snapshotter = (char *)w->snapshotter;
	request.key = (char *)w->key;
	request.parent = (char *)w->parent;
	request.labels = pairs;
	request.n_labels = w->label ? 1 : 0;
	/* A snapshotter that copies its parent ("native") takes its time. */
	return hp_rpc_call(
		HP_RPC_TO(c->grpc, HP_SVC_SNAPSHOTS "Prepare", hp_containerd__long_deadline(c)),
		&request.base, &hp__prepare_snapshot_response__descriptor, ret, err);
}

static int apply_diff(struct containerd *c, const struct hp_descriptor *layer,
		      const char *diff_id, const Hp__PrepareSnapshotResponse *prepared,
		      struct hp_error *err)
{
	Hp__ApplyRequest request = HP__APPLY_REQUEST__INIT;
	Hp__Descriptor diff = HP__DESCRIPTOR__INIT;
	AUTO_REPLY Hp__ApplyResponse *reply = NULL;

	diff.media_type = layer->media_type;
	diff.digest = layer->digest;
	diff.size = layer->size;
	request.diff = &diff;
	request.mounts = prepared->mounts;
	request.n_mounts = prepared->n_mounts;
	if (hp_rpc_call(
		    HP_RPC_TO(c->grpc, HP_SVC_DIFF "Apply", hp_containerd__long_deadline(c)),
		    &request.base, &hp__apply_response__descriptor, &reply, err) < 0)
		return -1;
	const char *got = reply->applied ? reply->applied->digest : "";
	if (!hp_str_eq(got, diff_id))
		return hp_fail(err, HP_ECORRUPT,
			       "it unpacks to %.80s, but the image's config says %s", got,
			       diff_id);
	return 0;
}

static int commit(struct containerd_store *s, const char *key, const char *chain,
		  struct hp_error *err)
{
	Hp__CommitSnapshotRequest request = HP__COMMIT_SNAPSHOT_REQUEST__INIT;

	request.snapshotter = (char *)s->snapshotter;
	request.name = (char *)chain;
	request.key = (char *)key;
	return hp_rpc_call(HP_RPC_TO(s->c->grpc, HP_SVC_SNAPSHOTS "Commit",
				     hp_containerd__long_deadline(s->c)),
			   &request.base, NULL, NULL, err);
}

int hp_containerd__snapshot_apply(struct hp_store *store, const struct hp_descriptor *layer,
				  const char *diff_id, const char *parent, const char *chain,
				  struct hp_error *err)
{
	struct containerd_store *s = hp_containerd__store_of(store);
	AUTO_REPLY Hp__PrepareSnapshotResponse *prepared = NULL;
	AUTO_FREE char *unique = hp_put_ref("unpack");
	/* From: containerd's unpacker: clean-up tools know temporary snapshots by this name. */
	AUTO_FREE char *key = hp_sprintf("extract-%" PRId64 "-%s %s",
					 hp_clock_unix_ns() % 1000000000, unique, chain);
	const struct wanted wanted = {s->snapshotter, key, parent, chain};
	struct hp_error ignored = HP_ERROR_INIT;

	if (prepare(s->c, &wanted, &prepared, err) < 0) {
		/* Some snapshotters say so when they have the layer already. */
		if (err->code == HP_EEXISTS &&
		    hp_containerd__snapshot_exists(store, chain, &ignored) == 1) {
			hp_error_clear(err);
			return 0;
		}
		(void)hp_wrap(err, "unpack %s with snapshotter '%s'", layer->digest,
			      s->snapshotter);
		return hp_containerd__storage_failed(err);
	}
	if (apply_diff(s->c, layer, diff_id, prepared, err) == 0 &&
	    commit(s, key, chain, err) == 0)
		return 0;
	(void)hp_containerd__snapshot_remove(s->c, s->snapshotter, key, &ignored);
	if (err->code == HP_EEXISTS) {
		hp_error_clear(err);
		return 0;
	}
	(void)hp_wrap(err, "unpack %s with snapshotter '%s'", layer->digest, s->snapshotter);
	return hp_containerd__storage_failed(err);
}

int hp_containerd__snapshot_prepare(struct containerd *c, const char *snapshotter,
				    const char *key, const char *parent, struct hp_error *err)
{
	const struct wanted wanted = {snapshotter, key, parent, NULL};
	AUTO_REPLY Hp__PrepareSnapshotResponse *reply = NULL;

	if (prepare(c, &wanted, &reply, err) < 0) {
		(void)hp_wrap(err, "make snapshot '%s' with snapshotter '%s'", key,
			      snapshotter);
		return hp_containerd__storage_failed(err);
	}
	return 0;
}

int hp_containerd__snapshot_mounts(struct containerd *c, const char *snapshotter,
				   const char *key, void *ret_mounts_response,
				   struct hp_error *err)
{
	Hp__MountsRequest request = HP__MOUNTS_REQUEST__INIT;

	request.snapshotter = (char *)snapshotter;
	request.key = (char *)key;
	if (hp_containerd__call(c, HP_SVC_SNAPSHOTS "Mounts", &request.base,
				&hp__mounts_response__descriptor, ret_mounts_response, err) < 0)
		return hp_wrap(err, "mounts of snapshot '%s'", key);
	return 0;
}

int hp_containerd__snapshot_remove(struct containerd *c, const char *snapshotter,
				   const char *key, struct hp_error *err)
{
	Hp__RemoveSnapshotRequest request = HP__REMOVE_SNAPSHOT_REQUEST__INIT;

	request.snapshotter = (char *)snapshotter;
	request.key = (char *)key;
	if (hp_rpc_call(HP_RPC_TO(c->grpc, HP_SVC_SNAPSHOTS "Remove",
				  hp_containerd__long_deadline(c)),
			&request.base, NULL, NULL, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return hp_wrap(err, "remove snapshot '%s'", key);
		hp_error_clear(err);
	}
	return 0;
}
