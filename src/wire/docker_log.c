/* SPDX-License-Identifier: Apache-2.0 */
/* docker_log.c - tell times and output of docker's logs apart. */
#include "wire/docker_log.h"

#include <string.h>

#include "base/clock.h"

/* A longer line is several entries, of this length each, with a time before each of them.
 * From: moby daemon/logger/copier.go, defaultBufSize. */
#define ENTRY_BYTES 16384U

static void put(const struct hp_docker_log *l, const void *data, size_t len,
		struct hp_chunk *ret_chunk)
{
	*ret_chunk = (struct hp_chunk){
		.channel = l->piece.channel == HP_DOCKER_STDERR ? HP_CHANNEL_STDERR
								: HP_CHANNEL_STDOUT,
		.time_ns = l->time_ns,
		.data = data,
		.len = len,
	};
}

/* Collect the time before an entry. What is none is output: some drivers keep no times.
 * Returns: bytes used. */
static size_t take_stamp(struct hp_docker_log *l, struct hp_bytes in,
			 struct hp_chunk *ret_chunk)
{
	struct hp_error ignored = HP_ERROR_INIT;
	size_t at = 0;
	bool blank = false;

	while (at < in.len && l->stamp_len < HP_DOCKER_LOG_STAMP && !blank) {
		const char c = (char)in.data[at++];
		blank = c == ' ';
		l->stamp[l->stamp_len++] = c;
		if (c == '\n')
			break;
	}
	const bool whole = blank || l->stamp_len == HP_DOCKER_LOG_STAMP ||
			   l->stamp[l->stamp_len - 1] == '\n';
	if (!whole && !(at == in.len && l->piece.last))
		return at;
	const size_t len = l->stamp_len;
	l->stamp_len = 0;
	l->stamped = true;
	l->line = 0;
	l->stamp[blank ? len - 1 : len] = '\0';
	if (blank && hp_time_parse(l->stamp, &l->time_ns, &ignored) == 0)
		return at;
	if (blank)
		l->stamp[len - 1] = ' ';
	l->line = (uint32_t)len;
	l->stamped = l->stamp[len - 1] != '\n' || !l->raw;
	put(l, l->stamp, len, ret_chunk);
	return at;
}

/* Output of a terminal up to the end of its line or entry. */
static size_t raw_part(struct hp_docker_log *l, struct hp_bytes in)
{
	const uint8_t *newline = memchr(in.data, '\n', in.len);
	size_t len = newline ? (size_t)(newline - in.data) + 1 : in.len;
	const size_t room = l->line < ENTRY_BYTES ? ENTRY_BYTES - l->line : in.len;

	if (len > room)
		len = room;
	l->line += (uint32_t)len;
	l->stamped = l->line < ENTRY_BYTES && in.data[len - 1] != '\n';
	return len;
}

/* Hand on what follows the time. Returns: bytes used. */
static size_t take_output(struct hp_docker_log *l, struct hp_bytes in,
			  struct hp_chunk *ret_chunk)
{
	const size_t len = l->raw ? raw_part(l, in) : in.len;

	put(l, in.data, len, ret_chunk);
	return len;
}

ssize_t hp_docker_log_next(struct hp_docker_log *l, struct hp_bytes in,
			   struct hp_chunk *ret_chunk, struct hp_error *err)
{
	size_t at = 0;

	*ret_chunk = (struct hp_chunk){.data = NULL};
	while (at < in.len && !ret_chunk->len) {
		struct hp_bytes rest = HP_BYTES(in.data + at, in.len - at);
		if (l->raw) {
			l->piece.channel = HP_DOCKER_STDOUT;
		} else if (!l->piece.data.len) {
			const ssize_t used =
				hp_docker_stream_next(&l->frames, rest, &l->piece, err);
			if (used < 0)
				return -1;
			if (l->piece.first)
				l->stamped = false;
			/* The piece lies at the end of what was used. */
			at += (size_t)used - l->piece.data.len;
			continue;
		} else {
			rest.len = l->piece.data.len;
		}
		const size_t n = l->stamped ? take_output(l, rest, ret_chunk)
					    : take_stamp(l, rest, ret_chunk);
		at += n;
		if (!l->raw)
			l->piece.data.len -= n;
	}
	return (ssize_t)at;
}
