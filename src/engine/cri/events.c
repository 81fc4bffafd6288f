/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - what happens to containers, found by looking again and again.
 *
 * GetContainerEvents would tell, but containerd 1.7 hands each event to one listener only: what we
 * heard kubelet would miss. From: containerd issue 7318. So one that comes and goes between two looks
 * is not seen, and the times are those of the containers' own records. */
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/cri/cri.h"

#define LOOK_MS 250

/* The calls that an action comes from, for its topic. From: api.proto, ContainerEventType. */
static const struct {
	const char *action;
	const char *topic;
} topics[] = {
	{"create", "CONTAINER_CREATED_EVENT"},  {"start", "CONTAINER_STARTED_EVENT"},
	{"oom", "CONTAINER_STOPPED_EVENT"},     {"die", "CONTAINER_STOPPED_EVENT"},
	{"destroy", "CONTAINER_DELETED_EVENT"},
};

struct events {
	struct hp_events base;
	struct hp_engine *engine;
	int timer_fd;
	struct hp_container_list *seen;
	struct hp_event *queue; /* from @at on to be told */
	size_t at, count;
};

static struct events *events_of(const struct hp_events *e)
{
	return container_of(e, struct events, base);
}

static int events_fd(const struct hp_events *e)
{
	return events_of(e)->timer_fd;
}

static void add(struct events *self, const struct hp_container *c, const char *action,
		int64_t time_ns)
{
	struct hp_event *event;
	const char *topic = "";

	for (size_t i = 0; i < HP_ARRAY_LEN(topics); i++)
		if (hp_str_eq(topics[i].action, action))
			topic = topics[i].topic;
	self->queue = hp_realloc_array(self->queue, self->count + 1, sizeof(*self->queue));
	event = &self->queue[self->count++];
	*event = (struct hp_event){
		.time_ns = time_ns ? time_ns : hp_clock_unix_ns(),
		.ns = hp_strdup(self->engine->ns),
		.type = hp_strdup("container"),
		.action = hp_strdup(action),
		.id = hp_strdup(c->id),
		.topic = hp_strdup(topic),
	};
	hp_labels_add(&event->attributes, "name", c->name);
	hp_labels_add(&event->attributes, "image", c->image);
	if (hp_str_eq(action, "die")) {
		AUTO_FREE char *code = hp_sprintf("%d", c->exit_code);
		hp_labels_add(&event->attributes, "exitCode", code);
	}
}

static const struct hp_container *find(const struct hp_container_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (hp_str_eq(list->items[i]->id, id))
			return list->items[i];
	return NULL;
}

/* How far on its way a container is. */
static int progress(const struct hp_container *c)
{
	if (!c)
		return 0;
	if (c->state == HP_STATE_CREATED)
		return 1;
	return c->state == HP_STATE_EXITED ? 3 : 2;
}

/* All that lies between what a container was and what it is. */
static void compare(struct events *self, const struct hp_container *was,
		    const struct hp_container *is)
{
	int from = progress(was), to = progress(is);

	if (from < 1 && to >= 1)
		add(self, is, "create", is->created_ns);
	if (from < 2 && to >= 2)
		add(self, is, "start", 0);
	if (from < 3 && to >= 3) {
		if (is->oom_killed)
			add(self, is, "oom", is->finished_ns);
		add(self, is, "die", is->finished_ns);
	}
}

static int look(struct events *self, struct hp_error *err)
{
	struct hp_container_list *now = NULL;

	if (hp_cri__list(self->engine, &now, err) < 0)
		return -1;
	/* The oldest first. */
	for (size_t i = now->count; i-- > 0;)
		compare(self, find(self->seen, now->items[i]->id), now->items[i]);
	for (size_t i = self->seen->count; i-- > 0;)
		if (!find(now, self->seen->items[i]->id))
			add(self, self->seen->items[i], "destroy", 0);
	hp_container_list_free(self->seen);
	self->seen = now;
	return 0;
}

static int events_next(struct hp_events *e, struct hp_event *ret, struct hp_error *err)
{
	struct events *self = events_of(e);
	uint64_t ticks;

	if (self->at == self->count) {
		self->at = self->count = 0;
		if (read(self->timer_fd, &ticks, sizeof(ticks)) < 0)
			return HP_NEXT_WAIT;
		if (look(self, err) < 0)
			return hp_wrap(err, "events");
	}
	if (self->at == self->count)
		return HP_NEXT_WAIT;
	*ret = self->queue[self->at++];
	return HP_NEXT_ITEM;
}

static void events_free(struct hp_events *e)
{
	struct events *self = events_of(e);

	while (self->at < self->count)
		hp_event_clear(&self->queue[self->at++]);
	free(self->queue);
	hp_container_list_free(self->seen);
	hp_close_auto(&self->timer_fd);
	free(self);
}

static const struct hp_events_ops events_ops = {
	.fd = events_fd,
	.next = events_next,
	.free = events_free,
};

int hp_cri__events(struct hp_engine *e, struct hp_events **ret, struct hp_error *err)
{
	const struct itimerspec when = {.it_value.tv_nsec = LOOK_MS * 1000000L,
					.it_interval.tv_nsec = LOOK_MS * 1000000L};
	struct events *self = hp_alloc(sizeof(*self));

	self->base.ops = &events_ops;
	self->engine = e;
	self->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (self->timer_fd < 0 || timerfd_settime(self->timer_fd, 0, &when, NULL) < 0)
		hp_fail_errno(err, errno, "make a timer for events");
	else if (hp_cri__list(e, &self->seen, err) == 0) {
		*ret = &self->base;
		return 0;
	}
	events_free(&self->base);
	return -1;
}
