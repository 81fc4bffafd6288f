/* SPDX-License-Identifier: Apache-2.0 */
/* pool_build.c - run the program that makes templates, and read what it tells. */
#include "vm/pool_build.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/fd.h"
#include "vm/template_build.h"

#define LINE_MAX_BYTES 1024

struct hp_pool_build {
	struct hp_pool_request request;
	struct hp_pool_build_events events;
	struct hp_watch watch;
	int fd; /* its output */
	pid_t pid;
	char line[LINE_MAX_BYTES]; /* the one that comes, or the last one */
	size_t line_len;
	bool line_whole;
	bool images;
	int64_t ended_ms;
	struct hp_error why;
};

static void end_line(struct hp_pool_build *b)
{
	b->line[b->line_len] = '\0';
	b->line_whole = true;
	if (strstr(b->line, HP_BUILD_IMAGES) == NULL || b->images)
		return;
	b->images = true;
	b->events.on_news(b->events.data, b);
}

static void take_bytes(struct hp_pool_build *b, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			end_line(b);
			continue;
		}
		if (b->line_whole)
			b->line_len = 0;
		b->line_whole = false;
		if (b->line_len < sizeof(b->line) - 1)
			b->line[b->line_len++] = bytes[i];
	}
}

static void reap(struct hp_pool_build *b)
{
	struct hp_error ignored = HP_ERROR_INIT;
	int status = -1;

	/* Its output has ended, and so does it. */
	if (hp_child_wait(b->pid, 0, &status, &ignored) < 0)
		status = -1;
	b->pid = 0;
	b->ended_ms = hp_clock_ms();
	if (status == 0)
		return;
	b->line[b->line_len] = '\0';
	/* What it tells begins with its name. */
	const char *words = strstr(b->line, "build: ");
	hp_fail(&b->why, HP_EFAILED, "%s",
		words        ? words + strlen("build: ")
		: b->line[0] ? b->line
			     : "it was killed");
}

static void on_output(void *data, uint32_t events)
{
	struct hp_pool_build *b = data;
	char bytes[LINE_MAX_BYTES];
	ssize_t n = read(b->fd, bytes, sizeof(bytes));

	(void)events;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		take_bytes(b, bytes, (size_t)n);
		return;
	}
	hp_watch_stop(&b->watch);
	reap(b);
	b->events.on_news(b->events.data, b);
}

int hp_pool_build_start(struct hp_loop *l, const char *program,
			const struct hp_pool_request *request,
			const struct hp_pool_build_events *events, struct hp_pool_build **ret,
			struct hp_error *err)
{
	AUTO(hp_pool_build_free) struct hp_pool_build *b = hp_alloc(sizeof(*b));
	AUTO_FREE char *memory =
		hp_sprintf("--memory=%llu", (unsigned long long)request->shape.memory_bytes);
	AUTO_FREE char *cpus = hp_sprintf("--cpus=%u", request->shape.cpus);
	AUTO_FREE char *disk = hp_sprintf("--disk=%s", hp_shape_disk_name(request->shape.disk));
	const char *const argv[] = {program,
				    "vm",
				    "template",
				    "build",
				    memory,
				    cpus,
				    request->shape.net ? "--net" : "--net=false",
				    disk,
				    NULL};
	AUTO_CLOSE int out = -1;
	int fds[2];

	b->fd = -1;
	b->request = *request;
	b->events = *events;
	if (hp_pipe(fds, err) < 0)
		return -1;
	b->fd = fds[0];
	out = fds[1];

	const int child_fds[] = {-1, out, out};
	const struct hp_child child = {
		.path = program,
		.argv = argv,
		.fds = child_fds,
		.n_fds = HP_ARRAY_LEN(child_fds),
		.cwd = "/",
		.parent_death_signal = SIGKILL,
	};
	if (hp_child_start(&child, &b->pid, err) < 0 ||
	    hp_watch_start(l, &b->watch, b->fd, EPOLLIN, on_output, b, err) < 0)
		return hp_wrap(err, "make a template");
	*ret = TAKE(b);
	return 0;
}

void hp_pool_build_free(struct hp_pool_build *b)
{
	if (!b)
		return;
	hp_watch_stop(&b->watch);
	if (b->fd >= 0)
		close(b->fd);
	if (b->pid > 0) {
		kill(b->pid, SIGKILL);
		reap(b);
	}
	free(b);
}

const char *hp_pool_build_key(const struct hp_pool_build *b)
{
	return b->request.key;
}

bool hp_pool_build_has_images(const struct hp_pool_build *b)
{
	return b->images;
}

int64_t hp_pool_build_ended(const struct hp_pool_build *b)
{
	return b->ended_ms;
}

const struct hp_error *hp_pool_build_why(const struct hp_pool_build *b)
{
	return &b->why;
}
