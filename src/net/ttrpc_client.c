/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc_client.c - owns one connection to a ttrpc server and the calls under way on it. */
#include "net/ttrpc_client.h"

#include <assert.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "net/link.h"
#include "wire/ttrpc.h"

/* What a peer may leave unread. */
#define QUEUE_MAX ((size_t)16 * 1024 * 1024)
#define NS_PER_MS INT64_C(1000000)

/* A call under way, or one that has failed before it could be sent. */
struct call {
	struct hp_ttrpc_client *client;
	struct call *next;
	struct call **link; /* what points to it */
	uint32_t stream;
	struct hp_timer timer;
	int64_t timeout_ms;
	hp_ttrpc_done_fn done;
	void *data;
	struct hp_error failure; /* of one that was not sent */
	char name[];             /* service and method, for messages */
};

struct hp_ttrpc_client {
	struct hp_loop *loop;
	struct hp_link link;
	struct call *calls;
	uint32_t last_stream;
	uint32_t skip; /* bytes of a payload that was too large, still to come */
	hp_loop_fn on_gone;
	void *data;
	unsigned in_use; /* callbacks at work; the last one frees it when it is closed */
	bool closed;
};

static void remove_call(struct call *call)
{
	*call->link = call->next;
	if (call->next)
		call->next->link = call->link;
	hp_timer_stop(&call->timer);
}

/* From here on the client may be closed, but is there, until release() has been called. */
static void hold(struct hp_ttrpc_client *c)
{
	c->in_use++;
}

static void release(struct hp_ttrpc_client *c)
{
	if (--c->in_use == 0 && c->closed)
		free(c);
}

/* The client is held. */
static void end_call(struct call *call, struct hp_bytes payload, const struct hp_error *why)
{
	remove_call(call);
	call->done(call->data, payload, why);
	free(call);
}

static PRINTF(3, 4) void fail_call(struct call *call, enum hp_code code, const char *fmt, ...)
{
	struct hp_error why = HP_ERROR_INIT;
	va_list args;

	va_start(args, fmt);
	AUTO_FREE char *text = hp_vsprintf(fmt, args);
	va_end(args);
	hp_fail(&why, code, "%s: %s", call->name, text);
	end_call(call, (struct hp_bytes){0}, &why);
}

static struct call *find_call(struct hp_ttrpc_client *c, uint32_t stream)
{
	struct call *call = c->calls;

	/* Number 0 is that of calls which were not sent. */
	while (call && (call->stream != stream || stream == 0))
		call = call->next;
	return call;
}

/* The peer's own words, and its status as the error's number. */
static void refuse_call(struct call *call, const struct hp_ttrpc_response *r)
{
	struct hp_error why = HP_ERROR_INIT;
	char text[sizeof(why.msg) + 1]; /* one more, so that what is cut is marked */
	size_t len = 0;

	for (; len < r->message.len && len < sizeof(text) - 1; len++)
		text[len] = r->message.data[len] ? (char)r->message.data[len] : '?';
	text[len] = '\0';
	if (len > 0)
		hp_fail(&why, hp_code_from_grpc(r->code), "%s", text);
	else
		hp_fail(&why, hp_code_from_grpc(r->code), "%s: refused", call->name);
	why.sys = r->code;
	end_call(call, (struct hp_bytes){0}, &why);
}

static void take_response(struct call *call, const struct hp_ttrpc_frame *f)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_ttrpc_response r;

	if (f->too_large)
		fail_call(call, HP_EEXHAUSTED,
			  "an answer of %" PRIu32 " bytes is over the limit", f->too_large);
	else if (f->type == HP_TTRPC_DATA)
		fail_call(call, HP_EPROTO, "a stream came in place of an answer");
	else if (hp_ttrpc_response_read(f->payload, &r, &err) < 0)
		fail_call(call, HP_EPROTO, "%s", err.msg);
	else if (r.code != 0)
		refuse_call(call, &r);
	else
		end_call(call, r.payload, NULL);
}

static void take_frame(struct hp_ttrpc_client *c, const struct hp_ttrpc_frame *f)
{
	/* An answer that nobody waits for any more is none. */
	struct call *call = find_call(c, f->stream);

	if (call && (f->type == HP_TTRPC_RESPONSE || f->type == HP_TTRPC_DATA))
		take_response(call, f);
}

/* Take what is left of a payload that was too large. Returns: whether all of it was there. */
static bool skip_payload(struct hp_ttrpc_client *c, struct hp_bytes in)
{
	const size_t len = in.len < c->skip ? in.len : c->skip;

	hp_link__use(&c->link, len);
	c->skip -= (uint32_t)len;
	return c->skip == 0;
}

static void take_input(struct hp_ttrpc_client *c)
{
	while (!c->closed && skip_payload(c, hp_link__input(&c->link))) {
		struct hp_ttrpc_frame f;
		const size_t used = hp_ttrpc_frame_next(hp_link__input(&c->link), &f);

		if (used == 0)
			break;
		c->skip = f.too_large;
		hp_link__use(&c->link, used);
		take_frame(c, &f);
	}
}

/* The peer is gone. The link stays closed, and calls that are made later fail. */
static void go(struct hp_ttrpc_client *c)
{
	hp_link__close(&c->link);
	while (!c->closed && c->calls)
		fail_call(c->calls, HP_EUNAVAILABLE, "the peer has closed the connection");
	if (!c->closed && c->on_gone)
		c->on_gone(c->data, 0);
}

static void client_ready(void *data, uint32_t events)
{
	struct hp_ttrpc_client *c = data;
	bool gone;

	hold(c);
	gone = !hp_link__receive(&c->link, events);
	take_input(c);
	if (gone && !c->closed)
		go(c);
	release(c);
}

static void call_timed_out(void *data, uint32_t events)
{
	struct call *call = data;
	struct hp_ttrpc_client *c = call->client;

	(void)events;
	hold(c);
	if (call->failure.code != HP_OK)
		end_call(call, (struct hp_bytes){0}, &call->failure);
	else
		fail_call(call, HP_ETIMEOUT, "no answer within %" PRId64 " ms",
			  call->timeout_ms);
	release(c);
}

int hp_ttrpc_client_new(struct hp_loop *l, int take_fd, hp_loop_fn on_gone, void *data,
			struct hp_ttrpc_client **ret, struct hp_error *err)
{
	static const struct hp_link_limits limits = {.in = HP_TTRPC_HEADER + HP_TTRPC_PAYLOAD,
						     .out = QUEUE_MAX};
	struct hp_ttrpc_client *c = hp_alloc(sizeof(*c));

	if (hp_link__open(&c->link, l, take_fd, &limits, client_ready, c, err) < 0) {
		free(c);
		return hp_wrap(err, "ttrpc client");
	}
	c->loop = l;
	c->on_gone = on_gone;
	c->data = data;
	*ret = c;
	return 0;
}

void hp_ttrpc_client_free(struct hp_ttrpc_client *c)
{
	if (!c)
		return;
	hp_link__close(&c->link);
	while (c->calls) {
		struct call *call = c->calls;

		remove_call(call);
		free(call);
	}
	c->closed = true;
	hold(c);
	release(c);
}

/* Queue the request of a call. */
static int send_call(struct hp_ttrpc_client *c, struct call *call,
		     const struct hp_ttrpc_outgoing *o, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf body;
	struct hp_ttrpc_request r = {.payload = o->payload};
	struct hp_buf *queue;

	hp_buf_init(&body, HP_TTRPC_PAYLOAD);
	assert(strlen(o->service) < sizeof(r.service) && strlen(o->method) < sizeof(r.method));
	if (!c->link.loop || c->link.broken)
		return hp_fail(err, HP_EUNAVAILABLE, "the peer has closed the connection");
	if (c->last_stream > UINT32_MAX - 2)
		return hp_fail(err, HP_EEXHAUSTED, "no number is left for a stream");
	snprintf(r.service, sizeof(r.service), "%s", o->service);
	snprintf(r.method, sizeof(r.method), "%s", o->method);
	snprintf(r.ns, sizeof(r.ns), "%s", o->ns ? o->ns : "");
	if (o->timeout_ms > 0 && o->timeout_ms < INT64_MAX / NS_PER_MS)
		r.timeout_ns = o->timeout_ms * NS_PER_MS;
	if (hp_ttrpc_request_put(&body, &r, err) < 0)
		return -1;

	const struct hp_ttrpc_frame f = {.stream = c->last_stream == 0 ? 1 : c->last_stream + 2,
					 .type = HP_TTRPC_REQUEST,
					 .payload = hp_buf_bytes(&body)};
	queue = hp_link__queue(&c->link, HP_TTRPC_HEADER + body.len);
	if (!queue)
		return hp_fail(err, HP_EEXHAUSTED, "too much waits to be sent already");
	if (hp_ttrpc_frame_put(queue, &f, err) < 0)
		return -1;
	c->last_stream = f.stream;
	call->stream = f.stream;
	hp_link__send(&c->link);
	return 0;
}

void hp_ttrpc_call(struct hp_ttrpc_client *c, const struct hp_ttrpc_outgoing *o,
		   hp_ttrpc_done_fn done, void *data)
{
	const size_t size = strlen(o->service) + strlen(o->method) + sizeof("/");
	struct call *call = hp_alloc(sizeof(*call) + size);

	snprintf(call->name, size, "%s/%s", o->service, o->method);
	call->client = c;
	call->done = done;
	call->data = data;
	call->timeout_ms = o->timeout_ms;
	call->link = &c->calls;
	call->next = c->calls;
	if (call->next)
		call->next->link = &call->next;
	c->calls = call;

	if (send_call(c, call, o, &call->failure) < 0) {
		hp_wrap(&call->failure, "%s", call->name);
		hp_timer_start(c->loop, &call->timer, 0, call_timed_out, call);
	} else if (o->timeout_ms > 0) {
		hp_timer_start(c->loop, &call->timer, o->timeout_ms, call_timed_out, call);
	}
}
