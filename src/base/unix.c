/* SPDX-License-Identifier: Apache-2.0 */
/* unix.c - owns unix sockets: reaching them by path, and passing descriptors over them. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fault.h"
#include "base/path.h"

#define BACKLOG           128
#define CONNECT_TIMEOUT_S 10
/* From: Linux include/net/scm.h, SCM_MAX_FD: no message carries more. */
#define FDS_MAX           253

/* Ancillary data, aligned as its headers need it. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

/* Fill @ret_addr so that it reaches @path. A path too long for it goes by way of its directory,
 * kept open in *ret_dir_fd as long as the address is used. */
static int make_address(const char *path, struct sockaddr_un *ret_addr, int *ret_dir_fd,
			struct hp_error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	AUTO_FREE char *dir = NULL;
	int n;

	if (!*path)
		return hp_fail(err, HP_EINVALID, "the path of a socket is empty");
	if (strlen(path) < sizeof(addr.sun_path)) {
		memcpy(addr.sun_path, path, strlen(path));
		*ret_addr = addr;
		return 0;
	}
	dir = hp_path_dir(path);
	*ret_dir_fd = HP_SYS("open", open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (*ret_dir_fd < 0)
		return hp_fail_errno(err, errno, "open directory '%s'", dir);
	n = snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", *ret_dir_fd,
		     hp_path_base(path));
	if (n < 0 || (size_t)n >= sizeof(addr.sun_path))
		return hp_fail(err, HP_EINVALID, "socket '%s': its name is too long", path);
	*ret_addr = addr;
	return 0;
}

static int connect_to(int fd, const struct sockaddr_un *addr)
{
	int rc;

	do
		rc = HP_SYS("connect",
			    connect(fd, (const struct sockaddr *)addr, sizeof(*addr)));
	while (rc < 0 && errno == EINTR);
	return rc;
}

static int set_send_timeout(int fd, int seconds)
{
	struct timeval tv = {.tv_sec = seconds};

	return HP_SYS("setsockopt", setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
}

/* Say why nobody could be reached at @path. */
static int fail_connect(const char *path, int sys, struct hp_error *err)
{
	hp_fail_errno(err, sys, "connect to '%s'", path);
	if (sys == ENOENT || sys == ECONNREFUSED || sys == ENOTDIR)
		err->code = HP_EUNAVAILABLE;
	/* A full backlog: the peer is there and takes nobody in. */
	if (sys == EAGAIN)
		err->code = HP_ETIMEOUT;
	return -1;
}

int hp_unix_connect(const char *path, int *ret_fd, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;
	AUTO_CLOSE int dir_fd = -1;
	struct sockaddr_un addr;

	if (make_address(path, &addr, &dir_fd, err) < 0)
		return hp_wrap(err, "connect");
	fd = HP_SYS("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return hp_fail_errno(err, errno, "make a socket");
	if (set_send_timeout(fd, CONNECT_TIMEOUT_S) < 0)
		return hp_fail_errno(err, errno, "set the timeout of a socket");
	if (connect_to(fd, &addr) < 0)
		return fail_connect(path, errno, err);
	if (set_send_timeout(fd, 0) < 0)
		return hp_fail_errno(err, errno, "unset the timeout of a socket");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Remove the socket at @addr when nobody answers on it. */
static int remove_stale(const char *path, const struct sockaddr_un *addr, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (HP_SYS("stat", lstat(addr->sun_path, &st)) < 0)
		return hp_fail_errno(err, errno, "look at '%s'", path);
	if (!S_ISSOCK(st.st_mode))
		return hp_fail(err, HP_EEXISTS, "'%s' is there and is no socket", path);
	fd = HP_SYS("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (fd < 0)
		return hp_fail_errno(err, errno, "make a socket");
	/* Any other answer, EAGAIN or EACCES, means that somebody may be there. */
	if (connect_to(fd, addr) == 0 || errno != ECONNREFUSED)
		return hp_fail(err, HP_EEXISTS, "somebody listens on '%s' already", path);
	if (HP_SYS("unlink", unlink(addr->sun_path)) < 0)
		return hp_fail_errno(err, errno, "remove the old socket '%s'", path);
	return 0;
}

static int bind_to(int fd, const struct sockaddr_un *addr)
{
	return HP_SYS("bind", bind(fd, (const struct sockaddr *)addr, sizeof(*addr)));
}

/* Bound but not listening, a socket refuses everybody, so its mode is set in time. */
static int open_door(int fd, const char *path, const struct sockaddr_un *addr, mode_t mode,
		     struct hp_error *err)
{
	if (HP_SYS("chmod", chmod(addr->sun_path, mode)) == 0 &&
	    HP_SYS("listen", listen(fd, BACKLOG)) == 0)
		return 0;
	hp_fail_errno(err, errno, "listen on '%s'", path);
	unlink(addr->sun_path);
	return -1;
}

int hp_unix_listen(const char *path, mode_t mode, int *ret_fd, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;
	AUTO_CLOSE int dir_fd = -1;
	struct sockaddr_un addr;
	int rc;

	if (make_address(path, &addr, &dir_fd, err) < 0)
		return hp_wrap(err, "listen");
	fd = HP_SYS("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return hp_fail_errno(err, errno, "make a socket");
	rc = bind_to(fd, &addr);
	if (rc < 0 && errno == EADDRINUSE) {
		if (remove_stale(path, &addr, err) < 0)
			return hp_wrap(err, "listen");
		rc = bind_to(fd, &addr);
	}
	if (rc < 0)
		return hp_fail_errno(err, errno, "listen on '%s'", path);
	if (open_door(fd, path, &addr, mode, err) < 0)
		return -1;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int hp_fd_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds,
	       struct hp_error *err)
{
	union control control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (n_fds > FDS_MAX)
		return hp_fail(err, HP_EINVALID,
			       "send: %zu descriptors are over the limit of %d", n_fds,
			       FDS_MAX);
	if (n_fds > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
	}
	do
		n = HP_SYS("sendmsg", sendmsg(sock, &msg, MSG_NOSIGNAL));
	while (n < 0 &&
	       (errno == EINTR || (errno == EAGAIN && hp_fd_poll(sock, POLLOUT, -1, err) > 0)));
	if (n < 0)
		return err->code != HP_OK ? -1 : hp_fail_errno(err, errno, "send");
	/* A stream may take a part; the descriptors went with its first byte. */
	if ((size_t)n < len)
		return hp_fd_write_all(sock, (const char *)data + n, len - (size_t)n, err);
	return 0;
}

/* Copy the descriptors of @msg to @fds and close those beyond @max. Returns: how many came. */
static size_t take_fds(struct msghdr *msg, int *fds, size_t max)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (n < max)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

ssize_t hp_fd_recv(int sock, void *data, size_t len, int *ret_fds, size_t *n_fds,
		   struct hp_error *err)
{
	union control control = {0};
	struct iovec iov = {.iov_base = data, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};
	ssize_t n;

	do
		n = HP_SYS("recvmsg", recvmsg(sock, &msg, MSG_CMSG_CLOEXEC));
	while (n < 0 &&
	       (errno == EINTR || (errno == EAGAIN && hp_fd_poll(sock, POLLIN, -1, err) > 0)));
	if (n < 0)
		return err->code != HP_OK ? -1 : hp_fail_errno(err, errno, "receive");
	/* The room is enough for any message, so this is our own limit on open files. */
	if (msg.msg_flags & MSG_CTRUNC) {
		take_fds(&msg, NULL, 0);
		return hp_fail(err, HP_EEXHAUSTED,
			       "receive: no room for the descriptors of a message");
	}
	*n_fds = take_fds(&msg, ret_fds, *n_fds);
	return n;
}
