/* SPDX-License-Identifier: Apache-2.0 */
/* shim-streams.h - the streams of a process with both ends of their mux in one loop. */
#pragma once
#include <fcntl.h>
#include <sys/socket.h>

#include "pattern.h"
#include "shim-bundle.h"
#include "shim/stdio.h"

#define MIB          ((size_t)1 << 20)
#define FIFO_BYTES   ((size_t)64 << 10)
#define WINDOW_BYTES ((size_t)256 << 10)

/* The guest's end of a stream. */
struct guest_stream {
	struct hp_mux_stream *stream;
	size_t to_send, sent; /* of the pattern */
	bool mark, end;       /* after it */
	struct sum got;
	char text[64]; /* the first of what came */
	bool ended;
};

struct world {
	struct hp_loop *loop;
	char *dir, *in, *out, *err;
	struct hp_mux *host, *guest;
	struct hp_shim_stdio *stdio;
	struct guest_stream streams[3];
	bool done, ready;
	struct hp_error why;
};

static inline void guest_send(struct guest_stream *g)
{
	uint8_t chunk[16384];

	while (g->sent < g->to_send) {
		size_t n = g->to_send - g->sent;
		size_t taken;

		n = n < sizeof(chunk) ? n : sizeof(chunk);
		for (size_t i = 0; i < n; i++)
			chunk[i] = pattern_at(g->sent + i);
		taken = hp_mux_stream_write(g->stream, HP_BYTES(chunk, n));
		g->sent += taken;
		if (taken < n)
			return;
	}
	if (g->mark)
		hp_mux_stream_mark(g->stream);
	g->mark = false;
	if (g->end)
		hp_mux_stream_end(g->stream);
	g->end = false;
}

static inline void on_guest_room(void *data)
{
	guest_send(data);
}

static inline size_t on_guest_data(void *data, struct hp_bytes bytes)
{
	struct guest_stream *g = data;

	for (size_t i = 0; i < bytes.len && g->got.len + i < sizeof(g->text) - 1; i++)
		g->text[g->got.len + i] = (char)bytes.data[i];
	g->got.hash = hash_add(g->got.hash, bytes.data, bytes.len);
	g->got.len += bytes.len;
	return bytes.len;
}

static inline void on_guest_end(void *data)
{
	struct guest_stream *g = data;

	g->ended = true;
}

static const struct hp_mux_events guest_events = {
	.on_data = on_guest_data, .on_room = on_guest_room, .on_end = on_guest_end};

static inline void on_broken(void *data, uint32_t events)
{
	(void)data;
	(void)events;
}

static inline char *make_fifo(const char *dir, const char *name)
{
	char *path = hp_path_join(dir, name);

	assert_int_equal(mkfifo(path, 0600), 0);
	return path;
}

static inline void set_up(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	*w = (struct world){.dir = scratch_new()};
	w->in = make_fifo(w->dir, "in");
	w->out = make_fifo(w->dir, "out");
	w->err = make_fifo(w->dir, "err");
	for (int i = 0; i < 3; i++)
		w->streams[i].got.hash = HASH_BEGIN;
	assert_int_equal(hp_loop_new(&w->loop, &err), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(hp_mux_new(w->loop, fds[0], on_broken, w, &w->host, &err), 0);
	assert_int_equal(hp_mux_new(w->loop, fds[1], on_broken, w, &w->guest, &err), 0);
}

/* Open what @spec names as process 1, and the guest's end of it. */
static inline void open_as(struct world *w, struct hp_shim_stdio_spec spec)
{
	struct hp_error err = HP_ERROR_INIT;

	spec.container = "c1";
	spec.ns = "default";
	if (hp_shim_stdio_open(w->loop, &spec, &w->stdio, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(hp_shim_stdio_attach(w->stdio, w->host, 1, &err), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(hp_mux_stream_open(w->guest, 4 + i, &guest_events,
						    &w->streams[i], &w->streams[i].stream,
						    &err),
				 0);
}

static inline void open_fifos(struct world *w)
{
	open_as(w, (struct hp_shim_stdio_spec){.in = w->in, .out = w->out, .err = w->err});
}

static inline void on_done(void *data, uint32_t events)
{
	struct world *w = data;

	(void)events;
	assert_false(w->done);
	w->done = true;
}

static inline void finish(struct world *w, int64_t limit_ms)
{
	hp_shim_stdio_finish(w->stdio, limit_ms, on_done, w);
	assert_false(w->done);
	turn_until(w->loop, &w->done);
}

static inline void tear_down(struct world *w)
{
	hp_shim_stdio_free(w->stdio);
	hp_mux_free(w->host);
	hp_mux_free(w->guest);
	hp_loop_free(w->loop);
	free(w->in);
	free(w->out);
	free(w->err);
	scratch_free(w->dir);
}
