/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c - SHA-256 over nettle, and the texts of digests and chain IDs. */
#include "wire/digest.h"

#include <nettle/sha2.h>

#include "base/alloc.h"
#include "base/str.h"

/* From: OCI image-spec descriptor.md, "SHA-256". */
#define PREFIX     "sha256:"
#define HEX_DIGITS 64
#define RAW_BYTES  32

struct hp_digest {
	struct sha256_ctx ctx;
};

struct hp_digest *hp_digest_new(void)
{
	struct hp_digest *d = hp_alloc(sizeof(*d));

	sha256_init(&d->ctx);
	return d;
}

void hp_digest_free(struct hp_digest *d)
{
	free(d);
}

void hp_digest_add(struct hp_digest *d, const void *data, size_t len)
{
	if (len > 0)
		sha256_update(&d->ctx, len, data);
}

void hp_digest_end(struct hp_digest *d, char ret_text[HP_DIGEST_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t raw[RAW_BYTES];
	char *out = ret_text + sizeof(PREFIX) - 1;

	sha256_digest(&d->ctx, sizeof(raw), raw);
	memcpy(ret_text, PREFIX, sizeof(PREFIX));
	for (size_t i = 0; i < RAW_BYTES; i++) {
		*out++ = hex[raw[i] >> 4];
		*out++ = hex[raw[i] & 15];
	}
	*out = '\0';
}

void hp_digest_of(struct hp_bytes data, char ret_text[HP_DIGEST_TEXT])
{
	AUTO(hp_digest_free) struct hp_digest *d = hp_digest_new();

	hp_digest_add(d, data.data, data.len);
	hp_digest_end(d, ret_text);
}

bool hp_digest_valid(const char *text)
{
	if (!text || !hp_str_starts(text, PREFIX))
		return false;

	const char *digits = text + sizeof(PREFIX) - 1;

	return strspn(digits, "0123456789abcdef") == HEX_DIGITS && digits[HEX_DIGITS] == '\0';
}

void hp_digest_chain(const char *parent, const char *diff_id, char ret_text[HP_DIGEST_TEXT])
{
	AUTO(hp_digest_free) struct hp_digest *d = NULL;

	if (!parent) {
		snprintf(ret_text, HP_DIGEST_TEXT, "%s", diff_id);
		return;
	}
	d = hp_digest_new();
	hp_digest_add(d, parent, strlen(parent));
	hp_digest_add(d, " ", 1);
	hp_digest_add(d, diff_id, strlen(diff_id));
	hp_digest_end(d, ret_text);
}
