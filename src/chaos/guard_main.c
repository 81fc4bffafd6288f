/* SPDX-License-Identifier: Apache-2.0 */
/* guard_main.c - the guard itself: a process that outlives the run by as long as the undo takes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "chaos/guard.h"
#include "chaos/undo.h"

/* How long undoing is tried, as long as a daemon may need to be restarted. */
#define PATIENCE_MS (120 * 1000)

enum { SOCK_FD = 3, FIRST_FREE_FD = 4 };

struct guard {
	struct hp_fault *f;
	int sock;
	int signal_fd;
	int workload_fd; /* pidfd; -1: there is none */
};

/* Away from the run's terminal, signals and descriptors: who waits for the end of its output must
 * not wait for us. */
static int settle(struct guard *g)
{
	static const int wanted[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t set;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	prctl(PR_SET_NAME, "harpoon-guard");
	sigemptyset(&set);
	for (size_t i = 0; i < HP_ARRAY_LEN(wanted); i++)
		sigaddset(&set, wanted[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	for (int fd = 0; fd < SOCK_FD; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return -1;
	if (g->sock != SOCK_FD && dup3(g->sock, SOCK_FD, O_CLOEXEC) < 0)
		return -1;
	g->sock = SOCK_FD;
	close_range(FIRST_FREE_FD, ~0u, 0);
	g->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return g->signal_fd < 0 ? -1 : 0;
}

/* The run may have gone, which is no news to us. */
static void say(const struct guard *g, const struct hp_guard_news *news)
{
	AUTO(hp_json_free) struct hp_json *message = hp_guard_news_to_json(news);
	AUTO_FREE char *text = hp_json_text(message, false);

	(void)send(g->sock, text, strlen(text), MSG_NOSIGNAL);
}

static void say_error(const struct guard *g, enum hp_guard_what what,
		      const struct hp_error *err)
{
	struct hp_guard_news news = {.what = what, .err = *err};

	say(g, &news);
}

/* Wait until it is time to undo. */
static void hold(struct guard *g)
{
	int64_t deadline = hp_clock_ms() + (g->f->duration_ns + 999999) / 1000000;
	struct pollfd fds[] = {
		{.fd = g->sock, .events = POLLIN},
		{.fd = g->signal_fd, .events = POLLIN},
		{.fd = g->workload_fd, .events = POLLIN},
	};

	for (;;) {
		int64_t left = deadline - hp_clock_ms();
		if (left <= 0)
			return;
		int n = poll(fds, HP_ARRAY_LEN(fds), left > INT32_MAX ? INT32_MAX : (int)left);
		if (n > 0 || (n < 0 && errno != EINTR))
			return;
	}
}

/* How the workload ended by itself; HP_OK when it still runs or has ended well. */
static void reap_workload(struct guard *g, struct hp_error *ret)
{
	int status = 0;

	if (!g->f->workload || waitpid(g->f->workload, &status, WNOHANG) != g->f->workload)
		return;
	g->f->workload = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		hp_fail(ret, HP_EFAILED, "the workload ended with exit status %d",
			WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		hp_fail(ret, HP_EFAILED, "the workload was ended by signal %d",
			WTERMSIG(status));
}

/* Returns the exit status, for whoever looks at it with strace. */
static int end_fault(struct guard *g)
{
	AUTO(hp_guard_news_clear) struct hp_guard_news undoing = {.what = HP_GUARD_UNDOING};
	struct hp_guard_news undone = {.what = HP_GUARD_UNDONE};
	struct hp_error err = HP_ERROR_INIT;

	reap_workload(g, &undone.err);
	hp_fault_look(g->f, &undoing.effects);
	say(g, &undoing);
	if (hp_fault_undo(g->f, PATIENCE_MS, &err) < 0) {
		say_error(g, HP_GUARD_STUCK, &err);
		return 1;
	}
	say(g, &undone);
	return 0;
}

static int serve(struct guard *g)
{
	AUTO(hp_guard_news_clear) struct hp_guard_news applied = {.what = HP_GUARD_APPLIED};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_fault_apply(g->f, &err) < 0) {
		say_error(g, HP_GUARD_FAILED, &err);
		return 1;
	}
	applied.output = hp_strdup(g->f->output);
	if (!g->f->action->undo)
		hp_fault_look(g->f, &applied.effects);
	say(g, &applied);
	if (!g->f->action->undo)
		return 0;
	if (g->f->workload)
		g->workload_fd = (int)syscall(SYS_pidfd_open, g->f->workload, 0);
	hold(g);
	return end_fault(g);
}

_Noreturn void hp_guard_main(struct hp_fault *f, int sock)
{
	struct guard g = {.f = f, .sock = sock, .workload_fd = -1};
	struct hp_error err = HP_ERROR_INIT;

	/* Nothing has been done yet, so there is nothing to undo. */
	if (settle(&g) < 0) {
		hp_fail_errno(&err, errno, "set up the guard of container '%s'",
			      f->container->name);
		say_error(&g, HP_GUARD_FAILED, &err);
		_exit(1);
	}
	_exit(serve(&g));
}
