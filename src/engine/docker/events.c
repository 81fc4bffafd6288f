/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - what happens in docker, in the words of <harpoon/event.h>. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"

struct events {
	struct hp_events base;
	struct hp_docker_lines lines;
	int fd;
};

static struct events *events_of(const struct hp_events *e)
{
	return container_of(e, struct events, base);
}

static int events_fd(const struct hp_events *e)
{
	return events_of(e)->fd;
}

/* Docker's word for what became of a container or an image as ours. Owns: the caller.
 * From: docker API, SystemEvents; "exec_start: sh -c true" has the command after the word. */
static char *action_of(const char *type, const char *word)
{
	static const char *const images[][2] = {
		{"pull", "create"}, {"load", "create"},  {"import", "create"},
		{"tag", "update"},  {"untag", "delete"},
	};

	for (size_t i = 0; hp_str_eq(type, "image") && i < HP_ARRAY_LEN(images); i++)
		if (hp_str_eq(images[i][0], word))
			return hp_strdup(images[i][1]);
	return hp_strndup(word, strcspn(word, ":"));
}

bool hp_docker__event_read(const struct hp_json *line, struct hp_event *ret)
{
	const char *type = hp_json_get_str(line, "Type");
	const char *action = hp_json_get_str(line, "Action");
	const struct hp_json *actor = hp_json_get(line, "Actor");
	const struct hp_json *attributes = hp_json_get(actor, "Attributes");
	const char *id = hp_json_get_str(actor, "ID");

	if ((!hp_str_eq(type, "container") && !hp_str_eq(type, "image")) ||
	    hp_str_empty(action) || !id)
		return false;
	for (size_t i = 0; i < hp_json_count(attributes); i++) {
		const char *value = hp_json_str(hp_json_value_at(attributes, i));
		hp_labels_add(&ret->attributes, hp_json_key_at(attributes, i),
			      value ? value : "");
	}
	const char *name = hp_labels_get(&ret->attributes, "name");
	ret->time_ns = hp_json_i64(hp_json_get(line, "timeNano"), 0);
	ret->ns = hp_strdup("");
	ret->type = hp_strdup(type);
	ret->action = action_of(type, action);
	ret->id = hp_strdup(hp_str_eq(type, "image") && !hp_str_empty(name) ? name : id);
	ret->topic = hp_sprintf("%s/%s", type, action);
	return true;
}

static int events_next(struct hp_events *base, struct hp_event *ret, struct hp_error *err)
{
	struct events *e = events_of(base);

	for (;;) {
		AUTO(hp_json_free) struct hp_json *line = NULL;
		const int found = hp_docker__lines_next(&e->lines, &line, err);
		if (found == HP_NEXT_END)
			return hp_fail(err, HP_EUNAVAILABLE, "the daemon ended its events");
		if (found != HP_NEXT_ITEM)
			return found;
		if (hp_docker__event_read(line, ret))
			return HP_NEXT_ITEM;
	}
}

static void events_free(struct hp_events *base)
{
	struct events *e = events_of(base);

	hp_docker__lines_clear(&e->lines);
	free(e);
}

static const struct hp_events_ops events_ops = {
	.fd = events_fd,
	.next = events_next,
	.free = events_free,
};

/* The daemon begins its answer before it subscribes us: what happens in between would be missed, if
 * it were not asked for what has happened since now. That needs one clock for both. */
static char *events_path(const struct docker *d, const char *filters)
{
	AUTO_FREE char *escaped = hp_http1_escape(filters);
	const int64_t now = hp_clock_unix_ns();

	if (!d->at.path)
		return hp_sprintf("/events?filters=%s", escaped);
	return hp_sprintf("/events?filters=%s&since=%lld.%09lld", escaped,
			  (long long)(now / 1000000000), (long long)(now % 1000000000));
}

int hp_docker__events_open(struct docker *d, const char *filters, struct hp_docker_lines *ret,
			   int *ret_fd, struct hp_error *err)
{
	AUTO_FREE char *path = events_path(d, filters);
	const struct hp_docker_call call = {.method = "GET", .path = path};
	AUTO(hp_exchange_free) struct hp_exchange *x = NULL;

	if (hp_docker__open(d, &call, NULL, &x, err) < 0 ||
	    hp_exchange_watch(x, ret_fd, err) < 0)
		return hp_wrap(err, "subscribe to events");
	hp_docker__lines_begin(ret, TAKE(x));
	return 0;
}

int hp_docker__events(struct hp_engine *e, struct hp_events **ret, struct hp_error *err)
{
	struct events *events = hp_alloc(sizeof(*events));

	events->base.ops = &events_ops;
	if (hp_docker__events_open(hp_docker__of(e), "{\"type\":[\"container\",\"image\"]}",
				   &events->lines, &events->fd, err) < 0) {
		free(events);
		return -1;
	}
	*ret = &events->base;
	return 0;
}
