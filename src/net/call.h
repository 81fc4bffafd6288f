/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - what call.c (one call), verdict.c (how it ended) and grpc.c (the client) share. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/labels.h"
#include "net/bell.h"
#include "net/grpc.h"
#include "net/h2.h"

struct hp_grpc {
	char *address; /* a path, without "unix://" */
	size_t max_message;
	struct hp_labels headers;
	struct hp_h2 *h2; /* NULL before the first call and after a loss that was noticed */
	struct hp_bell bell;
	size_t calls; /* not freed yet */
	size_t ready; /* of them have something to take */
};

struct hp_call {
	struct hp_h2_stream stream;
	struct hp_grpc *grpc;
	char *method;
	int64_t deadline;
	int64_t begun_ms;
	/* Messages as they came, prefixes included, from in_at on; what the peer has not been
	 * given back of its window is at the end of it. */
	struct hp_buf in;
	size_t in_at;
	size_t uncredited;
	bool ready;     /* counted in grpc->ready */
	bool end_taken; /* its user knows that it has ended */
	/* The answer's headers and trailers. */
	int http_status;
	char *content_type;
	bool has_status;
	int status;
	char *message;
	/* Set when we ended it ourselves; its code is HP_OK else. */
	struct hp_error failure;
};

/* How the call ended; it has. Returns: HP_NEXT_END, or -1. */
int hp_call__verdict(const struct hp_call *c, struct hp_error *err) MUST_CHECK;
/* The answer is no gRPC, so its data is nothing to us. */
bool hp_call__is_foreign(const struct hp_call *c);
/* A message has begun and is not whole yet. */
bool hp_call__is_torn(const struct hp_call *c);
/* Fill @err with what a passed deadline means. */
int hp_call__fail_late(const struct hp_call *c, struct hp_error *err);

/* As the functions of grpc.h, without waking the client's descriptor afterwards. */
int hp_call__begin(struct hp_grpc *g, const char *method, int64_t deadline,
		   struct hp_call **ret_call, struct hp_error *err) MUST_CHECK;
int hp_call__send(struct hp_call *c, struct hp_bytes message, bool last,
		  struct hp_error *err) MUST_CHECK;
int hp_call__recv(struct hp_call *c, struct hp_buf *ret_message,
		  struct hp_error *err) MUST_CHECK;

/* Be connected, by a connection that takes a new call. */
int hp_grpc__connect(struct hp_grpc *g, struct hp_error *err) MUST_CHECK;
/* Use @take_fd, a connected socket. */
int hp_grpc__adopt(struct hp_grpc *g, int take_fd, struct hp_error *err) MUST_CHECK;
/* Send what is left, and have the descriptor say what is true. */
void hp_grpc__settle(struct hp_grpc *g);
/* Open a socket to @address. Fails: HP_EUNAVAILABLE, HP_EDENIED; the messages say what to do. */
int hp_grpc__dial(const char *address, int *ret_fd, struct hp_error *err) MUST_CHECK;
