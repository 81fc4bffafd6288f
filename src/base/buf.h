/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h - bytes: a borrowed view, and a buffer born with a maximum. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Borrowed bytes. */
struct hp_bytes {
	const uint8_t *data;
	size_t len;
};
#define HP_BYTES(ptr, length)                                                                  \
	((struct hp_bytes){.data = (const uint8_t *)(ptr), .len = (length)})
struct hp_bytes hp_bytes_str(const char *s); /* without the NUL */

/* A growing buffer. data is NULL while empty and never NUL-terminated unless said so. */
struct hp_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;
};

/* Make an empty buffer that refuses to hold more than @max bytes. */
void hp_buf_init(struct hp_buf *b, size_t max);
void hp_buf_free(struct hp_buf *b); /* empties it; it can be used again */
HP_AUTO_VALUE(struct hp_buf, hp_buf_free);

/* Append. Fails: HP_EEXHAUSTED - it would hold more than its maximum; nothing is appended. */
int hp_buf_add(struct hp_buf *b, const void *data, size_t len, struct hp_error *err) MUST_CHECK;
int hp_buf_printf(struct hp_buf *b, struct hp_error *err, const char *fmt, ...)
	PRINTF(3, 4) MUST_CHECK;
/* Room for @len more bytes, for the caller to fill and then count in b->len. NULL as above. */
uint8_t *hp_buf_reserve(struct hp_buf *b, size_t len, struct hp_error *err) MUST_CHECK;
/* Drop @len bytes from the front. */
void hp_buf_drop(struct hp_buf *b, size_t len);
struct hp_bytes hp_buf_bytes(const struct hp_buf *b);
/* Hand the content over as a string; the buffer is empty afterwards. Owns: the caller. */
char *hp_buf_take_str(struct hp_buf *b);
