/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_packets.h - packets of UDP from here to another namespace, and which of them arrive. */
#pragma once
#include <errno.h>

#include "nets.h"

/* Packets of UDP that are sent from here to there. */
struct chaos_packets {
	const char *from; /* address; NULL: the first of the family */
	const char *to;
	uint16_t from_port; /* 0: any */
	uint16_t to_port;
	int count;
	/* What has come of it: */
	int arrived;
	char came[1024]; /* for each of the first ones, '1' if it did */
};

static inline socklen_t chaos_packets__address(const char *text, uint16_t port,
					       struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (strchr(text, ':')) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	assert_int_equal(inet_pton(AF_INET, text, &v4->sin_addr), 1);
	return sizeof(*v4);
}

struct chaos_packets__bind {
	const char *address;
	uint16_t port;
	int fd;
};

static inline int chaos_packets__bound(void *data, struct hp_error *err)
{
	struct chaos_packets__bind *b = data;
	struct sockaddr_storage address;
	socklen_t len = chaos_packets__address(b->address, b->port, &address);
	int on = 1;

	(void)err;
	b->fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (b->fd < 0 || setsockopt(b->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(b->fd, (struct sockaddr *)&address, len) < 0)
		return hp_fail_errno(err, errno, "bind");
	return 0;
}

static inline void chaos_packets__take(int fd, struct chaos_packets *p)
{
	int i;

	while (recv(fd, &i, sizeof(i), 0) == sizeof(i)) {
		p->arrived++;
		if (i < (int)sizeof(p->came) - 1)
			p->came[i] = '1';
	}
}

/* Send them, and wait until no more arrive. */
static inline void chaos_packets_send(int netns_fd, struct chaos_packets *p)
{
	const bool v6 = strchr(p->to, ':') != NULL;
	struct chaos_packets__bind out = {p->from ? p->from : (v6 ? "fd09::1" : "10.9.0.1"),
					  p->from_port, -1};
	struct chaos_packets__bind in = {p->to, p->to_port, -1};
	struct hp_error err = HP_ERROR_INIT;
	struct sockaddr_storage address;
	socklen_t len = chaos_packets__address(p->to, p->to_port, &address);
	struct pollfd poll_fd;

	p->arrived = 0;
	memset(p->came, '0', sizeof(p->came) - 1);
	if (chaos_packets__bound(&out, &err) < 0 ||
	    hp_netns_call(netns_fd, chaos_packets__bound, &in, &err) < 0)
		fail_msg("%s", err.msg);
	for (int i = 0; i < p->count; i++) {
		ssize_t sent;

		while ((sent = sendto(out.fd, &i, sizeof(i), 0, (struct sockaddr *)&address,
				      len)) < 0 &&
		       (errno == EAGAIN || errno == ENOBUFS))
			chaos_packets__take(in.fd, p);
		assert_int_equal(sent, sizeof(i));
		chaos_packets__take(in.fd, p);
	}
	poll_fd = (struct pollfd){.fd = in.fd, .events = POLLIN};
	while (p->arrived < p->count && poll(&poll_fd, 1, 200) > 0)
		chaos_packets__take(in.fd, p);
	close(in.fd);
	close(out.fd);
}
