/* SPDX-License-Identifier: Apache-2.0 */
/* init.c - owns the loop of the machine's first process. */
#include "guest/init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "guest/guest.h"
#include "guest/news.h"
#include "guest/process.h"
#include "guest/pump.h"
#include "guest/root.h"
#include "guest/service.h"

static void on_host_gone(void *data, uint32_t events)
{
	struct hp_guest *g = data;

	(void)events;
	hp_loop_stop(g->loop);
}

static void on_broken(void *data, uint32_t events)
{
	struct hp_guest *g = data;

	(void)events;
	g->broken = true;
	hp_loop_stop(g->loop);
}

static void on_signals(void *data, uint32_t events)
{
	struct hp_guest *g = data;
	struct signalfd_siginfo told;

	(void)events;
	/* One signal may stand for many children, and several for none. */
	while (read(g->signal_fd, &told, sizeof(told)) > 0)
		;
	if (hp_guest_process_reap(g))
		on_broken(g, 0);
}

/* From: Linux kernfs: a file that has changed is an error to poll(2) until it is read again. */
static void on_oom(void *data, uint32_t events)
{
	struct hp_guest *g = data;

	(void)events;
	hp_guest_news_check_oom(g);
	hp_guest_news_tell(g);
}

static int watch_signals(struct hp_guest *g, struct hp_error *err)
{
	sigset_t all, child;

	sigfillset(&all);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	/* What was ignored would stay so in containers. */
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return hp_fail_errno(err, errno, "block signals");
	g->signal_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (g->signal_fd < 0)
		return hp_fail_errno(err, errno, "make a signal descriptor");
	if (hp_watch_start(g->loop, &g->signals, g->signal_fd, EPOLLIN, on_signals, g, err) < 0)
		return -1;
	/* Of what has ended before, no signal tells. */
	on_signals(g, 0);
	return 0;
}

static int watch_oom(struct hp_guest *g, const char *cgroup, struct hp_error *err)
{
	if (hp_guest_cgroup_open(cgroup, &g->cgroup, err) < 0)
		return -1;
	g->oom_fd = hp_guest_cgroup_open_events(&g->cgroup);
	if (g->oom_fd < 0)
		return 0;
	g->oom_kills = hp_guest_cgroup_oom_kills(g->oom_fd);
	return hp_watch_start(g->loop, &g->oom, g->oom_fd, 0, on_oom, g, err);
}

static int open_descriptors(struct hp_guest *g, struct hp_error *err)
{
	g->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	g->own_pid_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	if (g->null_fd < 0 || g->own_pid_ns < 0)
		return hp_fail_errno(err, errno, "open '/dev/null' and the PID namespace");
	return 0;
}

static void on_files(void *data, uint32_t events)
{
	struct hp_guest *g = data;

	(void)events;
	hp_watch_stop(&g->files);
	close(TAKE_FD(g->files_fd));
	hp_guest_service_settled(g);
}

static int start_pump(struct hp_guest *g, int port, struct hp_error *err)
{
	if (hp_guest_pump_start(port, HP_GUEST_SHARES, &g->pump, &g->files_fd, err) < 0)
		return -1;
	return hp_watch_start(g->loop, &g->files, g->files_fd, EPOLLIN, on_files, g, err);
}

static int open_guest(struct hp_guest *g, struct hp_guest_ports *ports, const char *cgroup,
		      struct hp_error *err)
{
	if (open_descriptors(g, err) < 0 || hp_loop_new(&g->loop, err) < 0)
		return -1;
	/* The pump first: it has none of what is opened after it. */
	if (ports->files >= 0 && start_pump(g, ports->files, err) < 0)
		return -1;
	if (watch_signals(g, err) < 0 || watch_oom(g, cgroup, err) < 0)
		return -1;
	if (hp_mux_new(g->loop, TAKE_FD(ports->stdio), on_broken, g, &g->mux, err) < 0)
		return -1;
	g->server = hp_ttrpc_server_new(g->loop, hp_guest_service(), g);
	return hp_ttrpc_server_serve(g->server, TAKE_FD(ports->control), on_host_gone, g, err);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void close_guest(struct hp_guest *g)
{
	hp_guest_process_free_all(g);
	hp_ttrpc_server_free(g->server);
	hp_guest_news_free(g);
	hp_mux_free(g->mux);
	hp_watch_stop(&g->oom);
	hp_watch_stop(&g->signals);
	hp_watch_stop(&g->files);
	close_fd(g->files_fd);
	close_fd(g->oom_fd);
	close_fd(g->signal_fd);
	close_fd(g->null_fd);
	hp_netlink_close(&g->devices);
	close_fd(g->own_pid_ns);
	close_fd(g->init_pidfd);
	hp_guest_cgroup_close(&g->cgroup);
	hp__guest__create_request__free_unpacked(g->request, NULL);
	hp_loop_free(g->loop);
}

int hp_guest_init_run(struct hp_guest_ports *ports, const char *cgroup, struct hp_error *err)
{
	struct hp_guest g = {
		.cgroup = {.fd = -1},
		.null_fd = -1,
		.own_pid_ns = -1,
		.init_pidfd = -1,
		.oom_fd = -1,
		.files_fd = -1,
		.signal_fd = -1,
		.devices = ports->devices,
	};
	int rc = open_guest(&g, ports, cgroup, err);

	if (rc == 0)
		rc = hp_loop_run(g.loop, err);
	if (rc == 0 && g.broken)
		rc = hp_fail(err, HP_EUNAVAILABLE,
			     "the host has closed the port of files or of streams");
	close_guest(&g);
	return rc;
}
