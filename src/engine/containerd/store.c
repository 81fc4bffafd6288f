/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - the daemon's image storage: its table of operations, and image names. */
#include "engine/containerd/store.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "wire/digest.h"

#include "images.pb-c.h"

#define LONG_TIMEOUT_MS 3600000

int64_t hp_containerd__long_deadline(const struct containerd *c)
{
	return hp_deadline_in(c->base.timeout_ms > LONG_TIMEOUT_MS ? c->base.timeout_ms
								   : LONG_TIMEOUT_MS);
}

/* The daemon passes the text of errno on, but not its number.
 * From: strerror(3) as Go's syscall package spells ENOSPC and EDQUOT. */
int hp_containerd__storage_failed(struct hp_error *err)
{
	if (!strstr(err->msg, "no space left on device") &&
	    !strstr(err->msg, "disk quota exceeded"))
		return -1;
	err->code = HP_EEXHAUSTED;
	return hp_wrap(err, "the disk of the daemon's root directory is full; free some space "
			    "or remove images with `harpoon rmi`");
}

int hp_containerd__descriptor(const Hp__Descriptor *from, struct hp_descriptor *ret,
			      struct hp_error *err)
{
	if (!from || !hp_digest_valid(from->digest) || from->size < 0)
		return hp_fail(err, HP_EPROTO,
			       "the daemon's image points to nothing that can be read");
	*ret = (struct hp_descriptor){
		.media_type = hp_strdup(from->media_type),
		.digest = hp_strdup(from->digest),
		.size = from->size,
		.os = hp_strdup(""),
		.arch = hp_strdup(""),
		.variant = hp_strdup(""),
		.ref_name = hp_strdup(""),
		.image_name = hp_strdup(""),
	};
	return 0;
}

static const char *snapshotter(struct hp_store *s)
{
	return hp_containerd__store_of(s)->snapshotter;
}

static int image_put(struct hp_store *s, const char *name, const struct hp_descriptor *target,
		     struct hp_error *err)
{
	struct containerd *c = hp_containerd__store_of(s)->c;
	Hp__Descriptor to = HP__DESCRIPTOR__INIT;
	Hp__Image image = HP__IMAGE__INIT;
	Hp__CreateImageRequest create = HP__CREATE_IMAGE_REQUEST__INIT;
	Hp__UpdateImageRequest update = HP__UPDATE_IMAGE_REQUEST__INIT;
	Hp__FieldMask mask = HP__FIELD_MASK__INIT;
	char *paths[] = {(char *)"target"};

	to.media_type = target->media_type;
	to.digest = target->digest;
	to.size = target->size;
	image.name = (char *)name;
	image.target = &to;
	create.image = &image;
	if (hp_containerd__call(c, HP_SVC_IMAGES "Create", &create.base, NULL, NULL, err) == 0)
		return 0;
	if (err->code != HP_EEXISTS)
		return hp_wrap(err, "name image '%s'", name);

	hp_error_clear(err);
	mask.n_paths = 1;
	mask.paths = paths;
	update.image = &image;
	update.update_mask = &mask;
	if (hp_containerd__call(c, HP_SVC_IMAGES "Update", &update.base, NULL, NULL, err) < 0)
		return hp_wrap(err, "name image '%s'", name);
	return 0;
}

static int image_get(struct hp_store *s, const char *name, struct hp_descriptor *ret_target,
		     struct hp_error *err)
{
	struct containerd *c = hp_containerd__store_of(s)->c;
	Hp__GetImageRequest request = HP__GET_IMAGE_REQUEST__INIT;
	AUTO_REPLY Hp__GetImageResponse *reply = NULL;

	request.name = (char *)name;
	if (hp_containerd__call(c, HP_SVC_IMAGES "Get", &request.base,
				&hp__get_image_response__descriptor, &reply, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return hp_wrap(err, "look for image '%s'", name);
		hp_error_clear(err);
		return 0;
	}
	if (hp_containerd__descriptor(reply->image ? reply->image->target : NULL, ret_target,
				      err) < 0)
		return hp_wrap(err, "image '%s'", name);
	return 1;
}

int hp_containerd__image_drop(struct containerd *c, const char *name, bool collect,
			      struct hp_error *err)
{
	Hp__DeleteImageRequest request = HP__DELETE_IMAGE_REQUEST__INIT;

	request.name = (char *)name;
	request.sync = collect;
	if (hp_rpc_call(
		    HP_RPC_TO(c->grpc, HP_SVC_IMAGES "Delete", hp_containerd__long_deadline(c)),
		    &request.base, NULL, NULL, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return hp_wrap(err, "remove image '%s'", name);
		hp_error_clear(err);
	}
	return 0;
}

static int image_drop(struct hp_store *s, const char *name, struct hp_error *err)
{
	return hp_containerd__image_drop(hp_containerd__store_of(s)->c, name, true, err);
}

static const struct hp_store_ops store_ops = {
	.hold_begin = hp_containerd__hold_begin,
	.hold_end = hp_containerd__hold_end,
	.blob_stat = hp_containerd__blob_stat,
	.blob_open = hp_containerd__blob_open,
	.blob_data = hp_containerd__blob_data,
	.blob_commit = hp_containerd__blob_commit,
	.blob_abort = hp_containerd__blob_abort,
	.blob_read = hp_containerd__blob_read,
	.blob_label = hp_containerd__blob_label,
	.snapshot_exists = hp_containerd__snapshot_exists,
	.snapshot_apply = hp_containerd__snapshot_apply,
	.snapshotter = snapshotter,
	.image_put = image_put,
	.image_get = image_get,
	.image_drop = image_drop,
};

struct hp_store *hp_containerd__store_new(struct containerd *c)
{
	struct containerd_store *s = hp_alloc(sizeof(*s));

	s->base.ops = &store_ops;
	s->c = c;
	s->snapshotter = c->snapshotter;
	return &s->base;
}

void hp_containerd__store_use(struct hp_store *s, const char *snapshotter)
{
	hp_containerd__store_of(s)->snapshotter = snapshotter;
}

void hp_containerd__store_free(struct hp_store *store)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (!store)
		return;
	struct containerd_store *s = hp_containerd__store_of(store);
	hp_containerd__blob_abort(store);
	if (s->lease)
		(void)hp_containerd__hold_end(store, &ignored);
	free(s);
}
