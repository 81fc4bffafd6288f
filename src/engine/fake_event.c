/* SPDX-License-Identifier: Apache-2.0 */
/* fake_event.c - events of the fake engine and their subscribers. */
#include "base/alloc.h"
#include "base/clock.h"
#include "engine/fake.h"

/* A subscriber that never reads is let go when so many wait for it. */
#define MAX_WAITING 65536u

struct hp_fake_events {
	struct hp_events base;
	struct hp_fake_bell bell;
	struct hp_fake *engine; /* NULL when it has gone, or has let go of us */
	struct hp_fake_events *next;
	struct hp_event *queue;
	size_t at;
	size_t count;
	size_t cap;
};

static struct hp_fake_events *events_of(const struct hp_events *e)
{
	return container_of(e, struct hp_fake_events, base);
}

/* An event may also come from a process that wakes up by itself. */
static void tune_events(struct hp_fake_bell *bell)
{
	const struct hp_fake_events *s = container_of(bell, struct hp_fake_events, bell);
	int64_t when = HP_FAKE_NEVER;

	for (size_t i = 0; s->engine && i < s->engine->n_containers; i++) {
		const struct hp_fake_process *p = s->engine->containers[i]->process;
		int64_t wake = p ? hp_fake__process_wake(p) : HP_FAKE_NEVER;
		if (wake && (!when || wake < when))
			when = wake;
	}
	if (s->at < s->count || !s->engine)
		when = HP_FAKE_NOW;
	hp_fake__bell_set(bell, when);
}

void hp_fake__events_tune(struct hp_fake *f)
{
	for (struct hp_fake_events *s = f->subscriptions; s; s = s->next)
		tune_events(&s->bell);
}

static void add_event(struct hp_fake_events *s, const struct hp_event *event)
{
	if (s->count - s->at >= MAX_WAITING)
		return;
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->queue = hp_realloc_array(s->queue, s->cap, sizeof(*s->queue));
	}
	struct hp_event *copy = &s->queue[s->count++];
	*copy = (struct hp_event){
		.time_ns = event->time_ns,
		.ns = hp_strdup(event->ns),
		.type = hp_strdup(event->type),
		.action = hp_strdup(event->action),
		.id = hp_strdup(event->id),
		.topic = hp_strdup(event->topic),
	};
	hp_labels_copy(&copy->attributes, &event->attributes);
}

void hp_fake__event(struct hp_fake *f, const char *type, const char *action, const char *id,
		    const struct hp_label *attribute)
{
	AUTO(hp_event_clear)
	struct hp_event event = {
		.time_ns = hp_clock_unix_ns(),
		.ns = hp_strdup(f->base.ns),
		.type = hp_strdup(type),
		.action = hp_strdup(action),
		.id = hp_strdup(id),
		.topic = hp_sprintf("/fake/%s/%s", type, action),
	};

	if (attribute)
		hp_labels_add(&event.attributes, attribute->key, attribute->value);
	for (struct hp_fake_events *s = f->subscriptions; s; s = s->next)
		add_event(s, &event);
	hp_fake__events_tune(f);
}

static int events_fd(const struct hp_events *e)
{
	return events_of(e)->bell.fd;
}

static int events_next(struct hp_events *e, struct hp_event *ret, struct hp_error *err)
{
	struct hp_fake_events *s = events_of(e);

	if (s->bell.fd < 0)
		return hp_fail(err, HP_EEXHAUSTED, "no descriptor is left for events");
	for (size_t i = 0; s->engine && i < s->engine->n_containers; i++)
		hp_fake__container_look(s->engine->containers[i]);
	if (s->at == s->count) {
		s->at = s->count = 0;
		tune_events(&s->bell);
		if (s->engine)
			return HP_NEXT_WAIT;
		return hp_fail(err, HP_EUNAVAILABLE, "the fake engine was closed");
	}
	*ret = s->queue[s->at++];
	tune_events(&s->bell);
	return HP_NEXT_ITEM;
}

static void events_free(struct hp_events *e)
{
	struct hp_fake_events *s = events_of(e);

	if (s->engine)
		for (struct hp_fake_events **at = &s->engine->subscriptions; *at;
		     at = &(*at)->next) {
			if (*at == s) {
				*at = s->next;
				break;
			}
		}
	for (; s->at < s->count; s->at++)
		hp_event_clear(&s->queue[s->at]);
	free(s->queue);
	hp_fake__bell_close(&s->bell);
	free(s);
}

static const struct hp_events_ops events_ops = {
	.fd = events_fd,
	.next = events_next,
	.free = events_free,
};

int hp_fake__events(struct hp_engine *e, struct hp_events **ret, struct hp_error *err)
{
	struct hp_fake *f = hp_fake__of(e);
	struct hp_fake_events *s = hp_alloc(sizeof(*s));

	(void)err;
	s->base.ops = &events_ops;
	s->engine = f;
	s->next = f->subscriptions;
	f->subscriptions = s;
	hp_fake__bell_open(&s->bell, tune_events);
	tune_events(&s->bell);
	*ret = &s->base;
	return 0;
}

void hp_fake__events_close(struct hp_fake *f)
{
	for (struct hp_fake_events *s = f->subscriptions; s; s = s->next) {
		s->engine = NULL;
		tune_events(&s->bell);
	}
	f->subscriptions = NULL;
}
