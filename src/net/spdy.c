/* SPDX-License-Identifier: Apache-2.0 */
/* spdy.c - a connection upgraded to SPDY/3.1: made with patience, used without. */
#include "net/spdy.h"

#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "net/exchange.h"

#define SCHEME    "http://"
#define OUT_MAX   (1024u * 1024)
/* One frame that is not whole yet, and what comes with its rest. */
#define IN_MAX    (2u * (HP_SPDY_PAYLOAD + HP_SPDY_HEADER))
/* How much a server may say when it refuses. */
#define WORDS_MAX 16384u

struct hp_spdy {
	struct hp_exchange *exchange;
	char *url;
	struct hp_buf in; /* bytes from in_at on are not used yet */
	size_t in_at;
	struct hp_buf out; /* what is not sent yet */
	uint32_t next_stream;
	bool ended;
};

/* Where a URL leads to. */
struct place {
	char *host;
	char *port;
	char *authority; /* both, as a header has them */
	char *path;
};

static void place_clear(struct place *p)
{
	free(p->host);
	free(p->port);
	free(p->authority);
	free(p->path);
}
HP_AUTO_VALUE(struct place, place_clear);

static int parse_url(const char *url, struct place *ret, struct hp_error *err)
{
	if (!hp_str_starts(url, SCHEME))
		return hp_fail(err, HP_EUNSUPPORTED,
			       "the runtime streams at '%s', and only http:// is spoken here",
			       url);
	const char *host = url + strlen(SCHEME);
	const char *path = host + strcspn(host, "/?");
	const char *colon = memrchr(host, ':', (size_t)(path - host));
	if (!colon || colon == host || colon + 1 == path)
		return hp_fail(err, HP_EPROTO, "the runtime's URL '%s' has no host and port",
			       url);
	bool bracket = host[0] == '[' && colon[-1] == ']';
	ret->host = hp_strndup(host + bracket, (size_t)(colon - host) - 2u * bracket);
	ret->port = hp_strndup(colon + 1, (size_t)(path - colon) - 1);
	ret->authority = hp_strndup(host, (size_t)(path - host));
	ret->path = hp_sprintf("%s%s", path[0] == '/' ? "" : "/", path);
	return 0;
}

/* A server that refuses says why in the body. */
static int refused(struct hp_spdy *s, int64_t deadline, struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf words;
	int status = hp_exchange_status(s->exchange);

	hp_buf_init(&words, WORDS_MAX);
	if (hp_exchange_body(s->exchange, deadline, &words, &ignored) < 0)
		hp_error_clear(&ignored);
	AUTO_FREE char *text = hp_buf_take_str(&words);
	text[strcspn(text, "\r\n")] = '\0';
	return hp_fail(err, HP_EFAILED, "the runtime refuses to stream (HTTP status %d)%s%s",
		       status, text[0] ? ": " : "", text);
}

static int upgrade(struct hp_spdy *s, const struct place *p, const char *protocol,
		   int64_t deadline, struct hp_error *err)
{
	AUTO_FREE char *version = hp_sprintf("X-Stream-Protocol-Version: %s", protocol);
	const char *const headers[] = {"Connection: Upgrade", "Upgrade: SPDY/3.1", version,
				       NULL};
	const struct hp_http1_request request = {
		.method = "POST",
		.target = p->path,
		.host = p->authority,
		.headers = headers,
	};

	if (hp_exchange_ask(s->exchange, &request, HP_BYTES(NULL, 0), deadline, err) < 0 ||
	    hp_exchange_head(s->exchange, deadline, err) < 0)
		return hp_wrap(err, "'%s'", s->url);
	if (hp_exchange_status(s->exchange) != 101)
		return refused(s, deadline, err);
	const char *to = hp_exchange_header(s->exchange, "upgrade");
	const char *spoken = hp_exchange_header(s->exchange, "x-stream-protocol-version");
	if (!to || strcasecmp(to, "SPDY/3.1") != 0 || !hp_str_eq(spoken, protocol))
		return hp_fail(err, HP_EPROTO, "'%s' upgrades to %s with %s", s->url,
			       to ? to : "nothing", spoken ? spoken : "no protocol in it");
	return 0;
}

int hp_spdy_dial(const char *url, const char *protocol, int64_t deadline, struct hp_spdy **ret,
		 struct hp_error *err)
{
	AUTO(place_clear) struct place place = {0};
	AUTO(hp_spdy_free) struct hp_spdy *s = hp_alloc(sizeof(*s));
	struct hp_conn *conn = NULL;

	s->url = hp_strdup(url);
	s->next_stream = 1;
	hp_buf_init(&s->in, IN_MAX);
	hp_buf_init(&s->out, OUT_MAX);
	if (parse_url(url, &place, err) < 0)
		return -1;
	if (hp_conn_tcp(place.host, place.port, deadline, &conn, err) < 0)
		return hp_wrap(err, "the runtime's streams");
	s->exchange = hp_exchange_new(conn);
	if (upgrade(s, &place, protocol, deadline, err) < 0)
		return -1;
	*ret = TAKE(s);
	return 0;
}

void hp_spdy_free(struct hp_spdy *s)
{
	if (!s)
		return;
	hp_exchange_free(s->exchange);
	hp_buf_free(&s->in);
	hp_buf_free(&s->out);
	free(s->url);
	free(s);
}

int hp_spdy_fd(const struct hp_spdy *s)
{
	return hp_exchange_conn(s->exchange)->fd;
}

size_t hp_spdy_unsent(const struct hp_spdy *s)
{
	return s->out.len;
}

int hp_spdy_open(struct hp_spdy *s, const struct hp_spdy_pair *pairs, size_t count,
		 uint32_t *ret_stream, struct hp_error *err)
{
	/* From: SPDY/3.1 section 2.3.2: a client's streams are odd. */
	if (hp_spdy_put_open(&s->out, s->next_stream, pairs, count, s->next_stream == 1, err) <
	    0)
		return -1;
	*ret_stream = s->next_stream;
	s->next_stream += 2;
	return 0;
}

int hp_spdy_send(struct hp_spdy *s, uint32_t stream, struct hp_bytes data, bool fin,
		 struct hp_error *err)
{
	return hp_spdy_put_data(&s->out, stream, data, fin, err);
}

int hp_spdy_flush(struct hp_spdy *s, struct hp_error *err)
{
	struct hp_conn *conn = hp_exchange_conn(s->exchange);
	size_t at = 0;

	while (at < s->out.len) {
		ssize_t n = hp_conn_write(conn, s->out.data + at, s->out.len - at, err);
		if (n < 0) {
			err->code = HP_EIO;
			return hp_wrap(err, "'%s'", s->url);
		}
		if (n == 0)
			break;
		at += (size_t)n;
	}
	hp_buf_drop(&s->out, at);
	return 0;
}

/* From: SPDY/3.1 section 2.6.5: a server's pings are even. */
static int answer_ping(struct hp_spdy *s, uint32_t number, struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (number % 2)
		return 0;
	if (hp_spdy_put_ping(&s->out, number, err) < 0)
		return -1;
	if (hp_spdy_flush(s, &ignored) < 0)
		hp_error_clear(&ignored); /* it has closed, which the next read tells */
	return 0;
}

/* Have more bytes in @s->in. Returns: enum hp_next, -1. */
static int read_more(struct hp_spdy *s, struct hp_error *err)
{
	struct hp_bytes piece;

	if (s->ended)
		return HP_NEXT_END;
	int got = hp_exchange_next(s->exchange, &piece, err);
	/* A connection that is lost has ended too: what came before is good. */
	if (got < 0 && err->code == HP_EUNAVAILABLE) {
		hp_error_clear(err);
		got = HP_NEXT_END;
	}
	s->ended = got == HP_NEXT_END;
	if (got != HP_NEXT_ITEM)
		return got;
	hp_buf_drop(&s->in, s->in_at);
	s->in_at = 0;
	return hp_buf_add(&s->in, piece.data, piece.len, err) < 0 ? -1 : HP_NEXT_ITEM;
}

int hp_spdy_next(struct hp_spdy *s, struct hp_spdy_frame *ret, struct hp_error *err)
{
	for (;;) {
		struct hp_bytes rest = HP_BYTES(s->in.data + s->in_at, s->in.len - s->in_at);
		ssize_t used = hp_spdy_frame_next(rest, ret, err);
		if (used < 0)
			return hp_wrap(err, "'%s'", s->url);
		s->in_at += (size_t)used;
		if (used > 0 && ret->type != HP_SPDY_PING)
			return HP_NEXT_ITEM;
		if (used > 0 && answer_ping(s, ret->number, err) < 0)
			return -1;
		int got = used > 0 ? HP_NEXT_ITEM : read_more(s, err);
		if (got != HP_NEXT_ITEM)
			return got;
	}
}
