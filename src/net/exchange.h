/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.h - requests and their answers over one connection, one after the other: an HTTP/1.1
 * client for daemons on this machine, whose answers may be streams and whose connections may become
 * something else.
 *
 * http.h is for registries: many servers, proxies, transfers side by side, by libcurl. That takes
 * longer to load than a call to a daemon on a unix socket takes altogether. */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "net/conn.h"
#include "wire/http1.h"

struct hp_exchange;

/* Owns @take_conn from then on. */
struct hp_exchange *hp_exchange_new(struct hp_conn *take_conn);
void hp_exchange_free(struct hp_exchange *x); /* NULL is fine; ends the connection */
HP_AUTO_PTR(struct hp_exchange, hp_exchange_free);

/* Send a request with all of its body, which r->body says the length of.
 * Fails: HP_EUNAVAILABLE - the connection was lost; HP_ETIMEOUT. A peer that has answered already
 * and takes no more is no failure: the answer says why. */
int hp_exchange_ask(struct hp_exchange *x, const struct hp_http1_request *r,
		    struct hp_bytes body, int64_t deadline, struct hp_error *err) MUST_CHECK;
/* Send a piece of a body of HP_HTTP1_CHUNKED; an empty one ends it.
 * Returns: 1 when the peer has begun to answer, and so takes no more; 0; -1. */
int hp_exchange_send(struct hp_exchange *x, struct hp_bytes data, int64_t deadline,
		     struct hp_error *err) MUST_CHECK;
/* Wait for the head of the answer. */
int hp_exchange_head(struct hp_exchange *x, int64_t deadline, struct hp_error *err) MUST_CHECK;
int hp_exchange_status(const struct hp_exchange *x);
/* A header of the answer, @name in small letters; NULL when there is none. */
const char *hp_exchange_header(const struct hp_exchange *x, const char *name);

/* The next piece of the answer's body, or of whatever comes after an upgrade. Never blocks.
 * ret_piece: borrowed until the next call. Returns: enum hp_next, or -1. */
int hp_exchange_next(struct hp_exchange *x, struct hp_bytes *ret_piece,
		     struct hp_error *err) MUST_CHECK;
/* The same, waiting. Returns: HP_NEXT_ITEM or HP_NEXT_END, or -1. */
int hp_exchange_wait(struct hp_exchange *x, int64_t deadline, struct hp_bytes *ret_piece,
		     struct hp_error *err) MUST_CHECK;
/* Append the rest of the body to @ret, up to its maximum. */
int hp_exchange_body(struct hp_exchange *x, int64_t deadline, struct hp_buf *ret,
		     struct hp_error *err) MUST_CHECK;
/* Has the whole answer been read, and does the connection take another request? */
bool hp_exchange_is_free(const struct hp_exchange *x);
/* Did the connection end before anything of an answer came? Then nothing was done, as when the peer
 * has closed an idle connection. */
bool hp_exchange_was_unheard(const struct hp_exchange *x);

/* A descriptor to poll() for POLLIN before hp_exchange_next(), made at the first call. */
int hp_exchange_watch(struct hp_exchange *x, int *ret_fd, struct hp_error *err) MUST_CHECK;
/* After an upgrade: the connection, to write to. Borrowed. */
struct hp_conn *hp_exchange_conn(struct hp_exchange *x);
