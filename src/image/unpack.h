/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - unpack for those in this folder that hold the store already. */
#pragma once
#include "image/image.h"

/* As hp_image_unpack(), between hold_begin and hold_end of the caller; the label is always set. */
int hp_image__unpack_held(struct hp_store *s, const struct hp_resolved_image *image,
			  struct hp_error *err) MUST_CHECK;
