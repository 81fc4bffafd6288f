/* SPDX-License-Identifier: Apache-2.0 */
/* conn.h - a connection that carries bytes, whatever lies below: a unix socket, TCP, or TLS on it.
 * None of its calls blocks but those that make one. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <harpoon/stream.h>

#include "base/error.h"

struct hp_conn;
struct hp_conn_ops {
	/* Returns: HP_NEXT_ITEM with *ret_n bytes in @data, HP_NEXT_WAIT, HP_NEXT_END, or -1.
	 * After an item there may be more that the descriptor does not tell of: read on until
	 * HP_NEXT_WAIT before polling it. */
	int (*read)(struct hp_conn *c, void *data, size_t len, size_t *ret_n,
		    struct hp_error *err);
	/* Returns: bytes taken, 0 when none can be now, -1. */
	ssize_t (*write)(struct hp_conn *c, const void *data, size_t len, struct hp_error *err);
	/* Say that nothing will be written any more; reading goes on. */
	int (*end)(struct hp_conn *c, struct hp_error *err);
	void (*free)(struct hp_conn *c);
};
struct hp_conn {
	const struct hp_conn_ops *ops;
	int fd; /* to be polled; the connection's own */
};

/* Connect. Fails: HP_EUNAVAILABLE - nobody listens, no such name; HP_EDENIED; HP_ETIMEOUT. */
int hp_conn_unix(const char *path, struct hp_conn **ret, struct hp_error *err) MUST_CHECK;
int hp_conn_tcp(const char *host, const char *port, int64_t deadline, struct hp_conn **ret,
		struct hp_error *err) MUST_CHECK;

/* TLS on TCP, by libcurl. Files in PEM. */
struct hp_conn_tls {
	const char *host;
	const char *port;
	const char *ca;   /* who may sign the peer's certificate; NULL: those of the system */
	const char *cert; /* our own; NULL: none */
	const char *key;
	bool verify; /* look at the peer's certificate and name */
};
/* Fails: as above; HP_EDENIED - the peer's certificate, or ours; HP_EUNSUPPORTED - no libcurl;
 * HP_ENOTFOUND, HP_EINVALID - a file. What a peer makes of our certificate may show only when its
 * answer is read. */
int hp_conn_tls(const struct hp_conn_tls *to, int64_t deadline, struct hp_conn **ret,
		struct hp_error *err) MUST_CHECK;

int hp_conn_read(struct hp_conn *c, void *data, size_t len, size_t *ret_n,
		 struct hp_error *err) MUST_CHECK;
ssize_t hp_conn_write(struct hp_conn *c, const void *data, size_t len,
		      struct hp_error *err) MUST_CHECK;
int hp_conn_end(struct hp_conn *c, struct hp_error *err) MUST_CHECK;
void hp_conn_free(struct hp_conn *c); /* NULL is fine */
HP_AUTO_PTR(struct hp_conn, hp_conn_free);
