/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc-world.h - what the tests of a ttrpc server share: a service with a method of each kind. */
#pragma once
#include "net/ttrpc_server.h"
#include "ttrpc-peer.h"

#define WAITING_MAX 5000

/* A service with a method of each kind. */
struct world {
	struct hp_loop *loop;
	struct hp_ttrpc_server *server;
	struct peer peer;
	struct hp_ttrpc_call *waiting[WAITING_MAX];
	size_t n_waiting;
	unsigned calls;
	unsigned gone;     /* calls whose peer is gone */
	unsigned peers;    /* peers that are gone */
	unsigned finished; /* calls of hp_ttrpc_server_finish()'s */
};

static inline void echo(void *data, struct hp_ttrpc_call *call)
{
	struct world *w = data;

	w->calls++;
	assert_string_equal(hp_ttrpc_call_method(call), "Echo");
	hp_ttrpc_reply(call, hp_ttrpc_call_payload(call));
}

static inline void refuse(void *data, struct hp_ttrpc_call *call)
{
	struct hp_error err = HP_ERROR_INIT;

	(void)data;
	hp_fail(&err, HP_ENOTFOUND, "no container '%s'", "c1");
	hp_ttrpc_refuse(call, &err);
}

static inline void call_gone(void *data, uint32_t events)
{
	struct world *w = data;

	(void)events;
	w->gone++;
}

static inline void wait_for(void *data, struct hp_ttrpc_call *call)
{
	struct world *w = data;

	assert_true(w->n_waiting < WAITING_MAX);
	w->waiting[w->n_waiting++] = call;
	hp_ttrpc_call_on_gone(call, call_gone, w);
}

static inline void large(void *data, struct hp_ttrpc_call *call)
{
	/* With what goes around it, the answer is over the limit when 'x' asks. */
	const bool over = hp_ttrpc_call_payload(call).len > 0;
	const size_t len = over ? HP_TTRPC_PAYLOAD : (size_t)1024 * 1024;
	AUTO_FREE uint8_t *bytes = hp_alloc(len);

	(void)data;
	hp_ttrpc_reply(call, HP_BYTES(bytes, len));
}

static inline void free_server(void *data, struct hp_ttrpc_call *call)
{
	struct world *w = data;

	hp_ttrpc_call_on_gone(call, call_gone, w);
	hp_ttrpc_server_free(TAKE(w->server));
}

static const struct hp_ttrpc_method methods[] = {
	{"a.B", "Echo", echo}, {"a.B", "Refuse", refuse}, {"a.B", "Wait", wait_for},
	{"c.D", "Echo", echo}, {"a.B", "Large", large},   {"a.B", "Free", free_server},
	{NULL, NULL, NULL},
};

static inline void peer_gone(void *data, uint32_t events)
{
	struct world *w = data;

	(void)events;
	w->peers++;
}

static inline void world_open(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	*w = (struct world){.loop = links_loop()};
	w->server = hp_ttrpc_server_new(w->loop, methods, w);
	links_pair(fds);
	peer_init(&w->peer, fds[1]);
	assert_int_equal(hp_ttrpc_server_serve(w->server, fds[0], peer_gone, w, &err), 0);
}

static inline void world_close(struct world *w)
{
	hp_ttrpc_server_free(w->server);
	peer_close(&w->peer);
	hp_loop_free(w->loop);
}

static inline bool is_gone(void *arg)
{
	const struct world *w = arg;

	return w->peers > 0;
}

static inline bool is_waiting(void *arg)
{
	const struct world *w = arg;

	return w->n_waiting > 0;
}

static inline bool is_finished(void *arg)
{
	const struct world *w = arg;

	return w->finished > 0;
}

static inline void expect_status(struct world *w, uint32_t stream, int code)
{
	struct hp_ttrpc_response r;

	peer_hear_answer(&w->peer, w->loop, stream, &r);
	assert_int_equal(r.code, code);
	if (code)
		assert_true(r.message.len > 0);
}
