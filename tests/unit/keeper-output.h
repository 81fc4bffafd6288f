/* SPDX-License-Identifier: Apache-2.0 */
/* keeper-output.h - streams read to their ends, and what came on their two channels. */
#pragma once
#include <poll.h>

#include "engine/engine_impl.h"
#include "scratch.h"

/* Longest wait for anything here; a test that needs it has failed. */
#define PATIENCE_MS 20000

/* What came on the two channels. */
struct output {
	struct hp_buf text[2];
};

static inline void output_free(struct output *o)
{
	hp_buf_free(&o->text[0]);
	hp_buf_free(&o->text[1]);
}
HP_AUTO_VALUE(struct output, output_free);

/* Read a stream until it ends, or until it holds @enough bytes; it is freed. */
static inline void output_collect(struct hp_stream *take_stream, size_t enough,
				  struct output *ret)
{
	AUTO(hp_stream_free) struct hp_stream *s = take_stream;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_chunk chunk;
	int found;

	hp_buf_init(&ret->text[0], 64u << 20);
	hp_buf_init(&ret->text[1], 64u << 20);
	while ((found = hp_stream_next(s, &chunk, &err)) != HP_NEXT_END) {
		if (found < 0)
			fail_msg("%s", err.msg);
		if (found == HP_NEXT_WAIT) {
			assert_true(hp_fd_poll(hp_stream_fd(s), POLLIN, PATIENCE_MS, &err) > 0);
			continue;
		}
		struct hp_buf *to = &ret->text[chunk.channel == HP_CHANNEL_STDERR];
		assert_int_equal(hp_buf_add(to, chunk.data, chunk.len, &err), 0);
		if (enough && ret->text[0].len + ret->text[1].len >= enough)
			return;
	}
}

static inline void output_of_fds(const int take_fds[2], size_t enough, struct output *ret)
{
	output_collect(hp_stream_from_fds(-1, take_fds[0], take_fds[1], NULL), enough, ret);
}

static inline void output_of_log(const char *path, bool follow, struct output *ret)
{
	const struct hp_logs what = {.follow = follow};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_stream *s = NULL;

	if (hp_stream_from_log(path, &what, &s, &err) < 0)
		fail_msg("%s", err.msg);
	output_collect(s, 0, ret);
}

static inline void assert_output(const struct output *o, int i, const char *text)
{
	const char *data = o->text[i].len ? (const char *)o->text[i].data : "";
	AUTO_FREE char *got = hp_strndup(data, o->text[i].len);

	assert_string_equal(got, text);
}
