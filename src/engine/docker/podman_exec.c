/* SPDX-License-Identifier: Apache-2.0 */
/* podman_exec.c - the end of processes in podman's containers: its events do not say of which process
 * they tell, so it is asked for again and again. */
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"
#include "engine/docker/podman.h"

#define ASK_MS 40
/* What a process ends with that is killed together with its container. */
#define KILLED 137

struct exec_waiter {
	struct hp_waiter base;
	struct docker *docker;
	char *id;
	int timer_fd;
	bool asked; /* once at least, so that what has ended already is told at once */
	bool known;
	struct hp_exit end;
};

static struct exec_waiter *waiter_of(const struct hp_waiter *w)
{
	return container_of(w, struct exec_waiter, base);
}

static int exec_waiter_fd(const struct hp_waiter *w)
{
	return waiter_of(w)->timer_fd;
}

/* Of a container that is gone podman has forgotten the processes too. */
static int ask(struct exec_waiter *w, struct hp_error *err)
{
	AUTO_FREE char *path = hp_sprintf("/exec/%s/json", w->id);
	AUTO(hp_json_free) struct hp_json *document = NULL;

	w->asked = true;
	if (hp_docker__get(w->docker, path, &document, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return -1;
		hp_error_clear(err);
	}
	if (hp_json_bool(hp_json_get(document, "Running"), false))
		return 0;
	int64_t code = hp_json_i64(hp_json_get(document, "ExitCode"), KILLED);
	w->known = true;
	w->end = (struct hp_exit){
		.code = code >= 0 ? (int)code : KILLED,
		.exited_ns = hp_clock_unix_ns(),
	};
	return 0;
}

static int exec_waiter_next(struct hp_waiter *base, struct hp_exit *ret, struct hp_error *err)
{
	struct exec_waiter *w = waiter_of(base);
	uint64_t ticks;

	if (!w->known && (read(w->timer_fd, &ticks, sizeof(ticks)) > 0 || !w->asked) &&
	    ask(w, err) < 0)
		return -1;
	if (!w->known)
		return HP_NEXT_WAIT;
	*ret = w->end;
	return HP_NEXT_ITEM;
}

static void exec_waiter_free(struct hp_waiter *base)
{
	struct exec_waiter *w = waiter_of(base);

	hp_close_auto(&w->timer_fd);
	free(w->id);
	free(w);
}

static const struct hp_waiter_ops exec_waiter_ops = {
	.fd = exec_waiter_fd,
	.next = exec_waiter_next,
	.free = exec_waiter_free,
};

static int exec_waiter_new(struct docker *d, const char *id, struct hp_waiter **ret,
			   struct hp_error *err)
{
	const struct itimerspec when = {.it_value.tv_nsec = ASK_MS * 1000000L,
					.it_interval.tv_nsec = ASK_MS * 1000000L};
	struct exec_waiter *w = hp_alloc(sizeof(*w));

	w->base.ops = &exec_waiter_ops;
	w->docker = d;
	w->id = hp_strdup(id);
	w->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->timer_fd < 0 || timerfd_settime(w->timer_fd, 0, &when, NULL) < 0) {
		hp_fail_errno(err, errno, "make a timer for an exec");
		exec_waiter_free(&w->base);
		return -1;
	}
	*ret = &w->base;
	return 0;
}

int hp_podman__exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
		    struct hp_exec **ret, struct hp_error *err)
{
	struct hp_waiter *waiter = NULL;
	struct hp_exec *x = NULL;

	if (hp_docker__exec(e, ref, spec, &x, err) < 0)
		return -1;
	if (x->waiter && exec_waiter_new(hp_docker__of(e), x->id, &waiter, err) < 0) {
		hp_exec_free(e, x);
		return -1;
	}
	if (x->waiter) {
		hp_waiter_free(x->waiter);
		x->waiter = waiter;
	}
	*ret = x;
	return 0;
}
