/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h - content digests, "sha256:" and 64 hex digits.
 * From: OCI image-spec descriptor.md, "Digests". */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

#define HP_DIGEST_TEXT 72 /* "sha256:", 64 digits, NUL */

struct hp_digest; /* a SHA-256 under way */

struct hp_digest *hp_digest_new(void);
void hp_digest_free(struct hp_digest *d);
HP_AUTO_PTR(struct hp_digest, hp_digest_free);
void hp_digest_add(struct hp_digest *d, const void *data, size_t len);
/* End it; only hp_digest_free() may follow. */
void hp_digest_end(struct hp_digest *d, char ret_text[HP_DIGEST_TEXT]);

void hp_digest_of(struct hp_bytes data, char ret_text[HP_DIGEST_TEXT]);
/* Is it "sha256:" and 64 lower-case hex digits? */
bool hp_digest_valid(const char *text);
/* The chain ID of a layer on top of @parent (NULL for the base).
 * From: OCI image-spec config.md, "Layer ChainID". */
void hp_digest_chain(const char *parent, const char *diff_id, char ret_text[HP_DIGEST_TEXT]);
