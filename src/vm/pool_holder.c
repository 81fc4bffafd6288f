/* SPDX-License-Identifier: Apache-2.0 */
/* pool_holder.c - the process that makes a clone ready, and is its parent until it ends. */
#include "vm/pool_holder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "net/tap.h"
#include "net/ttrpc_client.h"
#include "vm/rehearsal.h"

#define PATIENCE_MS 30000
#define ROUNDS      2 /* the second shows what the first has not reached */
#define KEPT        3 /* descriptors of the pool that a holder keeps */

struct holder {
	const struct hp_holder *wanted;
	int sock;
	struct hp_loop *loop;
	struct hp_vmm *vmm;
	pid_t pid;
	struct hp_ttrpc_client *guest;
	struct hp_rehearsal rehearsal;
	int fds[HP_WARM_FDS]; /* that the pool gets */
	int guests[HP_PORTS];
	int console_fd; /* the machine's end */
	struct hp_watch sock_watch;
	struct hp_watch pid_watch;
	struct hp_timer timer;
};

/* The machine has this process as its parent, and ends with it. */
static _Noreturn void give_up(void)
{
	_exit(1);
}

static void on_sock(void *data, uint32_t events)
{
	(void)data;
	(void)events;
	/* Nothing is ever said to us: nobody has the other end any more. */
	give_up();
}

static void on_late(void *data, uint32_t events)
{
	(void)data;
	(void)events;
	give_up();
}

/* Tell whoever has it how it ended. */
static void on_pid(void *data, uint32_t events)
{
	const struct holder *h = data;
	siginfo_t info = {0};

	(void)events;
	while (waitid(P_PID, (id_t)h->pid, &info, WEXITED) < 0 && errno == EINTR)
		;

	const struct hp_warm_end end = {.code = info.si_code, .status = info.si_status};
	if (send(h->sock, &end, sizeof(end), MSG_NOSIGNAL) != sizeof(end))
		give_up();
	_exit(0);
}

static void tell_ready(void *data, const struct hp_error *why)
{
	struct holder *h = data;
	struct hp_error err = HP_ERROR_INIT;
	int fds[HP_WARM_FDS];
	size_t n = 0;

	if (why || hp_vmm_release(TAKE(h->vmm), &h->fds[HP_WARM_CONTROL], &err) < 0)
		give_up();
	for (int i = 0; i < HP_WARM_FDS; i++)
		if (h->fds[i] >= 0)
			fds[n++] = h->fds[i];
	if (hp_fd_send(h->sock, &h->pid, sizeof(h->pid), fds, n, &err) < 0)
		give_up();
	/* They are the pool's now: an end that stays open here would hide that it was closed. */
	for (size_t i = 0; i < n; i++)
		if (fds[i] != h->fds[HP_WARM_PID])
			close(fds[i]);
	hp_timer_stop(&h->timer);
}

static void on_rehearsed(void *data, const struct hp_error *why)
{
	struct holder *h = data;

	if (why)
		give_up();
	hp_ttrpc_client_free(TAKE(h->guest));
	hp_vmm_pause(h->vmm, true, tell_ready, h);
}

static int open_ends(struct holder *h, struct hp_error *err)
{
	int pair[2];

	for (int i = 0; i <= HP_PORTS; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return hp_fail_errno(err, errno, "make a socket pair");
		h->fds[i < HP_PORTS ? HP_WARM_PORT + i : HP_WARM_CONSOLE] = pair[0];
		*(i < HP_PORTS ? &h->guests[i] : &h->console_fd) = pair[1];
	}
	if (h->wanted->request->shape.net)
		return hp_tap_open_hidden(&h->fds[HP_WARM_TAP], err);
	return 0;
}

static int spawn(struct holder *h, struct hp_error *err)
{
	struct hp_vmm_spawn s = {
		.id = "warm",
		.config = h->wanted->config,
		.host = h->wanted->host,
		.shape = h->wanted->request->shape,
		.console_fd = h->console_fd,
		.tap_fd = h->fds[HP_WARM_TAP],
		.cgroup_fd = -1,
		.kernel_fd = -1,
		.initrd_fd = -1,
		.memory_fd = h->wanted->template->memory_fd,
		.save_fd = -1,
		.state_fd = h->wanted->template->state_fd,
	};

	memcpy(s.ports, h->guests, sizeof(s.ports));
	if (hp_vmm_spawn(h->loop, &s, NULL, NULL, &h->vmm, err) < 0)
		return -1;
	h->pid = hp_vmm_pid(h->vmm);
	h->fds[HP_WARM_PID] = (int)syscall(SYS_pidfd_open, h->pid, 0);
	if (h->fds[HP_WARM_PID] < 0)
		return hp_fail_errno(err, errno, "watch process %d", (int)h->pid);
	close(h->console_fd);
	for (int i = 0; i < HP_PORTS; i++)
		close(h->guests[i]);
	return 0;
}

static int begin(struct holder *h, struct hp_error *err)
{
	int control;

	if (hp_loop_new(&h->loop, err) < 0 || open_ends(h, err) < 0 || spawn(h, err) < 0)
		return -1;
	control = fcntl(h->fds[HP_WARM_PORT + HP_PORT_CONTROL], F_DUPFD_CLOEXEC, 0);
	if (control < 0)
		return hp_fail_errno(err, errno, "keep a port");
	if (hp_ttrpc_client_new(h->loop, control, NULL, NULL, &h->guest, err) < 0 ||
	    hp_watch_start(h->loop, &h->sock_watch, h->sock, EPOLLIN, on_sock, h, err) < 0 ||
	    hp_watch_start(h->loop, &h->pid_watch, h->fds[HP_WARM_PID], EPOLLIN, on_pid, h,
			   err) < 0)
		return -1;
	hp_timer_start(h->loop, &h->timer, PATIENCE_MS, on_late, h);
	h->rehearsal = (struct hp_rehearsal){
		.guest = h->guest, .rounds = ROUNDS, .done = on_rehearsed, .data = h};
	hp_rehearse(&h->rehearsal);
	return 0;
}

/* Close all but these. */
static int close_others(int kept[KEPT])
{
	unsigned from = STDERR_FILENO + 1;

	for (int round = 0; round < KEPT; round++) {
		int least = INT32_MAX;

		for (int i = 0; i < KEPT; i++)
			if (kept[i] >= (int)from && kept[i] < least)
				least = kept[i];
		if ((unsigned)least > from && close_range(from, (unsigned)least - 1, 0) < 0)
			return -1;
		from = (unsigned)least + 1;
	}
	return close_range(from, ~0u, 0);
}

static _Noreturn void hold(const struct hp_holder *wanted, int sock)
{
	struct holder h = {.wanted = wanted, .sock = sock};
	struct hp_error err = HP_ERROR_INIT;
	int kept[KEPT] = {sock, wanted->template->memory_fd, wanted->template->state_fd};
	sigset_t none;

	for (int i = 0; i < HP_WARM_FDS; i++)
		h.fds[i] = -1;
	/* Not to be taken for the pool, whose command line it has. */
	prctl(PR_SET_NAME, "harpoon-holder");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0 || close_others(kept) < 0 || begin(&h, &err) < 0 ||
	    hp_loop_run(h.loop, &err) < 0)
		give_up();
	_exit(0);
}

int hp_holder_start(const struct hp_holder *h, int *ret_sock, struct hp_error *err)
{
	AUTO_CLOSE int ours = -1;
	AUTO_CLOSE int theirs = -1;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return hp_fail_errno(err, errno, "make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	pid = fork();
	if (pid < 0)
		return hp_fail_errno(err, errno, "fork");
	if (pid == 0) {
		/* A child of init's, so that it outlives whoever starts it. */
		if (fork() == 0)
			hold(h, theirs);
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	*ret_sock = TAKE_FD(ours);
	return 0;
}

/* Put the descriptors that came, in their order, to their places. */
static void place(struct hp_warm *w, const int *fds, size_t n)
{
	size_t at = 0;

	for (int i = 0; i < HP_WARM_FDS && at < n; i++)
		if (i != HP_WARM_HOLD)
			w->fds[i] = fds[at++];
}

int hp_holder_read(int sock, struct hp_warm *ret, struct hp_error *err)
{
	AUTO(hp_warm_clear) struct hp_warm w = HP_WARM_INIT;
	int fds[HP_WARM_FDS];
	size_t n_fds = HP_WARM_FDS;
	ssize_t n = hp_fd_recv(sock, &w.pid, sizeof(w.pid), fds, &n_fds, err);

	if (n < 0)
		return -1;
	place(&w, fds, n_fds);
	if (n != sizeof(w.pid) || w.fds[HP_WARM_PID] < 0)
		return hp_fail(err, HP_EUNAVAILABLE, "a clone could not be made ready");
	w.fds[HP_WARM_HOLD] = fcntl(sock, F_DUPFD_CLOEXEC, 0);
	if (w.fds[HP_WARM_HOLD] < 0)
		return hp_fail_errno(err, errno, "keep a clone");
	*ret = w;
	w = (struct hp_warm)HP_WARM_INIT;
	return 0;
}
