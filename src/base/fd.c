/* SPDX-License-Identifier: Apache-2.0 */
/* fd.c - owns reading, writing and waiting on any descriptor. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"

#define READ_MIN ((size_t)4096)
#define READ_MAX ((size_t)256 * 1024)

int hp_fd_poll(int fd, short events, int64_t timeout_ms, struct hp_error *err)
{
	int64_t deadline = timeout_ms > 0 ? hp_deadline_in(timeout_ms) : 0;
	int64_t left = timeout_ms < 0 ? -1 : timeout_ms;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int n = HP_SYS("poll", poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left));

		if (n > 0)
			return p.revents;
		if (n < 0 && errno != EINTR)
			return hp_fail_errno(err, errno, "poll descriptor %d", fd);
		if (timeout_ms > 0)
			left = hp_deadline_left_ms(deadline);
		if (n == 0 && left <= 0)
			return 0;
	}
}

/* After a call on @fd failed with errno: may it be made again? Waits until it can go on. */
static bool may_retry(int fd, short events, struct hp_error *err)
{
	if (errno == EINTR)
		return true;
	/* Other values than EAGAIN do not exist for "would block" on Linux. */
	return errno == EAGAIN && hp_fd_poll(fd, events, -1, err) > 0;
}

int hp_fd_write_all(int fd, const void *data, size_t len, struct hp_error *err)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = HP_SYS("write", write(fd, at, len));

		if (n < 0) {
			if (may_retry(fd, POLLOUT, err))
				continue;
			return err->code != HP_OK ? -1 : hp_fail_errno(err, errno, "write");
		}
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Read once into @buf. Returns: bytes, 0 at the end of the file, -1. */
static ssize_t read_some(int fd, struct hp_buf *buf, struct hp_error *err)
{
	size_t room = buf->max - buf->len;
	size_t want = buf->len < READ_MIN ? READ_MIN : buf->len;
	uint8_t beyond;
	uint8_t *into = &beyond;
	ssize_t n;

	if (want > READ_MAX)
		want = READ_MAX;
	if (want > room)
		want = room;
	/* A full buffer is an error only when there is more to read. */
	if (want > 0)
		into = hp_buf_reserve(buf, want, err);
	if (!into)
		return -1;
	do
		n = HP_SYS("read", read(fd, into, want ? want : 1));
	while (n < 0 && may_retry(fd, POLLIN, err));
	if (n < 0)
		return err->code != HP_OK ? -1 : hp_fail_errno(err, errno, "read");
	if (n > 0 && want == 0)
		return hp_fail(err, HP_EEXHAUSTED, "read: more than the limit of %zu bytes",
			       buf->max);
	buf->len += (size_t)n;
	return n;
}

int hp_fd_read_all(int fd, struct hp_buf *buf, struct hp_error *err)
{
	ssize_t n;

	do
		n = read_some(fd, buf, err);
	while (n > 0);
	return n < 0 ? -1 : 0;
}

int hp_fd_set_nonblock(int fd, bool on, struct hp_error *err)
{
	int flags = HP_SYS("fcntl", fcntl(fd, F_GETFL));

	if (flags < 0)
		return hp_fail_errno(err, errno, "flags of descriptor %d", fd);
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	if (HP_SYS("fcntl", fcntl(fd, F_SETFL, flags)) < 0)
		return hp_fail_errno(err, errno, "set flags of descriptor %d", fd);
	return 0;
}

int hp_pipe(int ret_fds[2], struct hp_error *err)
{
	if (HP_SYS("pipe", pipe2(ret_fds, O_CLOEXEC)) < 0)
		return hp_fail_errno(err, errno, "make a pipe");
	return 0;
}
