/* SPDX-License-Identifier: Apache-2.0 */
/* run_in.c - a program in a container from its start to its end. */
#include "chaos/run_in.h"

#include <poll.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/fd.h"

/* How much of its output is kept; the rest is read and dropped. */
#define OUTPUT_MAX (16u << 10)

static int read_output(struct hp_stream *s, struct hp_buf *buf, struct hp_error *err)
{
	for (;;) {
		struct hp_chunk chunk;
		int found = hp_stream_next(s, &chunk, err);
		if (found < 0 || found == HP_NEXT_END)
			return found < 0 ? -1 : 0;
		if (found == HP_NEXT_WAIT) {
			if (hp_fd_poll(hp_stream_fd(s), POLLIN, -1, err) < 0)
				return -1;
			continue;
		}
		size_t room = buf->max - buf->len;
		if (hp_buf_add(buf, chunk.data, chunk.len < room ? chunk.len : room, err) < 0)
			return -1;
	}
}

static int await_exit(struct hp_waiter *w, struct hp_exit *ret, struct hp_error *err)
{
	for (;;) {
		int found = hp_waiter_next(w, ret, err);
		if (found < 0 || found == HP_NEXT_ITEM)
			return found < 0 ? -1 : 0;
		if (hp_fd_poll(hp_waiter_fd(w), POLLIN, -1, err) < 0)
			return -1;
	}
}

static int follow(const struct hp_exec *exec, char **ret_output, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf buf;
	struct hp_exit end = {0};

	hp_buf_init(&buf, OUTPUT_MAX);
	if (read_output(exec->stream, &buf, err) < 0 || await_exit(exec->waiter, &end, err) < 0)
		return -1;
	while (buf.len && buf.data[buf.len - 1] == '\n')
		buf.len--;
	*ret_output = buf.len ? hp_buf_take_str(&buf) : NULL;
	return end.code;
}

int hp_run_in(struct hp_engine *engine, const char *ref, const struct hp_exec_spec *spec,
	      char **ret_output, struct hp_error *err)
{
	struct hp_exec *exec = NULL;

	if (hp_engine_exec(engine, ref, spec, &exec, err) < 0)
		return -1;
	int code = follow(exec, ret_output, err);
	hp_exec_free(engine, exec);
	return code;
}
