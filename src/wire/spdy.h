/* SPDX-License-Identifier: Apache-2.0 */
/* spdy.h - frames of SPDY/3.1, as far as kubelet's streaming protocol uses them; no I/O here.
 *
 * What a server tells in compressed headers is not needed, so nothing is ever decompressed; and what
 * we send in them is stored in zlib's frame as it is.
 * From: SPDY Protocol Draft 3.1, section 2; RFC 1950, RFC 1951 section 3.2.4. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* The most bytes in a frame that is taken; Go's servers write 32 KiB at a time. */
#define HP_SPDY_PAYLOAD (1024u * 1024)
#define HP_SPDY_HEADER  8u

enum hp_spdy_type {
	HP_SPDY_DATA,   /* @payload for @stream */
	HP_SPDY_REPLY,  /* the peer has taken @stream */
	HP_SPDY_RESET,  /* the peer has ended @stream, with @number as the reason */
	HP_SPDY_PING,   /* @number is to be sent back when it is one of the peer's */
	HP_SPDY_GOAWAY, /* the peer takes no new streams; @number is the reason */
	HP_SPDY_OTHER,  /* settings, windows and whatever else needs no answer */
};

struct hp_spdy_frame {
	enum hp_spdy_type type;
	uint32_t stream;
	uint32_t number;
	bool fin; /* the peer sends no more on @stream */
	struct hp_bytes payload;
};

/* One header of a new stream. */
struct hp_spdy_pair {
	const char *name; /* in lower case */
	const char *value;
};

/* Take the next whole frame from the front of @in. ret: its payload borrows from @in.
 * Returns: bytes used, 0 when @in holds no whole frame yet, -1.
 * Fails: HP_EPROTO - another version, payload over the limit, a control frame too short. */
ssize_t hp_spdy_frame_next(struct hp_bytes in, struct hp_spdy_frame *ret,
			   struct hp_error *err) MUST_CHECK;

/* Append a frame. @first: it is the first of its connection that has headers.
 * Fails: HP_EEXHAUSTED - @out is full, or the headers exceed 32 KiB. */
int hp_spdy_put_open(struct hp_buf *out, uint32_t stream, const struct hp_spdy_pair *pairs,
		     size_t count, bool first, struct hp_error *err) MUST_CHECK;
int hp_spdy_put_data(struct hp_buf *out, uint32_t stream, struct hp_bytes data, bool fin,
		     struct hp_error *err) MUST_CHECK;
int hp_spdy_put_ping(struct hp_buf *out, uint32_t number, struct hp_error *err) MUST_CHECK;
