/* SPDX-License-Identifier: Apache-2.0 */
/* image.h - import, unpack, export and read images on any hp_store. */
#pragma once
#include "base/str.h"
#include "image/store.h"
#include <harpoon/image.h>

/* Bring images in from an archive; see hp_engine_import(). ret_names: the names given. */
int hp_image_import(struct hp_store *s, const struct hp_import *what, struct hp_strv *ret_names,
		    struct hp_error *err) MUST_CHECK;
/* Write images as an OCI layout tar (with docker's manifest.json, so that docker load takes it
 * too) to @fd. @names are names in the store. */
int hp_image_export(struct hp_store *s, const char *const *names, int fd,
		    struct hp_error *err) MUST_CHECK;

/* What a name leads to on this machine. */
struct hp_resolved_image {
	struct hp_descriptor target;   /* what the name points to */
	struct hp_descriptor manifest; /* for this platform */
	struct hp_image_config config;
	struct hp_manifest parsed;
	char chain[72]; /* chain ID of the top layer, "" when there is no layer */
};
/* Follow name -> (index) -> manifest -> config. Fails: HP_ENOTFOUND - no such name or content, or
 * nothing for this platform; HP_ECORRUPT. */
int hp_image_resolve(struct hp_store *s, const char *name, struct hp_resolved_image *ret,
		     struct hp_error *err) MUST_CHECK;
int hp_image_resolve_target(struct hp_store *s, const struct hp_descriptor *target,
			    struct hp_resolved_image *ret, struct hp_error *err) MUST_CHECK;
void hp_resolved_image_clear(struct hp_resolved_image *r);
HP_AUTO_VALUE(struct hp_resolved_image, hp_resolved_image_clear);
/* Make its snapshots, base first; those that exist are kept. Sets the gc label that keeps the
 * chain alive. Cheap when all is there. */
int hp_image_unpack(struct hp_store *s, const struct hp_resolved_image *image,
		    struct hp_error *err) MUST_CHECK;
