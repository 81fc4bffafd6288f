/* SPDX-License-Identifier: Apache-2.0 */
/* h2.h - one HTTP/2 connection over a unix socket: streams, and a pump that moves their bytes.
 *
 * Nothing here reports a failure by itself: a connection that breaks ends all its streams, and
 * hp_h2__failure() says why. Bytes move in hp_h2__pump(), hp_h2__usable(),
 * hp_h2__send() and hp_h2__flush().
 * From: RFC 9113. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/bell.h"
#include "net/grpc.h"

struct hp_h2;
struct hp_h2_stream;

/* How a stream ended. */
enum hp_h2_end {
	HP_H2_OPEN = 0,
	HP_H2_FINISHED, /* the peer said all that it had to say */
	HP_H2_RESET,    /* one side broke it off: see @reset */
	HP_H2_LOST,     /* the connection broke: see hp_h2__failure() */
};

/* What the owner of a stream is told while bytes move. It must not call a function of this
 * header that moves bytes, nor hp_h2__let_go(). */
struct hp_h2_events {
	void (*header)(struct hp_h2_stream *s, struct hp_bytes name, struct hp_bytes value);
	void (*data)(struct hp_h2_stream *s, struct hp_bytes data);
	void (*ended)(struct hp_h2_stream *s);
};

/* One request and its answer, part of its owner's struct and zeroed before hp_h2__open(). */
struct hp_h2_stream {
	const struct hp_h2_events *events; /* set by the owner */
	struct hp_h2 *h2;                  /* NULL before hp_h2__open() */
	struct hp_h2_stream *next;
	int32_t id; /* 0 when the session does not know it any more */
	enum hp_h2_end end;
	uint32_t reset; /* the error code of HP_H2_RESET */
	bool refused;   /* the peer has not looked at it: it may be sent once more */
	/* What waits to be sent; borrowed from the sender until hp_h2__sent(). */
	struct hp_bytes head;
	struct hp_bytes body;
	bool sending;
	bool last; /* end our side behind these bytes */
	bool cut;  /* the stream ended, or hp_h2__unwrite() came, before all was sent */
};

/* Greet the peer on @take_fd, a connected socket. The bell watches it from now on.
 * peer: its address, for messages. Owns: the caller, until hp_h2__release(). */
int hp_h2__new(int take_fd, const char *peer, struct hp_bell *bell, struct hp_h2 **ret_h2,
	       struct hp_error *err) MUST_CHECK;
/* Give it up. The socket is closed; what streams still need lives until the last is let go. */
void hp_h2__release(struct hp_h2 *h2); /* NULL is fine */
HP_AUTO_PTR(struct hp_h2, hp_h2__release);

/* Read what has come, without blocking, and say whether a new stream can be opened. */
bool hp_h2__usable(struct hp_h2 *h2);
bool hp_h2__alive(const struct hp_h2 *h2);
/* Whether the peer has said anything in HTTP/2 yet. */
bool hp_h2__greeted(const struct hp_h2 *h2);
/* Why the connection broke; its code is HP_OK while it has not. */
const struct hp_error *hp_h2__failure(const struct hp_h2 *h2);
/* Break it off for a reason of ours: all its streams end. */
void hp_h2__break(struct hp_h2 *h2, enum hp_code code, const char *why);

/* Begin a request of @count headers, which are copied. Nothing is sent yet. */
int hp_h2__open(struct hp_h2 *h2, struct hp_h2_stream *s, const struct hp_grpc_header *headers,
		size_t count, struct hp_error *err) MUST_CHECK;
/* Queue @head and @body; the pump sends them as far as the peer's windows allow. They are
 * borrowed until hp_h2__sent() or hp_h2__let_go(). One write at a time. */
void hp_h2__write(struct hp_h2_stream *s, struct hp_bytes head, struct hp_bytes body,
		  bool last);
/* Whether all that was written has gone into the socket. */
bool hp_h2__sent(const struct hp_h2_stream *s);
/* Forget what was written and not sent. */
void hp_h2__unwrite(struct hp_h2_stream *s);
/* Let the peer send @len bytes more: so many of those received are used up. */
void hp_h2__credit(struct hp_h2_stream *s, size_t len);
/* Forget the stream; the peer is told when it is still under way. */
void hp_h2__let_go(struct hp_h2_stream *s);

/* Send what can be sent, wait at most @timeout_ms (-1: for ever) for the socket, and read once.
 * Returns: false when the time was over and nothing had come. */
bool hp_h2__pump(struct hp_h2 *h2, int64_t timeout_ms);
/* Send what can be sent without blocking. */
void hp_h2__send(struct hp_h2 *h2);
/* The same, and have the bell ring when the socket takes the rest. */
void hp_h2__flush(struct hp_h2 *h2);
