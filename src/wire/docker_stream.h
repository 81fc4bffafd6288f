/* SPDX-License-Identifier: Apache-2.0 */
/* docker_stream.h - stdout and stderr on one connection, as docker mixes them. No I/O happens here.
 * From: docker API, ContainerAttach, "Stream format": a byte that names the stream (0 to 3), three
 * zeros, and the length in four bytes, the highest first; then so many bytes. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

/* From: moby pkg/stdcopy: 3 is an error of the daemon's own. */
enum hp_docker_channel {
	HP_DOCKER_STDIN = 0,
	HP_DOCKER_STDOUT = 1,
	HP_DOCKER_STDERR = 2,
	HP_DOCKER_SYSTEM = 3,
};

/* Where a stream is; begins zeroed. A frame is not kept, however long it is: its bytes are handed on
 * as they come. */
struct hp_docker_stream {
	uint8_t header[8];
	uint8_t have;  /* bytes of the header that have come */
	bool begun;    /* some of the frame was handed on */
	uint32_t left; /* bytes of the frame that have not */
};

/* What lies between two calls. data: borrows from the input. */
struct hp_docker_piece {
	enum hp_docker_channel channel;
	struct hp_bytes data; /* never empty */
	bool first;           /* a frame begins with it */
	bool last;            /* a frame ends with it */
};

/* Take the next piece from the front of @in.
 * Returns: bytes used, headers included; 0 when more must come first. ret->data.len is 0 when they
 * were headers only.
 * Fails: HP_EPROTO - no such stream, as when the other side mixes none. */
ssize_t hp_docker_stream_next(struct hp_docker_stream *s, struct hp_bytes in,
			      struct hp_docker_piece *ret, struct hp_error *err) MUST_CHECK;
/* Has the stream been cut off inside of a frame? */
bool hp_docker_stream_is_torn(const struct hp_docker_stream *s);
