/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc.h - ttrpc frames, taken out of bytes and put back; and the request and response that
 * unary calls carry in them. No I/O happens here.
 * From: containerd/ttrpc PROTOCOL.md and request.proto. */
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

#define HP_TTRPC_HEADER  10                /* bytes. From: PROTOCOL.md, "Message Frame" */
#define HP_TTRPC_PAYLOAD (4 * 1024 * 1024) /* the most. From: PROTOCOL.md */

/* From: PROTOCOL.md, "Message Types" and "Message Flags". */
enum hp_ttrpc_type { HP_TTRPC_REQUEST = 1, HP_TTRPC_RESPONSE = 2, HP_TTRPC_DATA = 3 };
enum hp_ttrpc_flag {
	HP_TTRPC_REMOTE_CLOSED = 1,
	HP_TTRPC_REMOTE_OPEN = 2,
	HP_TTRPC_NO_DATA = 4,
};

struct hp_ttrpc_frame {
	uint32_t stream;
	uint8_t type; /* also ones that are not in enum hp_ttrpc_type: ignore those */
	uint8_t flags;
	struct hp_bytes payload; /* borrowed */
	uint32_t too_large;      /* not 0: the payload has so many bytes, over the limit */
};

/* Take the next whole frame from the front of @in.
 * ret_frame: borrows from @in. With too_large its payload is empty and not part of what was used:
 * the caller drops that many bytes as they come, and refuses the stream.
 * Returns: bytes used, 0 when @in holds no whole frame yet. There is no frame that is wrong. */
size_t hp_ttrpc_frame_next(struct hp_bytes in, struct hp_ttrpc_frame *ret_frame);

/* Append a frame. Fails: HP_EEXHAUSTED - @out is full, or the payload is over the limit. */
int hp_ttrpc_frame_put(struct hp_buf *out, const struct hp_ttrpc_frame *frame,
		       struct hp_error *err) MUST_CHECK;

/* A unary call. Strings are NUL-terminated copies cut to their size; payload and metadata borrow
 * from the bytes that were read. Longer names than fit fail as HP_EPROTO. */
struct hp_ttrpc_request {
	char service[128];
	char method[64];
	struct hp_bytes payload;
	int64_t timeout_ns; /* 0: none */
	char ns[80];        /* of metadata: containerd-namespace-ttrpc; "" when there is none */
};

/* Fails: HP_EPROTO - no protobuf, or no service or method in it. Unknown fields are skipped. */
int hp_ttrpc_request_read(struct hp_bytes in, struct hp_ttrpc_request *ret,
			  struct hp_error *err) MUST_CHECK;
int hp_ttrpc_request_put(struct hp_buf *out, const struct hp_ttrpc_request *request,
			 struct hp_error *err) MUST_CHECK;

struct hp_ttrpc_response {
	int code;                /* a gRPC status, 0: success */
	struct hp_bytes message; /* borrowed; with a code only */
	struct hp_bytes payload;
};

int hp_ttrpc_response_read(struct hp_bytes in, struct hp_ttrpc_response *ret,
			   struct hp_error *err) MUST_CHECK;
int hp_ttrpc_response_put(struct hp_buf *out, const struct hp_ttrpc_response *response,
			  struct hp_error *err) MUST_CHECK;
