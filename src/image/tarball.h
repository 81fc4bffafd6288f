/* SPDX-License-Identifier: Apache-2.0 */
/* tarball.h - the members of a tar that comes from a source: plain, gzip or zstd.
 * Types of libarchive stay in the .c files. */
#pragma once
#include "image/source.h"
#include "wire/digest.h"

enum hp_packing { HP_PACKING_NONE, HP_PACKING_GZIP, HP_PACKING_ZSTD };

/* How data that begins with @head is packed. From: RFC 1952 section 2.3.1, RFC 8878 section 3.1. */
enum hp_packing hp_packing_of(struct hp_bytes head);

struct hp_tarball; /* a tar under way */

enum hp_member_type { HP_MEMBER_FILE, HP_MEMBER_LINK, HP_MEMBER_OTHER };

/* One member. Strings are good until the next one is asked for. */
struct hp_tar_member {
	enum hp_member_type type;
	const char *name; /* without a leading "./" or trailing "/"; "" for the root itself */
	const char *link; /* of a link, from the root of the archive; "" when absolute */
	int64_t size;
};

/* Begin. Borrows @source. With @hash, the digest of the unpacked bytes is made along the way.
 * Fails: HP_ECORRUPT - there is nothing, or it is packed in a way that is not supported. */
int hp_tarball__open(struct hp_source *source, bool hash, struct hp_tarball **ret,
		     struct hp_error *err) MUST_CHECK;
void hp_tarball__free(struct hp_tarball *t);
HP_AUTO_PTR(struct hp_tarball, hp_tarball__free);

/* Returns: 1 with the next member, 0 after the last, -1. Fails: HP_ECORRUPT - a damaged tar, a
 * name that is absolute, that leads upwards or is too long, too many members. */
int hp_tarball__next(struct hp_tarball *t, struct hp_tar_member *ret,
		     struct hp_error *err) MUST_CHECK;
/* Returns: 1 with the next piece of the member's data, 0 at its end, -1. Fails: HP_ECORRUPT. */
int hp_tarball__data(struct hp_tarball *t, struct hp_bytes *ret,
		     struct hp_error *err) MUST_CHECK;
/* Read on to the very end of the source, which the tee then has seen whole.
 * ret_digest: of the unpacked bytes; NULL without hash. Fails: HP_ECORRUPT - bytes follow that
 * belong to nothing. */
int hp_tarball__finish(struct hp_tarball *t, char ret_digest[HP_DIGEST_TEXT],
		       struct hp_error *err) MUST_CHECK;
enum hp_packing hp_tarball__packing(const struct hp_tarball *t);
