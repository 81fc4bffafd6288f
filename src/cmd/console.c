/* SPDX-License-Identifier: Apache-2.0 */
/* console.c - the loop that joins us to a process in a container.
 *
 * Our descriptors stay as they are: O_NONBLOCK belongs to the open file, which the shell that
 * started us shares. So each is polled before it is used, and written to in pieces that a polled
 * pipe is known to take. */
#include "cmd/console.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cmd/tty.h"

enum {
	INPUT_BYTES = 32 * 1024,
	/* From: pipe(7), POLLOUT means that PIPE_BUF bytes fit. */
	PIECE_BYTES = 4096,
	/* A child that outlives its parent may hold the output open; docker waits for ever. */
	DRAIN_MS = 2000,
	GIVE_UP_AFTER = 3,
	SHELL_SIGNAL_BASE = 128,
};

/* Where the loop is. */
struct loop {
	struct hp_console *c;
	char input[INPUT_BYTES + HP_DETACH_MAX];
	size_t input_at;
	size_t input_len;
	bool input_ended; /* nothing more comes from our stdin */
	bool leaving;     /* the detach keys came; what was typed before them goes first */
	bool stdin_closed;
	struct hp_chunk chunk; /* output that is not all written */
	bool out_ended;
	bool exited;
	bool done;
	int64_t drain_until; /* a deadline once it has exited */
	unsigned ignored;    /* signals to end that had no effect */
	struct hp_console_end end;
};

enum { AT_STREAM, AT_WAITER, AT_SIGNAL, AT_STDIN, AT_PROCESS_STDIN, AT_OUT, N_FDS };

static const int forwarded[] = {SIGHUP,  SIGINT,  SIGQUIT,   SIGUSR1, SIGUSR2, SIGALRM,
				SIGTERM, SIGXCPU, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR};

static void fill_signals(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < HP_ARRAY_LEN(forwarded); i++)
		sigaddset(set, forwarded[i]);
	for (int n = SIGRTMIN; n <= SIGRTMAX; n++)
		sigaddset(set, n);
	sigaddset(set, SIGWINCH);
	sigaddset(set, SIGTSTP);
}

int hp_console_signals(int *ret_fd, struct hp_error *err)
{
	sigset_t set;

	fill_signals(&set);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return hp_fail_errno(err, errno, "signalfd");
	sigprocmask(SIG_BLOCK, &set, NULL);
	*ret_fd = fd;
	return 0;
}

void hp_console_release(int take_fd)
{
	sigset_t set;

	if (take_fd < 0)
		return;
	close(take_fd);
	fill_signals(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int hp_console_status(const struct hp_console_end *end)
{
	switch (end->how) {
	case HP_CONSOLE_EXITED:
		return end->exit.code;
	case HP_CONSOLE_HUNG_UP:
		return SHELL_SIGNAL_BASE + SIGPIPE;
	case HP_CONSOLE_KILLED:
		return SHELL_SIGNAL_BASE + end->signal;
	case HP_CONSOLE_DETACHED:
		break;
	}
	return 0;
}

static void finish(struct loop *l, enum hp_console_how how)
{
	l->end.how = how;
	l->done = true;
}

/* A size that could not be set is no reason to end: the process may be gone already. */
static void resize(struct loop *l)
{
	struct hp_error ignored = HP_ERROR_INIT;
	uint16_t cols = 0;
	uint16_t rows = 0;

	hp_tty_size(STDIN_FILENO, &cols, &rows);
	if (cols == 0 || rows == 0)
		return;
	if (l->c->redraw) {
		/* Programs draw anew when the size changes, so it is changed twice. */
		l->c->redraw = false;
		if (hp_engine_resize(l->c->engine, l->c->ref, l->c->exec_id,
				     (uint16_t)(cols + 1), rows, &ignored) < 0)
			return;
	}
	if (hp_engine_resize(l->c->engine, l->c->ref, l->c->exec_id, cols, rows, &ignored) < 0)
		hp_error_clear(&ignored);
}

/* Ctrl-Z on a terminal that is not raw, or kill -TSTP: stop, with the terminal as it was. */
static int suspend(struct loop *l, struct hp_error *err)
{
	hp_tty_restore();
	raise(SIGSTOP);
	if (l->c->tty && l->c->use_stdin && hp_tty_raw(STDIN_FILENO, err) < 0)
		return -1;
	resize(l);
	return 0;
}

static int on_signal(struct loop *l, int number, struct hp_error *err)
{
	struct hp_error failure = HP_ERROR_INIT;
	bool ends = number == SIGINT || number == SIGTERM || number == SIGQUIT;

	if (number == SIGWINCH) {
		if (l->c->tty)
			resize(l);
		return 0;
	}
	if (number == SIGTSTP)
		return suspend(l, err);
	l->end.signal = number;
	if (!l->c->sig_proxy || (ends && ++l->ignored == GIVE_UP_AFTER)) {
		finish(l, HP_CONSOLE_KILLED);
		return 0;
	}
	/* It may have ended just now; then the waiter will tell. */
	if (hp_engine_kill(l->c->engine, l->c->ref, l->c->exec_id, number, &failure) < 0 &&
	    failure.code != HP_ESTATE && failure.code != HP_ENOTFOUND) {
		*err = failure;
		return hp_wrap(err, "forward signal %d", number);
	}
	return 0;
}

static int read_signals(struct loop *l, struct hp_error *err)
{
	struct signalfd_siginfo info;

	while (!l->done && read(l->c->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (on_signal(l, (int)info.ssi_signo, err) < 0)
			return -1;
	return 0;
}

static int read_stdin(struct loop *l)
{
	char typed[INPUT_BYTES];
	ssize_t got = read(STDIN_FILENO, typed, sizeof(typed));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	/* A terminal that went away reads as EIO: an end like any other. */
	if (got <= 0) {
		l->input_ended = true;
		return 0;
	}
	l->input_at = 0;
	if (hp_detach_feed(&l->c->keys, typed, (size_t)got, l->input, &l->input_len))
		l->leaving = true;
	return 0;
}

/* A process that closed its stdin does not want the rest of ours. */
static void drop_input(struct loop *l)
{
	l->input_ended = true;
	l->stdin_closed = true;
	l->input_len = l->input_at = 0;
}

static int write_input(struct loop *l, struct hp_error *err)
{
	struct hp_error failure = HP_ERROR_INIT;
	ssize_t took = 0;

	if (l->input_at < l->input_len) {
		took = hp_stream_write(l->c->stream, l->input + l->input_at,
				       l->input_len - l->input_at, &failure);
		if (took < 0) {
			drop_input(l);
			return 0;
		}
		l->input_at += (size_t)took;
	}
	if (l->input_at < l->input_len)
		return 0;
	if (l->leaving)
		finish(l, HP_CONSOLE_DETACHED);
	if (l->leaving || !l->input_ended || l->stdin_closed)
		return 0;
	l->stdin_closed = true;
	if (hp_stream_close_stdin(l->c->stream, &failure) < 0 && !l->exited &&
	    failure.code != HP_ENOTFOUND && failure.code != HP_ESTATE) {
		*err = failure;
		return hp_wrap(err, "end stdin");
	}
	return 0;
}

static int out_fd(const struct loop *l)
{
	return l->chunk.channel == HP_CHANNEL_STDERR ? STDERR_FILENO : STDOUT_FILENO;
}

/* Write a piece of the chunk to the descriptor that was polled. */
static int write_output(struct loop *l, struct hp_error *err)
{
	struct stat st;
	bool file = fstat(out_fd(l), &st) == 0 && S_ISREG(st.st_mode);
	size_t piece = !file && l->chunk.len > PIECE_BYTES ? PIECE_BYTES : l->chunk.len;
	ssize_t wrote = write(out_fd(l), l->chunk.data, piece);

	if (wrote < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (wrote < 0 && errno == EPIPE) {
		finish(l, HP_CONSOLE_HUNG_UP);
		return 0;
	}
	if (wrote < 0)
		return hp_fail_errno(err, errno, "write to %s",
				     out_fd(l) == STDERR_FILENO ? "stderr" : "stdout");
	l->chunk.data += wrote;
	l->chunk.len -= (size_t)wrote;
	if (l->exited)
		l->drain_until = hp_deadline_in(DRAIN_MS);
	return 0;
}

/* Get the next chunk when there is none. */
static int read_output(struct loop *l, struct hp_error *err)
{
	if (l->chunk.len > 0 || l->out_ended)
		return 0;
	int rc = hp_stream_next(l->c->stream, &l->chunk, err);
	if (rc < 0)
		return hp_wrap(err, "read its output");
	if (rc != HP_NEXT_ITEM)
		l->chunk.len = 0;
	if (rc == HP_NEXT_END)
		l->out_ended = true;
	return 0;
}

static int check_exit(struct loop *l, struct hp_error *err)
{
	if (l->exited)
		return 0;
	int rc = hp_waiter_next(l->c->waiter, &l->end.exit, err);
	if (rc < 0)
		return hp_wrap(err, "wait for its end");
	if (rc == HP_NEXT_ITEM) {
		l->exited = true;
		l->drain_until = hp_deadline_in(DRAIN_MS);
	}
	return 0;
}

static void fill_polls(const struct loop *l, struct pollfd fds[N_FDS])
{
	const struct hp_console *c = l->c;
	bool input_waits = l->input_at < l->input_len;
	bool close_waits = l->input_ended && !l->stdin_closed;

	for (size_t i = 0; i < N_FDS; i++)
		fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	if (!l->out_ended && l->chunk.len == 0)
		fds[AT_STREAM].fd = hp_stream_fd(c->stream);
	if (!l->exited)
		fds[AT_WAITER].fd = hp_waiter_fd(c->waiter);
	fds[AT_SIGNAL].fd = c->signal_fd;
	if (!l->input_ended && !input_waits && !l->leaving)
		fds[AT_STDIN].fd = STDIN_FILENO;
	if ((input_waits || close_waits) && !l->exited) {
		fds[AT_PROCESS_STDIN].fd = hp_stream_stdin_fd(c->stream);
		fds[AT_PROCESS_STDIN].events = POLLOUT;
	}
	if (l->chunk.len > 0) {
		fds[AT_OUT].fd = out_fd(l);
		fds[AT_OUT].events = POLLOUT;
	}
}

/* Go once around. */
static int turn(struct loop *l, struct hp_error *err)
{
	struct pollfd fds[N_FDS];

	fill_polls(l, fds);
	int64_t left = l->exited ? hp_deadline_left_ms(l->drain_until) : -1;
	/* Output that nobody takes from us is not output that does not end. */
	if (poll(fds, N_FDS, l->chunk.len > 0 ? -1 : (int)left) < 0 && errno != EINTR)
		return hp_fail_errno(err, errno, "poll");
	if (fds[AT_SIGNAL].revents && read_signals(l, err) < 0)
		return -1;
	if (!l->done && fds[AT_STDIN].revents && read_stdin(l) < 0)
		return -1;
	if (!l->done && !l->exited && write_input(l, err) < 0)
		return -1;
	if (!l->done && fds[AT_OUT].revents && write_output(l, err) < 0)
		return -1;
	if (!l->done && read_output(l, err) < 0)
		return -1;
	if (!l->done && check_exit(l, err) < 0)
		return -1;
	bool quiet = l->out_ended || hp_deadline_left_ms(l->drain_until) == 0;
	if (!l->done && l->exited && l->chunk.len == 0 && quiet)
		finish(l, HP_CONSOLE_EXITED);
	return 0;
}

int hp_console_run(struct hp_console *console, struct hp_console_end *ret_end,
		   struct hp_error *err)
{
	struct loop l = {.c = console};
	bool raw = console->tty && console->use_stdin && isatty(STDIN_FILENO);
	int rc = 0;

	console->sig_proxy = console->sig_proxy && !console->tty;
	if (!console->tty)
		console->keys = (struct hp_detach){0};
	if (!console->use_stdin || hp_stream_stdin_fd(console->stream) < 0)
		l.input_ended = l.stdin_closed = true;
	if (raw && hp_tty_raw(STDIN_FILENO, err) < 0)
		return -1;
	if (console->tty)
		resize(&l);
	/* What happened before the first poll is told by no descriptor. */
	rc = check_exit(&l, err);
	while (rc == 0 && !l.done)
		rc = turn(&l, err);
	hp_tty_restore();
	if (rc < 0)
		return -1;
	*ret_end = l.end;
	return 0;
}
