/* SPDX-License-Identifier: Apache-2.0 */
/* docker_stream.c - take frames of docker's streams apart as their bytes come. */
#include "wire/docker_stream.h"

#include <string.h>

/* The bytes of the next header that are there. Returns: how many. */
static size_t take_header(struct hp_docker_stream *s, struct hp_bytes in)
{
	const size_t missing = sizeof(s->header) - s->have;
	const size_t n = in.len < missing ? in.len : missing;

	memcpy(s->header + s->have, in.data, n);
	s->have = (uint8_t)(s->have + n);
	return n;
}

static int read_header(struct hp_docker_stream *s, struct hp_error *err)
{
	const uint8_t *h = s->header;

	if (h[0] > HP_DOCKER_SYSTEM || h[1] || h[2] || h[3])
		return hp_fail(err, HP_EPROTO, "the output is not framed as docker's is");
	s->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
	s->begun = false;
	return 0;
}

ssize_t hp_docker_stream_next(struct hp_docker_stream *s, struct hp_bytes in,
			      struct hp_docker_piece *ret, struct hp_error *err)
{
	size_t at = 0;

	*ret = (struct hp_docker_piece){.data = HP_BYTES(in.data, 0)};
	/* Frames of no bytes say nothing. */
	while (s->left == 0 && at < in.len) {
		at += take_header(s, HP_BYTES(in.data + at, in.len - at));
		if (s->have < sizeof(s->header))
			return (ssize_t)at;
		if (read_header(s, err) < 0)
			return -1;
		s->have = 0;
	}
	if (s->left == 0 || at == in.len)
		return (ssize_t)at;
	const size_t n = in.len - at < s->left ? in.len - at : s->left;
	s->left -= (uint32_t)n;
	*ret = (struct hp_docker_piece){
		.channel = (enum hp_docker_channel)s->header[0],
		.data = HP_BYTES(in.data + at, n),
		.first = !s->begun,
		.last = s->left == 0,
	};
	s->begun = true;
	return (ssize_t)(at + n);
}

bool hp_docker_stream_is_torn(const struct hp_docker_stream *s)
{
	return s->have || s->left;
}
