/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.h - a socket to the kernel's rtnetlink, or to another of its netlinks. It stays with the network namespace in which it
 * was opened, whoever uses it. The kernel answers within the call, so nothing here waits. */
#pragma once
#include "base/buf.h"
#include "wire/netlink.h"

#define HP_NETLINK_DUMP_MAX ((size_t)4 * 1024 * 1024) /* bytes, for hp_buf_init() */

struct hp_netlink {
	int fd;          /* -1: closed */
	uint32_t number; /* of the last request */
};
#define HP_NETLINK_INIT                                                                        \
	{                                                                                      \
		.fd = -1                                                                       \
	}

/* Open one in the network namespace of the calling thread. */
int hp_netlink_open(struct hp_netlink *n, struct hp_error *err) MUST_CHECK;
/* The same for another of NETLINK_*. Fails: HP_EUNSUPPORTED - this kernel has none. */
int hp_netlink_open_for(struct hp_netlink *n, int protocol, struct hp_error *err) MUST_CHECK;
void hp_netlink_close(struct hp_netlink *n); /* one that is closed is fine */
HP_AUTO_VALUE(struct hp_netlink, hp_netlink_close);

/* Have something done. Fails: as the errno says that the kernel answers; it is kept in err->sys. */
int hp_netlink_ask(struct hp_netlink *n, struct hp_netlink_request *r,
		   struct hp_error *err) MUST_CHECK;
/* Append the messages that answer a dump, which hp_netlink_next() takes off, to an empty buffer.
 * Fails: HP_EEXHAUSTED - they are over the buffer's maximum; HP_EABORTED - what is dumped changes
 * faster than it can be read. */
int hp_netlink_dump(struct hp_netlink *n, struct hp_netlink_request *r, struct hp_buf *ret,
		    struct hp_error *err) MUST_CHECK;
/* Have something answered: the messages that come before the verdict are appended to @ret; NULL: they
 * are dropped. Fails: as hp_netlink_ask(). */
int hp_netlink_get(struct hp_netlink *n, struct hp_netlink_request *r, struct hp_buf *ret,
		   struct hp_error *err) MUST_CHECK;

/* Several messages that are sent at once, as nf_tables has its transactions. */
struct hp_netlink_batch {
	struct hp_buf bytes;
	uint32_t count;
	uint32_t first; /* the number of the first one */
	size_t last;    /* where the last one begins */
	uint32_t acked; /* the number of the one whose verdict ends it */
};
void hp_netlink_batch_init(struct hp_netlink_batch *b);
void hp_netlink_batch_free(struct hp_netlink_batch *b);
HP_AUTO_VALUE(struct hp_netlink_batch, hp_netlink_batch_free);
/* Append a request. */
int hp_netlink_batch_add(struct hp_netlink_batch *b, struct hp_netlink *n,
			 struct hp_netlink_request *r, struct hp_error *err) MUST_CHECK;
/* With the verdict on the one that was added last the kernel has said all. */
void hp_netlink_batch_ack(struct hp_netlink_batch *b);
/* Send it. Fails: as the first verdict that says no. */
int hp_netlink_batch_send(struct hp_netlink *n, const struct hp_netlink_batch *b,
			  struct hp_error *err) MUST_CHECK;
