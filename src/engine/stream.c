/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - the calls on streams and waiters, and the stream over plain descriptors. */
#include "engine/engine_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/alloc.h"
#include "base/error.h"

/* A pipe holds this much, so a read can take all of it at once. From: pipe(7), "Pipe capacity". */
#define READ_BYTES 65536u

int hp_stream_fd(const struct hp_stream *s)
{
	return s->ops->fd(s);
}

int hp_stream_next(struct hp_stream *s, struct hp_chunk *ret_chunk, struct hp_error *err)
{
	return s->ops->next(s, ret_chunk, err);
}

int hp_stream_stdin_fd(const struct hp_stream *s)
{
	return s->ops->stdin_fd ? s->ops->stdin_fd(s) : -1;
}

ssize_t hp_stream_write(struct hp_stream *s, const void *data, size_t len, struct hp_error *err)
{
	if (!s->ops->write)
		return hp_fail(err, HP_ESTATE, "this stream has no stdin");
	return s->ops->write(s, data, len, err);
}

int hp_stream_close_stdin(struct hp_stream *s, struct hp_error *err)
{
	return s->ops->close_stdin ? s->ops->close_stdin(s, err) : 0;
}

void hp_stream_free(struct hp_stream *s)
{
	if (s)
		s->ops->free(s);
}

int hp_waiter_fd(const struct hp_waiter *w)
{
	return w->ops->fd(w);
}

int hp_waiter_next(struct hp_waiter *w, struct hp_exit *ret_exit, struct hp_error *err)
{
	return w->ops->next(w, ret_exit, err);
}

void hp_waiter_free(struct hp_waiter *w)
{
	if (w)
		w->ops->free(w);
}

/* A stream over descriptors. @epoll_fd holds the outputs that have not ended, so that polling one
 * descriptor is polling both. out[0] is stdin. */
struct fd_stream {
	struct hp_stream base;
	int epoll_fd;
	int ready_fd;   /* always readable; kept in the set while there is nothing to poll */
	int fds[3];     /* by enum hp_channel; -1: none, or ended */
	bool always[3]; /* it cannot be polled, as a file cannot: it is always ready */
	bool had_stdin;
	int sys; /* errno of what failed while the stream was made */
	struct hp_stdin_closer closer;
	char buffer[READ_BYTES];
};

static struct fd_stream *fd_stream_of(const struct hp_stream *s)
{
	return container_of(s, struct fd_stream, base);
}

static int fd_stream_fd(const struct hp_stream *s)
{
	return fd_stream_of(s)->epoll_fd;
}

static int fd_stream_stdin_fd(const struct hp_stream *s)
{
	return fd_stream_of(s)->fds[HP_CHANNEL_STDIN];
}

static void end_channel(struct fd_stream *f, int channel)
{
	/* Closing would take it out of the set only if nobody else had the descriptor. */
	if (!f->always[channel])
		epoll_ctl(f->epoll_fd, EPOLL_CTL_DEL, f->fds[channel], NULL);
	close(f->fds[channel]);
	f->fds[channel] = -1;
	f->always[channel] = false;
}

/* Read @channel once. Returns: as hp_stream_next(), HP_NEXT_WAIT also when it has just ended. */
static int read_channel(struct fd_stream *f, int channel, struct hp_chunk *ret,
			struct hp_error *err)
{
	ssize_t n = read(f->fds[channel], f->buffer, sizeof(f->buffer));

	if (n > 0) {
		*ret = (struct hp_chunk){.channel = (enum hp_channel)channel,
					 .data = f->buffer,
					 .len = (size_t)n};
		return HP_NEXT_ITEM;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return HP_NEXT_WAIT;
	/* A terminal's master says EIO when the last process has closed the other side. */
	if (n == 0 || errno == EIO) {
		end_channel(f, channel);
		return HP_NEXT_WAIT;
	}
	int sys = errno;
	end_channel(f, channel);
	hp_fail_errno(err, sys, "read %s", channel == HP_CHANNEL_STDOUT ? "stdout" : "stderr");
	err->code = HP_EIO;
	return -1;
}

/* Reads only what the kernel says is ready: a FIFO that nobody has opened for writing yet reads
 * as ended, but does not poll so. */
static int fd_stream_next(struct hp_stream *s, struct hp_chunk *ret, struct hp_error *err)
{
	struct fd_stream *f = fd_stream_of(s);

	if (f->sys)
		return hp_fail_errno(err, f->sys, "watch the output");
	/* Each turn ends a channel or returns, so there are few of them. */
	for (int turn = 0; turn < 4; turn++) {
		struct epoll_event ready = {0};
		int channel = -1;

		if (f->fds[HP_CHANNEL_STDOUT] < 0 && f->fds[HP_CHANNEL_STDERR] < 0)
			return HP_NEXT_END;
		if (f->always[HP_CHANNEL_STDOUT] || f->always[HP_CHANNEL_STDERR])
			channel = f->always[HP_CHANNEL_STDOUT] ? HP_CHANNEL_STDOUT
							       : HP_CHANNEL_STDERR;
		else if (epoll_wait(f->epoll_fd, &ready, 1, 0) == 1)
			channel = ready.data.fd;
		/* The eventfd, and the leftovers of a channel that has ended, say nothing. */
		if (channel < HP_CHANNEL_STDOUT || f->fds[channel] < 0)
			return HP_NEXT_WAIT;
		int found = read_channel(f, channel, ret, err);
		if (found != HP_NEXT_WAIT)
			return found;
	}
	return HP_NEXT_WAIT;
}

/* write(2) that answers EPIPE without the signal: a library must not end its program. */
static ssize_t write_no_signal(int fd, const void *data, size_t len)
{
	const struct timespec at_once = {0};
	sigset_t pipe_set;
	sigset_t old;
	sigset_t pending;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_set, &old);
	ssize_t n = write(fd, data, len);
	int sys = errno;
	if (n < 0 && sys == EPIPE && !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe_set, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = sys;
	return n;
}

static ssize_t fd_stream_write(struct hp_stream *s, const void *data, size_t len,
			       struct hp_error *err)
{
	struct fd_stream *f = fd_stream_of(s);
	int fd = f->fds[HP_CHANNEL_STDIN];

	if (fd < 0)
		return hp_fail(err, HP_ESTATE, "stdin %s",
			       f->had_stdin ? "is closed" : "is not open");
	if (!len)
		return 0;
	ssize_t n = write_no_signal(fd, data, len);
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	if (errno == EPIPE)
		return hp_fail(err, HP_EIO, "the process has closed its stdin");
	hp_fail_errno(err, errno, "write stdin");
	err->code = HP_EIO;
	return -1;
}

static int fd_stream_close_stdin(struct hp_stream *s, struct hp_error *err)
{
	struct fd_stream *f = fd_stream_of(s);

	if (f->fds[HP_CHANNEL_STDIN] < 0)
		return 0;
	close(f->fds[HP_CHANNEL_STDIN]);
	f->fds[HP_CHANNEL_STDIN] = -1;
	return f->closer.close ? f->closer.close(f->closer.arg, err) : 0;
}

static void fd_stream_free(struct hp_stream *s)
{
	struct fd_stream *f = fd_stream_of(s);

	for (int channel = HP_CHANNEL_STDIN; channel <= HP_CHANNEL_STDERR; channel++)
		if (f->fds[channel] >= 0)
			close(f->fds[channel]);
	if (f->closer.free)
		f->closer.free(f->closer.arg);
	if (f->ready_fd >= 0)
		close(f->ready_fd);
	if (f->epoll_fd >= 0)
		close(f->epoll_fd);
	free(f);
}

static const struct hp_stream_ops fd_stream_ops = {
	.fd = fd_stream_fd,
	.next = fd_stream_next,
	.stdin_fd = fd_stream_stdin_fd,
	.write = fd_stream_write,
	.close_stdin = fd_stream_close_stdin,
	.free = fd_stream_free,
};

/* Put an output into the set. Files and /dev/null cannot be polled and are always ready. */
static void watch_output(struct fd_stream *f, int channel)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = channel};

	if (f->fds[channel] < 0)
		return;
	if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, f->fds[channel], &event) == 0)
		return;
	if (errno == EPERM)
		f->always[channel] = true;
	else
		f->sys = errno;
}

/* What can be told only by a call of next must not be polled for in vain. */
static void watch_nothing(struct fd_stream *f)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = HP_CHANNEL_STDIN};

	f->ready_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->ready_fd < 0 || epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, f->ready_fd, &event) < 0)
		f->sys = errno;
}

struct hp_stream *hp_stream_from_fds(int take_in, int take_out, int take_err,
				     const struct hp_stdin_closer *closer)
{
	struct fd_stream *f = hp_alloc(sizeof(*f));

	f->base.ops = &fd_stream_ops;
	f->ready_fd = -1;
	f->fds[HP_CHANNEL_STDIN] = take_in;
	f->fds[HP_CHANNEL_STDOUT] = take_out;
	f->fds[HP_CHANNEL_STDERR] = take_err;
	f->had_stdin = take_in >= 0;
	if (closer)
		f->closer = *closer;
	f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (f->epoll_fd < 0) {
		f->sys = errno;
		return &f->base;
	}
	for (int channel = HP_CHANNEL_STDIN; channel <= HP_CHANNEL_STDERR; channel++) {
		int flags = f->fds[channel] >= 0 ? fcntl(f->fds[channel], F_GETFL) : -1;
		if (flags >= 0 && !(flags & O_NONBLOCK))
			fcntl(f->fds[channel], F_SETFL, flags | O_NONBLOCK);
	}
	watch_output(f, HP_CHANNEL_STDOUT);
	watch_output(f, HP_CHANNEL_STDERR);
	if ((take_out < 0 && take_err < 0) || f->always[HP_CHANNEL_STDOUT] ||
	    f->always[HP_CHANNEL_STDERR])
		watch_nothing(f);
	return &f->base;
}
