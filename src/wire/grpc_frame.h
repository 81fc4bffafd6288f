/* SPDX-License-Identifier: Apache-2.0 */
/* grpc_frame.h - the bytes and header texts that gRPC puts on an HTTP/2 stream; no I/O. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* One byte that says whether the message is compressed, four that hold its length.
 * From: grpc/grpc doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message". */
#define HP_GRPC_PREFIX 5

/* The statuses that are told apart by name. From: grpc/grpc doc/statuscodes.md. */
enum hp_grpc_status {
	HP_GRPC_OK = 0,
	HP_GRPC_CANCELLED = 1,
	HP_GRPC_UNKNOWN = 2,
	HP_GRPC_INVALID_ARGUMENT = 3,
	HP_GRPC_DEADLINE_EXCEEDED = 4,
	HP_GRPC_PERMISSION_DENIED = 7,
	HP_GRPC_RESOURCE_EXHAUSTED = 8,
	HP_GRPC_UNIMPLEMENTED = 12,
	HP_GRPC_INTERNAL = 13,
	HP_GRPC_UNAVAILABLE = 14,
	HP_GRPC_STATUS_MAX = 16,
};

/* Find the message at the front of @in; it is HP_GRPC_PREFIX bytes shorter than what it takes up.
 * max: the largest message taken; its announced length is refused before its bytes are there.
 * ret_message: borrows from @in.
 * Returns: 1, or 0 when @in holds no whole message yet, or -1.
 * Fails: HP_EPROTO - compressed, or no gRPC message at all; HP_EEXHAUSTED - over @max. */
int hp_grpc_message_next(struct hp_bytes in, size_t max, struct hp_bytes *ret_message,
			 struct hp_error *err) MUST_CHECK;

/* The prefix of an uncompressed message of @len bytes. */
void hp_grpc_prefix_write(uint32_t len, uint8_t ret_prefix[HP_GRPC_PREFIX]);

/* Undo the percent-encoding of a grpc-message, at most @max bytes of the outcome. What is not
 * encoded properly stays as it is; control characters become spaces, so that the text is one line
 * and harmless on a terminal. Owns: the caller.
 * From: grpc/grpc doc/PROTOCOL-HTTP2.md, "Status-Message". */
char *hp_grpc_text_decode(struct hp_bytes encoded, size_t max);

/* Read a grpc-status. Numbers without a name become HP_GRPC_UNKNOWN, as the standard wants.
 * Fails: HP_EPROTO - no number. */
int hp_grpc_status_parse(struct hp_bytes text, int *ret_status,
			 struct hp_error *err) MUST_CHECK;
/* "UNAVAILABLE" for 14. Returns: static, also for a number that is none. */
const char *hp_grpc_status_name(int status);

/* The grpc-timeout for @timeout_ms, such as "10000m"; at least "1m", at most what the standard's
 * eight digits can say. From: grpc/grpc doc/PROTOCOL-HTTP2.md, "Timeout". */
#define HP_GRPC_TIMEOUT_TEXT 16
void hp_grpc_timeout_format(int64_t timeout_ms, char ret_text[HP_GRPC_TIMEOUT_TEXT]);
