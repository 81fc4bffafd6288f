/* SPDX-License-Identifier: Apache-2.0 */
/* stdio.c - the stdio of docker's processes: a connection that was upgraded carries all of it. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"
#include "wire/docker_stream.h"

struct stdio {
	struct hp_stream base;
	struct hp_exchange *exchange;
	struct hp_docker_stream frames;
	struct hp_bytes rest; /* of what was read and not taken apart yet */
	int fd;
	bool tty;       /* there are no frames */
	bool has_stdin; /* and it is open */
	bool had_stdin;
};

static struct stdio *stdio_of(const struct hp_stream *s)
{
	return container_of(s, struct stdio, base);
}

static int stdio_fd(const struct hp_stream *s)
{
	return stdio_of(s)->fd;
}

static int stdio_stdin_fd(const struct hp_stream *s)
{
	const struct stdio *io = stdio_of(s);

	return io->has_stdin ? hp_exchange_conn(io->exchange)->fd : -1;
}

/* Take a piece out of io->rest. Returns: HP_NEXT_ITEM, HP_NEXT_WAIT when there was none, -1. */
static int take_piece(struct stdio *io, struct hp_chunk *ret, struct hp_error *err)
{
	struct hp_docker_piece piece = {.channel = HP_DOCKER_STDOUT, .data = io->rest};
	ssize_t used = (ssize_t)io->rest.len;

	if (!io->tty)
		used = hp_docker_stream_next(&io->frames, io->rest, &piece, err);
	if (used < 0)
		return -1;
	io->rest = HP_BYTES(io->rest.data + used, io->rest.len - (size_t)used);
	if (!piece.data.len)
		return HP_NEXT_WAIT;
	if (piece.channel == HP_DOCKER_SYSTEM)
		return hp_fail(err, HP_EFAILED, "the daemon says: %.*s", (int)piece.data.len,
			       (const char *)piece.data.data);
	*ret = (struct hp_chunk){
		.channel = piece.channel == HP_DOCKER_STDERR ? HP_CHANNEL_STDERR
							     : HP_CHANNEL_STDOUT,
		.data = (const char *)piece.data.data,
		.len = piece.data.len,
	};
	return HP_NEXT_ITEM;
}

static int stdio_next(struct hp_stream *s, struct hp_chunk *ret, struct hp_error *err)
{
	struct stdio *io = stdio_of(s);

	for (;;) {
		if (io->rest.len) {
			const int taken = take_piece(io, ret, err);
			if (taken != HP_NEXT_WAIT)
				return taken;
			continue;
		}
		const int found = hp_exchange_next(io->exchange, &io->rest, err);
		if (found == HP_NEXT_WAIT)
			return found;
		/* The daemon closes the connection at the end of the process, and that is no
		 * clean end when it had not read all of stdin. */
		if (found < 0 && err->code == HP_EUNAVAILABLE)
			hp_error_clear(err);
		else if (found < 0)
			return -1;
		if (found != HP_NEXT_ITEM && hp_docker_stream_is_torn(&io->frames))
			return hp_fail(err, HP_EIO, "the output was cut off");
		if (found != HP_NEXT_ITEM)
			return HP_NEXT_END;
	}
}

static ssize_t stdio_write(struct hp_stream *s, const void *data, size_t len,
			   struct hp_error *err)
{
	struct stdio *io = stdio_of(s);

	if (!io->has_stdin)
		return hp_fail(err, HP_ESTATE, "stdin %s",
			       io->had_stdin ? "is closed" : "is not open");
	if (!len)
		return 0;
	const ssize_t n = hp_conn_write(hp_exchange_conn(io->exchange), data, len, err);
	if (n >= 0)
		return n;
	hp_error_clear(err);
	return hp_fail(err, HP_EIO, "the process has closed its stdin");
}

static int stdio_close_stdin(struct hp_stream *s, struct hp_error *err)
{
	struct stdio *io = stdio_of(s);

	if (!io->has_stdin)
		return 0;
	io->has_stdin = false;
	return hp_conn_end(hp_exchange_conn(io->exchange), err);
}

static void stdio_free(struct hp_stream *s)
{
	struct stdio *io = stdio_of(s);

	hp_exchange_free(io->exchange);
	free(io);
}

static const struct hp_stream_ops stdio_ops = {
	.fd = stdio_fd,
	.next = stdio_next,
	.stdin_fd = stdio_stdin_fd,
	.write = stdio_write,
	.close_stdin = stdio_close_stdin,
	.free = stdio_free,
};

int hp_docker__hijack(struct docker *d, const struct hp_docker_call *call, bool tty,
		      bool has_stdin, struct hp_stream **ret, struct hp_error *err)
{
	/* From: docker API, ContainerAttach, "Hijacking". */
	static const char *const headers[] = {"Connection: Upgrade", "Upgrade: tcp", NULL};
	AUTO(hp_exchange_free) struct hp_exchange *x = NULL;
	int fd = -1;

	if (hp_docker__open(d, call, headers, &x, err) < 0 ||
	    hp_exchange_watch(x, &fd, err) < 0)
		return -1;
	struct stdio *io = hp_alloc(sizeof(*io));
	*io = (struct stdio){
		.base.ops = &stdio_ops,
		.exchange = TAKE(x),
		.fd = fd,
		.tty = tty,
		.has_stdin = has_stdin,
		.had_stdin = has_stdin,
	};
	*ret = &io->base;
	return 0;
}

int hp_docker__attach_to(struct docker *d, const struct hp_json *document,
			 struct hp_stream **ret, struct hp_error *err)
{
	const struct hp_json *config = hp_json_get(document, "Config");
	const bool tty = hp_json_bool(hp_json_get(config, "Tty"), false);
	const bool has_stdin = hp_json_bool(hp_json_get(config, "OpenStdin"), false);
	AUTO_FREE char *verb =
		hp_sprintf("attach?stream=1&stdout=1&stderr=1&stdin=%d", has_stdin);
	AUTO_FREE char *path = NULL;

	if (hp_docker__container_path(hp_json_get_str(document, "Id"), verb, &path, err) < 0)
		return -1;
	const struct hp_docker_call call = {.method = "POST", .path = path};
	return hp_docker__hijack(d, &call, tty, has_stdin, ret, err);
}

int hp_docker__attach(struct hp_engine *e, const char *ref, struct hp_stream **ret,
		      struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *document = NULL;

	if (hp_docker__look(d, ref, &document, err) < 0)
		return -1;
	/* Docker attaches to what does not run too, and tells nothing then. */
	const enum hp_state state =
		hp_docker__state(hp_json_str(hp_json_path(document, "State.Status")));
	if (state != HP_STATE_RUNNING && state != HP_STATE_PAUSED)
		return hp_fail(err, HP_ESTATE, "container '%s' does not run", ref);
	if (hp_docker__attach_to(d, document, ret, err) < 0)
		return hp_wrap(err, "attach to '%s'", ref);
	return 0;
}

int hp_docker__resize(struct hp_engine *e, const char *ref, const char *exec_id, uint16_t cols,
		      uint16_t rows, struct hp_error *err)
{
	AUTO_FREE char *verb = hp_sprintf("resize?w=%u&h=%u", cols, rows);
	AUTO_FREE char *id = exec_id ? hp_http1_escape(exec_id) : NULL;
	AUTO_FREE char *path = id ? hp_sprintf("/exec/%s/%s", id, verb) : NULL;
	AUTO(hp_container_free) struct hp_container *c = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	struct docker *d = hp_docker__of(e);

	if ((!path && hp_docker__container_path(ref, verb, &path, err) < 0))
		return -1;
	if (hp_docker__post(d, path, err) >= 0)
		return 0;
	/* Docker says 500 of what does not run. */
	if (err->code != HP_ENOTFOUND && hp_docker__inspect(e, ref, &c, &ignored) == 0 &&
	    c->state != HP_STATE_RUNNING && c->state != HP_STATE_PAUSED)
		err->code = HP_ESTATE;
	return hp_wrap(err, "resize the terminal of '%s'", ref);
}
