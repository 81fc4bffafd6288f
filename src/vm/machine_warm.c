/* SPDX-License-Identifier: Apache-2.0 */
/* machine_warm.c - take over a clone that stood ready; and end machines, our children or not. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fd.h"
#include "net/tap.h"
#include "vm/machine_impl.h"

#define END_MS 10000 /* that a killed process takes to end, on any host */

/* The kernel's list of a cgroup's processes takes any of its own. From: Linux
 * Documentation/admin-guide/cgroup-v2.rst, "cgroup.procs". */
static int join_cgroup(int cgroup_fd, pid_t pid, struct hp_error *err)
{
	char text[16];
	const int len = snprintf(text, sizeof(text), "%d", (int)pid);
	AUTO_CLOSE int fd = -1;

	if (cgroup_fd < 0)
		return 0;
	fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return hp_fail_errno(err, errno, "open a cgroup's list of processes");
	if (hp_fd_write_all(fd, text, (size_t)len, err) < 0)
		return hp_wrap(err, "put process %d into its cgroup", (int)pid);
	return 0;
}

static void on_running(void *data, const struct hp_error *why)
{
	(void)data;
	/* It has ended then, which is told elsewhere. */
	(void)why;
}

static int take_up(struct hp_machine *m, struct hp_warm *w, struct hp_error *err)
{
	if ((m->tap_fd >= 0) != (w->fds[HP_WARM_TAP] >= 0))
		return hp_fail(err, HP_ESTATE, "it has another network device");
	if (m->tap_fd >= 0 && hp_tap_replace(m->tap_fd, w->fds[HP_WARM_TAP], err) < 0)
		return -1;
	if (join_cgroup(m->cgroup_fd, w->pid, err) < 0)
		return -1;
	return hp_vmm_adopt(m->loop, m->config->vmm, w->pid, TAKE_FD(w->fds[HP_WARM_CONTROL]),
			    &m->vmm, err);
}

/* Nothing can fail any more but for a lack of memory. */
static int watch(struct hp_machine *m, struct hp_warm *w, struct hp_error *err)
{
	m->pid = w->pid;
	m->pid_fd = TAKE_FD(w->fds[HP_WARM_PID]);
	m->hold_fd = TAKE_FD(w->fds[HP_WARM_HOLD]);
	m->console_fd = TAKE_FD(w->fds[HP_WARM_CONSOLE]);
	if (hp_watch_start(m->loop, &m->pid_watch, m->hold_fd, EPOLLIN, hp_machine__on_end, m,
			   err) < 0 ||
	    hp_watch_start(m->loop, &m->console_watch, m->console_fd, EPOLLIN,
			   hp_machine__on_console, m, err) < 0)
		return -1;
	for (int i = 0; i < HP_PORTS; i++)
		m->ports[i] = TAKE_FD(w->fds[HP_WARM_PORT + i]);
	return 0;
}

int hp_machine__adopt(struct hp_machine *m, struct hp_warm *take_warm, struct hp_error *err)
{
	if (take_up(m, take_warm, err) < 0 || watch(m, take_warm, err) < 0)
		return hp_wrap(err, "take a clone that stood ready");
	m->origin = HP_MACHINE_WARM;
	/* There is no other attempt: its guest has run. */
	m->up = true;
	m->times.spawned = hp_clock_ns();
	hp_vmm_listen(m->vmm, &hp_machine__vmm_events, m);
	hp_vmm_pause(m->vmm, false, on_running, m);
	return 0;
}

/* The holder tells; when it has gone without a word, so has the machine. */
static bool read_hold(struct hp_machine *m, siginfo_t *ret)
{
	struct hp_warm_end end = {.code = CLD_KILLED, .status = SIGKILL};
	ssize_t n = recv(m->hold_fd, &end, sizeof(end), MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n != sizeof(end))
		end = (struct hp_warm_end){.code = CLD_KILLED, .status = SIGKILL};
	ret->si_code = end.code;
	ret->si_status = end.status;
	return true;
}

bool hp_machine__read_end(struct hp_machine *m, siginfo_t *ret)
{
	if (m->hold_fd >= 0)
		return read_hold(m, ret);
	return waitid(P_PIDFD, (id_t)m->pid_fd, ret, WEXITED | WNOHANG) == 0 && ret->si_pid > 0;
}

void hp_machine__end(struct hp_machine *m)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (m->pid <= 0)
		return;
	if (m->hold_fd < 0) {
		kill(m->pid, SIGKILL);
		while (waitpid(m->pid, NULL, 0) < 0 && errno == EINTR)
			;
	} else {
		syscall(SYS_pidfd_send_signal, m->pid_fd, SIGKILL, NULL, 0);
		if (hp_fd_poll(m->pid_fd, POLLIN, END_MS, &ignored) < 0)
			hp_error_clear(&ignored);
	}
	m->pid = 0;
}
