/* SPDX-License-Identifier: Apache-2.0 */
/* h2_conn.h - what h2.c (the socket) and h2_stream.c (the session's streams) share. */
#pragma once
#include <nghttp2/nghttp2.h>

#include "net/h2.h"

/* A read of 64 KiB takes four full frames; more saves no time that could be measured. */
#define HP_H2_READ_BYTES (64 * 1024)

struct hp_h2 {
	int fd;                   /* -1 once the connection has failed */
	nghttp2_session *session; /* NULL likewise */
	struct hp_bell *bell;
	char *peer;
	struct hp_h2_stream *streams; /* opened and not let go */
	size_t refs;                  /* the owner's, and one a stream */
	struct hp_buf out;            /* frames on their way into the socket... */
	size_t out_at;                /* ...of which this many bytes are there */
	bool writing;                 /* the bell waits for the socket to take more */
	bool write_broken;            /* the peer does not read any more; it may have written */
	bool greeted;                 /* its SETTINGS came */
	bool closing;                 /* its GOAWAY came */
	bool not_http2;               /* what it said is not HTTP/2... */
	char said[48];                /* ...but this, made printable */
	struct hp_error failure;
	uint8_t in[HP_H2_READ_BYTES];
};

/* Make the session and queue our greeting. */
int hp_h2__session_new(struct hp_h2 *h2, struct hp_error *err) MUST_CHECK;

/* Drop one of h2->refs. */
void hp_h2__unref(struct hp_h2 *h2);

/* Mark @s as ended, once, and tell its owner. */
void hp_h2__stream_end(struct hp_h2_stream *s, enum hp_h2_end end, uint32_t reset);
