/* SPDX-License-Identifier: Apache-2.0 */
/* import.h - what the kinds of archives have in common on their way in. */
#pragma once
#include "image/image.h"
#include "image/members.h"

/* An image that has been brought in and awaits its name. */
struct hp_found {
	char *name; /* full */
	struct hp_descriptor target;
};
struct hp_founds {
	struct hp_found *items;
	size_t count;
};
/* @name may be short. Fails: HP_EINVALID - it is no reference; HP_ECORRUPT - too many. */
int hp_founds__add(struct hp_founds *f, const char *name, const struct hp_descriptor *target,
		   struct hp_error *err) MUST_CHECK;
void hp_founds__clear(struct hp_founds *f);
HP_AUTO_VALUE(struct hp_founds, hp_founds__clear);

/* Nothing names image @digest of the archive: say what to do. Returns: -1. */
int hp_import__nameless(const char *digest, struct hp_error *err);
/* One name was asked for, but the archive holds more images. Returns: -1. */
int hp_import__too_many(size_t n, const char *name, struct hp_error *err);

/* Write a manifest made from @config and @layers with the labels that keep them, and fill its
 * descriptor. */
int hp_import__manifest(struct hp_store *s, const struct hp_descriptor *config,
			const struct hp_descriptor *layers, size_t n_layers,
			struct hp_descriptor *ret, struct hp_error *err) MUST_CHECK;
void hp_import__describe(struct hp_descriptor *ret, const char *media_type, const char *digest,
			 int64_t size); /* @ret is empty before */
/* The media type of a layer packed like that. */
const char *hp_import__layer_type(enum hp_packing packing);

/* import_rootfs.c: one layer, stored as it comes. */
int hp_import__rootfs(struct hp_store *s, struct hp_source *source, struct hp_founds *found,
		      struct hp_error *err) MUST_CHECK;
/* import_oci.c: what an index.json leads to; @layout_fd is the directory that has the blobs, -1
 * when all are in the store already. */
int hp_import__oci(struct hp_store *s, const struct hp_import *what, struct hp_bytes index,
		   int layout_fd, struct hp_founds *found, struct hp_error *err) MUST_CHECK;
int hp_import__oci_dir(struct hp_store *s, const struct hp_import *what,
		       struct hp_founds *found, struct hp_error *err) MUST_CHECK;
/* import_docker.c: the images of a docker archive's manifest.json. */
int hp_import__docker(struct hp_store *s, const struct hp_import *what,
		      struct hp_members *members, struct hp_founds *found,
		      struct hp_error *err) MUST_CHECK;
