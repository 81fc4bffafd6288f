/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - one call: its headers, and its messages in and out. */
#include "net/call.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "wire/grpc_frame.h"

/* What comes with every call. From: grpc/grpc doc/PROTOCOL-HTTP2.md, "Requests". */
#define FIXED_HEADERS 7

/* The longest texts of a peer that are kept: an error message holds no more. */
#define TEXT_MAX 1024
#define TYPE_MAX 64

/* A buffer larger than this is given back as soon as it is empty. */
#define KEEP_BYTES (64 * 1024)

/* Rounds of reading without blocking: a peer that floods the connection cannot keep us. */
#define NEXT_ROUNDS 64

static struct hp_bytes waiting(const struct hp_call *c)
{
	if (c->in.len == c->in_at)
		return HP_BYTES(NULL, 0);
	return HP_BYTES(c->in.data + c->in_at, c->in.len - c->in_at);
}

/* Whether the message at the front is whole, or wrong and so needs no more bytes either. */
static bool front_is_done(const struct hp_call *c)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes message;

	return hp_grpc_message_next(waiting(c), c->grpc->max_message, &message, &err) != 0;
}

bool hp_call__is_torn(const struct hp_call *c)
{
	return c->in.len > c->in_at && !front_is_done(c);
}

static bool is_over(const struct hp_call *c)
{
	return c->failure.code != HP_OK || c->stream.end != HP_H2_OPEN;
}

static void update_ready(struct hp_call *c)
{
	bool ready = !c->end_taken && (is_over(c) || front_is_done(c));

	if (ready == c->ready)
		return;
	c->ready = ready;
	c->grpc->ready += ready ? 1 : -(size_t)1;
}

/* Give the peer's window back for what is used up, and for all that has come of a message that is
 * not whole yet, as the rest could not come otherwise. So a call whose user takes nothing holds
 * one message and one window at most. */
static void give_credit(struct hp_call *c)
{
	size_t left = waiting(c).len;
	size_t keep = c->uncredited < left ? c->uncredited : left;

	if (!front_is_done(c))
		keep = 0;
	hp_h2__credit(&c->stream, c->uncredited - keep);
	c->uncredited = keep;
}

static bool name_is(struct hp_bytes name, const char *text)
{
	return name.len == strlen(text) && memcmp(name.data, text, name.len) == 0;
}

/* End the call for a reason of ours. */
static void end_locally(struct hp_call *c, const struct hp_error *cause)
{
	if (c->failure.code == HP_OK)
		c->failure = *cause;
	update_ready(c);
}

static void read_status(struct hp_call *c, struct hp_bytes value)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_grpc_status_parse(value, &c->status, &err) < 0) {
		hp_wrap(&err, "the answer of '%s' to %s", c->grpc->address, c->method);
		end_locally(c, &err);
		return;
	}
	c->has_status = true;
}

static void on_header(struct hp_h2_stream *s, struct hp_bytes name, struct hp_bytes value)
{
	struct hp_call *c = container_of(s, struct hp_call, stream);

	if (name_is(name, ":status")) {
		/* nghttp2 lets only three digits through. */
		c->http_status = 0;
		for (size_t i = 0; i < value.len && i < 3; i++)
			c->http_status = c->http_status * 10 + (value.data[i] - '0');
	} else if (name_is(name, "content-type")) {
		free(c->content_type);
		c->content_type = hp_grpc_text_decode(value, TYPE_MAX);
	} else if (name_is(name, "grpc-status")) {
		read_status(c, value);
	} else if (name_is(name, "grpc-message")) {
		free(c->message);
		c->message = hp_grpc_text_decode(value, TEXT_MAX);
	}
}

/* Drop what was taken already before more is put behind it. */
static void compact(struct hp_call *c)
{
	if (c->in_at == 0)
		return;
	hp_buf_drop(&c->in, c->in_at);
	c->in_at = 0;
}

static void on_data(struct hp_h2_stream *s, struct hp_bytes data)
{
	struct hp_call *c = container_of(s, struct hp_call, stream);
	struct hp_error err = HP_ERROR_INIT;

	c->uncredited += data.len;
	if (hp_call__is_foreign(c) || c->failure.code != HP_OK) {
		hp_h2__credit(s, c->uncredited);
		c->uncredited = 0;
		return;
	}
	/* Each byte is moved at most once for each byte that came: half is taken by then. */
	if (c->in_at > c->in.len / 2)
		compact(c);
	if (hp_buf_add(&c->in, data.data, data.len, &err) < 0)
		end_locally(c, &err);
	give_credit(c);
	update_ready(c);
}

static void on_ended(struct hp_h2_stream *s)
{
	update_ready(container_of(s, struct hp_call, stream));
}

static const struct hp_h2_events call_events = {
	.header = on_header,
	.data = on_data,
	.ended = on_ended,
};

static int check_headers(const struct hp_labels *headers, struct hp_error *err)
{
	for (size_t i = 0; i < headers->count; i++)
		for (const char *p = headers->items[i].value; *p; p++)
			if (*p < 0x20 || *p > 0x7e)
				return hp_fail(err, HP_EINVALID,
					       "the value of '%s' holds a character that no "
					       "header may hold",
					       headers->items[i].key);
	return 0;
}

/* From: grpc/grpc doc/PROTOCOL-HTTP2.md, "Requests". */
static int open_stream(struct hp_call *c, struct hp_error *err)
{
	const struct hp_labels *extra = &c->grpc->headers;
	AUTO_FREE struct hp_grpc_header *headers =
		hp_alloc_array(FIXED_HEADERS + 1 + extra->count, sizeof(*headers));
	const struct hp_grpc_header fixed[FIXED_HEADERS] = {
		{":method", "POST"},
		{":scheme", "http"},
		{":path", c->method},
		{":authority", "localhost"},
		{"te", "trailers"},
		{"content-type", "application/grpc"},
		{"user-agent", "harpoon/" HP_VERSION},
	};
	char timeout[HP_GRPC_TIMEOUT_TEXT];
	size_t count = FIXED_HEADERS;

	memcpy(headers, fixed, sizeof(fixed));
	if (c->deadline != 0) {
		hp_grpc_timeout_format(hp_deadline_left_ms(c->deadline), timeout);
		headers[count++] = (struct hp_grpc_header){"grpc-timeout", timeout};
	}
	for (size_t i = 0; i < extra->count; i++)
		headers[count++] =
			(struct hp_grpc_header){extra->items[i].key, extra->items[i].value};
	return hp_h2__open(c->grpc->h2, &c->stream, headers, count, err);
}

int hp_call__begin(struct hp_grpc *g, const char *method, int64_t deadline,
		   struct hp_call **ret_call, struct hp_error *err)
{
	if (check_headers(&g->headers, err) < 0)
		return -1;
	if (hp_grpc__connect(g, err) < 0)
		return -1;

	AUTO(hp_call_free) struct hp_call *c = hp_alloc(sizeof(*c));
	c->stream.events = &call_events;
	c->grpc = g;
	c->method = hp_strdup(method);
	c->deadline = deadline;
	c->begun_ms = hp_clock_ms();
	g->calls++;
	/* What may lie here at once: a whole message, and the window behind it. */
	hp_buf_init(&c->in, 2 * (g->max_message + HP_GRPC_PREFIX) + (4u << 20));
	if (deadline != 0 && hp_deadline_left_ms(deadline) == 0)
		return hp_call__fail_late(c, err);
	if (open_stream(c, err) < 0)
		return hp_wrap(err, "call %s", method);

	*ret_call = TAKE(c);
	return 0;
}

/* The call's time is over: end it on both sides. */
static int give_up(struct hp_call *c, struct hp_error *err)
{
	hp_h2__unwrite(&c->stream);
	hp_call__fail_late(c, err);
	c->end_taken = true;
	end_locally(c, err);
	return -1;
}

static bool wait_a_bit(struct hp_call *c)
{
	return hp_h2__pump(c->stream.h2, hp_deadline_left_ms(c->deadline));
}

int hp_call__send(struct hp_call *c, struct hp_bytes message, bool last, struct hp_error *err)
{
	uint8_t prefix[HP_GRPC_PREFIX];

	if (c->stream.last)
		return hp_fail(err, HP_ESTATE, "%s: our side has ended already", c->method);
	if (message.len > UINT32_MAX)
		return hp_fail(err, HP_ERANGE, "%s: a message of %zu bytes is too large",
			       c->method, message.len);

	hp_grpc_prefix_write((uint32_t)message.len, prefix);
	hp_h2__write(&c->stream, HP_BYTES(prefix, sizeof(prefix)), message, last);
	while (!is_over(c)) {
		hp_h2__send(c->stream.h2);
		if (hp_h2__sent(&c->stream))
			break;
		if (!wait_a_bit(c))
			return give_up(c, err);
	}
	hp_h2__unwrite(&c->stream);
	if (!c->stream.cut)
		return 0;
	/* The server has ended the call without waiting for the rest: its reason is ours. */
	if (hp_call__verdict(c, err) < 0)
		return -1;
	return hp_fail(err, HP_ESTATE, "the daemon ended %s before it had heard all",
		       c->method);
}

static int take_message(struct hp_call *c, struct hp_bytes message, struct hp_buf *ret_message,
			struct hp_error *err)
{
	if (hp_buf_add(ret_message, message.data, message.len, err) < 0)
		return hp_wrap(err, "answer to %s", c->method);

	c->in_at += HP_GRPC_PREFIX + message.len;
	if (c->in_at == c->in.len) {
		c->in_at = 0;
		c->in.len = 0;
		if (c->in.cap > KEEP_BYTES)
			hp_buf_free(&c->in);
	}
	give_credit(c);
	return HP_NEXT_ITEM;
}

/* What there is without moving bytes: as hp_call_next(). */
static int take(struct hp_call *c, struct hp_buf *ret_message, struct hp_error *err)
{
	struct hp_error cause = HP_ERROR_INIT;
	struct hp_bytes message = {0};
	int found = 0;

	if (c->failure.code == HP_OK)
		found = hp_grpc_message_next(waiting(c), c->grpc->max_message, &message,
					     &cause);
	if (found > 0) {
		found = take_message(c, message, ret_message, err);
		update_ready(c);
		return found;
	}
	if (found < 0) {
		hp_wrap(&cause, "the answer of '%s' to %s", c->grpc->address, c->method);
		end_locally(c, &cause);
	}
	if (!is_over(c))
		return HP_NEXT_WAIT;
	c->end_taken = true;
	update_ready(c);
	return hp_call__verdict(c, err);
}

int hp_call__recv(struct hp_call *c, struct hp_buf *ret_message, struct hp_error *err)
{
	for (;;) {
		int found = take(c, ret_message, err);

		if (found != HP_NEXT_WAIT)
			return found;
		if (!wait_a_bit(c) && !is_over(c))
			return give_up(c, err);
	}
}

static int next_message(struct hp_call *c, struct hp_buf *ret_message, struct hp_error *err)
{
	for (int round = 0; round < NEXT_ROUNDS; round++) {
		int found = take(c, ret_message, err);

		if (found != HP_NEXT_WAIT)
			return found;
		if (!hp_h2__pump(c->stream.h2, 0) && !is_over(c))
			break;
	}
	if (!is_over(c) && hp_deadline_left_ms(c->deadline) == 0)
		return give_up(c, err);
	return HP_NEXT_WAIT;
}

int hp_call_begin(struct hp_grpc *g, const char *method, int64_t deadline,
		  struct hp_call **ret_call, struct hp_error *err)
{
	int done = hp_call__begin(g, method, deadline, ret_call, err);

	hp_grpc__settle(g);
	return done;
}

int hp_call_send(struct hp_call *c, struct hp_bytes message, bool last, struct hp_error *err)
{
	int done = hp_call__send(c, message, last, err);

	hp_grpc__settle(c->grpc);
	return done;
}

int hp_call_recv(struct hp_call *c, struct hp_buf *ret_message, struct hp_error *err)
{
	int found = hp_call__recv(c, ret_message, err);

	hp_grpc__settle(c->grpc);
	return found;
}

int hp_call_next(struct hp_call *c, struct hp_buf *ret_message, struct hp_error *err)
{
	int found = next_message(c, ret_message, err);

	hp_grpc__settle(c->grpc);
	return found;
}

void hp_call_free(struct hp_call *c)
{
	if (!c)
		return;

	struct hp_grpc *g = c->grpc;

	hp_h2__let_go(&c->stream);
	g->calls--;
	g->ready -= c->ready ? 1 : 0;
	hp_buf_free(&c->in);
	free(c->method);
	free(c->content_type);
	free(c->message);
	free(c);
	hp_grpc__settle(g);
}
