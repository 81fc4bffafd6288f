/* SPDX-License-Identifier: Apache-2.0 */
/* bell.c - an epoll descriptor over a socket and a note to ourselves. */
#include "net/bell.h"

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static struct epoll_event interest(int fd, bool writing)
{
	struct epoll_event event = {
		.events = EPOLLIN | (writing ? EPOLLOUT : 0u),
		.data.fd = fd,
	};

	return event;
}

int hp_bell__open(struct hp_bell *b, struct hp_error *err)
{
	if (b->fd >= 0)
		return 0;

	AUTO_CLOSE int fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0)
		return hp_fail_errno(err, errno, "make an epoll descriptor");
	AUTO_CLOSE int note_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (note_fd < 0)
		return hp_fail_errno(err, errno, "make an event descriptor");

	struct epoll_event event = interest(note_fd, false);
	if (epoll_ctl(fd, EPOLL_CTL_ADD, note_fd, &event) < 0)
		return hp_fail_errno(err, errno, "watch an event descriptor");

	b->fd = TAKE_FD(fd);
	b->note_fd = TAKE_FD(note_fd);
	b->ringing = false;
	return 0;
}

void hp_bell__close(struct hp_bell *b)
{
	if (b->fd >= 0)
		close(b->fd);
	if (b->note_fd >= 0)
		close(b->note_fd);
	*b = (struct hp_bell)HP_BELL_INIT;
}

int hp_bell__watch(struct hp_bell *b, int sock, bool writing, struct hp_error *err)
{
	struct epoll_event event = interest(sock, writing);

	if (epoll_ctl(b->fd, EPOLL_CTL_ADD, sock, &event) < 0)
		return hp_fail_errno(err, errno, "watch a socket");
	return 0;
}

void hp_bell__set_writing(struct hp_bell *b, int sock, bool writing)
{
	struct epoll_event event = interest(sock, writing);

	/* It fails only for a socket that is not watched, and then there is nothing to change. */
	(void)epoll_ctl(b->fd, EPOLL_CTL_MOD, sock, &event);
}

void hp_bell__unwatch(struct hp_bell *b, int sock)
{
	(void)epoll_ctl(b->fd, EPOLL_CTL_DEL, sock, NULL);
}

void hp_bell__ring(struct hp_bell *b, bool on)
{
	uint64_t count = 1;
	ssize_t done = 0;

	if (b->fd < 0 || b->ringing == on)
		return;
	/* Neither can fail: the counter is 0 before the write and 1 before the read. */
	if (on)
		done = write(b->note_fd, &count, sizeof(count));
	else
		done = read(b->note_fd, &count, sizeof(count));
	if (done == (ssize_t)sizeof(count))
		b->ringing = on;
}
