/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc_client.h - make unary ttrpc calls on one connection in a loop. Any number may be under way
 * at once; nothing here blocks. */
#pragma once
#include "base/buf.h"
#include "base/loop.h"

struct hp_ttrpc_client;

/* A call has ended. why: NULL when it went well; payload is borrowed for the length of the call.
 * Called exactly once for each call, never from inside of hp_ttrpc_call(). A refusal has the
 * peer's words as its message and the code that its gRPC status means. */
typedef void (*hp_ttrpc_done_fn)(void *data, struct hp_bytes payload,
				 const struct hp_error *why);

/* Make a client of the connected socket or port @take_fd, which is made non-blocking. @on_gone is
 * called once when the peer has closed it, after the calls under way have failed with
 * HP_EUNAVAILABLE; NULL: nobody. */
int hp_ttrpc_client_new(struct hp_loop *l, int take_fd, hp_loop_fn on_gone, void *data,
			struct hp_ttrpc_client **ret, struct hp_error *err) MUST_CHECK;
/* Calls under way are forgotten: their done is not called. NULL is fine. */
void hp_ttrpc_client_free(struct hp_ttrpc_client *c);
HP_AUTO_PTR(struct hp_ttrpc_client, hp_ttrpc_client_free);

struct hp_ttrpc_outgoing {
	const char *service, *method;
	struct hp_bytes payload; /* copied */
	const char *ns;          /* containerd-namespace-ttrpc, at most 79 bytes; NULL: none */
	int64_t timeout_ms;      /* then it fails with HP_ETIMEOUT; 0: never */
};
/* Begin a call. Failures come through @done too. */
void hp_ttrpc_call(struct hp_ttrpc_client *c, const struct hp_ttrpc_outgoing *o,
		   hp_ttrpc_done_fn done, void *data);
