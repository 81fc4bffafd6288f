/* SPDX-License-Identifier: Apache-2.0 */
/* mux-world.h - what the tests of a mux share: its two ends, one of which may be the test itself. */
#pragma once
#include "links.h"
#include "net/mux.h"
#include "wire/mux_frame.h"

/* Two ends in one loop; the second may also be a socket that the test itself writes to. */
struct world {
	struct hp_loop *loop;
	struct hp_mux *ends[2];
	int raw; /* -1: the second end is a mux */
	unsigned broken[2];
};

/* One end of a stream, and what it has heard. Bytes count up from 0, so that a lost, doubled or
 * misplaced one is seen. */
struct end {
	struct world *w;
	struct hp_mux_stream *s;
	size_t got;
	size_t take; /* at most so many at a time */
	bool lazy;   /* nothing is taken */
	size_t got_at_mark;
	unsigned marks, ends, rooms, resets;
	size_t sent, to_send;
	bool close_in_data, close_in_end, free_in_data;
};

static inline uint8_t byte_at(size_t i)
{
	return (uint8_t)(i % 251);
}

static inline size_t on_data(void *data, struct hp_bytes bytes)
{
	struct end *e = data;
	const size_t len = e->lazy ? 0 : bytes.len < e->take ? bytes.len : e->take;

	assert_true(bytes.len > 0);
	assert_int_equal(e->ends, 0);
	for (size_t i = 0; i < len; i++)
		if (bytes.data[i] != byte_at(e->got + i))
			fail_msg("byte %zu is wrong", e->got + i);
	e->got += len;
	if (e->close_in_data)
		hp_mux_stream_close(TAKE(e->s));
	if (e->free_in_data)
		hp_mux_free(TAKE(e->w->ends[1]));
	return len;
}

static inline void on_mark(void *data)
{
	struct end *e = data;

	e->marks++;
	e->got_at_mark = e->got;
}

static inline void on_end(void *data)
{
	struct end *e = data;

	e->ends++;
	if (e->close_in_end)
		hp_mux_stream_close(TAKE(e->s));
}

/* Write as much as is taken of what is to be sent. */
static inline void pour(struct end *e)
{
	static uint8_t bytes[251 * 1024];

	if (!bytes[1])
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = byte_at(i);
	while (e->sent < e->to_send) {
		const size_t from = e->sent % 251;
		size_t len = e->to_send - e->sent;

		if (len > sizeof(bytes) - from)
			len = sizeof(bytes) - from;
		const size_t n = hp_mux_stream_write(e->s, HP_BYTES(bytes + from, len));
		e->sent += n;
		if (n < len)
			break;
	}
}

static inline void on_room(void *data)
{
	struct end *e = data;

	e->rooms++;
	pour(e);
}

static inline void on_reset(void *data)
{
	struct end *e = data;

	e->resets++;
}

static const struct hp_mux_events all_events = {.on_data = on_data,
						.on_mark = on_mark,
						.on_end = on_end,
						.on_room = on_room,
						.on_reset = on_reset};

static inline void count_broken(void *data, uint32_t events)
{
	unsigned *broken = data;

	(void)events;
	(*broken)++;
}

static inline void world_open(struct world *w, bool raw)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	*w = (struct world){.loop = links_loop(), .raw = -1};
	links_pair(fds);
	if (raw)
		w->raw = fds[1];
	for (int i = 0; i < (raw ? 1 : 2); i++)
		assert_int_equal(hp_mux_new(w->loop, fds[i], count_broken, &w->broken[i],
					    &w->ends[i], &err),
				 0);
}

static inline void world_close(struct world *w)
{
	hp_mux_free(w->ends[0]);
	hp_mux_free(w->ends[1]);
	if (w->raw >= 0)
		close(w->raw);
	hp_loop_free(w->loop);
}

static inline void end_open(struct end *e, struct world *w, size_t side, uint32_t id)
{
	struct hp_error err = HP_ERROR_INIT;

	*e = (struct end){.w = w, .take = SIZE_MAX};
	assert_int_equal(hp_mux_stream_open(w->ends[side], id, &all_events, e, &e->s, &err), 0);
}

static inline void say(const struct world *w, uint32_t stream, enum hp_mux_type type,
		       uint32_t credit, struct hp_bytes payload)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	const struct hp_mux_frame f = {
		.stream = stream, .type = (uint8_t)type, .credit = credit, .payload = payload};

	hp_buf_init(&out, HP_MUX_HEADER + HP_MUX_PAYLOAD);
	assert_int_equal(hp_mux_frame_put(&out, &f, &err), 0);
	assert_int_equal(hp_fd_write_all(w->raw, out.data, out.len, &err), 0);
}

/* Read what has been sent to the raw end. Returns: how many frames of @type for @stream it holds;
 * in @ret_sum their bytes or credit. */
static inline unsigned hear(const struct world *w, uint32_t stream, enum hp_mux_type type,
			    size_t *ret_sum)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf in;
	struct hp_mux_frame f;
	unsigned count = 0;
	ssize_t n;

	hp_buf_init(&in, SIZE_MAX);
	*ret_sum = 0;
	do {
		uint8_t *into = hp_buf_reserve(&in, 65536, &err);
		n = recv(w->raw, into, 65536, MSG_DONTWAIT);
		if (n > 0)
			in.len += (size_t)n;
		links_settle(w->loop);
	} while (n > 0);
	while ((n = hp_mux_frame_next(hp_buf_bytes(&in), &f, &err)) > 0) {
		if (f.stream == stream && f.type == type) {
			count++;
			*ret_sum += f.payload.len + f.credit;
		}
		hp_buf_drop(&in, (size_t)n);
	}
	assert_int_equal(n, 0);
	assert_int_equal(in.len, 0);
	return count;
}
