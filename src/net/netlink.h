/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.h - a socket to the kernel's rtnetlink. It stays with the network namespace in which it
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
