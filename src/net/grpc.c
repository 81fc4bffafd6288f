/* SPDX-License-Identifier: Apache-2.0 */
/* grpc.c - the client: its address, its headers and its connection, and whole unary calls. */
#include "net/grpc.h"

#include <assert.h>
#include <ctype.h>

#include "base/alloc.h"
#include "base/str.h"
#include "net/call.h"

/* From: containerd defaults/defaults.go, DefaultMaxRecvMsgSize. */
#define MAX_MESSAGE ((size_t)16 << 20)

struct hp_grpc *hp_grpc_new(const char *address, size_t max_message)
{
	struct hp_grpc *g = hp_alloc(sizeof(*g));

	if (hp_str_starts(address, "unix:"))
		address += strlen("unix:");
	if (hp_str_starts(address, "//"))
		address += strlen("//");
	g->address = hp_strdup(address);
	g->max_message = max_message ? max_message : MAX_MESSAGE;
	g->bell = (struct hp_bell)HP_BELL_INIT;
	return g;
}

void hp_grpc_free(struct hp_grpc *g)
{
	if (!g)
		return;
	assert(g->calls == 0);
	hp_h2__release(g->h2);
	hp_bell__close(&g->bell);
	hp_labels_clear(&g->headers);
	free(g->address);
	free(g);
}

static void remove_header(struct hp_labels *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++) {
		if (!hp_str_eq(headers->items[i].key, name))
			continue;
		free(headers->items[i].key);
		free(headers->items[i].value);
		headers->count--;
		memmove(&headers->items[i], &headers->items[i + 1],
			(headers->count - i) * sizeof(headers->items[0]));
		return;
	}
}

void hp_grpc_set_header(struct hp_grpc *g, const char *name, const char *value)
{
	AUTO_FREE char *lower = hp_strdup(name);

	/* From: RFC 9113 section 8.2.1, names are lower case. */
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (value)
		hp_labels_add(&g->headers, lower, value);
	else
		remove_header(&g->headers, lower);
}

int hp_grpc_fd(const struct hp_grpc *g)
{
	return g->bell.fd;
}

void hp_grpc__settle(struct hp_grpc *g)
{
	if (g->h2)
		hp_h2__flush(g->h2);
	hp_bell__ring(&g->bell, g->ready > 0);
}

int hp_grpc__adopt(struct hp_grpc *g, int take_fd, struct hp_error *err)
{
	AUTO_CLOSE int fd = take_fd;

	if (hp_bell__open(&g->bell, err) < 0)
		return -1;
	return hp_h2__new(TAKE_FD(fd), g->address, &g->bell, &g->h2, err);
}

int hp_grpc__connect(struct hp_grpc *g, struct hp_error *err)
{
	int fd = -1;

	if (g->h2 && hp_h2__usable(g->h2))
		return 0;
	/* The daemon has gone, or wants to: calls under way end with that, new ones go to its
	 * successor. */
	if (g->h2)
		hp_h2__break(g->h2, HP_EUNAVAILABLE,
			     "the daemon wants it closed while the call is under way");
	hp_h2__release(TAKE(g->h2));
	if (hp_grpc__dial(g->address, &fd, err) < 0)
		return -1;
	if (hp_grpc__adopt(g, fd, err) < 0)
		return hp_wrap(err, "connect to '%s'", g->address);
	return 0;
}

/* The one message that must come, and the end behind it. */
static int receive_one(struct hp_call *c, struct hp_buf *ret_reply, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf second;
	int found = hp_call__recv(c, ret_reply, err);

	hp_buf_init(&second, c->grpc->max_message);
	if (found == HP_NEXT_ITEM)
		found = hp_call__recv(c, &second, err);
	else if (found == HP_NEXT_END)
		return hp_fail(err, HP_EPROTO, "no message came from '%s' in answer to %s",
			       c->grpc->address, c->method);
	if (found == HP_NEXT_ITEM)
		return hp_fail(err, HP_EPROTO,
			       "a second message came from '%s' in answer to %s",
			       c->grpc->address, c->method);
	return found < 0 ? -1 : 0;
}

/* ret_refused: the call failed before the daemon looked at it. */
static int try_unary(struct hp_call *c, struct hp_bytes request, struct hp_buf *ret_reply,
		     bool *ret_refused, struct hp_error *err)
{
	int done = hp_call__send(c, request, true, err);

	if (done == 0)
		done = receive_one(c, ret_reply, err);
	*ret_refused = done < 0 && c->stream.refused;
	return done;
}

int hp_grpc_unary(struct hp_grpc *g, const char *method, int64_t deadline,
		  struct hp_bytes request, struct hp_buf *ret_reply, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf reply;
	int done = -1;

	hp_buf_init(&reply, ret_reply->max);
	for (int attempt = 0; attempt < 2; attempt++) {
		AUTO(hp_call_free) struct hp_call *c = NULL;
		bool refused = false;

		if (hp_call__begin(g, method, deadline, &c, err) < 0)
			break;
		done = try_unary(c, request, &reply, &refused, err);
		if (done == 0 || !refused || attempt > 0)
			break;
		/* A daemon that is just going away has not touched it: ask its successor. */
		hp_error_clear(err);
	}
	hp_grpc__settle(g);
	if (done < 0)
		return -1;

	hp_buf_free(ret_reply);
	*ret_reply = reply;
	reply.data = NULL;
	reply.len = 0;
	reply.cap = 0;
	return 0;
}
