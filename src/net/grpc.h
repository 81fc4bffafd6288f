/* SPDX-License-Identifier: Apache-2.0 */
/* grpc.h - gRPC calls over one HTTP/2 connection on a unix socket.
 *
 * One thread, no background work: bytes move while a function of this header runs. Any number of
 * calls may be under way at once. When the daemon has gone away, calls under way fail with
 * HP_EUNAVAILABLE and the next new call connects again.
 * From: gRPC over HTTP/2, grpc/grpc doc/PROTOCOL-HTTP2.md. */
#pragma once
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include <harpoon/stream.h>

struct hp_grpc; /* a connection to one address */
struct hp_call; /* one call on it */

/* A header sent with each call, such as "containerd-namespace". */
struct hp_grpc_header {
	const char *name;
	const char *value;
};

/* Make a client. Nothing is connected yet. Copies @address, the path of a unix socket, with or
 * without "unix://".
 * max_message: the largest reply taken, in bytes; 0: 16 MiB (containerd's own limit). */
struct hp_grpc *hp_grpc_new(const char *address, size_t max_message);
void hp_grpc_free(struct hp_grpc *g); /* all its calls must have been freed */
HP_AUTO_PTR(struct hp_grpc, hp_grpc_free);

/* Send @value as header @name with every later call; NULL takes it away. */
void hp_grpc_set_header(struct hp_grpc *g, const char *name, const char *value);

/* The descriptor to poll() for POLLIN while calls are under way: readable while the socket is, and
 * while a call has something to take that another call's wait has read already. It stays the same
 * for the life of the client; -1 before the first call. Owns: the client. */
int hp_grpc_fd(const struct hp_grpc *g);

/* Begin a call of @method ("/package.Service/Method"), connecting when needed.
 * deadline: from hp_deadline_in(); also told to the server as grpc-timeout; 0 is none.
 * Fails: HP_EUNAVAILABLE - no socket at the address, nobody listening, or what listens does not
 * speak gRPC; HP_EDENIED; HP_ETIMEOUT. The messages say what to do. */
int hp_call_begin(struct hp_grpc *g, const char *method, int64_t deadline,
		  struct hp_call **ret_call, struct hp_error *err) MUST_CHECK;
/* Send one message; blocks while the peer's window is full, at most until the call's deadline.
 * @last half-closes our side: nothing may be sent after it. */
int hp_call_send(struct hp_call *c, struct hp_bytes message, bool last,
		 struct hp_error *err) MUST_CHECK;
/* Wait for the next message, at most until the call's deadline.
 * ret_message: filled from empty; the caller inits and frees it.
 * Returns: HP_NEXT_ITEM, HP_NEXT_END when the call ended well, or -1 when it ended in an error
 * (err->sys is then the gRPC status, the message the server's). Never HP_NEXT_WAIT. */
int hp_call_recv(struct hp_call *c, struct hp_buf *ret_message,
		 struct hp_error *err) MUST_CHECK;
/* The same without blocking: HP_NEXT_WAIT when nothing has come; poll hp_grpc_fd() then. */
int hp_call_next(struct hp_call *c, struct hp_buf *ret_message,
		 struct hp_error *err) MUST_CHECK;
/* Forget the call; the server is told (RST_STREAM) when it is still under way. NULL is fine. */
void hp_call_free(struct hp_call *c);
HP_AUTO_PTR(struct hp_call, hp_call_free);

/* A whole unary call: one message there, one back. An empty reply is an empty message.
 * Fails: as above; HP_EPROTO - no message or more than one came back. */
int hp_grpc_unary(struct hp_grpc *g, const char *method, int64_t deadline,
		  struct hp_bytes request, struct hp_buf *ret_reply,
		  struct hp_error *err) MUST_CHECK;
