/* SPDX-License-Identifier: Apache-2.0 */
/* remote.c - a session of kubelet's streaming protocol: five streams on one SPDY connection. */
#include "net/remote.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "net/bell.h"
#include "net/spdy.h"
#include "wire/json.h"

#define PROTOCOL   "v4.channel.k8s.io"
/* Output that is kept while only the end is waited for. */
#define KEEP_MAX   (1024u * 1024)
/* The most bytes of stdin in a frame. */
#define WRITE_MAX  32768u
#define STATUS_MAX 65536u

enum channel { IN, OUT, ERR, STATUS, RESIZE, CHANNELS };

struct hp_remote {
	unsigned refs;
	struct hp_spdy *spdy;
	uint32_t ids[CHANNELS]; /* 0: there is no such stream */
	bool over[CHANNELS];    /* nothing more comes or goes there */
	struct hp_bell out_bell;
	struct hp_bell end_bell;
	bool more;   /* there may be frames that were read and not looked at */
	bool paused; /* the end's bell does not watch the socket: too much output is kept */
	struct hp_buf kept[2]; /* stdout and stderr that was read for the other party */
	struct hp_buf shown;   /* what the last chunk borrows from */
	struct hp_buf status;
	bool ended;
	struct hp_remote_end end;
	char *message;
};

static int open_stream(struct hp_remote *r, enum channel channel, const char *type,
		       struct hp_error *err)
{
	const struct hp_spdy_pair pair = {"streamtype", type};

	return hp_spdy_open(r->spdy, &pair, 1, &r->ids[channel], err);
}

/* From: client-go tools/remotecommand v2.go and v3.go: the error stream comes first. */
static int open_streams(struct hp_remote *r, const struct hp_remote_want *want,
			struct hp_error *err)
{
	const struct {
		bool wanted;
		enum channel channel;
		const char *type;
	} rows[] = {
		{true, STATUS, "error"},       {want->in, IN, "stdin"},
		{want->out, OUT, "stdout"},    {want->err && !want->tty, ERR, "stderr"},
		{want->tty, RESIZE, "resize"},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		r->over[rows[i].channel] = !rows[i].wanted;
		if (rows[i].wanted && open_stream(r, rows[i].channel, rows[i].type, err) < 0)
			return -1;
	}
	return hp_spdy_flush(r->spdy, err);
}

int hp_remote_open(const struct hp_remote_want *want, int64_t deadline, struct hp_remote **ret,
		   struct hp_error *err)
{
	AUTO(hp_remote_unref) struct hp_remote *r = hp_alloc(sizeof(*r));

	r->refs = 1;
	r->out_bell = r->end_bell = (struct hp_bell)HP_BELL_INIT;
	hp_buf_init(&r->kept[0], KEEP_MAX + HP_SPDY_PAYLOAD);
	hp_buf_init(&r->kept[1], KEEP_MAX + HP_SPDY_PAYLOAD);
	hp_buf_init(&r->shown, KEEP_MAX + HP_SPDY_PAYLOAD);
	hp_buf_init(&r->status, STATUS_MAX);
	if (hp_spdy_dial(want->url, PROTOCOL, deadline, &r->spdy, err) < 0 ||
	    open_streams(r, want, err) < 0 || hp_bell__open(&r->out_bell, err) < 0 ||
	    hp_bell__open(&r->end_bell, err) < 0 ||
	    hp_bell__watch(&r->out_bell, hp_spdy_fd(r->spdy), false, err) < 0 ||
	    hp_bell__watch(&r->end_bell, hp_spdy_fd(r->spdy), false, err) < 0)
		return -1;
	*ret = TAKE(r);
	return 0;
}

struct hp_remote *hp_remote_ref(struct hp_remote *r)
{
	r->refs++;
	return r;
}

void hp_remote_unref(struct hp_remote *r)
{
	if (!r || --r->refs)
		return;
	hp_bell__close(&r->out_bell);
	hp_bell__close(&r->end_bell);
	hp_spdy_free(r->spdy);
	hp_buf_free(&r->kept[0]);
	hp_buf_free(&r->kept[1]);
	hp_buf_free(&r->shown);
	hp_buf_free(&r->status);
	free(r->message);
	free(r);
}

static bool output_over(const struct hp_remote *r)
{
	return r->over[OUT] && r->over[ERR];
}

/* Let both bells say what there is to do now. What is unsent is sent when the socket takes it. */
static void ring(struct hp_remote *r)
{
	bool unsent = hp_spdy_unsent(r->spdy) > 0;
	bool full = r->kept[0].len > KEEP_MAX || r->kept[1].len > KEEP_MAX;

	hp_bell__ring(&r->out_bell,
		      r->more || r->kept[0].len || r->kept[1].len || output_over(r));
	hp_bell__ring(&r->end_bell, r->ended || (r->more && !full));
	hp_bell__set_writing(&r->out_bell, hp_spdy_fd(r->spdy), unsent);
	if (full != r->paused) {
		struct hp_error ignored = HP_ERROR_INIT;

		r->paused = full;
		if (full)
			hp_bell__unwatch(&r->end_bell, hp_spdy_fd(r->spdy));
		else if (hp_bell__watch(&r->end_bell, hp_spdy_fd(r->spdy), false, &ignored) < 0)
			hp_error_clear(&ignored);
	}
	if (!r->paused)
		hp_bell__set_writing(&r->end_bell, hp_spdy_fd(r->spdy), unsent);
}

static void set_end(struct hp_remote *r, int code, const char *message)
{
	if (r->ended)
		return;
	r->ended = true;
	r->message = hp_strdup(message);
	r->end = (struct hp_remote_end){.code = code, .message = r->message};
}

/* The exit status among the causes of a failure. From: remotecommand constants.go,
 * NonZeroExitCodeReason and ExitCodeCauseType. */
static int exit_code(const struct hp_json *status)
{
	const struct hp_json *causes = hp_json_path(status, "details.causes");
	struct hp_error ignored = HP_ERROR_INIT;
	int64_t code;

	for (size_t i = 0; i < hp_json_count(causes); i++) {
		const struct hp_json *cause = hp_json_at(causes, i);
		const char *text = hp_json_get_str(cause, "message");

		if (hp_str_eq(hp_json_get_str(cause, "reason"), "ExitCode") && text &&
		    hp_str_i64(text, &code, &ignored) == 0 && code >= 0 && code <= 255)
			return (int)code;
	}
	return -1;
}

/* Read what the error stream has said, which the server may keep open. From: apimachinery meta/v1 types.go, Status. */
static void read_status(struct hp_remote *r)
{
	AUTO(hp_json_free) struct hp_json *status = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (r->ended || !r->status.len)
		return;
	if (hp_json_parse(hp_buf_bytes(&r->status), &status, &ignored) < 0) {
		if (!r->over[STATUS])
			return; /* the rest is on its way */
		set_end(r, -1, "the runtime's word on how it ended is no JSON");
		return;
	}
	const char *message = hp_json_get_str(status, "message");
	if (hp_str_eq(hp_json_get_str(status, "status"), "Success")) {
		set_end(r, 0, "");
		return;
	}
	int code = hp_str_eq(hp_json_get_str(status, "reason"), "NonZeroExitCode")
			   ? exit_code(status)
			   : -1;
	set_end(r, code, code >= 0 ? "" : message ? message : "the runtime does not say why");
}

static enum channel channel_of(const struct hp_remote *r, uint32_t id)
{
	enum channel channel = IN;

	while (channel < CHANNELS && (!r->ids[channel] || r->ids[channel] != id))
		channel++;
	return channel;
}

static void all_over(struct hp_remote *r)
{
	for (enum channel channel = IN; channel < CHANNELS; channel++)
		r->over[channel] = true;
	read_status(r);
	set_end(r, -1, "the connection to the runtime ended before the process did");
}

/* Take the next frame; what is not output is dealt with here.
 * Returns: HP_NEXT_ITEM with output, HP_NEXT_END for any other frame, HP_NEXT_WAIT, -1. */
static int step(struct hp_remote *r, enum channel *ret_channel, struct hp_bytes *ret_data,
		struct hp_error *err)
{
	struct hp_spdy_frame frame;
	int got = hp_spdy_next(r->spdy, &frame, err);

	r->more = got == HP_NEXT_ITEM;
	if (got == HP_NEXT_END) {
		if (r->ended && output_over(r))
			return HP_NEXT_WAIT;
		all_over(r);
		return HP_NEXT_END;
	}
	if (got != HP_NEXT_ITEM)
		return got;
	enum channel channel = channel_of(r, frame.stream);
	if (channel == CHANNELS || (frame.type != HP_SPDY_DATA && frame.type != HP_SPDY_RESET))
		return HP_NEXT_END;
	bool last = frame.fin || frame.type == HP_SPDY_RESET;
	r->over[channel] = r->over[channel] || last;
	if (channel == STATUS) {
		if (hp_buf_add(&r->status, frame.payload.data, frame.payload.len, err) < 0)
			return -1;
		read_status(r);
		return HP_NEXT_END;
	}
	if ((channel != OUT && channel != ERR) || !frame.payload.len)
		return HP_NEXT_END;
	*ret_channel = channel;
	*ret_data = frame.payload;
	return HP_NEXT_ITEM;
}

static void send_rest(struct hp_remote *r)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_spdy_unsent(r->spdy) && hp_spdy_flush(r->spdy, &ignored) < 0) {
		hp_error_clear(&ignored);
		r->over[IN] = true;
	}
}

static int take_kept(struct hp_remote *r, struct hp_chunk *ret)
{
	for (size_t i = 0; i < 2; i++) {
		if (!r->kept[i].len)
			continue;
		struct hp_buf swapped = r->shown;
		r->shown = r->kept[i];
		r->kept[i] = swapped;
		r->kept[i].len = 0;
		*ret = (struct hp_chunk){
			.channel = i ? HP_CHANNEL_STDERR : HP_CHANNEL_STDOUT,
			.data = (const char *)r->shown.data,
			.len = r->shown.len,
		};
		return HP_NEXT_ITEM;
	}
	return HP_NEXT_WAIT;
}

static int find_output(struct hp_remote *r, struct hp_chunk *ret, struct hp_error *err)
{
	enum channel channel;
	struct hp_bytes data;

	send_rest(r);
	if (take_kept(r, ret) == HP_NEXT_ITEM)
		return HP_NEXT_ITEM;
	while (!output_over(r)) {
		int got = step(r, &channel, &data, err);
		/* Copied: whoever waits for the end may read on before the chunk is used. */
		if (got == HP_NEXT_ITEM &&
		    hp_buf_add(&r->kept[channel == ERR], data.data, data.len, err) < 0)
			return -1;
		if (got == HP_NEXT_ITEM)
			return take_kept(r, ret);
		if (got != HP_NEXT_END)
			return got;
	}
	return HP_NEXT_END;
}

int hp_remote_next(struct hp_remote *r, struct hp_chunk *ret, struct hp_error *err)
{
	int got = find_output(r, ret, err);

	ring(r);
	return got;
}

static int find_end(struct hp_remote *r, struct hp_error *err)
{
	enum channel channel;
	struct hp_bytes data;

	send_rest(r);
	while (!r->ended && r->kept[0].len <= KEEP_MAX && r->kept[1].len <= KEEP_MAX) {
		int got = step(r, &channel, &data, err);
		if (got < 0 || got == HP_NEXT_WAIT)
			return got;
		if (got == HP_NEXT_ITEM &&
		    hp_buf_add(&r->kept[channel == ERR], data.data, data.len, err) < 0)
			return -1;
	}
	return r->ended ? HP_NEXT_ITEM : HP_NEXT_WAIT;
}

int hp_remote_end(struct hp_remote *r, struct hp_remote_end *ret, struct hp_error *err)
{
	int got = find_end(r, err);

	ring(r);
	if (got == HP_NEXT_ITEM)
		*ret = r->end;
	return got;
}

int hp_remote_out_fd(const struct hp_remote *r)
{
	return r->out_bell.fd;
}

int hp_remote_end_fd(const struct hp_remote *r)
{
	return r->end_bell.fd;
}

int hp_remote_in_fd(const struct hp_remote *r)
{
	return r->over[IN] ? -1 : hp_spdy_fd(r->spdy);
}

ssize_t hp_remote_write(struct hp_remote *r, const void *data, size_t len, struct hp_error *err)
{
	size_t n = len < WRITE_MAX ? len : WRITE_MAX;

	if (!r->ids[IN])
		return hp_fail(err, HP_ESTATE, "the process has no stdin");
	if (r->over[IN])
		return hp_fail(err, HP_ESTATE, "stdin was closed");
	if (hp_spdy_flush(r->spdy, err) < 0)
		return -1;
	if (hp_spdy_unsent(r->spdy))
		return 0;
	if (hp_spdy_send(r->spdy, r->ids[IN], HP_BYTES(data, n), false, err) < 0 ||
	    hp_spdy_flush(r->spdy, err) < 0)
		return -1;
	ring(r);
	return (ssize_t)n;
}

int hp_remote_close_in(struct hp_remote *r, struct hp_error *err)
{
	if (r->over[IN])
		return 0;
	r->over[IN] = true;
	if (hp_spdy_send(r->spdy, r->ids[IN], HP_BYTES(NULL, 0), true, err) < 0)
		return -1;
	send_rest(r);
	ring(r);
	return 0;
}

/* From: client-go tools/remotecommand resize.go, TerminalSize as JSON. */
int hp_remote_resize(struct hp_remote *r, uint16_t cols, uint16_t rows, struct hp_error *err)
{
	AUTO_FREE char *text = hp_sprintf("{\"Width\":%u,\"Height\":%u}\n", cols, rows);

	if (!r->ids[RESIZE] || r->over[RESIZE])
		return hp_fail(err, HP_ESTATE, "the process has no terminal any more");
	if (hp_spdy_send(r->spdy, r->ids[RESIZE], hp_bytes_str(text), false, err) < 0)
		return -1;
	if (hp_spdy_flush(r->spdy, err) < 0)
		return hp_wrap(err, "tell the size of the terminal");
	ring(r);
	return 0;
}
