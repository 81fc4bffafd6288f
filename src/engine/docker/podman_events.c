/* SPDX-License-Identifier: Apache-2.0 */
/* podman_events.c - podman's events in docker's words. */
#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"
#include "engine/docker/podman.h"

struct events {
	struct hp_events base;
	struct hp_events *docker;
	struct hp_event next; /* a second one for what podman tells as one */
	bool has_next;
};

static struct events *events_of(const struct hp_events *e)
{
	return container_of(e, struct events, base);
}

static int events_fd(const struct hp_events *e)
{
	return hp_events_fd(events_of(e)->docker);
}

/* Podman starts a process of an exec when it makes it: once by docker's two words. */
static void begin_exec(struct events *self, struct hp_event *event)
{
	self->next = (struct hp_event){
		.time_ns = event->time_ns,
		.ns = hp_strdup(event->ns),
		.type = hp_strdup(event->type),
		.action = hp_strdup("exec_start"),
		.id = hp_strdup(event->id),
		.topic = hp_strdup(event->topic),
	};
	hp_labels_copy(&self->next.attributes, &event->attributes);
	self->has_next = true;
	hp_field_set(&event->action, "exec_create");
}

/* From: podman libpod/events/config.go, the values of Status. */
static void translate(struct events *self, struct hp_event *event)
{
	static const char *const words[][2] = {
		{"remove", "destroy"},
		{"died", "die"},
		{"exec_died", "exec_die"},
	};
	const char *code = hp_labels_get(&event->attributes, "containerExitCode");

	if (!hp_str_eq(event->type, "container"))
		return;
	if (hp_str_eq(event->action, "exec")) {
		begin_exec(self, event);
		return;
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(words); i++) {
		if (!hp_str_eq(event->action, words[i][0]))
			continue;
		hp_field_set(&event->action, words[i][1]);
		break;
	}
	if (code && (hp_str_eq(event->action, "die") || hp_str_eq(event->action, "exec_die")) &&
	    !hp_labels_get(&event->attributes, "exitCode"))
		hp_labels_add(&event->attributes, "exitCode", code);
}

static int events_next(struct hp_events *e, struct hp_event *ret, struct hp_error *err)
{
	struct events *self = events_of(e);

	if (self->has_next) {
		*ret = self->next;
		self->has_next = false;
		return HP_NEXT_ITEM;
	}
	int got = hp_events_next(self->docker, ret, err);
	if (got == HP_NEXT_ITEM)
		translate(self, ret);
	return got;
}

static void events_free(struct hp_events *e)
{
	struct events *self = events_of(e);

	if (self->has_next)
		hp_event_clear(&self->next);
	hp_events_free(self->docker);
	free(self);
}

static const struct hp_events_ops events_ops = {
	.fd = events_fd,
	.next = events_next,
	.free = events_free,
};

int hp_podman__events(struct hp_engine *e, struct hp_events **ret, struct hp_error *err)
{
	struct hp_events *docker = NULL;

	if (hp_docker__events(e, &docker, err) < 0)
		return -1;
	struct events *self = hp_alloc(sizeof(*self));
	self->base.ops = &events_ops;
	self->docker = docker;
	*ret = &self->base;
	return 0;
}
