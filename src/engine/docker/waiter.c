/* SPDX-License-Identifier: Apache-2.0 */
/* waiter.c - a container's exit, which the daemon tells on a connection that waits for it. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"

/* An exit in the daemon's words. */
#define ANSWER_MAX (64U << 10)

struct waiter {
	struct hp_waiter base;
	struct docker *docker;
	struct hp_exchange *exchange;
	struct hp_buf answer;
	char *id;
	int fd;
	bool known;
	struct hp_exit end;
};

static struct waiter *waiter_of(const struct hp_waiter *w)
{
	return container_of(w, struct waiter, base);
}

static int waiter_fd(const struct hp_waiter *w)
{
	return waiter_of(w)->fd;
}

/* What the answer has no place for. One that is gone by now keeps its secret. */
static void add_details(struct waiter *w)
{
	AUTO(hp_json_free) struct hp_json *document = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_docker__look(w->docker, w->id, &document, &ignored) < 0)
		return;
	const struct hp_json *state = hp_json_get(document, "State");
	/* Started anew in between, it tells of a later run. */
	if (hp_json_bool(hp_json_get(state, "Running"), false))
		return;
	w->end.oom = hp_json_bool(hp_json_get(state, "OOMKilled"), false);
	w->end.exited_ns = hp_docker__time(hp_json_get_str(state, "FinishedAt"));
}

/* The whole answer is there. From: docker API, ContainerWait. */
static int read_answer(struct waiter *w, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *answer = NULL;

	if (hp_json_parse(hp_buf_bytes(&w->answer), &answer, err) < 0)
		return hp_wrap(err, "wait for '%s'", w->id);
	const int64_t code = hp_json_i64(hp_json_get(answer, "StatusCode"), -1);
	const char *why = hp_json_str(hp_json_path(answer, "Error.Message"));
	if (!hp_str_empty(why))
		return hp_fail(err, HP_ENOTFOUND, "wait for '%s': %s", w->id, why);
	if (code < 0 || code > INT32_MAX)
		return hp_fail(err, HP_EPROTO, "wait for '%s': the answer holds no status",
			       w->id);
	w->end.code = (int)code;
	w->known = true;
	add_details(w);
	return 0;
}

static int waiter_next(struct hp_waiter *base, struct hp_exit *ret, struct hp_error *err)
{
	struct waiter *w = waiter_of(base);

	while (!w->known) {
		struct hp_bytes piece;
		const int found = hp_exchange_next(w->exchange, &piece, err);
		if (found == HP_NEXT_WAIT)
			return HP_NEXT_WAIT;
		if (found < 0 || (found == HP_NEXT_ITEM &&
				  hp_buf_add(&w->answer, piece.data, piece.len, err) < 0))
			return hp_wrap(err, "wait for '%s'", w->id);
		if (found == HP_NEXT_END && read_answer(w, err) < 0)
			return -1;
	}
	*ret = w->end;
	return HP_NEXT_ITEM;
}

static void waiter_free(struct hp_waiter *base)
{
	struct waiter *w = waiter_of(base);

	hp_exchange_free(w->exchange);
	hp_buf_free(&w->answer);
	free(w->id);
	free(w);
}

static const struct hp_waiter_ops waiter_ops = {
	.fd = waiter_fd,
	.next = waiter_next,
	.free = waiter_free,
};

/* The end of the run that is, or of the last one. One that waits to be started anew counts as
 * running for the daemon. */
int hp_docker__waiter(struct hp_engine *e, const char *ref, struct hp_waiter **ret,
		      struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *document = NULL;
	AUTO(hp_exchange_free) struct hp_exchange *x = NULL;
	AUTO_FREE char *path = NULL;
	int fd = -1;

	if (hp_docker__look(d, ref, &document, err) < 0)
		return -1;
	const char *id = hp_json_get_str(document, "Id");
	if (hp_docker__state(hp_json_str(hp_json_path(document, "State.Status"))) ==
	    HP_STATE_CREATED)
		return hp_fail(err, HP_ESTATE, "container '%s' was never started", ref);
	if (hp_docker__container_path(id, "wait?condition=not-running", &path, err) < 0)
		return -1;
	const struct hp_docker_call call = {.method = "POST", .path = path};
	if (hp_docker__open(d, &call, NULL, &x, err) < 0 || hp_exchange_watch(x, &fd, err) < 0)
		return hp_wrap(err, "wait for '%s'", ref);
	struct waiter *w = hp_alloc(sizeof(*w));
	*w = (struct waiter){
		.base.ops = &waiter_ops,
		.docker = d,
		.exchange = TAKE(x),
		.id = hp_strdup(id),
		.fd = fd,
	};
	hp_buf_init(&w->answer, ANSWER_MAX);
	*ret = &w->base;
	return 0;
}
