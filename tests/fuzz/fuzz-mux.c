/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-mux.c - any bytes as the frames of a mux, and as what a peer says to one with a few streams:
 * eager, slow, and one that closes itself. */
#include "net/mux.h"

#include <sys/socket.h>

#include "fuzz.h"
#include "wire/mux_frame.h"

/* A socket holds this without anybody reading. */
#define INPUT_MAX  (64 * 1024)
#define ROUNDS_MAX 1000
#define STREAMS    3

struct stream {
	struct hp_mux_stream *s;
	size_t take; /* at most so many bytes at a time */
	bool closes; /* when its first byte comes */
	bool marked, ended, reset;
};

static size_t on_data(void *data, struct hp_bytes bytes)
{
	struct stream *s = data;

	FUZZ_CHECK(bytes.len > 0 && bytes.len <= HP_MUX_WINDOW && !s->ended);
	if (s->closes)
		hp_mux_stream_close(TAKE(s->s));
	return bytes.len < s->take ? bytes.len : s->take;
}

static void on_mark(void *data)
{
	struct stream *s = data;

	FUZZ_CHECK(!s->marked && !s->ended);
	s->marked = true;
}

static void on_end(void *data)
{
	struct stream *s = data;

	FUZZ_CHECK(!s->ended);
	s->ended = true;
}

/* More than a frame at a time, for as long as there is credit. */
static void on_room(void *data)
{
	static const uint8_t bytes[HP_MUX_PAYLOAD + 1];
	const struct stream *s = data;
	const size_t room = hp_mux_stream_room(s->s);
	const size_t taken = hp_mux_stream_write(s->s, HP_BYTES(bytes, sizeof(bytes)));

	FUZZ_CHECK(taken == (room < sizeof(bytes) ? room : sizeof(bytes)));
}

static void on_reset(void *data)
{
	struct stream *s = data;

	FUZZ_CHECK(!s->reset);
	s->reset = true;
}

static void broken(void *data, uint32_t events)
{
	bool *is_broken = data;

	(void)events;
	FUZZ_CHECK(!*is_broken);
	*is_broken = true;
}

static void read_frames(struct hp_bytes in)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_mux_frame f;
	ssize_t used;

	while ((used = hp_mux_frame_next(in, &f, &err)) > 0) {
		AUTO(hp_buf_free) struct hp_buf out;

		hp_buf_init(&out, (size_t)used);
		FUZZ_CHECK((size_t)used <= in.len && f.payload.len <= HP_MUX_PAYLOAD);
		FUZZ_CHECK(hp_mux_frame_put(&out, &f, &err) == 0);
		FUZZ_CHECK(out.len == (size_t)used);
		FUZZ_CHECK(memcmp(out.data, in.data, out.len) == 0);
		in = HP_BYTES(in.data + used, in.len - (size_t)used);
	}
	FUZZ_CHECK(used == 0 || err.code == HP_EPROTO);
}

static void open_streams(struct hp_mux *m, struct stream *streams)
{
	static const struct hp_mux_events events = {.on_data = on_data,
						    .on_mark = on_mark,
						    .on_end = on_end,
						    .on_room = on_room,
						    .on_reset = on_reset};
	struct hp_error err = HP_ERROR_INIT;

	for (uint32_t i = 0; i < STREAMS; i++) {
		FUZZ_CHECK(hp_mux_stream_open(m, i, &events, &streams[i], &streams[i].s,
					      &err) == 0);
		on_room(&streams[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	struct stream streams[STREAMS] = {{.take = SIZE_MAX}, {.take = 7}, {.closes = true}};
	struct hp_loop *l = NULL;
	struct hp_mux *m = NULL;
	bool is_broken = false;
	int fds[2];

	if (size == 0 || size > INPUT_MAX)
		return 0;
	read_frames(HP_BYTES(data, size));
	FUZZ_CHECK(hp_loop_new(&l, &err) == 0);
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	FUZZ_CHECK(hp_mux_new(l, fds[0], broken, &is_broken, &m, &err) == 0);
	FUZZ_CHECK(write(fds[1], data, size) == (ssize_t)size);
	FUZZ_CHECK(shutdown(fds[1], SHUT_WR) == 0);
	open_streams(m, streams);
	for (int i = 0; i < ROUNDS_MAX && !is_broken; i++) {
		FUZZ_CHECK(hp_loop_once(l, 1000, &err) >= 0);
		if (!streams[1].ended)
			hp_mux_stream_resume(streams[1].s);
	}
	FUZZ_CHECK(is_broken);
	hp_mux_free(m);
	hp_loop_free(l);
	close(fds[1]);
	return 0;
}
