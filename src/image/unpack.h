/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - unpack for those in this folder that hold the store already. */
#pragma once
#include "image/image.h"
#include "wire/digest.h"

/* As hp_image_unpack(), between hold_begin and hold_end of the caller; the label is always set. */
int hp_image__unpack_held(struct hp_store *s, const struct hp_resolved_image *image,
			  struct hp_error *err) MUST_CHECK;
/* Both steps by themselves: make the snapshot of layer @i on top of @chain, which then is its own;
 * "" for layer 0. After the last, set the label. */
int hp_image__unpack_layer(struct hp_store *s, const struct hp_resolved_image *image, size_t i,
			   char chain[HP_DIGEST_TEXT], struct hp_error *err) MUST_CHECK;
int hp_image__unpack_label(struct hp_store *s, const struct hp_resolved_image *image,
			   struct hp_error *err) MUST_CHECK;
