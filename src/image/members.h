/* SPDX-License-Identifier: Apache-2.0 */
/* members.h - the members of an archive of images, after all of it went by once: documents in
 * memory, everything else in the store. */
#pragma once
#include "image/put.h"
#include "image/tarball.h"

struct hp_member {
	char *name;
	char *link;   /* not NULL: a link to this name; no more is known of it */
	char *text;   /* not NULL: a document, NUL-terminated */
	int64_t size; /* of the text or the blob */
	char digest
		[HP_DIGEST_TEXT]; /* of the blob in the store; "" as long as it is not there */
	enum hp_packing packing;
};

struct hp_members {
	struct hp_member *items;
	size_t count;
	size_t text_bytes; /* of all texts */
};
void hp_members__clear(struct hp_members *m);
HP_AUTO_VALUE(struct hp_members, hp_members__clear);

/* Read a whole archive. Blobs of an OCI layout are written under the digest in their name.
 * Fails: HP_ECORRUPT - damaged, a wrong digest, over 16,384 members; HP_EEXHAUSTED. */
int hp_members__read(struct hp_store *s, struct hp_tarball *t, struct hp_members *ret,
		     struct hp_error *err) MUST_CHECK;
/* The member called @name, links followed. Returns: NULL when there is none. */
struct hp_member *hp_members__find(struct hp_members *m, const char *name);
/* See that @member is a blob in the store, and not in memory only. */
int hp_members__store(struct hp_store *s, struct hp_member *member,
		      struct hp_error *err) MUST_CHECK;
/* Its text, from memory or from the store. */
int hp_members__text(struct hp_store *s, const struct hp_member *member, struct hp_buf *ret,
		     struct hp_error *err) MUST_CHECK;
