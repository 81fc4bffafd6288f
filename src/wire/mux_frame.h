/* SPDX-License-Identifier: Apache-2.0 */
/* mux_frame.h - frames of many byte streams on one channel between the shim and the guest. Ours. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* A frame: stream (u32), length of the payload or amount of credit (u32), type (u8), three zero
 * bytes; then the payload. Numbers are little-endian.
 * From: this header; the guest is of the same build, hello.version tells. */
#define HP_MUX_HEADER  12
#define HP_MUX_PAYLOAD (64 * 1024)  /* the most bytes in a frame */
#define HP_MUX_WINDOW  (256 * 1024) /* credit that each direction of a stream begins with */

enum hp_mux_type {
	HP_MUX_DATA = 1,   /* payload */
	HP_MUX_CREDIT = 2, /* so many bytes more may be sent to me; no payload */
	HP_MUX_END = 3,    /* I send no more */
	HP_MUX_RESET = 4,  /* I take no more: stop sending */
	HP_MUX_MARK = 5,   /* the process has ended, and all it had written is before this */
};

struct hp_mux_frame {
	uint32_t stream;
	uint8_t type;
	uint32_t credit;         /* of HP_MUX_CREDIT */
	struct hp_bytes payload; /* of HP_MUX_DATA; borrowed */
};

/* Take the next whole frame from the front of @in. Returns: bytes used, 0: no whole frame yet, -1.
 * Fails: HP_EPROTO - unknown type, payload over the limit, bytes that must be zero. */
ssize_t hp_mux_frame_next(struct hp_bytes in, struct hp_mux_frame *ret,
			  struct hp_error *err) MUST_CHECK;
/* Append a frame. Fails: HP_EEXHAUSTED - @out is full, or the payload is over the limit. */
int hp_mux_frame_put(struct hp_buf *out, const struct hp_mux_frame *f,
		     struct hp_error *err) MUST_CHECK;
