/* SPDX-License-Identifier: Apache-2.0 */
/* stdio_logger.c - owns the programs that take the output of a process. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/fd.h"
#include "base/log.h"
#include "shim/child.h"
#include "shim/stdio_parts.h"

/* A logger that reads to the end of its input and then exits needs no signal, which could cut it
 * short; so long it is left alone. */
#define QUIET_MS 1000

struct hp_shim__logger {
	struct hp_loop *loop;
	char *path;
	struct hp_shim_child child;
	int ready_fd; /* -1: it has said that it is ready */
	bool says_ready;
	bool finishing;
	int end_ms;
	struct hp_watch ready_watch;
	struct hp_timer timer; /* until it must be ready; later, until the next signal */
	bool timer_kills;      /* that one is SIGKILL */
	hp_shim_stdio_ready_fn fn;
	void *data;
	struct hp_error failure;
};

static void tell_ready(struct hp_shim__logger *g)
{
	hp_shim_stdio_ready_fn fn = g->fn;

	g->fn = NULL;
	if (fn)
		fn(g->data, g->failure.code == HP_OK ? NULL : &g->failure);
}

static void close_ready(struct hp_shim__logger *g)
{
	hp_watch_stop(&g->ready_watch);
	hp_timer_stop(&g->timer);
	if (g->ready_fd >= 0)
		close(g->ready_fd);
	g->ready_fd = -1;
}

static void on_ready(void *data, uint32_t events)
{
	struct hp_shim__logger *g = data;
	char byte;
	ssize_t n = read(g->ready_fd, &byte, 1);

	(void)events;
	if (n < 0)
		return;
	if (n == 0 && g->says_ready)
		hp_fail(&g->failure, HP_EUNAVAILABLE,
			"logger '%.200s' closed its ready pipe without a word", g->path);
	close_ready(g);
	tell_ready(g);
}

static void on_ready_late(void *data, uint32_t events)
{
	struct hp_shim__logger *g = data;

	(void)events;
	hp_fail(&g->failure, HP_ETIMEOUT, "logger '%.200s' did not become ready in time",
		g->path);
	close_ready(g);
	tell_ready(g);
}

static void on_end(void *data, int status)
{
	struct hp_shim__logger *g = data;

	if (g->finishing)
		hp_timer_stop(&g->timer);
	else
		hp_log(HP_LOG_WARN, "shim",
		       "a logger ended before its process path=%s status=%d", g->path, status);
}

/* Its descriptors 3, 4 and 5; their numbers here. */
struct pipes {
	int theirs[3];
	int ours[3];
};

static void pipes_close(struct pipes *p)
{
	for (int i = 0; i < 3; i++) {
		if (p->theirs[i] >= 0)
			close(p->theirs[i]);
		if (p->ours[i] >= 0)
			close(p->ours[i]);
	}
}
HP_AUTO_VALUE(struct pipes, pipes_close);

static int pipes_open(struct pipes *p, struct hp_error *err)
{
	for (int i = 0; i < 3; i++) {
		int fds[2];

		if (hp_pipe(fds, err) < 0)
			return -1;
		/* It reads the outputs, and writes to the ready pipe. */
		p->theirs[i] = fds[i == 2];
		p->ours[i] = fds[i != 2];
		if (hp_fd_set_nonblock(p->ours[i], true, err) < 0)
			return -1;
	}
	return 0;
}

static int start(struct hp_shim__logger *g, const struct hp_shim__logger_spec *spec,
		 const struct pipes *p, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv argv = {0};
	AUTO(hp_strv_free) struct hp_strv env = {0};
	const int fds[] = {-1, -1, -1, p->theirs[0], p->theirs[1], p->theirs[2]};
	struct hp_child child = {.path = g->path, .fds = fds, .n_fds = HP_ARRAY_LEN(fds)};
	pid_t pid;

	hp_strv_add(&argv, g->path);
	for (size_t i = 0; i < spec->place->args.count; i++)
		hp_strv_add(&argv, spec->place->args.items[i]);
	hp_strv_addf(&env, "CONTAINER_ID=%s", spec->container ? spec->container : "");
	hp_strv_addf(&env, "CONTAINER_NAMESPACE=%s", spec->ns ? spec->ns : "");
	child.argv = hp_strv_view(&argv);
	child.env = hp_strv_view(&env);
	if (hp_child_start(&child, &pid, err) < 0)
		return -1;
	return hp_shim_child_watch(g->loop, &g->child, pid, on_end, g, err);
}

int hp_shim__logger_start(struct hp_loop *l, const struct hp_shim__logger_spec *spec,
			  struct hp_shim__logger **ret, int ret_fds[2], struct hp_error *err)
{
	AUTO(hp_shim__logger_free) struct hp_shim__logger *g = hp_alloc(sizeof(*g));
	AUTO(pipes_close)
	struct pipes p = {.theirs = {-1, -1, -1}, .ours = {-1, -1, -1}};

	g->loop = l;
	g->path = hp_strdup(spec->place->path);
	g->says_ready = spec->place->says_ready;
	g->end_ms = spec->end_ms;
	g->ready_fd = -1;
	if (pipes_open(&p, err) < 0 || start(g, spec, &p, err) < 0)
		return hp_wrap(err, "logger");
	g->ready_fd = TAKE_FD(p.ours[2]);
	if (hp_watch_start(l, &g->ready_watch, g->ready_fd, EPOLLIN, on_ready, g, err) < 0)
		return hp_wrap(err, "logger");
	hp_timer_start(l, &g->timer, spec->ready_ms, on_ready_late, g);
	ret_fds[0] = TAKE_FD(p.ours[0]);
	ret_fds[1] = TAKE_FD(p.ours[1]);
	*ret = TAKE(g);
	return 0;
}

static void on_asked(void *data, uint32_t events)
{
	(void)events;
	tell_ready(data);
}

void hp_shim__logger_when_ready(struct hp_shim__logger *g, hp_shim_stdio_ready_fn fn,
				void *data)
{
	g->fn = fn;
	g->data = data;
	/* The timer is free: it has been ready, or has failed, since before. */
	if (g->ready_fd < 0)
		hp_timer_start(g->loop, &g->timer, 0, on_asked, g);
}

static void on_timer(void *data, uint32_t events)
{
	struct hp_shim__logger *g = data;

	(void)events;
	hp_shim_child_signal(&g->child, g->timer_kills ? SIGKILL : SIGTERM);
	if (g->timer_kills)
		return;
	g->timer_kills = true;
	hp_timer_start(g->loop, &g->timer, g->end_ms, on_timer, g);
}

void hp_shim__logger_finish(struct hp_shim__logger *g)
{
	if (g->finishing)
		return;
	g->finishing = true;
	close_ready(g);
	if (g->child.pid > 0)
		hp_timer_start(g->loop, &g->timer, QUIET_MS, on_timer, g);
}

void hp_shim__logger_free(struct hp_shim__logger *g)
{
	if (!g)
		return;
	close_ready(g);
	hp_shim_child_leave(&g->child, QUIET_MS, g->end_ms);
	free(g->path);
	free(g);
}
