/* SPDX-License-Identifier: Apache-2.0 */
/* docker_log.h - logs as docker sends them: each entry begins with its time and a blank. No I/O
 * happens here. From: docker API, ContainerLogs, with timestamps=true. */
#pragma once
#include <harpoon/stream.h>

#include "wire/docker_stream.h"

/* Longest time that is taken for one, "2026-11-21T10:00:00.123456789+01:00" being the usual form. */
#define HP_DOCKER_LOG_STAMP 40

/* Where a log is; begins zeroed but for @raw. */
struct hp_docker_log {
	bool raw; /* of a terminal: there are no frames, and a line is an entry */
	struct hp_docker_stream frames;
	struct hp_docker_piece piece; /* that is being read; lengths as of now */
	char stamp[HP_DOCKER_LOG_STAMP + 1];
	uint8_t stamp_len;
	bool stamped;  /* the entry's time has been read */
	uint32_t line; /* bytes of a line of a terminal that were handed on */
	int64_t time_ns;
};

/* Take the next piece of output from the front of @in. ret_chunk: borrows from @in or from @l; its
 * len is 0 when there was none in these bytes.
 * Returns: bytes used, 0 when more must come first. Fails: HP_EPROTO - frames that are none. */
ssize_t hp_docker_log_next(struct hp_docker_log *l, struct hp_bytes in,
			   struct hp_chunk *ret_chunk, struct hp_error *err) MUST_CHECK;
