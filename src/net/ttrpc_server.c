/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc_server.c - owns the connections of a ttrpc server and the calls that wait on them. */
#include "net/ttrpc_server.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/fault.h"
#include "base/fd.h"
#include "net/link.h"
#include "wire/grpc_frame.h"
#include "wire/ttrpc.h"

#define CONNS_MAX      256
#define ACCEPTS_MAX    16   /* in one round of the loop */
#define ACCEPT_WAIT_MS 100  /* when there are no descriptors left */
#define CALLS_MAX      4096 /* that wait on one connection: each container and exec has a Wait */
#define CALL_BYTES_MAX ((size_t)16 * 1024 * 1024)
/* Who lets so many answers lie unread is not listened to, and beyond the second cut off. */
#define QUEUE_ENOUGH   ((size_t)1024 * 1024)
#define QUEUE_MAX      ((size_t)16 * 1024 * 1024)
#define NS_PER_MS      1000000

struct conn {
	struct hp_ttrpc_server *server;
	struct conn *next;
	struct hp_link link;
	struct hp_ttrpc_call *calls;
	size_t n_calls;
	size_t call_bytes;
	uint32_t last_stream;
	uint32_t skip; /* bytes of a payload that was too large, still to come */
	hp_loop_fn on_gone;
	void *data;
	bool handed_on; /* a new peer may begin anew on it */
	bool in_use;    /* its callback is at work, and frees it when it is closed */
	bool closed;
};

struct hp_ttrpc_call {
	struct conn *conn;
	struct hp_ttrpc_call *next;
	struct hp_ttrpc_call **link; /* what points to it */
	const struct hp_ttrpc_method *method;
	uint32_t stream;
	struct hp_timer timer;
	hp_loop_fn on_gone;
	void *data;
	size_t len;
	uint8_t payload[];
};

struct hp_ttrpc_server {
	struct hp_loop *loop;
	const struct hp_ttrpc_method *methods;
	void *data;
	struct conn *conns;
	size_t n_conns;
	hp_loop_fn on_alone;
	void *alone_data;
	int listen_fd; /* -1: none */
	struct hp_watch listen;
	struct hp_timer listen_again;
	bool finishing;
	struct hp_timer finish;
	hp_loop_fn finish_fn;
	void *finish_data;
};

struct hp_ttrpc_server *hp_ttrpc_server_new(struct hp_loop *l,
					    const struct hp_ttrpc_method *methods, void *data)
{
	struct hp_ttrpc_server *s = hp_alloc(sizeof(*s));

	s->loop = l;
	s->methods = methods;
	s->data = data;
	s->listen_fd = -1;
	return s;
}

void hp_ttrpc_server_on_alone(struct hp_ttrpc_server *s, hp_loop_fn fn, void *data)
{
	s->on_alone = fn;
	s->alone_data = data;
}

bool hp_ttrpc_server_busy(const struct hp_ttrpc_server *s)
{
	for (const struct conn *c = s->conns; c; c = c->next)
		if (hp_link__queued(&c->link) > 0)
			return true;
	return false;
}

static struct hp_ttrpc_call *add_call(struct conn *c, const struct hp_ttrpc_method *method,
				      uint32_t stream, struct hp_bytes payload)
{
	struct hp_ttrpc_call *call = hp_alloc(sizeof(*call) + payload.len);

	call->conn = c;
	call->method = method;
	call->stream = stream;
	call->len = payload.len;
	if (payload.len > 0)
		memcpy(call->payload, payload.data, payload.len);
	call->next = c->calls;
	if (call->next)
		call->next->link = &call->next;
	call->link = &c->calls;
	c->calls = call;
	c->n_calls++;
	c->call_bytes += call->len;
	return call;
}

static void free_call(struct hp_ttrpc_call *call)
{
	*call->link = call->next;
	if (call->next)
		call->next->link = call->link;
	call->conn->n_calls--;
	call->conn->call_bytes -= call->len;
	hp_timer_stop(&call->timer);
	free(call);
}

/* Tell who was to answer that nobody wants to know any more. */
static void forget_call(struct hp_ttrpc_call *call)
{
	const hp_loop_fn fn = call->on_gone;
	void *data = call->data;

	free_call(call);
	if (fn)
		fn(data, 0);
}

static bool has_call(const struct conn *c, uint32_t stream)
{
	const struct hp_ttrpc_call *call = c->calls;

	/* The latest comes first, and numbers only grow. */
	while (call && call->stream > stream)
		call = call->next;
	return call && call->stream == stream;
}

static void finished(void *data, uint32_t events)
{
	struct hp_ttrpc_server *s = data;

	(void)events;
	s->finishing = false;
	s->finish_fn(s->finish_data, 0);
}

/* Once nothing waits to be sent any more, there is nothing left to wait for. */
static void check_finish(struct hp_ttrpc_server *s)
{
	if (s->finishing && !hp_ttrpc_server_busy(s))
		hp_timer_start(s->loop, &s->finish, 0, finished, s);
}

/* The server may be gone afterwards: those who were to answer may do what they like. */
static void conn_close(struct conn *c)
{
	struct conn **at = &c->server->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->server->n_conns--;
	c->closed = true;
	hp_link__close(&c->link);
	check_finish(c->server);
	while (c->calls)
		forget_call(c->calls);
	if (!c->in_use)
		free(c);
}

static void update_reading(struct conn *c)
{
	if (!c->closed)
		hp_link__set_deaf(&c->link, c->server->finishing ||
						    hp_link__queued(&c->link) > QUEUE_ENOUGH);
}

static void respond(struct conn *c, uint32_t stream, const struct hp_ttrpc_response *r)
{
	const struct hp_ttrpc_response too_large = {
		.code = HP_GRPC_RESOURCE_EXHAUSTED,
		.message = hp_bytes_str("the answer is over ttrpc's limit of 4 MiB")};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf body;
	struct hp_buf *queue;

	hp_buf_init(&body, HP_TTRPC_PAYLOAD);
	if (hp_ttrpc_response_put(&body, r, &err) < 0) {
		hp_error_clear(&err);
		body.len = 0;
		/* It has room: the body is empty. */
		(void)!hp_ttrpc_response_put(&body, &too_large, &err);
	}
	const struct hp_ttrpc_frame f = {
		.stream = stream, .type = HP_TTRPC_RESPONSE, .payload = hp_buf_bytes(&body)};

	queue = hp_link__queue(&c->link, HP_TTRPC_HEADER + body.len);
	if (!queue || hp_ttrpc_frame_put(queue, &f, &err) < 0) {
		hp_link__break(&c->link);
		return;
	}
	hp_link__send(&c->link);
	update_reading(c);
}

static void respond_status(struct conn *c, uint32_t stream, int code, const char *message)
{
	const struct hp_ttrpc_response r = {.code = code, .message = hp_bytes_str(message)};

	respond(c, stream, &r);
}

static void call_timed_out(void *data, uint32_t events)
{
	struct hp_ttrpc_call *call = data;

	(void)events;
	respond_status(call->conn, call->stream, HP_GRPC_DEADLINE_EXCEEDED,
		       "it took longer than the caller had given");
	forget_call(call);
}

static const struct hp_ttrpc_method *find_method(const struct hp_ttrpc_server *s,
						 const struct hp_ttrpc_request *r)
{
	for (const struct hp_ttrpc_method *m = s->methods; m->service; m++)
		if (strcmp(m->service, r->service) == 0 && strcmp(m->method, r->method) == 0)
			return m;
	return NULL;
}

static void take_call(struct conn *c, uint32_t stream, struct hp_bytes payload)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_ttrpc_request r;
	struct hp_ttrpc_call *call;
	const struct hp_ttrpc_method *m;

	if (hp_ttrpc_request_read(payload, &r, &err) < 0) {
		respond_status(c, stream, HP_GRPC_INVALID_ARGUMENT, err.msg);
		return;
	}
	m = find_method(c->server, &r);
	if (!m) {
		hp_fail(&err, HP_EUNSUPPORTED, "there is no method %s.%s", r.service, r.method);
		respond_status(c, stream, HP_GRPC_UNIMPLEMENTED, err.msg);
		return;
	}
	if (c->n_calls >= CALLS_MAX || r.payload.len > CALL_BYTES_MAX - c->call_bytes) {
		respond_status(c, stream, HP_GRPC_RESOURCE_EXHAUSTED,
			       "too many calls wait for their answers on this connection");
		return;
	}
	call = add_call(c, m, stream, r.payload);
	if (r.timeout_ns > 0)
		hp_timer_start(c->server->loop, &call->timer, r.timeout_ns / NS_PER_MS + 1,
			       call_timed_out, call);
	m->fn(c->server->data, call);
}

static void take_request(struct conn *c, const struct hp_ttrpc_frame *f)
{
	/* From: containerd/ttrpc PROTOCOL.md, "Stream ID". */
	if (f->stream % 2 == 0) {
		respond_status(c, f->stream, HP_GRPC_INVALID_ARGUMENT,
			       "the stream of a call must have an odd number");
		return;
	}
	if (f->stream == 1 && c->handed_on)
		c->last_stream = 0;
	if (f->stream <= c->last_stream) {
		respond_status(c, f->stream, HP_GRPC_INVALID_ARGUMENT,
			       "the number of a stream must be higher than those before");
		return;
	}
	c->last_stream = f->stream;
	if (f->too_large)
		respond_status(c, f->stream, HP_GRPC_RESOURCE_EXHAUSTED,
			       "the request is over ttrpc's limit of 4 MiB");
	else
		take_call(c, f->stream, f->payload);
}

static void take_frame(struct conn *c, const struct hp_ttrpc_frame *f)
{
	if (f->type == HP_TTRPC_REQUEST)
		take_request(c, f);
	else if (f->type == HP_TTRPC_DATA && !has_call(c, f->stream))
		respond_status(c, f->stream, HP_GRPC_INVALID_ARGUMENT,
			       "there is no such stream");
}

/* Take what is left of a payload that was too large. Returns: whether all of it was there. */
static bool skip_payload(struct conn *c, struct hp_bytes in)
{
	const size_t len = in.len < c->skip ? in.len : c->skip;

	hp_link__use(&c->link, len);
	c->skip -= (uint32_t)len;
	return c->skip == 0;
}

static void take_input(struct conn *c)
{
	while (!c->closed && !c->link.deaf && skip_payload(c, hp_link__input(&c->link))) {
		struct hp_ttrpc_frame f;
		const size_t used = hp_ttrpc_frame_next(hp_link__input(&c->link), &f);

		if (used == 0)
			break;
		c->skip = f.too_large;
		hp_link__use(&c->link, used);
		take_frame(c, &f);
	}
}

static void conn_ready(void *data, uint32_t events)
{
	struct conn *c = data;
	/* The server may be freed on the way. */
	const hp_loop_fn on_alone = c->server->n_conns == 1 ? c->server->on_alone : NULL;
	void *alone_data = c->server->alone_data;
	const hp_loop_fn on_gone = c->on_gone;
	void *on_gone_data = c->data;
	bool gone;

	c->in_use = true;
	gone = !hp_link__receive(&c->link, events);
	update_reading(c);
	take_input(c);
	c->in_use = false;
	if (c->closed) { /* the server has been freed meanwhile */
		free(c);
	} else if (gone) {
		conn_close(c);
		if (on_gone)
			on_gone(on_gone_data, 0);
		if (on_alone)
			on_alone(alone_data, 0);
	} else {
		check_finish(c->server);
	}
}

/* ret: borrowed from the server. */
static int add_conn(struct hp_ttrpc_server *s, int take_fd, struct conn **ret,
		    struct hp_error *err)
{
	static const struct hp_link_limits limits = {.in = HP_TTRPC_HEADER + HP_TTRPC_PAYLOAD,
						     .out = QUEUE_MAX};
	struct conn *c = hp_alloc(sizeof(*c));

	if (hp_link__open(&c->link, s->loop, take_fd, &limits, conn_ready, c, err) < 0) {
		free(c);
		return hp_wrap(err, "serve ttrpc");
	}
	c->server = s;
	c->next = s->conns;
	s->conns = c;
	s->n_conns++;
	update_reading(c);
	*ret = c;
	return 0;
}

int hp_ttrpc_server_serve(struct hp_ttrpc_server *s, int take_fd, hp_loop_fn on_gone,
			  void *data, struct hp_error *err)
{
	struct conn *c;

	if (add_conn(s, take_fd, &c, err) < 0)
		return -1;
	c->on_gone = on_gone;
	c->data = data;
	c->handed_on = true;
	return 0;
}

static bool is_same_user(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return HP_SYS("getsockopt", getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) ==
		       0 &&
	       len == sizeof(peer) && peer.uid == geteuid();
}

/* Serve who has connected, or let him see that he is not wanted. */
static void take_in(struct hp_ttrpc_server *s, int take_fd)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int fd = take_fd;
	struct conn *c;

	if (s->n_conns >= CONNS_MAX || !is_same_user(fd))
		return;
	/* What fails here is out of resources: the peer may try again. */
	(void)!add_conn(s, TAKE_FD(fd), &c, &err);
}

static void listen_again(void *data, uint32_t events)
{
	struct hp_ttrpc_server *s = data;

	(void)events;
	hp_watch_set(&s->listen, EPOLLIN);
}

static void listen_ready(void *data, uint32_t events)
{
	struct hp_ttrpc_server *s = data;

	(void)events;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		const int fd = HP_SYS("accept", accept4(s->listen_fd, NULL, NULL,
							SOCK_CLOEXEC | SOCK_NONBLOCK));

		if (fd >= 0) {
			take_in(s, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno == EAGAIN)
			break;
		/* No descriptors, no memory: the peer stays in the queue, and asking at once would
		 * only keep the processor busy. */
		hp_watch_set(&s->listen, 0);
		hp_timer_start(s->loop, &s->listen_again, ACCEPT_WAIT_MS, listen_again, s);
		break;
	}
}

int hp_ttrpc_server_listen(struct hp_ttrpc_server *s, int take_fd, struct hp_error *err)
{
	AUTO_CLOSE int fd = take_fd;

	assert(s->listen_fd < 0);
	if (hp_fd_set_nonblock(fd, true, err) < 0 ||
	    hp_watch_start(s->loop, &s->listen, fd, EPOLLIN, listen_ready, s, err) < 0)
		return hp_wrap(err, "listen for ttrpc");
	s->listen_fd = TAKE_FD(fd);
	return 0;
}

static void stop_listening(struct hp_ttrpc_server *s)
{
	hp_watch_stop(&s->listen);
	hp_timer_stop(&s->listen_again);
	if (s->listen_fd >= 0)
		close(TAKE_FD(s->listen_fd));
}

void hp_ttrpc_server_finish(struct hp_ttrpc_server *s, int64_t timeout_ms, hp_loop_fn fn,
			    void *data)
{
	stop_listening(s);
	s->finishing = true;
	s->finish_fn = fn;
	s->finish_data = data;
	for (struct conn *c = s->conns; c; c = c->next)
		update_reading(c);
	hp_timer_start(s->loop, &s->finish, timeout_ms, finished, s);
	check_finish(s);
}

void hp_ttrpc_server_free(struct hp_ttrpc_server *s)
{
	if (!s)
		return;
	stop_listening(s);
	s->finishing = false;
	hp_timer_stop(&s->finish);
	while (s->conns)
		conn_close(s->conns);
	free(s);
}

struct hp_bytes hp_ttrpc_call_payload(const struct hp_ttrpc_call *c)
{
	return HP_BYTES(c->payload, c->len);
}

const char *hp_ttrpc_call_method(const struct hp_ttrpc_call *c)
{
	return c->method->method;
}

void hp_ttrpc_call_on_gone(struct hp_ttrpc_call *c, hp_loop_fn fn, void *data)
{
	c->on_gone = fn;
	c->data = data;
}

void hp_ttrpc_reply(struct hp_ttrpc_call *take_call, struct hp_bytes payload)
{
	const struct hp_ttrpc_response r = {.payload = payload};

	respond(take_call->conn, take_call->stream, &r);
	free_call(take_call);
}

void hp_ttrpc_refuse(struct hp_ttrpc_call *take_call, const struct hp_error *why)
{
	assert(why->code != HP_OK);
	respond_status(take_call->conn, take_call->stream, hp_code_grpc(why->code), why->msg);
	free_call(take_call);
}
