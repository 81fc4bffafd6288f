/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.c - send a request, take its answer apart as it comes. */
#include "net/exchange.h"

#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "net/bell.h"

#define READ_BYTES  (64U << 10)
#define OUT_MAX     (1U << 20)
/* The largest part of a body that is sent as one chunk. */
#define CHUNK_BYTES (64U << 10)

struct hp_exchange {
	struct hp_conn *conn;
	struct hp_bell bell; /* made when somebody wants to poll */
	struct hp_http1_head head;
	struct hp_http1_body body;
	bool has_head;
	bool ended;       /* the peer has closed */
	bool heard;       /* something of the answer has come */
	bool stuffed;     /* the request could not be sent whole */
	struct hp_buf in; /* what has come, from at on */
	size_t at;
};

struct hp_exchange *hp_exchange_new(struct hp_conn *take_conn)
{
	struct hp_exchange *x = hp_alloc(sizeof(*x));

	x->conn = take_conn;
	x->bell = (struct hp_bell)HP_BELL_INIT;
	hp_buf_init(&x->in, HP_HTTP1_HEAD + 2 * READ_BYTES);
	return x;
}

void hp_exchange_free(struct hp_exchange *x)
{
	if (!x)
		return;
	hp_bell__close(&x->bell);
	hp_conn_free(x->conn);
	hp_http1_head_clear(&x->head);
	hp_buf_free(&x->in);
	free(x);
}

static int wait_for(struct hp_exchange *x, short events, int64_t deadline, struct hp_error *err)
{
	const int ready = hp_fd_poll(x->conn->fd, events, hp_deadline_left_ms(deadline), err);

	if (ready == 0)
		return hp_fail(err, HP_ETIMEOUT, "no answer in time");
	return ready;
}

/* Write all of @data. What the peer says meanwhile is left for later. */
static int write_all(struct hp_exchange *x, struct hp_bytes data, int64_t deadline,
		     struct hp_error *err)
{
	size_t at = 0;

	while (at < data.len) {
		const ssize_t n = hp_conn_write(x->conn, data.data + at, data.len - at, err);
		if (n < 0)
			return -1;
		at += (size_t)n;
		if (n == 0 && wait_for(x, POLLOUT, deadline, err) < 0)
			return -1;
	}
	return 0;
}

int hp_exchange_ask(struct hp_exchange *x, const struct hp_http1_request *r,
		    struct hp_bytes body, int64_t deadline, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf out;

	hp_http1_head_clear(&x->head);
	x->has_head = x->heard = x->stuffed = false;
	hp_buf_init(&out, OUT_MAX + body.len);
	/* One write and so one packet: the peer need not wake up twice. */
	if (hp_http1_put(&out, r, err) < 0 ||
	    (body.len && hp_buf_add(&out, body.data, body.len, err) < 0))
		return -1;
	if (write_all(x, hp_buf_bytes(&out), deadline, err) == 0)
		return 0;
	if (err->code != HP_EUNAVAILABLE)
		return -1;
	/* Whoever takes no more may have said why. */
	hp_error_clear(err);
	x->stuffed = true;
	return 0;
}

/* Read once from the connection. Returns: enum hp_next, HP_NEXT_END when it has ended. */
static int fill(struct hp_exchange *x, struct hp_error *err)
{
	size_t n = 0;

	if (x->at) {
		hp_buf_drop(&x->in, x->at);
		x->at = 0;
	}
	if (x->ended)
		return HP_NEXT_END;
	uint8_t *room = hp_buf_reserve(&x->in, READ_BYTES, err);
	if (!room)
		return -1;
	const int found = hp_conn_read(x->conn, room, READ_BYTES, &n, err);
	if (found == HP_NEXT_ITEM) {
		x->in.len += n;
		x->heard = true;
	}
	x->ended = found == HP_NEXT_END || found < 0;
	return found;
}

int hp_exchange_send(struct hp_exchange *x, struct hp_bytes data, int64_t deadline,
		     struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf out;
	size_t at = 0;

	do {
		const size_t n = data.len - at < CHUNK_BYTES ? data.len - at : CHUNK_BYTES;
		hp_buf_init(&out, OUT_MAX);
		if (hp_http1_put_chunk(&out, HP_BYTES(data.data + at, n), err) < 0)
			return -1;
		if (write_all(x, hp_buf_bytes(&out), deadline, err) < 0) {
			if (err->code != HP_EUNAVAILABLE)
				return -1;
			hp_error_clear(err);
			x->stuffed = true;
			return 1;
		}
		hp_buf_free(&out);
		at += n;
	} while (at < data.len);
	/* That there is something to read does not say what: TLS has words of its own. */
	struct hp_error ignored = HP_ERROR_INIT;
	if (data.len && fill(x, &ignored) < 0)
		x->stuffed = true;
	return x->heard || x->stuffed;
}

static struct hp_bytes unread(const struct hp_exchange *x)
{
	return HP_BYTES(x->in.data + x->at, x->in.len - x->at);
}

int hp_exchange_head(struct hp_exchange *x, int64_t deadline, struct hp_error *err)
{
	for (;;) {
		const ssize_t used = hp_http1_read_head(unread(x), &x->head, err);
		if (used < 0)
			return -1;
		if (used > 0) {
			x->at += (size_t)used;
			x->has_head = true;
			hp_http1_body_begin(&x->body, &x->head);
			return 0;
		}
		const int found = fill(x, err);
		if (found < 0)
			return -1;
		if (found == HP_NEXT_END)
			return hp_fail(err, HP_EUNAVAILABLE,
				       "the connection ended without %s answer",
				       x->heard ? "a whole" : "an");
		if (found == HP_NEXT_WAIT && wait_for(x, POLLIN, deadline, err) < 0)
			return -1;
	}
}

int hp_exchange_status(const struct hp_exchange *x)
{
	return x->has_head ? x->head.status : 0;
}

const char *hp_exchange_header(const struct hp_exchange *x, const char *name)
{
	return hp_labels_get(&x->head.headers, name);
}

/* The connection has ended. Whether that was expected depends on the body. */
static int end_of_body(struct hp_exchange *x, struct hp_error *err)
{
	if (x->body.kind == HP_HTTP1_LENGTH || x->body.kind == HP_HTTP1_CHUNKS)
		return hp_fail(err, HP_EUNAVAILABLE, "the connection was lost in an answer");
	x->body.ended = true;
	return HP_NEXT_END;
}

static int next_piece(struct hp_exchange *x, struct hp_bytes *ret_piece, struct hp_error *err)
{
	for (;;) {
		const ssize_t used = hp_http1_body_next(&x->body, unread(x), ret_piece, err);
		if (used < 0)
			return -1;
		x->at += (size_t)used;
		if (ret_piece->len)
			return HP_NEXT_ITEM;
		if (x->body.ended)
			return HP_NEXT_END;
		if (used)
			continue;
		const int found = fill(x, err);
		if (found == HP_NEXT_END)
			return end_of_body(x, err);
		if (found != HP_NEXT_ITEM)
			return found;
	}
}

int hp_exchange_next(struct hp_exchange *x, struct hp_bytes *ret_piece, struct hp_error *err)
{
	const int found = next_piece(x, ret_piece, err);

	/* Whoever polls next must be woken unless the connection itself does that. */
	hp_bell__ring(&x->bell, found != HP_NEXT_WAIT);
	return found;
}

int hp_exchange_wait(struct hp_exchange *x, int64_t deadline, struct hp_bytes *ret_piece,
		     struct hp_error *err)
{
	for (;;) {
		const int found = hp_exchange_next(x, ret_piece, err);
		if (found != HP_NEXT_WAIT)
			return found;
		if (wait_for(x, POLLIN, deadline, err) < 0)
			return -1;
	}
}

int hp_exchange_body(struct hp_exchange *x, int64_t deadline, struct hp_buf *ret,
		     struct hp_error *err)
{
	for (;;) {
		struct hp_bytes piece;
		const int found = hp_exchange_wait(x, deadline, &piece, err);
		if (found < 0)
			return -1;
		if (found == HP_NEXT_END)
			return 0;
		if (hp_buf_add(ret, piece.data, piece.len, err) < 0)
			return hp_wrap(err, "the answer");
	}
}

bool hp_exchange_is_free(const struct hp_exchange *x)
{
	return x->has_head && x->body.ended && !x->head.closes && !x->ended && !x->stuffed &&
	       x->at == x->in.len;
}

bool hp_exchange_was_unheard(const struct hp_exchange *x)
{
	return !x->heard;
}

int hp_exchange_watch(struct hp_exchange *x, int *ret_fd, struct hp_error *err)
{
	if (x->bell.fd < 0) {
		if (hp_bell__open(&x->bell, err) < 0 ||
		    hp_bell__watch(&x->bell, x->conn->fd, false, err) < 0)
			return -1;
		/* What came with the head lies here, where no poll sees it. */
		hp_bell__ring(&x->bell, x->at < x->in.len || x->body.ended);
	}
	*ret_fd = x->bell.fd;
	return 0;
}

struct hp_conn *hp_exchange_conn(struct hp_exchange *x)
{
	return x->conn;
}
