/* SPDX-License-Identifier: Apache-2.0 */
/* streams.c - owns the pipes and terminals of processes and their relays to the host. */
#include "guest/streams.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"

/* musl defines these as macros in parentheses, by which no field can be called. */
#undef stdin
#undef stdout
#undef stderr

#define BLOCK_BYTES         (64 * 1024)
/* More than the kernel keeps of what was written to a terminal: a process that writes on and on to
 * the terminal of one that has ended cannot put its mark off. From: Linux drivers/tty/tty_buffer.c,
 * TTYB_DEFAULT_MEM_LIMIT, and the 4 KiB of n_tty. */
#define TERMINAL_BYTES_KEPT (128 * 1024)

static void on_ready(void *data, uint32_t events);

/* Watch for what can be done now, and for nothing else: a descriptor that has been hung up would call
 * without end while the host does not read. */
static void arm(struct hp_guest_relay *r)
{
	uint32_t events = (r->reads && !r->full ? EPOLLIN : 0) | (r->stuck ? EPOLLOUT : 0);
	struct hp_error err = HP_ERROR_INIT;

	/* Only to write: a reader that goes away is an error, which is always told. */
	if (r->fd < 0 || (events == 0 && r->reads)) {
		hp_watch_stop(&r->watch);
		return;
	}
	if (r->watch.loop)
		hp_watch_set(&r->watch, events);
	else if (hp_watch_start(r->loop, &r->watch, r->fd, events, on_ready, r, &err) < 0)
		/* Pipes and terminals can be watched; that leaves memory, of which there is none. */
		abort();
}

static void finish(struct hp_guest_relay *r)
{
	hp_watch_stop(&r->watch);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	r->reads = r->writes = r->stuck = false;
	if (r->marking)
		hp_mux_stream_mark(r->stream);
	r->marking = false;
	if (r->stream)
		hp_mux_stream_end(r->stream);
	hp_mux_stream_close(r->stream);
	r->stream = NULL;
}

/* So many bytes have gone to the host, or there is nothing more to go now. */
static void note_relayed(struct hp_guest_relay *r, uint64_t bytes, bool all)
{
	if (!r->marking)
		return;
	r->owed -= bytes < r->owed ? bytes : r->owed;
	if (r->owed > 0 && !all)
		return;
	r->marking = false;
	hp_mux_stream_mark(r->stream);
}

static void read_some(struct hp_guest_relay *r)
{
	uint8_t block[BLOCK_BYTES];
	size_t room = hp_mux_stream_room(r->stream);
	size_t taken;
	ssize_t n;

	if (room == 0) {
		r->full = true;
		return;
	}
	n = read(r->fd, block, room < sizeof(block) ? room : sizeof(block));
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		/* A terminal does not tell how much it holds, but by now it has given all. */
		note_relayed(r, 0, r->terminal && errno == EAGAIN);
		return;
	}
	/* A terminal that nobody has open any more says EIO. */
	if (n <= 0) {
		finish(r);
		return;
	}
	taken = hp_mux_stream_write(r->stream, HP_BYTES(block, n));
	assert(taken == (size_t)n);
	note_relayed(r, taken, false);
}

/* After the end of its process a terminal's rest may be on its way inside of the kernel, where poll
 * does not see it, but read does. */
static void read_rest(struct hp_guest_relay *r)
{
	while (r->fd >= 0 && r->marking && !r->full)
		read_some(r);
}

static void on_ready(void *data, uint32_t events)
{
	struct hp_guest_relay *r = data;

	if (r->writes && !r->reads && (events & EPOLLERR)) {
		finish(r);
		return;
	}
	if (r->stuck && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
		r->stuck = false;
		hp_mux_stream_resume(r->stream);
	}
	if (r->reads && (events & (EPOLLIN | EPOLLHUP)))
		read_some(r);
	arm(r);
}

static size_t on_data(void *data, struct hp_bytes bytes)
{
	struct hp_guest_relay *r = data;
	ssize_t n;

	if (r->fd < 0)
		return 0;
	n = write(r->fd, bytes.data, bytes.len);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		/* Nobody will read it. A terminal may still be read from. */
		if (!r->reads)
			finish(r);
		return bytes.len;
	}
	n = n < 0 ? 0 : n;
	r->stuck = (size_t)n < bytes.len;
	arm(r);
	return (size_t)n;
}

/* A terminal stays when its input is over: only its user can end it, by ^D. */
static void on_end(void *data)
{
	struct hp_guest_relay *r = data;

	if (!r->reads)
		finish(r);
}

/* It is this stream's turn now, and may be others' later, so what is there is read at once. Also when
 * the host takes no more: what is written then is dropped, so there is room for ever. */
static void on_room(void *data)
{
	struct hp_guest_relay *r = data;

	r->full = false;
	if (r->reads)
		read_some(r);
	if (r->terminal)
		read_rest(r);
	arm(r);
}

static const struct hp_mux_events relay_events = {
	.on_data = on_data,
	.on_end = on_end,
	.on_room = on_room,
	.on_reset = on_room,
};

void hp_guest_streams_init(struct hp_guest_streams *s)
{
	*s = (struct hp_guest_streams){0};
	for (int i = 0; i < HP_GUEST_STREAMS; i++)
		s->relays[i].fd = s->child_fds[i] = -1;
}

static int open_pipe(struct hp_guest_streams *s, int i, struct hp_error *err)
{
	struct hp_guest_relay *r = &s->relays[i];
	int fds[2];

	if (hp_pipe(fds, err) < 0)
		return -1;
	r->reads = i != HP_GUEST_STDIN;
	r->writes = !r->reads;
	r->fd = fds[r->writes];
	s->child_fds[i] = fds[r->reads];
	return hp_fd_set_nonblock(r->fd, true, err);
}

int hp_guest_streams_open(struct hp_guest_streams *s, struct hp_loop *l, struct hp_mux *m,
			  uint32_t number, const Hp__Guest__Process *p, struct hp_error *err)
{
	const bool wanted[HP_GUEST_STREAMS] = {
		p->stdin && !p->terminal,
		p->stdout || p->terminal,
		p->stderr && !p->terminal,
	};

	for (uint32_t i = 0; i < HP_GUEST_STREAMS; i++) {
		struct hp_guest_relay *r = &s->relays[i];

		r->loop = l;
		r->terminal = p->terminal;
		if (!wanted[i])
			continue;
		if (!p->terminal && open_pipe(s, (int)i, err) < 0)
			return hp_wrap(err, "stream %u of process %u", i, number);
		if (hp_mux_stream_open(m, number * 4 + i, &relay_events, r, &r->stream, err) <
		    0)
			return hp_wrap(err, "stream %u of process %u", i, number);
		arm(r);
	}
	return 0;
}

int hp_guest_streams_terminal(struct hp_guest_streams *s, int take_fd, struct hp_error *err)
{
	struct hp_guest_relay *r = &s->relays[HP_GUEST_STDOUT];

	if (r->fd >= 0 || !r->terminal || !r->stream) {
		close(take_fd);
		return hp_fail(err, HP_EPROTO, "a terminal that nobody waits for");
	}
	r->fd = take_fd;
	r->reads = r->writes = true;
	if (hp_fd_set_nonblock(r->fd, true, err) < 0)
		return -1;
	hp_mux_stream_resume(r->stream);
	arm(r);
	return 0;
}

void hp_guest_streams_forked(struct hp_guest_streams *s)
{
	for (int i = 0; i < HP_GUEST_STREAMS; i++) {
		if (s->child_fds[i] >= 0)
			close(s->child_fds[i]);
		s->child_fds[i] = -1;
	}
}

static void end_relay(struct hp_guest_relay *r)
{
	int held = 0;

	if (!r->reads)
		return;
	r->marking = true;
	r->owed = TERMINAL_BYTES_KEPT;
	if (r->terminal) {
		read_rest(r);
		arm(r);
		return;
	}
	if (ioctl(r->fd, FIONREAD, &held) < 0)
		held = 0;
	r->owed = (uint64_t)held;
	note_relayed(r, 0, held == 0);
}

void hp_guest_streams_ended(struct hp_guest_streams *s)
{
	for (int i = 0; i < HP_GUEST_STREAMS; i++)
		end_relay(&s->relays[i]);
}

bool hp_guest_streams_busy(const struct hp_guest_streams *s)
{
	for (int i = 0; i < HP_GUEST_STREAMS; i++)
		if (s->relays[i].fd >= 0)
			return true;
	return false;
}

void hp_guest_streams_close(struct hp_guest_streams *s)
{
	hp_guest_streams_forked(s);
	for (int i = 0; i < HP_GUEST_STREAMS; i++)
		finish(&s->relays[i]);
}
