/* SPDX-License-Identifier: Apache-2.0 */
/* log_stream.c - a log file as a stream, from its beginning or end, and followed. */
#include "engine/log_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include "base/alloc.h"
#include "engine/log_entry.h"
#include "engine/log_tail.h"

#define READ_BYTES 65536u

/* How much one call reads before it lets its caller breathe, when nothing in it is wanted. */
#define CALL_BYTES (1024u * 1024)

/* A follower looks at the file this often even if inotify is silent, as on network file systems,
 * and this soon after the writer has closed it: that is told just before its lock is given up. */
#define LOOK_MS  500
#define CLOSE_MS 2

/* @ready_fd is readable whenever the next call has something to say at once. The buffer holds
 * bytes [start, end) which stand in the file just before @offset. */
struct log_stream {
	struct hp_stream base;
	struct hp_logs what;
	const struct hp_log_kind *kind;
	void *arg; /* of @kind's calls */
	char *path;
	int fd;
	int epoll_fd;
	int ready_fd;
	int inotify_fd;
	int timer_fd;
	bool ready;
	unsigned closes; /* looks that are left since the writer has closed the file */
	bool looked;     /* the events were taken before the read that found the end */
	bool writer_gone;
	bool ended;
	bool rotated; /* another file has its name, and this one was read on to its end since */
	bool skipping; /* inside a line that is too long */
	uint64_t offset;
	char *buffer;
	size_t cap;
	size_t start;
	size_t end;
};

static struct log_stream *log_stream_of(const struct hp_stream *s)
{
	return container_of(s, struct log_stream, base);
}

static int log_stream_fd(const struct hp_stream *s)
{
	return log_stream_of(s)->epoll_fd;
}

static void set_ready(struct log_stream *l, bool ready)
{
	eventfd_t value = 1;

	if (l->ready == ready)
		return;
	l->ready = ready;
	if (ready)
		eventfd_write(l->ready_fd, value);
	else
		eventfd_read(l->ready_fd, &value);
}

static void arm_timer(struct log_stream *l, int first_ms)
{
	const struct itimerspec when = {
		.it_value = {.tv_nsec = first_ms * 1000000L},
		.it_interval = {.tv_nsec = LOOK_MS * 1000000L},
	};

	timerfd_settime(l->timer_fd, 0, &when, NULL);
}

/* Take the events that are there. Returns: whether a writer has closed the file. */
static bool take_events(struct log_stream *l)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool closed = false;
	uint64_t ticks;
	ssize_t n;

	if (read(l->timer_fd, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN)
		return true;
	while (l->inotify_fd >= 0 && (n = read(l->inotify_fd, events, sizeof(events))) > 0)
		for (char *at = events; at < events + n;) {
			const struct inotify_event *event = (const void *)at;
			closed = closed || event->mask & IN_CLOSE_WRITE;
			at += sizeof(*event) + event->len;
		}
	return closed;
}

/* The writer is alive for as long as it holds its lock. */
static bool lock_is_held(int fd, void *unused)
{
	(void)unused;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK || errno == EINTR;
	flock(fd, LOCK_UN);
	return false;
}

const struct hp_log_kind hp_log_kind__json = {
	.parse = hp_log_entry__parse,
	.lives = lock_is_held,
	.close_ms = CLOSE_MS,
	.closes = 1,
};

static void watch_path(struct log_stream *l)
{
	if (l->inotify_fd >= 0)
		inotify_add_watch(l->inotify_fd, l->path, IN_MODIFY | IN_CLOSE_WRITE);
}

/* Has another file taken the log's name? Then go on there, but not before all of this one was read:
 * what was written to it last may have come since its end was seen. */
static bool go_on(struct log_stream *l)
{
	struct stat ours, named;

	if (!l->kind->rotates || fstat(l->fd, &ours) < 0 || stat(l->path, &named) < 0 ||
	    (ours.st_ino == named.st_ino && ours.st_dev == named.st_dev))
		return false;
	if (!l->rotated) {
		l->rotated = true;
		return true;
	}
	int fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	close(l->fd);
	l->fd = fd;
	l->offset = 0;
	l->rotated = l->skipping = false;
	watch_path(l);
	return true;
}

/* The file has no more bytes. Half a line is read again later: a writer that finds the disk full
 * takes it back. Returns: enum hp_next, HP_NEXT_ITEM meaning "read on". */
static int at_file_end(struct log_stream *l)
{
	struct stat st;

	l->offset -= l->end - l->start;
	l->start = l->end = 0;
	if (!l->what.follow || l->writer_gone) {
		l->ended = true;
		return HP_NEXT_END;
	}
	if (fstat(l->fd, &st) == 0 && (uint64_t)st.st_size < l->offset) {
		l->offset = 0;
		l->skipping = false;
		return HP_NEXT_ITEM;
	}
	if (go_on(l))
		return HP_NEXT_ITEM;
	if (l->looked)
		return HP_NEXT_WAIT;
	l->looked = true;
	if (take_events(l))
		l->closes = l->kind->closes;
	l->writer_gone = !l->kind->lives(l->fd, l->arg);
	if (l->closes && !l->writer_gone) {
		l->closes--;
		arm_timer(l, l->kind->close_ms);
	}
	return HP_NEXT_ITEM;
}

/* Make room behind the buffered bytes. A line that fills the largest buffer is passed over. */
static int make_room(struct log_stream *l, struct hp_error *err)
{
	if (l->start) {
		memmove(l->buffer, l->buffer + l->start, l->end - l->start);
		l->end -= l->start;
		l->start = 0;
	}
	if (l->end < l->cap)
		return 0;
	if (l->cap < HP_LOG_LINE_MAX) {
		l->cap *= 2;
		l->buffer = hp_realloc_array(l->buffer, l->cap, 1);
		return 0;
	}
	l->start = l->end = 0;
	if (l->skipping)
		return 0;
	l->skipping = true;
	return hp_fail(err, HP_ECORRUPT, "log '%s': a line of over %u bytes before byte %llu",
		       l->path, HP_LOG_LINE_MAX, (unsigned long long)l->offset);
}

/* Read more of the file. Returns: the number of bytes, 0 at its end, -1. */
static ssize_t fill(struct log_stream *l, struct hp_error *err)
{
	if (make_room(l, err) < 0)
		return -1;
	ssize_t n = pread(l->fd, l->buffer + l->end, l->cap - l->end, (off_t)l->offset);
	if (n < 0 && errno == EINTR)
		return fill(l, err);
	if (n < 0) {
		hp_fail_errno(err, errno, "read log '%s'", l->path);
		err->code = HP_EIO;
		return -1;
	}
	l->end += (size_t)n;
	l->offset += (uint64_t)n;
	return n;
}

/* The next whole line in the buffer, NULL when there is none. */
static char *take_line(struct log_stream *l, size_t *ret_len)
{
	while (l->start < l->end) {
		char *line = l->buffer + l->start;
		char *newline = memchr(line, '\n', l->end - l->start);
		if (!newline)
			return NULL;
		l->start = (size_t)(newline - l->buffer) + 1;
		*ret_len = (size_t)(newline - line);
		if (!l->skipping)
			return line;
		l->skipping = false;
	}
	return NULL;
}

/* Decode a line. Returns: HP_NEXT_ITEM, HP_NEXT_WAIT when it is not wanted, HP_NEXT_END when it
 * is past what is wanted, -1. */
static int take_entry(struct log_stream *l, char *line, size_t len, struct hp_chunk *ret,
		      struct hp_error *err)
{
	uint64_t at = l->offset - (l->end - (size_t)(line - l->buffer));

	if (l->kind->parse(line, len, ret, err) < 0)
		return hp_wrap(err, "log '%s', byte %llu", l->path, (unsigned long long)at);
	if (!ret->len || (l->what.since_ns && ret->time_ns < l->what.since_ns))
		return HP_NEXT_WAIT;
	if (l->what.until_ns && ret->time_ns > l->what.until_ns)
		return HP_NEXT_END;
	return HP_NEXT_ITEM;
}

static int find_next(struct log_stream *l, struct hp_chunk *ret, struct hp_error *err)
{
	size_t seen = 0;

	l->looked = false;
	while (!l->ended && seen < CALL_BYTES) {
		size_t len = 0;
		char *line = take_line(l, &len);
		if (line) {
			int found = take_entry(l, line, len, ret, err);
			if (found != HP_NEXT_WAIT)
				return found;
			continue;
		}
		ssize_t n = fill(l, err);
		if (n < 0)
			return -1;
		seen += (size_t)n;
		if (n > 0)
			continue;
		int more = at_file_end(l);
		if (more != HP_NEXT_ITEM) {
			set_ready(l, more == HP_NEXT_END);
			return more;
		}
	}
	/* Not at the end of the file yet: the descriptor stays readable. */
	set_ready(l, true);
	return l->ended ? HP_NEXT_END : HP_NEXT_WAIT;
}

static int log_stream_next(struct hp_stream *s, struct hp_chunk *ret, struct hp_error *err)
{
	struct log_stream *l = log_stream_of(s);
	int found = find_next(l, ret, err);

	if (found == HP_NEXT_END)
		l->ended = true;
	if (found != HP_NEXT_WAIT)
		set_ready(l, true);
	return found;
}

static void log_stream_free(struct hp_stream *s)
{
	struct log_stream *l = log_stream_of(s);
	int fds[] = {l->fd, l->epoll_fd, l->ready_fd, l->inotify_fd, l->timer_fd};

	for (size_t i = 0; i < HP_ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (l->kind->free)
		l->kind->free(l->arg);
	free(l->buffer);
	free(l->path);
	free(l);
}

static const struct hp_stream_ops log_stream_ops = {
	.fd = log_stream_fd,
	.next = log_stream_next,
	.free = log_stream_free,
};

static int watch(struct log_stream *l, int fd, struct hp_error *err)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (fd < 0 || epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return hp_fail_errno(err, errno, "watch log '%s'", l->path);
	return 0;
}

/* What makes the stream pollable. Without inotify, of which a user has few, the timer does. */
static int open_watches(struct log_stream *l, struct hp_error *err)
{
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->ready_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	l->ready = true;
	if (watch(l, l->ready_fd, err) < 0)
		return -1;
	if (!l->what.follow)
		return 0;
	l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (watch(l, l->timer_fd, err) < 0)
		return -1;
	arm_timer(l, LOOK_MS);
	l->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (l->inotify_fd < 0)
		return 0;
	watch_path(l);
	return watch(l, l->inotify_fd, err);
}

static int open_log(struct log_stream *l, struct hp_error *err)
{
	struct stat st;

	l->fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (l->fd < 0 || fstat(l->fd, &st) < 0)
		return hp_fail_errno(err, errno, "open log '%s'", l->path);
	if (!S_ISREG(st.st_mode))
		return hp_fail(err, HP_ECORRUPT, "log '%s' is not a file", l->path);
	if (open_watches(l, err) < 0)
		return -1;
	if (l->what.has_tail &&
	    hp_log_tail__find(l->fd, l->what.tail, l->kind, &l->offset, err) < 0)
		return hp_wrap(err, "find the end of log '%s'", l->path);
	return 0;
}

int hp_stream__from_log(const char *path, const struct hp_logs *what,
			const struct hp_log_kind *kind, void *take_arg, struct hp_stream **ret,
			struct hp_error *err)
{
	struct log_stream *l = hp_alloc(sizeof(*l));

	l->base.ops = &log_stream_ops;
	l->what = *what;
	l->kind = kind;
	l->arg = take_arg;
	l->path = hp_strdup(path);
	l->fd = l->epoll_fd = l->ready_fd = l->inotify_fd = l->timer_fd = -1;
	if (open_log(l, err) < 0) {
		log_stream_free(&l->base);
		return -1;
	}
	l->cap = READ_BYTES;
	l->buffer = hp_realloc_array(NULL, l->cap, 1);
	*ret = &l->base;
	return 0;
}

int hp_stream_from_log(const char *path, const struct hp_logs *what, struct hp_stream **ret,
		       struct hp_error *err)
{
	return hp_stream__from_log(path, what, &hp_log_kind__json, NULL, ret, err);
}
