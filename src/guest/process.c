/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - owns the processes that the host asked for: fork, report, reaping. */
#include "guest/process.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "guest/answer.h"
#include "guest/launch.h"
#include "guest/news.h"

struct hp_guest_process *hp_guest_process_find(struct hp_guest *g, uint32_t number)
{
	for (struct hp_guest_process *p = g->processes; p; p = p->next)
		if (p->number == number && p->pid)
			return p;
	return NULL;
}

static void close_report(struct hp_guest_process *p)
{
	hp_watch_stop(&p->report);
	if (p->report_fd >= 0)
		close(p->report_fd);
	p->report_fd = -1;
}

static void free_process(struct hp_guest_process *p)
{
	close_report(p);
	hp_guest_streams_close(&p->streams);
	free(p);
}

/* Forget those that have ended and whose output is all with the host. */
static void sweep(struct hp_guest *g)
{
	struct hp_guest_process **at = &g->processes;

	while (*at) {
		struct hp_guest_process *p = *at;

		if (p->pid || hp_guest_streams_busy(&p->streams)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		free_process(p);
	}
}

/* Let the next children be born in the container's PID namespace, or in ours. It stays so, as one
 * exec follows another. */
static int place_forks(struct hp_guest *g, bool inside, struct hp_error *err)
{
	if (inside == g->forks_inside)
		return 0;
	if (syscall(SYS_setns, inside ? g->init_pidfd : g->own_pid_ns, CLONE_NEWPID) < 0)
		return hp_fail_errno(err, errno, "choose the PID namespace of children");
	g->forks_inside = inside;
	return 0;
}

void hp_guest_process_free_all(struct hp_guest *g)
{
	struct hp_error ignored = HP_ERROR_INIT;

	while (g->processes) {
		struct hp_guest_process *p = g->processes;

		g->processes = p->next;
		free_process(p);
	}
	/* Who is forked from now on belongs to no container, whose namespace may be gone besides: a
	 * sanitizer's search for leaks is such a child. */
	(void)place_forks(g, false, &ignored);
}

/* As fork(2), into the cgroup of @cgroup_fd unless that is -1. */
static pid_t clone_into(struct hp_guest *g, const struct hp_guest_launch *l, int cgroup_fd)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0) |
			 (l->is_init ? CLONE_PIDFD | hp_guest_launch_namespaces(l->container)
				     : 0),
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid > 0 && l->is_init)
		g->init_pidfd = pidfd;
	return pid;
}

/* Returns: the child's number, 0 in the child, -1. */
static pid_t fork_into(struct hp_guest *g, const struct hp_guest_launch *l,
		       struct hp_error *err)
{
	const struct hp_guest_process *init = hp_guest_process_find(g, 0);
	AUTO_CLOSE int of_init_fd = -1;
	pid_t pid = clone_into(g, l, l->container ? g->cgroup.fd : -1);

	/* Where the container's init has gone to, others can be. From: cgroup-v2.rst, "No Internal
	 * Process Constraint". */
	if (pid < 0 && errno == EBUSY && l->container && init) {
		if (hp_guest_cgroup_open_of(&g->cgroup, init->pid, &of_init_fd, err) < 0)
			return -1;
		pid = clone_into(g, l, of_init_fd);
	}
	return pid < 0 ? hp_fail_errno(err, errno, "fork") : pid;
}

static int fork_process(struct hp_guest_process *p, const Hp__Guest__Process *what,
			int child_fd, struct hp_error *err)
{
	struct hp_guest *g = p->guest;
	struct hp_guest_launch l = {
		.container = p->outside ? NULL : g->request->container,
		.process = what,
		.is_init = p->number == 0,
		.join_pidfd = g->init_pidfd,
		.report_fd = child_fd,
	};

	for (int i = 0; i < HP_GUEST_STREAMS; i++)
		l.fds[i] = p->streams.child_fds[i] >= 0 ? p->streams.child_fds[i] : g->null_fd;
	if (place_forks(g, !l.is_init && !p->outside && l.container->pid_namespace, err) < 0)
		return -1;
	p->pid = fork_into(g, &l, err);
	if (p->pid < 0) {
		p->pid = 0;
		return -1;
	}
	if (p->pid == 0)
		hp_guest_launch_run(&l);
	return 0;
}

/* What a child wrote may have been written over: it is our code, but nearly in the container. */
static void tidy(struct hp_error *e)
{
	e->msg[sizeof(e->msg) - 1] = '\0';
	if (e->code == HP_OK || (unsigned)e->code > HP_ENOCMD)
		e->code = HP_EFAILED;
}

static void on_ready(struct hp_guest_process *p)
{
	Hp__Guest__CreateResponse response = HP__GUEST__CREATE_RESPONSE__INIT;

	response.pid = (uint32_t)p->pid;
	p->guest->stage = HP_GUEST_CREATED;
	hp_guest_answer(&p->call, &response.base);
}

/* The call is refused when the child is gone, so that it may be made again at once. */
static void on_failed(struct hp_guest_process *p, const struct hp_error *why)
{
	p->failure = *why;
	tidy(&p->failure);
}

/* The report socket was closed: by the exec, or by the end of the child, which its status tells. */
static void on_closed(struct hp_guest_process *p)
{
	Hp__Guest__StartResponse started = HP__GUEST__START_RESPONSE__INIT;
	Hp__Guest__ExecResponse executed = HP__GUEST__EXEC_RESPONSE__INIT;
	struct hp_guest *g = p->guest;

	close_report(p);
	if (p->failure.code != HP_OK)
		return;
	if (p->number != 0) {
		executed.pid = (uint32_t)p->pid;
		hp_guest_answer(&p->call, &executed.base);
	} else if (g->stage == HP_GUEST_STARTING) {
		g->stage = HP_GUEST_RUNNING;
		hp_guest_answer(&p->call, &started.base);
	}
}

/* Read one message of the child, which is there. */
static void read_report(struct hp_guest_process *p)
{
	struct hp_guest_report report;
	struct hp_error err = HP_ERROR_INIT;
	int fd = -1;
	size_t n_fds = 1;
	ssize_t n = hp_fd_recv(p->report_fd, &report, sizeof(report), &fd, &n_fds, &err);

	if (n != sizeof(report)) {
		on_closed(p);
		return;
	}
	if (report.said == HP_GUEST_SAID_TERMINAL && n_fds == 1) {
		if (hp_guest_streams_terminal(&p->streams, fd, &err) < 0)
			on_failed(p, &err);
		return;
	}
	if (n_fds == 1)
		close(fd);
	if (report.said == HP_GUEST_SAID_READY && p->guest->stage == HP_GUEST_CREATING)
		on_ready(p);
	else if (report.said == HP_GUEST_SAID_FAILED)
		on_failed(p, &report.error);
}

static void on_report(void *data, uint32_t events)
{
	(void)events;
	read_report(data);
}

static int open_process(struct hp_guest_process *p, const Hp__Guest__Process *what,
			struct hp_error *err)
{
	struct hp_guest *g = p->guest;
	AUTO_CLOSE int child_fd = -1;
	int fds[2];

	if (hp_guest_streams_open(&p->streams, g->loop, g->mux, p->number, what, err) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return hp_fail_errno(err, errno, "make a socket pair");
	p->report_fd = fds[0];
	child_fd = fds[1];
	if (hp_watch_start(g->loop, &p->report, p->report_fd, EPOLLIN, on_report, p, err) < 0)
		return -1;
	return fork_process(p, what, child_fd, err);
}

static void on_call_gone(void *data, uint32_t events)
{
	struct hp_guest_process *p = data;

	(void)events;
	p->call = NULL;
}

static void take_call_of(struct hp_guest_process *p, struct hp_ttrpc_call *call)
{
	p->call = call;
	hp_ttrpc_call_on_gone(call, on_call_gone, p);
}

int hp_guest_process_start(struct hp_guest *g, uint32_t number, const Hp__Guest__Process *what,
			   struct hp_ttrpc_call *take_call, struct hp_error *err)
{
	struct hp_guest_process *p;

	sweep(g);
	for (p = g->processes; p; p = p->next)
		if (p->number == number)
			return hp_fail(err, HP_EEXISTS, "process %u is there already", number);
	p = hp_alloc(sizeof(*p));
	p->guest = g;
	p->number = number;
	p->outside = what->outside && number != 0;
	p->report_fd = -1;
	hp_guest_streams_init(&p->streams);
	if (open_process(p, what, err) < 0) {
		free_process(p);
		return -1;
	}
	hp_guest_streams_forked(&p->streams);
	take_call_of(p, take_call);
	p->next = g->processes;
	g->processes = p;
	return 0;
}

int hp_guest_process_release(struct hp_guest_process *p, struct hp_ttrpc_call *take_call,
			     struct hp_error *err)
{
	if (write(p->report_fd, "", 1) != 1)
		return hp_fail_errno(err, errno, "let the container's init go");
	take_call_of(p, take_call);
	p->guest->stage = HP_GUEST_STARTING;
	return 0;
}

/* The child has ended, so what it has reported is all there: take it in first. */
static void read_reports(struct hp_guest_process *p)
{
	struct hp_error ignored = HP_ERROR_INIT;

	while (p->report_fd >= 0) {
		if (hp_fd_poll(p->report_fd, POLLIN, 0, &ignored) > 0)
			read_report(p);
		else
			close_report(p);
	}
}

/* What its end has left of the container: with a PID namespace the kernel has done this already. */
static void kill_rest(struct hp_guest *g)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (g->request->container->pid_namespace)
		return;
	if (hp_guest_cgroup_signal(&g->cgroup, SIGKILL, &ignored) == 0 && g->cgroup.fd >= 0)
		return;
	for (struct hp_guest_process *p = g->processes; p; p = p->next)
		if (p->pid && !p->outside)
			kill(p->pid, SIGKILL);
}

/* Init has ended: so does the container. One that could not be made may be asked for again,
 * and after a rehearsal comes another. */
static void end_container(struct hp_guest *g)
{
	close(g->init_pidfd);
	g->init_pidfd = -1;
	if (g->stage != HP_GUEST_CREATING && !g->request->container->rehearsal) {
		kill_rest(g);
		g->stage = HP_GUEST_ENDED;
		return;
	}
	g->stage = HP_GUEST_EMPTY;
	hp__guest__create_request__free_unpacked(g->request, NULL);
	g->request = NULL;
}

static void on_ended(struct hp_guest_process *p, int wait_status)
{
	struct hp_guest *g = p->guest;

	read_reports(p);
	p->pid = 0;
	if (p->call && p->failure.code == HP_OK)
		hp_fail(&p->failure, HP_EFAILED,
			"the container's init ended before it was set up: %s %d",
			WIFSIGNALED(wait_status) ? "signal" : "status",
			WIFSIGNALED(wait_status) ? WTERMSIG(wait_status)
						 : WEXITSTATUS(wait_status));
	hp_guest_streams_ended(&p->streams);
	if (p->number == 0)
		end_container(g);
	if (p->failure.code != HP_OK)
		hp_guest_refuse(&p->call, &p->failure);
	else
		hp_guest_news_exit(g, p->number, wait_status);
}

bool hp_guest_process_reap(struct hp_guest *g)
{
	bool pump = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		struct hp_guest_process *p = g->processes;

		while (p && p->pid != pid)
			p = p->next;
		/* Others are orphans, of whom nobody wants to know. */
		if (p)
			on_ended(p, status);
		pump = pump || (g->pump && pid == g->pump);
	}
	sweep(g);
	hp_guest_news_tell(g);
	return pump;
}
