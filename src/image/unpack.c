/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - turn an image's layers into a chain of snapshots, each on top of the one before. */
#include "image/unpack.h"

#include "base/alloc.h"
#include "image/put.h"
#include "wire/digest.h"

int hp_image__unpack_layer(struct hp_store *s, const struct hp_resolved_image *image, size_t i,
			   char chain_of_it[HP_DIGEST_TEXT], struct hp_error *err)
{
	const struct hp_descriptor *layer = &image->parsed.children[i];
	const char *diff_id = image->config.diff_ids.items[i];
	char chain[HP_DIGEST_TEXT];

	hp_digest_chain(i ? chain_of_it : NULL, diff_id, chain);
	const int there = s->ops->snapshot_exists(s, chain, err);
	if (there < 0)
		return -1;
	if (!there && s->ops->snapshot_apply(s, layer, diff_id, chain_of_it, chain, err) < 0)
		return -1;
	if (!there &&
	    s->ops->blob_label(s, layer->digest, HP_LABEL_UNCOMPRESSED, diff_id, err) < 0)
		return -1;
	memcpy(chain_of_it, chain, sizeof(chain));
	return 0;
}

/* From: containerd's own unpacker: the label on the config keeps the chain as long as an image
 * leads to the config. */
int hp_image__unpack_label(struct hp_store *s, const struct hp_resolved_image *image,
			   struct hp_error *err)
{
	AUTO_FREE char *key = hp_sprintf(HP_GC_SNAPSHOT "%s", s->ops->snapshotter(s));

	if (image->chain[0] == 0)
		return 0;
	return s->ops->blob_label(s, image->parsed.config.digest, key, image->chain, err);
}

int hp_image__unpack_held(struct hp_store *s, const struct hp_resolved_image *image,
			  struct hp_error *err)
{
	const size_t n = image->config.diff_ids.count;
	char chain[HP_DIGEST_TEXT] = "";

	for (size_t i = 0; i < n; i++)
		if (hp_image__unpack_layer(s, image, i, chain, err) < 0)
			return hp_wrap(err, "unpack layer %zu of %zu", i + 1, n);
	return hp_image__unpack_label(s, image, err);
}

int hp_image_unpack(struct hp_store *s, const struct hp_resolved_image *image,
		    struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (image->chain[0] == 0)
		return 0;
	const int there = s->ops->snapshot_exists(s, image->chain, err);
	if (there != 0)
		return there < 0 ? -1 : 0;
	if (s->ops->hold_begin(s, err) < 0)
		return -1;
	if (hp_image__unpack_held(s, image, err) < 0) {
		(void)s->ops->hold_end(s, &ignored);
		return -1;
	}
	return s->ops->hold_end(s, err);
}
