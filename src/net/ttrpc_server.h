/* SPDX-License-Identifier: Apache-2.0 */
/* ttrpc_server.h - answer unary ttrpc calls on connections in a loop. Calls are answered in any
 * order, at once or later; none blocks another. */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "base/loop.h"

struct hp_ttrpc_server;
struct hp_ttrpc_call; /* one call that waits for its answer */

/* A call has come. The handler answers it exactly once, now or later, by hp_ttrpc_reply() or
 * hp_ttrpc_refuse(). */
typedef void (*hp_ttrpc_fn)(void *data, struct hp_ttrpc_call *call);

struct hp_ttrpc_method {
	const char *service; /* "containerd.task.v2.Task" */
	const char *method;  /* "Create" */
	hp_ttrpc_fn fn;
};

/* Make a server of @methods, ended by one without a service. @data is given to each handler. */
struct hp_ttrpc_server *hp_ttrpc_server_new(struct hp_loop *l,
					    const struct hp_ttrpc_method *methods, void *data);
/* Close all connections; calls that wait are forgotten (their on_gone is called). */
void hp_ttrpc_server_free(struct hp_ttrpc_server *s);
HP_AUTO_PTR(struct hp_ttrpc_server, hp_ttrpc_server_free);

/* Take in whoever connects to the listening socket @take_fd; one a server. Peers of another user are
 * refused (SO_PEERCRED), and those beyond the 256th. */
int hp_ttrpc_server_listen(struct hp_ttrpc_server *s, int take_fd,
			   struct hp_error *err) MUST_CHECK;
/* Serve one byte stream that is there already, such as a port of a machine. @on_gone is called when
 * the peer has closed it; NULL: nobody. A peer may hand it on to another, who begins anew with the
 * call 1: a machine is cloned from one that has answered calls before. */
int hp_ttrpc_server_serve(struct hp_ttrpc_server *s, int take_fd, hp_loop_fn on_gone,
			  void *data, struct hp_error *err) MUST_CHECK;
/* Call @fn each time the last connection has been closed by its peer. */
void hp_ttrpc_server_on_alone(struct hp_ttrpc_server *s, hp_loop_fn fn, void *data);
/* Whether answers wait to be sent. One who does not read his may let 16 MiB of them wait, and is cut
 * off then. */
bool hp_ttrpc_server_busy(const struct hp_ttrpc_server *s);
/* Stop taking in connections and calls, and call @fn once all answers given have been sent, at most
 * @timeout_ms later, never from inside of this. Calls that wait may still be answered. */
void hp_ttrpc_server_finish(struct hp_ttrpc_server *s, int64_t timeout_ms, hp_loop_fn fn,
			    void *data);

/* The request's payload; good until the call has been answered. */
struct hp_bytes hp_ttrpc_call_payload(const struct hp_ttrpc_call *c);
const char *hp_ttrpc_call_method(const struct hp_ttrpc_call *c);
/* Called when the peer is gone, or the time is over that it had given, before the call was answered:
 * forget the call then, it is freed. Whoever does not answer at once needs this. */
void hp_ttrpc_call_on_gone(struct hp_ttrpc_call *c, hp_loop_fn fn, void *data);

/* Answer. The call is freed. Nothing is called back from inside, so a list of calls can be answered
 * one after the other. */
void hp_ttrpc_reply(struct hp_ttrpc_call *take_call, struct hp_bytes payload);
/* Answer with an error: the gRPC status of its code. */
void hp_ttrpc_refuse(struct hp_ttrpc_call *take_call, const struct hp_error *why);
