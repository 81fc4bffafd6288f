/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - owns the wait for children, which blocks nothing: by pidfd_open(2). */
#include "shim/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 255;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Forget the child; its pid may be another's from now on. */
static void forget(struct hp_shim_child *c)
{
	hp_watch_stop(&c->watch);
	close(c->fd);
	c->fd = -1;
	c->pid = 0;
}

static void on_end(void *data, uint32_t events)
{
	struct hp_shim_child *c = data;
	int status = reap(c->pid);

	(void)events;
	forget(c);
	c->fn(c->data, status);
}

int hp_shim_child_watch(struct hp_loop *l, struct hp_shim_child *c, pid_t pid,
			hp_shim_child_fn fn, void *data, struct hp_error *err)
{
	c->fn = fn;
	c->data = data;
	c->fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (c->fd < 0)
		hp_fail_errno(err, errno, "watch process %d", (int)pid);
	else if (hp_watch_start(l, &c->watch, c->fd, EPOLLIN, on_end, c, err) == 0) {
		c->pid = pid;
		return 0;
	}
	kill(pid, SIGKILL);
	reap(pid);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	return -1;
}

void hp_shim_child_signal(const struct hp_shim_child *c, int signal)
{
	if (c->pid > 0)
		kill(c->pid, signal);
}

void hp_shim_child_end(struct hp_shim_child *c)
{
	if (c->pid <= 0)
		return;
	kill(c->pid, SIGKILL);
	reap(c->pid);
	forget(c);
}

/* A process that outlives us waits, and kills. It is init's child, so that nobody reaps it here,
 * and has no descriptor but the one that it waits for. */
static _Noreturn void guard(int fd, int quiet_ms, int kill_ms)
{
	struct pollfd p = {.fd = 0, .events = POLLIN};

	if (fork() != 0)
		_exit(0);
	setsid();
	if (dup2(fd, 0) < 0)
		_exit(1);
	close_range(1, ~0u, 0);
	if (poll(&p, 1, quiet_ms) == 0)
		syscall(SYS_pidfd_send_signal, 0, SIGTERM, NULL, 0);
	if (poll(&p, 1, kill_ms) == 0)
		syscall(SYS_pidfd_send_signal, 0, SIGKILL, NULL, 0);
	_exit(0);
}

void hp_shim_child_leave(struct hp_shim_child *c, int quiet_ms, int kill_ms)
{
	pid_t pid;

	if (c->pid <= 0)
		return;
	pid = fork();
	if (pid == 0)
		guard(c->fd, quiet_ms, kill_ms);
	/* Without a guard it must not be left. */
	if (pid < 0) {
		hp_shim_child_end(c);
		return;
	}
	reap(pid);
	forget(c);
}
