/* SPDX-License-Identifier: Apache-2.0 */
/* stdio.c - owns the relay between a process's streams and what its caller named for them. Output
 * is written where it goes as it comes and not stored here: what does not fit stays with the mux,
 * whose window then stops the process, and no other. Only the last words of a process that nobody
 * has read in time are kept, so that its end can be told and a slow reader gets them all the same. */
#include "shim/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"
#include "shim/stdio_parts.h"

#define CHUNK_BYTES     (32 * 1024) /* of stdin, read at once */
#define KEPT_MAX        (1 << 20)   /* of an output; more than what the mux and a pipe hold */
#define KEEP_MS         1000        /* for the guest to send that */
#define LOGGER_READY_MS 30000
#define LOGGER_END_MS   12000 /* From: containerd binaryIOProcTermTimeout. */

/* Where stdout or stderr goes. */
struct output {
	struct hp_shim_stdio *s;
	struct hp_mux_stream *stream; /* NULL: none, or not attached */
	struct hp_shim__end end;      /* fd -1: dropped */
	struct hp_watch watch;        /* while it is full */
	struct hp_buf kept;           /* what it had no room for in time */
	bool wanted;                  /* the process is to have this stream */
	bool done;                    /* all of it has come */
};

/* Where stdin comes from. */
struct input {
	struct hp_mux_stream *stream;
	int path_fd; /* until the process runs; -1: none, or opened */
	struct hp_shim__end end;
	struct hp_watch watch; /* while it is empty */
	bool wanted;
	bool closed;      /* by CloseIO */
	bool at_end;      /* nothing more comes from it */
	uint8_t *pending; /* CHUNK_BYTES; read, and not taken by the mux yet */
	size_t pending_at, pending_len;
};

struct hp_shim_stdio {
	struct hp_loop *loop;
	bool terminal;
	bool running; /* stdin may flow */
	struct input in;
	struct output out[2];
	struct hp_mux_stream *streams[3];
	struct hp_shim__logger *logger;
	struct hp_timer ready_timer, limit_timer, done_timer;
	hp_shim_stdio_ready_fn ready;
	void *ready_data;
	int64_t limit_ms;
	bool keeping;    /* what is not read in time */
	bool finished;   /* and done is told, or about to be */
	hp_loop_fn done; /* NULL: not finishing, or told */
	void *done_data;
};

static void output_close(struct output *o)
{
	hp_watch_stop(&o->watch);
	hp_shim__end_close(&o->end);
	hp_buf_free(&o->kept);
}

static void input_close(struct input *in)
{
	hp_watch_stop(&in->watch);
	hp_shim__end_close(&in->end);
	if (in->path_fd >= 0)
		close(TAKE_FD(in->path_fd));
	free(TAKE(in->pending));
	in->pending_len = 0;
	in->at_end = true;
}

static void on_done(void *data, uint32_t events)
{
	struct hp_shim_stdio *s = data;
	hp_loop_fn done = s->done;

	s->done = NULL;
	done(s->done_data, events);
}

static void close_streams(struct hp_shim_stdio *s)
{
	s->in.stream = NULL;
	for (int i = 0; i < 2; i++) {
		s->out[i].stream = NULL;
		s->out[i].done = true;
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(s->streams); i++)
		hp_mux_stream_close(TAKE(s->streams[i]));
}

/* Loggers read to the end of both. */
static void check_logger(struct hp_shim_stdio *s)
{
	if (s->logger && s->out[0].end.fd < 0 && s->out[1].end.fd < 0)
		hp_shim__logger_finish(s->logger);
}

static void close_ends(struct hp_shim_stdio *s)
{
	input_close(&s->in);
	output_close(&s->out[0]);
	output_close(&s->out[1]);
	check_logger(s);
}

/* Let go of the machine, and of each output that has all; say so, soon. */
static void end(struct hp_shim_stdio *s)
{
	s->finished = true;
	close_streams(s);
	input_close(&s->in);
	for (int i = 0; i < 2; i++)
		if (s->out[i].kept.len == 0)
			output_close(&s->out[i]);
	check_logger(s);
	hp_timer_stop(&s->limit_timer);
	hp_timer_start(s->loop, &s->done_timer, 0, on_done, s);
}

static void check_end(struct hp_shim_stdio *s)
{
	if (s->done && !s->finished && s->out[0].done && s->out[1].done)
		end(s);
}

static void on_limit(void *data, uint32_t events);

/* Whoever reads, however slowly, is waited for. */
static void note_progress(struct hp_shim_stdio *s)
{
	if (s->done && !s->finished && !s->keeping)
		hp_timer_start(s->loop, &s->limit_timer, s->limit_ms, on_limit, s);
}

static void on_writable(void *data, uint32_t events);

/* It takes no more now. Returns: whether it will. */
static bool wait_writable(struct output *o)
{
	struct hp_error err = HP_ERROR_INIT;

	if (o->watch.loop)
		return true;
	if (hp_watch_start(o->s->loop, &o->watch, o->end.fd, EPOLLOUT, on_writable, o, &err) ==
	    0)
		return true;
	hp_log(HP_LOG_WARN, "shim", "output is dropped: %s", err.msg);
	return false;
}

/* Write what there is room for. Returns: how much that was; all of it once it goes nowhere. */
static size_t write_out(struct output *o, struct hp_bytes bytes)
{
	size_t at = 0;

	while (at < bytes.len && o->end.fd >= 0) {
		ssize_t n = write(o->end.fd, bytes.data + at, bytes.len - at);

		if (n >= 0)
			at += (size_t)n;
		else if (errno == EAGAIN && wait_writable(o))
			break;
		else if (errno != EINTR) {
			/* A full disk or a dead logger must not stop the process. */
			hp_log(HP_LOG_WARN, "shim", "output is dropped: %m");
			output_close(o);
		}
	}
	if (at > 0)
		note_progress(o->s);
	return o->end.fd < 0 ? bytes.len : at;
}

static void write_kept(struct output *o)
{
	size_t n = write_out(o, hp_buf_bytes(&o->kept));

	hp_buf_drop(&o->kept, n < o->kept.len ? n : o->kept.len);
	if (o->kept.len > 0 || !o->done)
		return;
	output_close(o);
	check_logger(o->s);
}

static void on_writable(void *data, uint32_t events)
{
	struct output *o = data;

	(void)events;
	hp_watch_stop(&o->watch);
	if (o->kept.len > 0)
		write_kept(o);
	if (o->stream && o->kept.len == 0)
		hp_mux_stream_resume(o->stream);
}

/* Behind what is kept already. Returns: how much there was room for. */
static size_t keep(struct output *o, struct hp_bytes bytes)
{
	struct hp_error ignored = HP_ERROR_INIT;
	size_t room = o->kept.max - o->kept.len;
	size_t n = bytes.len < room ? bytes.len : room;

	if (n > 0 && hp_buf_add(&o->kept, bytes.data, n, &ignored) < 0)
		return 0;
	return n;
}

static size_t on_output(void *data, struct hp_bytes bytes)
{
	struct output *o = data;
	size_t n = o->kept.len > 0 ? 0 : write_out(o, bytes);

	if (o->s->keeping)
		n += keep(o, HP_BYTES(bytes.data + n, bytes.len - n));
	return n;
}

/* All that the process itself wrote has come; what others still write to this stream is dropped
 * once the caller of finish has been told. */
static void on_mark(void *data)
{
	struct output *o = data;

	o->done = true;
	check_end(o->s);
}

static void on_output_end(void *data)
{
	struct output *o = data;

	o->done = true;
	if (o->kept.len == 0)
		output_close(o);
	check_end(o->s);
}

static void pump(struct hp_shim_stdio *s);

static void on_readable(void *data, uint32_t events)
{
	(void)events;
	pump(data);
}

/* Read into the empty pending buffer. Returns: whether there is something in it now. */
static bool fill(struct hp_shim_stdio *s)
{
	struct input *in = &s->in;
	struct hp_error err = HP_ERROR_INIT;
	ssize_t n;

	if (!in->pending)
		in->pending = hp_alloc(CHUNK_BYTES);
	do
		n = read(in->end.fd, in->pending, CHUNK_BYTES);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		in->pending_at = 0;
		in->pending_len = (size_t)n;
		return true;
	}
	if (n < 0 && errno == EAGAIN) {
		if (in->watch.loop || hp_watch_start(s->loop, &in->watch, in->end.fd, EPOLLIN,
						     on_readable, s, &err) == 0)
			return false;
		hp_log(HP_LOG_WARN, "shim", "input ends: %s", err.msg);
	} else if (n < 0)
		hp_log(HP_LOG_WARN, "shim", "input ends: %m");
	input_close(in);
	return false;
}

/* Move stdin on until there is no more of it or until the mux has no room. */
static void pump(struct hp_shim_stdio *s)
{
	struct input *in = &s->in;

	if (!s->running || !in->stream)
		return;
	while (in->pending_len > 0 || (!in->at_end && fill(s))) {
		size_t n = hp_mux_stream_write(
			in->stream, HP_BYTES(in->pending + in->pending_at, in->pending_len));

		in->pending_at += n;
		in->pending_len -= n;
		if (in->pending_len > 0) {
			/* on_room() goes on. */
			hp_watch_stop(&in->watch);
			return;
		}
	}
	/* A terminal stays when nobody types any more. */
	if (in->at_end && !s->terminal)
		hp_mux_stream_end(in->stream);
	if (in->at_end)
		in->stream = NULL;
}

static void on_room(void *data)
{
	pump(data);
}

static void on_input_reset(void *data)
{
	struct hp_shim_stdio *s = data;

	/* As when a pipe's reader is gone: whoever writes to the FIFO hears of it. */
	input_close(&s->in);
	s->in.stream = NULL;
}

static void on_terminal_room(void *data)
{
	struct output *o = data;

	pump(o->s);
}

static void on_terminal_reset(void *data)
{
	struct output *o = data;

	on_input_reset(o->s);
}

static const struct hp_mux_events input_events = {
	.on_room = on_room,
	.on_reset = on_input_reset,
};
static const struct hp_mux_events output_events = {
	.on_data = on_output,
	.on_mark = on_mark,
	.on_end = on_output_end,
};
static const struct hp_mux_events terminal_events = {
	.on_data = on_output,
	.on_mark = on_mark,
	.on_end = on_output_end,
	.on_room = on_terminal_room,
	.on_reset = on_terminal_reset,
};

/* One logger takes both outputs. */
static int open_logger(struct hp_shim_stdio *s, const struct hp_shim_stdio_spec *spec,
		       const struct hp_shim__place *place, struct hp_error *err)
{
	const struct hp_shim__logger_spec logger = {.place = place,
						    .container = spec->container,
						    .ns = spec->ns,
						    .ready_ms = LOGGER_READY_MS,
						    .end_ms = LOGGER_END_MS};
	int fds[2];

	if (hp_shim__logger_start(s->loop, &logger, &s->logger, fds, err) < 0)
		return -1;
	s->out[0].end.fd = fds[0];
	s->out[1].end.fd = fds[1];
	return 0;
}

static int open_outputs(struct hp_shim_stdio *s, const struct hp_shim_stdio_spec *spec,
			const struct hp_shim__place places[2], struct hp_error *err)
{
	bool same = hp_str_eq(spec->out, spec->err) && !hp_str_empty(spec->out);

	if (places[0].kind == HP_SHIM_PLACE_LOGGER && (same || !s->out[1].wanted))
		return open_logger(s, spec, &places[0], err);
	for (int i = 0; i < 2; i++)
		if (places[i].kind == HP_SHIM_PLACE_LOGGER)
			return hp_fail(err, HP_EINVALID,
				       "a logger takes stdout and stderr, and both must name "
				       "the same one");
	if (s->out[0].wanted && hp_shim__end_output(&places[0], &s->out[0].end, err) < 0)
		return -1;
	if (!s->out[1].wanted)
		return 0;
	if (!same || s->out[0].end.keep_fd >= 0)
		return hp_shim__end_output(&places[1], &s->out[1].end, err);
	/* One file has one position, or each would overwrite the other's. */
	s->out[1].end.fd = fcntl(s->out[0].end.fd, F_DUPFD_CLOEXEC, 0);
	if (s->out[1].end.fd < 0)
		return hp_fail_errno(err, errno, "output '%.200s'", spec->err);
	return 0;
}

static int open_all(struct hp_shim_stdio *s, const struct hp_shim_stdio_spec *spec,
		    struct hp_error *err)
{
	AUTO(hp_shim__place_clear) struct hp_shim__place in = {0};
	AUTO(hp_shim__place_clear) struct hp_shim__place out = {0};
	AUTO(hp_shim__place_clear) struct hp_shim__place err_place = {0};

	if (hp_shim__place_parse(spec->in, &in, err) < 0 ||
	    hp_shim__place_parse(spec->out, &out, err) < 0 ||
	    hp_shim__place_parse(spec->err, &err_place, err) < 0)
		return -1;
	if (spec->terminal && err_place.kind != HP_SHIM_PLACE_NONE)
		return hp_fail(err, HP_EINVALID,
			       "a terminal has one output, and stderr is '%.200s'", spec->err);
	s->in.wanted = in.kind != HP_SHIM_PLACE_NONE;
	s->out[0].wanted = out.kind != HP_SHIM_PLACE_NONE;
	s->out[1].wanted = err_place.kind != HP_SHIM_PLACE_NONE;
	if (s->in.wanted && hp_shim__end_find(&in, &s->in.path_fd, err) < 0)
		return -1;
	return open_outputs(s, spec, (const struct hp_shim__place[]){out, err_place}, err);
}

int hp_shim_stdio_open(struct hp_loop *l, const struct hp_shim_stdio_spec *spec,
		       struct hp_shim_stdio **ret, struct hp_error *err)
{
	AUTO(hp_shim_stdio_free) struct hp_shim_stdio *s = hp_alloc(sizeof(*s));

	s->loop = l;
	s->terminal = spec->terminal;
	s->in.path_fd = -1;
	s->in.end = (struct hp_shim__end)HP_SHIM_END_INIT;
	for (int i = 0; i < 2; i++) {
		s->out[i].s = s;
		hp_buf_init(&s->out[i].kept, KEPT_MAX);
		s->out[i].end = (struct hp_shim__end)HP_SHIM_END_INIT;
		s->out[i].done = true;
	}
	if (open_all(s, spec, err) < 0)
		return -1;
	*ret = TAKE(s);
	return 0;
}

void hp_shim_stdio_free(struct hp_shim_stdio *s)
{
	if (!s)
		return;
	close_streams(s);
	close_ends(s);
	hp_shim__logger_free(s->logger);
	hp_timer_stop(&s->ready_timer);
	hp_timer_stop(&s->limit_timer);
	hp_timer_stop(&s->done_timer);
	free(s);
}

static void on_ready_now(void *data, uint32_t events)
{
	struct hp_shim_stdio *s = data;

	(void)events;
	s->ready(s->ready_data, NULL);
}

void hp_shim_stdio_when_ready(struct hp_shim_stdio *s, hp_shim_stdio_ready_fn fn, void *data)
{
	if (s->logger) {
		hp_shim__logger_when_ready(s->logger, fn, data);
		return;
	}
	s->ready = fn;
	s->ready_data = data;
	hp_timer_start(s->loop, &s->ready_timer, 0, on_ready_now, s);
}

static int open_stream(struct hp_shim_stdio *s, struct hp_mux *mux, uint32_t number, int i,
		       struct hp_error *err)
{
	struct output *o = i == 0 ? NULL : &s->out[i - 1];
	const struct hp_mux_events *events = i == 0 ? &input_events : &output_events;

	if (s->terminal)
		events = &terminal_events;
	if (hp_mux_stream_open(mux, number * 4 + (uint32_t)i, events, o ? (void *)o : (void *)s,
			       &s->streams[i], err) < 0)
		return -1;
	if (o) {
		o->stream = s->streams[i];
		o->done = false;
	}
	if (s->in.wanted && (s->terminal || i == 0))
		s->in.stream = s->streams[i];
	return 0;
}

int hp_shim_stdio_attach(struct hp_shim_stdio *s, struct hp_mux *mux, uint32_t number,
			 struct hp_error *err)
{
	/* A terminal is there even when nobody wants to see it. */
	const bool wanted[] = {s->in.wanted && !s->terminal, s->out[0].wanted || s->terminal,
			       s->out[1].wanted};

	for (int i = 0; i < 3; i++) {
		if (!wanted[i] || open_stream(s, mux, number, i, err) == 0)
			continue;
		close_streams(s);
		return -1;
	}
	return 0;
}

/* From now on take all that comes, also what was refused before. */
static void start_keeping(struct hp_shim_stdio *s)
{
	s->keeping = true;
	for (int i = 0; i < 2; i++)
		if (s->out[i].stream)
			hp_mux_stream_resume(s->out[i].stream);
}

void hp_shim_stdio_detach(struct hp_shim_stdio *s)
{
	start_keeping(s);
	close_streams(s);
	check_end(s);
}

/* Only now, for who writes to a FIFO goes on when it has a reader, comes to the end of what is to be
 * written, and calls for CloseIO. ctr(8), before 2.0 at least, forgets to do so when that happens
 * before its Create has been answered, and the process would wait for the end of its input. */
static void open_input(struct hp_shim_stdio *s)
{
	struct hp_error err = HP_ERROR_INIT;

	if (s->in.path_fd < 0)
		return;
	if (hp_shim__end_input(s->in.path_fd, &s->in.end, &err) < 0) {
		hp_log(HP_LOG_WARN, "shim", "there is no input: %s", err.msg);
		input_close(&s->in);
		return;
	}
	close(TAKE_FD(s->in.path_fd));
	if (s->in.closed)
		hp_shim_stdio_close_stdin(s);
}

void hp_shim_stdio_begin(struct hp_shim_stdio *s)
{
	s->running = true;
	open_input(s);
	pump(s);
}

void hp_shim_stdio_close_stdin(struct hp_shim_stdio *s)
{
	s->in.closed = true;
	/* Once the caller's own writers are gone too, reading finds the end. */
	if (s->in.end.keep_fd >= 0)
		close(TAKE_FD(s->in.end.keep_fd));
}

static void on_kept(void *data, uint32_t events)
{
	(void)events;
	hp_log(HP_LOG_WARN, "shim", "output may be cut short: the machine did not end it");
	end(data);
}

static void on_limit(void *data, uint32_t events)
{
	struct hp_shim_stdio *s = data;

	(void)events;
	hp_timer_start(s->loop, &s->limit_timer, KEEP_MS, on_kept, s);
	start_keeping(s);
}

void hp_shim_stdio_finish(struct hp_shim_stdio *s, int64_t limit_ms, hp_loop_fn done,
			  void *data)
{
	s->done = done;
	s->done_data = data;
	s->limit_ms = limit_ms;
	hp_timer_start(s->loop, &s->limit_timer, limit_ms, on_limit, s);
	check_end(s);
}
