/* SPDX-License-Identifier: Apache-2.0 */
/* http1.h - HTTP/1.1 as a client speaks it: requests out, the head and the body of answers in. No I/O
 * happens here. From: RFC 9112. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/labels.h"

#define HP_HTTP1_HEAD    65536u /* bytes of a head, the longest that is taken; ours */
#define HP_HTTP1_HEADERS 256u   /* lines of it; ours */

/* How long a request's body is, where it is not a number of bytes. */
#define HP_HTTP1_NO_BODY (-1)
#define HP_HTTP1_CHUNKED (-2)

struct hp_http1_request {
	const char *method;
	const char *target; /* path and query, made of what hp_http1_escape() gives */
	const char *host;   /* "" where there is none, as behind a unix socket */
	const char *const
		*headers; /* further ones, "Name: value", NULL-terminated; NULL: none */
	int64_t body;     /* bytes, or one of the two above */
};

/* Append the head of a request. Fails: HP_EINVALID - a control character or a blank where none may
 * be; HP_EEXHAUSTED - @out is full. */
int hp_http1_put(struct hp_buf *out, const struct hp_http1_request *r,
		 struct hp_error *err) MUST_CHECK;
/* Append @data as one chunk of a body; an empty one ends it. */
int hp_http1_put_chunk(struct hp_buf *out, struct hp_bytes data,
		       struct hp_error *err) MUST_CHECK;
/* @text for a path's segment or a query's value: all but letters, digits and "-._~" as %XX.
 * Owns: the caller. From: RFC 3986 section 2.3. */
char *hp_http1_escape(const char *text);

enum hp_http1_body_kind {
	HP_HTTP1_NONE,    /* 204, 304, or a length of 0 */
	HP_HTTP1_LENGTH,  /* so many bytes */
	HP_HTTP1_CHUNKS,  /* until an empty chunk */
	HP_HTTP1_TO_END,  /* until the connection's end */
	HP_HTTP1_UPGRADE, /* 101: the connection is no HTTP any more */
};

/* How an answer begins. Names of headers are in small letters. */
struct hp_http1_head {
	int status;
	struct hp_labels headers;
	enum hp_http1_body_kind body;
	uint64_t length; /* with HP_HTTP1_LENGTH */
	bool closes;     /* the connection takes no further request */
};
void hp_http1_head_clear(struct hp_http1_head *h);
HP_AUTO_VALUE(struct hp_http1_head, hp_http1_head_clear);

/* Take the head of an answer from the front of @in; "100 Continue" and its like are passed over.
 * Returns: bytes used, 0 when it is not whole yet.
 * Fails: HP_EPROTO - no HTTP/1, or over a limit. */
ssize_t hp_http1_read_head(struct hp_bytes in, struct hp_http1_head *ret,
			   struct hp_error *err) MUST_CHECK;

/* A body that is being taken apart. Begun by hp_http1_body_begin(). */
struct hp_http1_body {
	enum hp_http1_body_kind kind;
	uint64_t left; /* of the length, or of the chunk */
	int step;      /* where in a chunk's frame; http1.c knows */
	bool ended;
};
void hp_http1_body_begin(struct hp_http1_body *b, const struct hp_http1_head *head);

/* Take the next piece from the front of @in. ret_piece: borrows from @in, may be empty.
 * Returns: bytes used, of which the piece is a part; 0 when more must come first, or when b->ended.
 * Fails: HP_EPROTO - chunks that are none. */
ssize_t hp_http1_body_next(struct hp_http1_body *b, struct hp_bytes in,
			   struct hp_bytes *ret_piece, struct hp_error *err) MUST_CHECK;
