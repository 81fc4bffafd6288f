/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - owns the FIFOs, the socket and the one loop in which the keeper waits. */
#include "keeper/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "keeper/clients.h"
#include "keeper/keeper.h"

#define READ_BYTES 65536u

/* Connections that have not said yet what they want. The next one takes the oldest's place. */
#define CALLERS_MAX 8

/* After SIGTERM: how much is still taken from each output, which is the most that a FIFO can
 * hold without privilege, and for how long clients are given what they have not read.
 * From: pipe(7), /proc/sys/fs/pipe-max-size. */
#define TERM_BYTES (1024u * 1024)
#define TERM_MS    500

/* Places in the poll set. */
enum { AT_SIGNAL, AT_LISTEN, AT_OUTPUTS, AT_CALLERS = AT_OUTPUTS + HP_KEEPER_CHANNELS };
#define AT_CLIENTS (AT_CALLERS + CALLERS_MAX)
#define POLL_MAX   (AT_CLIENTS + HP_KEEPER_CLIENTS_MAX * HP_KEEPER_CHANNELS)

static const char *const fifo_names[HP_KEEPER_CHANNELS] = {"stdout", "stderr"};

/* fds: of the FIFOs, -1 when not open yet (@waits) or ended.
 * linked: the socket file is ours and there. */
struct hp_keeper {
	struct hp_keeper_options options;
	char *socket_path;
	bool linked;
	int signal_fd;
	int listen_fd;
	int fds[HP_KEEPER_CHANNELS];
	bool had_writer[HP_KEEPER_CHANNELS];
	bool waits; /* for the first client, before FIFOs are opened */
	int callers[CALLERS_MAX];
	size_t next_caller;
	int64_t deadline; /* by which there has to be a writer; or to end, after SIGTERM */
	bool terminating;
	struct hp_keeper_clients clients;
	struct hp_keeper_log log;
	uint8_t buffer[READ_BYTES];
};

static int open_fifo(struct hp_keeper *k, int channel, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(k->options.dir, fifo_names[channel]);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return hp_fail_errno(err, errno, "open '%s'", path);
	if (!S_ISFIFO(st.st_mode))
		return hp_fail(err, HP_EINVALID, "'%s' is not a FIFO", path);
	k->fds[channel] = TAKE_FD(fd);
	return 0;
}

static int open_fifos(struct hp_keeper *k, struct hp_error *err)
{
	k->waits = false;
	if (open_fifo(k, HP_KEEPER_STDOUT, err) < 0)
		return -1;
	return k->options.tty ? 0 : open_fifo(k, HP_KEEPER_STDERR, err);
}

/* SIGTERM is read like everything else. A client that goes away, and a log that grows over the
 * limit for files, shall be errors and not the end of the keeper. */
static int open_signals(struct hp_keeper *k, struct hp_error *err)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_SETMASK, &set, NULL);
	k->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k->signal_fd < 0)
		return hp_fail_errno(err, errno, "watch signals");
	return 0;
}

static int open_all(struct hp_keeper *k, struct hp_error *err)
{
	if (open_signals(k, err) < 0)
		return -1;
	if (k->options.log && hp_keeper__log_open(&k->log, k->options.log, err) < 0)
		return -1;
	if (!k->waits && open_fifos(k, err) < 0)
		return -1;
	if (hp_unix_listen(k->socket_path, 0600, &k->listen_fd, err) < 0)
		return -1;
	k->linked = true;
	return hp_fd_set_nonblock(k->listen_fd, true, err);
}

int hp_keeper__open(const struct hp_keeper_options *o, struct hp_keeper **ret_keeper,
		    struct hp_error *err)
{
	struct hp_keeper *k = hp_alloc(sizeof(*k));

	k->options = *o;
	k->waits = o->wait_attach;
	k->deadline = hp_deadline_in(o->wait_ms);
	k->socket_path = hp_path_join(o->dir, HP_KEEPER_SOCKET);
	k->log.fd = k->signal_fd = k->listen_fd = -1;
	for (int i = 0; i < HP_KEEPER_CHANNELS; i++)
		k->fds[i] = -1;
	for (int i = 0; i < CALLERS_MAX; i++)
		k->callers[i] = -1;
	if (open_all(k, err) < 0) {
		hp_keeper__free(k);
		return -1;
	}
	*ret_keeper = k;
	return 0;
}

/* Nobody can attach any more. */
static void close_socket(struct hp_keeper *k)
{
	if (k->linked)
		unlink(k->socket_path);
	k->linked = false;
	if (k->listen_fd >= 0)
		close(TAKE_FD(k->listen_fd));
	for (int i = 0; i < CALLERS_MAX; i++)
		if (k->callers[i] >= 0)
			close(TAKE_FD(k->callers[i]));
}

void hp_keeper__free(struct hp_keeper *k)
{
	if (!k)
		return;
	close_socket(k);
	hp_keeper__log_close(&k->log);
	hp_keeper__clients_clear(&k->clients);
	for (int i = 0; i < HP_KEEPER_CHANNELS; i++)
		if (k->fds[i] >= 0)
			close(k->fds[i]);
	if (k->signal_fd >= 0)
		close(k->signal_fd);
	free(k->socket_path);
	free(k);
}

static bool outputs_ended(const struct hp_keeper *k)
{
	return !k->waits && k->fds[HP_KEEPER_STDOUT] < 0 && k->fds[HP_KEEPER_STDERR] < 0;
}

static void end_output(struct hp_keeper *k, int channel)
{
	close(TAKE_FD(k->fds[channel]));
	hp_keeper__clients_end(&k->clients, (enum hp_keeper_channel)channel);
}

/* Read one output once. Returns: bytes, 0 at its end, -1 when there is nothing now. */
static ssize_t read_output(struct hp_keeper *k, int channel)
{
	ssize_t n = read(k->fds[channel], k->buffer, sizeof(k->buffer));

	if (n > 0) {
		k->had_writer[channel] = true;
		/* Whoever is attached gets it first: the disk may be slow. */
		hp_keeper__clients_give(&k->clients, (enum hp_keeper_channel)channel, k->buffer,
					(size_t)n);
		hp_keeper__log_take(&k->log, (enum hp_keeper_channel)channel, k->buffer,
				    (size_t)n);
	}
	return n;
}

/* poll(2) says "hung up" of a FIFO only after there was a writer, so an end is an end. */
static void serve_output(struct hp_keeper *k, int channel, short events)
{
	if (k->fds[channel] < 0 || !events)
		return;
	k->had_writer[channel] = true;
	ssize_t n = read_output(k, channel);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		end_output(k, channel);
}

static void serve_listener(struct hp_keeper *k)
{
	int fd = accept4(k->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int *place = &k->callers[k->next_caller];

	if (fd < 0)
		return;
	if (*place >= 0)
		close(*place);
	*place = fd;
	k->next_caller = (k->next_caller + 1) % CALLERS_MAX;
}

/* Take what a caller sends: fds[i] is -1 when it did not give one.
 * Returns: whether it is somebody who wants to attach. */
static bool take_request(int sock, int ret_fds[HP_KEEPER_CHANNELS])
{
	struct hp_error ignored = HP_ERROR_INIT;
	size_t n_fds = HP_KEEPER_CHANNELS;
	char ask = 0;
	ssize_t n = hp_fd_recv(sock, &ask, 1, ret_fds, &n_fds, &ignored);

	if (n < 0)
		n_fds = 0;
	for (size_t i = n_fds; i < HP_KEEPER_CHANNELS; i++)
		ret_fds[i] = -1;
	if (n == 1 && ask == HP_KEEPER_ATTACH && n_fds > 0)
		return true;
	for (size_t i = 0; i < n_fds; i++)
		close(ret_fds[i]);
	return false;
}

/* The answer comes when nothing can be missed any more. */
static int attach(struct hp_keeper *k, int sock, struct hp_error *err)
{
	static const char answer = HP_KEEPER_OK;
	int fds[HP_KEEPER_CHANNELS];
	struct hp_error ignored = HP_ERROR_INIT;

	if (!take_request(sock, fds))
		return 0;
	if (hp_keeper__clients_add(&k->clients, fds, &ignored) < 0)
		return 0;
	if (k->waits && open_fifos(k, err) < 0)
		return -1;
	for (int i = 0; i < HP_KEEPER_CHANNELS; i++)
		if (k->fds[i] < 0)
			hp_keeper__clients_end(&k->clients, (enum hp_keeper_channel)i);
	/* A caller that does not wait for the answer has its pipes all the same. */
	send(sock, &answer, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	return 0;
}

static int serve_callers(struct hp_keeper *k, const struct pollfd *fds, struct hp_error *err)
{
	for (int i = 0; i < CALLERS_MAX; i++) {
		if (k->callers[i] < 0 || k->callers[i] != fds[i].fd || !fds[i].revents)
			continue;
		AUTO_CLOSE int sock = TAKE_FD(k->callers[i]);
		if (attach(k, sock, err) < 0)
			return -1;
	}
	return 0;
}

/* Take what is there in haste, whether clients have room or not, then end. */
static void terminate(struct hp_keeper *k)
{
	k->terminating = true;
	k->waits = false;
	k->deadline = hp_deadline_in(TERM_MS);
	for (int i = 0; i < HP_KEEPER_CHANNELS; i++) {
		ssize_t n = 1;
		for (size_t taken = 0; k->fds[i] >= 0 && n > 0 && taken < TERM_BYTES;
		     taken += (size_t)n)
			n = read_output(k, i);
		if (k->fds[i] >= 0)
			end_output(k, i);
	}
}

static void serve_signal(struct hp_keeper *k)
{
	struct signalfd_siginfo info;

	if (read(k->signal_fd, &info, sizeof(info)) == sizeof(info) && !k->terminating)
		terminate(k);
}

/* The time for a first writer is over. One that has opened its end but written nothing shows by
 * a read that would wait instead of ending. */
static void check_writers(struct hp_keeper *k)
{
	k->deadline = 0;
	k->waits = false;
	for (int i = 0; i < HP_KEEPER_CHANNELS; i++)
		if (k->fds[i] >= 0 && !k->had_writer[i] && read_output(k, i) == 0)
			end_output(k, i);
}

static nfds_t fill_poll_set(const struct hp_keeper *k, struct pollfd fds[POLL_MAX])
{
	fds[AT_SIGNAL] = (struct pollfd){.fd = k->signal_fd, .events = POLLIN};
	fds[AT_LISTEN] = (struct pollfd){.fd = k->listen_fd, .events = POLLIN};
	for (int i = 0; i < HP_KEEPER_CHANNELS; i++) {
		/* Left out while somebody must read first: poll(2) always tells a hang-up. */
		bool full = hp_keeper__clients_full(&k->clients, (enum hp_keeper_channel)i);
		fds[AT_OUTPUTS + i] =
			(struct pollfd){.fd = full ? -1 : k->fds[i], .events = POLLIN};
	}
	for (int i = 0; i < CALLERS_MAX; i++)
		fds[AT_CALLERS + i] = (struct pollfd){.fd = k->callers[i], .events = POLLIN};
	return AT_CLIENTS + hp_keeper__clients_watch(&k->clients, fds + AT_CLIENTS);
}

static int serve(struct hp_keeper *k, const struct pollfd *fds, struct hp_error *err)
{
	/* Clients first: what is given to them afterwards was not in the poll set. */
	hp_keeper__clients_serve(&k->clients, fds + AT_CLIENTS);
	for (int i = 0; i < HP_KEEPER_CHANNELS; i++)
		serve_output(k, i,
			     fds[AT_OUTPUTS + i].fd < 0 ? 0 : fds[AT_OUTPUTS + i].revents);
	if (serve_callers(k, fds + AT_CALLERS, err) < 0)
		return -1;
	if (fds[AT_LISTEN].revents)
		serve_listener(k);
	if (fds[AT_SIGNAL].revents)
		serve_signal(k);
	return 0;
}

int hp_keeper__run(struct hp_keeper *k, struct hp_error *err)
{
	struct pollfd fds[POLL_MAX];

	for (;;) {
		if (outputs_ended(k)) {
			/* Followers of the log need not wait for slow clients. */
			hp_keeper__log_close(&k->log);
			close_socket(k);
			if (!k->terminating)
				k->deadline = 0;
			if (!k->clients.count)
				return 0;
		}
		nfds_t n_fds = fill_poll_set(k, fds);
		int64_t left = hp_deadline_left_ms(k->deadline);
		int ready = poll(fds, n_fds, (int)left);
		if (ready < 0 && errno != EINTR)
			return hp_fail_errno(err, errno, "wait for output");
		if (ready > 0 && serve(k, fds, err) < 0)
			return -1;
		if (hp_deadline_left_ms(k->deadline) != 0)
			continue;
		if (k->terminating)
			return 0;
		check_writers(k);
	}
}
