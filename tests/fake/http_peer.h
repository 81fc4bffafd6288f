/* SPDX-License-Identifier: Apache-2.0 */
/* http_peer.h - an HTTP server on this machine that answers as a test's table says. */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* One answer. The first row whose path is the request's, and that has not been used up, is it;
 * without any it is 404. */
struct http_answer {
	const char *path;    /* with the query */
	unsigned times;      /* how often it may be given; 0: always */
	const char *wants;   /* text that the request's head must have; NULL: anything */
	const char *status;  /* "200 OK" */
	const char *headers; /* each with "\r\n"; NULL: none. Content-Length comes by itself. */
	const char *body;    /* NULL: none */
	size_t len;          /* of the body; 0: up to its NUL */
	size_t cut;          /* send so many bytes of it, then close; 0: all */
	bool ranges;         /* answer a Range with 206 and the rest of the body */
	bool endless;        /* no Content-Length, and the body again and again */
};

struct http_peer {
	const struct http_answer *answers;
	size_t count;
	unsigned used[32];
	int listener;
	int stop[2];
	char url[64]; /* "http://127.0.0.1:PORT" */
	pthread_t thread;
	pthread_mutex_t lock;
	struct hp_buf log; /* the heads of all requests */
};

/* Begin to answer; @answers is borrowed. */
void http_peer_start(struct http_peer *p, const struct http_answer *answers, size_t count);
void http_peer_stop(struct http_peer *p);
/* How often @text is in the heads of the requests so far. */
size_t http_peer_saw(struct http_peer *p, const char *text);
