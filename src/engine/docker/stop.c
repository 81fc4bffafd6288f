/* SPDX-License-Identifier: Apache-2.0 */
/* stop.c - end docker's containers, and remove them. */
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"

/* From: docker docs, "docker stop": what a container has that says nothing else. */
#define DEFAULT_GRACE_S  10
/* How long the end of a removal that somebody else began is waited for at a time. */
#define REMOVAL_PAUSE_MS 50

/* The grace of a container for which the caller gave none. */
static int64_t own_grace_ms(struct docker *d, const char *ref, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *document = NULL;

	if (hp_docker__look(d, ref, &document, err) < 0)
		return -1;
	return hp_json_i64(hp_json_path(document, "Config.StopTimeout"), DEFAULT_GRACE_S) *
	       1000;
}

/* The daemon's own way, which has grace in whole seconds and, of old, no signal. */
static int stop_by_daemon(struct docker *d, const char *ref, int64_t grace_ms,
			  struct hp_error *err)
{
	AUTO_FREE char *verb = hp_sprintf("stop?t=%lld", (long long)(grace_ms / 1000));
	AUTO_FREE char *path = NULL;

	if (hp_docker__container_path(ref, verb, &path, err) < 0)
		return -1;
	const struct hp_docker_call call = {
		.method = "POST", .path = path, .extra_ms = grace_ms};
	return hp_docker__call(d, &call, NULL, err) < 0 ? -1 : 0;
}

/* Wait for the end. Returns: 1, 0 when @timeout_ms have passed, -1. */
static int await_end(struct hp_waiter *waiter, int64_t timeout_ms, struct hp_error *err)
{
	const int64_t deadline = hp_clock_ms() + timeout_ms;

	for (;;) {
		struct hp_exit end;
		const int found = hp_waiter_next(waiter, &end, err);
		if (found < 0)
			return -1;
		if (found == HP_NEXT_ITEM)
			return 1;
		const int64_t left = deadline - hp_clock_ms();
		if (left <= 0)
			return 0;
		if (hp_fd_poll(hp_waiter_fd(waiter), POLLIN, left, err) < 0)
			return -1;
	}
}

/* Step by step: what is paused is thawed, so that it can heed the signal. */
static int stop_by_steps(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
			 struct hp_error *err)
{
	AUTO(hp_waiter_free) struct hp_waiter *waiter = NULL;
	AUTO(hp_container_free) struct hp_container *c = NULL;

	if (hp_docker__inspect(e, ref, &c, err) < 0)
		return -1;
	if (c->state != HP_STATE_RUNNING && c->state != HP_STATE_PAUSED)
		return stop_by_daemon(hp_docker__of(e), ref, 0, err);
	if (hp_docker__waiter(e, c->id, &waiter, err) < 0 ||
	    hp_docker__kill(e, c->id, NULL, signal, err) < 0 ||
	    (c->state == HP_STATE_PAUSED && hp_docker__unpause(e, c->id, err) < 0)) {
		/* It may have ended by itself in between. */
		if (err->code != HP_ESTATE)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	const int ended = await_end(waiter, grace_ms, err);
	if (ended)
		return ended < 0 ? -1 : 0;
	return stop_by_daemon(hp_docker__of(e), ref, 0, err);
}

/* The signal with which a container wants to be stopped. */
static int own_signal(struct docker *d, const char *ref, int *ret_signal, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *document = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_docker__look(d, ref, &document, err) < 0)
		return -1;
	const char *name = hp_json_str(hp_json_path(document, "Config.StopSignal"));
	if (hp_str_empty(name) || hp_signal_parse(name, ret_signal, &ignored) < 0)
		*ret_signal = SIGTERM;
	return 0;
}

int hp_docker__stop(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
		    struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);

	if (grace_ms < 0 && (grace_ms = own_grace_ms(d, ref, err)) < 0)
		return -1;
	if (!signal && grace_ms % 1000 == 0)
		return stop_by_daemon(d, ref, grace_ms, err);
	if (!signal && own_signal(d, ref, &signal, err) < 0)
		return -1;
	return stop_by_steps(e, ref, signal, grace_ms, err);
}

/* Somebody else removes it already: wait until it is gone. */
static int await_removal(struct docker *d, const char *ref, struct hp_error *err)
{
	const int64_t deadline = hp_deadline_in(d->base.timeout_ms);

	for (;;) {
		AUTO(hp_json_free) struct hp_json *document = NULL;
		if (hp_docker__look(d, ref, &document, err) < 0) {
			if (err->code != HP_ENOTFOUND)
				return -1;
			hp_error_clear(err);
			return 0;
		}
		if (hp_deadline_left_ms(deadline) == 0)
			return hp_fail(err, HP_ETIMEOUT,
				       "container '%s': its removal does not end", ref);
		hp_clock_sleep_ms(REMOVAL_PAUSE_MS);
	}
}

int hp_docker__remove(struct hp_engine *e, const char *ref, bool force, bool volumes,
		      struct hp_error *err)
{
	AUTO_FREE char *verb = hp_sprintf("?force=%d&v=%d", force, volumes);
	AUTO_FREE char *path = NULL;
	struct docker *d = hp_docker__of(e);

	if (hp_docker__container_path(ref, "", &path, err) < 0)
		return -1;
	AUTO_FREE char *whole = hp_sprintf("%s%s", path, verb);
	const struct hp_docker_call call = {.method = "DELETE", .path = whole};
	if (hp_docker__call(d, &call, NULL, err) >= 0)
		return 0;
	/* From: moby daemon/delete.go, ContainerRm(). */
	if (err->code != HP_ESTATE || !strstr(err->msg, "is already in progress"))
		return -1;
	hp_error_clear(err);
	return await_removal(d, ref, err);
}
