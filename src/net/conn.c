/* SPDX-License-Identifier: Apache-2.0 */
/* conn.c - connections over plain sockets, and the calls on connections of every kind. */
#include "net/conn.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"

int hp_conn_read(struct hp_conn *c, void *data, size_t len, size_t *ret_n, struct hp_error *err)
{
	return c->ops->read(c, data, len, ret_n, err);
}

ssize_t hp_conn_write(struct hp_conn *c, const void *data, size_t len, struct hp_error *err)
{
	return c->ops->write(c, data, len, err);
}

int hp_conn_end(struct hp_conn *c, struct hp_error *err)
{
	return c->ops->end(c, err);
}

void hp_conn_free(struct hp_conn *c)
{
	if (c)
		c->ops->free(c);
}

static int lost(const char *what, int sys, struct hp_error *err)
{
	(void)hp_fail_errno(err, sys, "%s the connection", what);
	err->code = HP_EUNAVAILABLE;
	return -1;
}

static int socket_read(struct hp_conn *c, void *data, size_t len, size_t *ret_n,
		       struct hp_error *err)
{
	const ssize_t n = recv(c->fd, data, len, 0);

	if (n > 0) {
		*ret_n = (size_t)n;
		return HP_NEXT_ITEM;
	}
	if (n == 0)
		return HP_NEXT_END;
	if (errno == EAGAIN || errno == EINTR)
		return HP_NEXT_WAIT;
	return lost("read from", errno, err);
}

static ssize_t socket_write(struct hp_conn *c, const void *data, size_t len,
			    struct hp_error *err)
{
	const ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);

	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return lost("write to", errno, err);
}

static int socket_end(struct hp_conn *c, struct hp_error *err)
{
	if (shutdown(c->fd, SHUT_WR) == 0 || errno == ENOTCONN)
		return 0;
	return lost("end", errno, err);
}

static void socket_free(struct hp_conn *c)
{
	close(c->fd);
	free(c);
}

static const struct hp_conn_ops socket_ops = {
	.read = socket_read,
	.write = socket_write,
	.end = socket_end,
	.free = socket_free,
};

static struct hp_conn *of_socket(int take_fd)
{
	struct hp_conn *c = hp_alloc(sizeof(*c));

	*c = (struct hp_conn){.ops = &socket_ops, .fd = take_fd};
	return c;
}

int hp_conn_unix(const char *path, struct hp_conn **ret, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;

	if (hp_unix_connect(path, &fd, err) < 0 || hp_fd_set_nonblock(fd, true, err) < 0)
		return -1;
	*ret = of_socket(TAKE_FD(fd));
	return 0;
}

/* Try one address. Returns: 0, or the errno. */
static int connect_to(const struct addrinfo *a, int64_t deadline, int *ret_fd)
{
	AUTO_CLOSE int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct hp_error ignored = HP_ERROR_INIT;
	const int on = 1;
	int sys = 0;
	socklen_t len = sizeof(sys);

	if (fd < 0)
		return errno;
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
		if (errno != EINPROGRESS && errno != EINTR)
			return errno;
		const int ready =
			hp_fd_poll(fd, POLLOUT, hp_deadline_left_ms(deadline), &ignored);
		if (ready <= 0)
			return ready == 0 ? ETIMEDOUT : EIO;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &len) < 0)
			return errno;
		if (sys)
			return sys;
	}
	/* A request's few bytes must not wait for the answer to earlier ones. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int hp_conn_tcp(const char *host, const char *port, int64_t deadline, struct hp_conn **ret,
		struct hp_error *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int sys = ECONNREFUSED;
	int fd = -1;

	const int rc = getaddrinfo(host, port, &hints, &found);
	if (rc != 0)
		return hp_fail(err, HP_EUNAVAILABLE, "no address of '%s' is known: %s", host,
			       gai_strerror(rc));
	for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
		sys = connect_to(a, deadline, &fd);
	freeaddrinfo(found);
	if (fd < 0) {
		(void)hp_fail_errno(err, sys, "connect to %s port %s", host, port);
		err->code = sys == ETIMEDOUT ? HP_ETIMEOUT : HP_EUNAVAILABLE;
		return -1;
	}
	*ret = of_socket(fd);
	return 0;
}
