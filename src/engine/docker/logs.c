/* SPDX-License-Identifier: Apache-2.0 */
/* logs.c - what docker's containers have written. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"
#include "wire/docker_log.h"

struct logs {
	struct hp_stream base;
	struct hp_exchange *exchange;
	struct hp_docker_log log;
	struct hp_bytes rest; /* of what was read and not taken apart yet */
	int fd;
};

static struct logs *logs_of(const struct hp_stream *s)
{
	return container_of(s, struct logs, base);
}

static int logs_fd(const struct hp_stream *s)
{
	return logs_of(s)->fd;
}

static int logs_next(struct hp_stream *s, struct hp_chunk *ret, struct hp_error *err)
{
	struct logs *l = logs_of(s);

	for (;;) {
		if (l->rest.len) {
			const ssize_t used = hp_docker_log_next(&l->log, l->rest, ret, err);
			if (used < 0)
				return -1;
			l->rest = HP_BYTES(l->rest.data + used, l->rest.len - (size_t)used);
			if (ret->len)
				return HP_NEXT_ITEM;
			continue;
		}
		const int found = hp_exchange_next(l->exchange, &l->rest, err);
		if (found != HP_NEXT_ITEM)
			return found;
	}
}

static void logs_free(struct hp_stream *s)
{
	struct logs *l = logs_of(s);

	hp_exchange_free(l->exchange);
	free(l);
}

static const struct hp_stream_ops logs_ops = {
	.fd = logs_fd,
	.next = logs_next,
	.free = logs_free,
};

static void add_time(struct hp_buf *query, const char *key, int64_t ns)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (ns && hp_buf_printf(query, &ignored, "&%s=%lld.%09lld", key,
				(long long)(ns / 1000000000), (long long)(ns % 1000000000)) < 0)
		hp_error_clear(&ignored); /* it has room for both */
}

/* From: docker API, ContainerLogs. Owns: the caller. */
static char *verb_of(const struct hp_logs *what)
{
	struct hp_buf query;
	struct hp_error ignored = HP_ERROR_INIT;

	hp_buf_init(&query, 512);
	if (hp_buf_printf(&query, &ignored, "logs?stdout=1&stderr=1&timestamps=1&follow=%d",
			  what->follow) < 0 ||
	    (what->has_tail &&
	     hp_buf_printf(&query, &ignored, "&tail=%llu", (unsigned long long)what->tail) < 0))
		hp_error_clear(&ignored); /* the same */
	add_time(&query, "since", what->since_ns);
	add_time(&query, "until", what->until_ns);
	return hp_buf_take_str(&query);
}

int hp_docker__logs(struct hp_engine *e, const char *ref, const struct hp_logs *what,
		    struct hp_stream **ret, struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *document = NULL;
	AUTO(hp_exchange_free) struct hp_exchange *x = NULL;
	AUTO_FREE char *verb = verb_of(what);
	AUTO_FREE char *path = NULL;
	int fd = -1;

	if (hp_docker__look(d, ref, &document, err) < 0 ||
	    hp_docker__container_path(hp_json_get_str(document, "Id"), verb, &path, err) < 0)
		return -1;
	/* Older daemons answer with an empty log, or with 500. */
	if (hp_str_eq(hp_json_str(hp_json_path(document, "HostConfig.LogConfig.Type")), "none"))
		return hp_fail(err, HP_EUNSUPPORTED,
			       "container '%s' keeps no log: its log driver is 'none'", ref);
	const struct hp_docker_call call = {.method = "GET", .path = path};
	if (hp_docker__open(d, &call, NULL, &x, err) < 0 || hp_exchange_watch(x, &fd, err) < 0)
		return hp_wrap(err, "log of '%s'", ref);
	struct logs *l = hp_alloc(sizeof(*l));
	*l = (struct logs){.base.ops = &logs_ops, .exchange = TAKE(x), .fd = fd};
	l->log.raw = hp_json_bool(hp_json_path(document, "Config.Tty"), false);
	*ret = &l->base;
	return 0;
}
