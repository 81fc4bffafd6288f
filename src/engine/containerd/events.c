/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - containerd's events in docker's words. */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"

#include "events.pb-c.h"

/* A subscription lives long, so it has a connection of its own: its descriptor then is readable
 * for its events only, and not for answers to calls that nobody has taken yet. */
struct events {
	struct hp_events base;
	struct hp_grpc *grpc;
	char *ns;
	struct hp_rpc rpc;
};

/* How an event is read: by the message of its topic. */
enum shape {
	SHAPE_NAMED,  /* field 1 is the container id or image name */
	SHAPE_CREATE, /* container and image */
	SHAPE_TASK,   /* container and perhaps pid, field 6 */
	SHAPE_START,  /* container and pid */
	SHAPE_EXIT,
	SHAPE_EXEC,
	SHAPE_DELETE,
};

/* From: containerd runtime/events.go, the topics of api/events; docker's words for them. */
static const struct topic {
	const char *name;
	const char *type;
	const char *action;
	enum shape shape;
} topics[] = {
	{"/containers/create", "container", "create", SHAPE_CREATE},
	{"/containers/update", "container", "update", SHAPE_NAMED},
	{"/containers/delete", "container", "destroy", SHAPE_NAMED},
	{"/images/create", "image", "create", SHAPE_NAMED},
	{"/images/update", "image", "update", SHAPE_NAMED},
	{"/images/delete", "image", "delete", SHAPE_NAMED},
	{"/tasks/create", "container", "task_create", SHAPE_TASK},
	{"/tasks/start", "container", "start", SHAPE_START},
	{"/tasks/exit", "container", "die", SHAPE_EXIT},
	{"/tasks/oom", "container", "oom", SHAPE_TASK},
	{"/tasks/delete", "container", "task_delete", SHAPE_DELETE},
	{"/tasks/paused", "container", "pause", SHAPE_TASK},
	{"/tasks/resumed", "container", "unpause", SHAPE_TASK},
	{"/tasks/exec-added", "container", "exec_create", SHAPE_EXEC},
	{"/tasks/exec-started", "container", "exec_start", SHAPE_EXEC},
};

static const struct topic *topic_find(const char *name)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(topics); i++)
		if (hp_str_eq(topics[i].name, name))
			return &topics[i];
	return NULL;
}

static void add_number(struct hp_event *event, const char *key, uint64_t number)
{
	AUTO_FREE char *text = hp_sprintf("%" PRIu64, number);

	hp_labels_add(&event->attributes, key, text);
}

static void read_named(const Hp__Any *any, struct hp_event *to, enum shape shape)
{
	AUTO_REPLY Hp__NamedEvent *named = NULL;
	AUTO_REPLY Hp__ContainerCreate *create = NULL;

	if (shape == SHAPE_CREATE) {
		create = hp__container_create__unpack(NULL, any->value.len, any->value.data);
		if (!create)
			return;
		hp_field_set(&to->id, create->id);
		hp_labels_add(&to->attributes, "image", create->image);
		return;
	}
	named = hp__named_event__unpack(NULL, any->value.len, any->value.data);
	if (named)
		hp_field_set(&to->id, named->id);
}

static void read_exit(const Hp__Any *any, struct hp_event *to)
{
	AUTO_REPLY Hp__TaskExit *exit =
		hp__task_exit__unpack(NULL, any->value.len, any->value.data);

	if (!exit)
		return;
	hp_field_set(&to->id, exit->container_id);
	add_number(to, "exitCode", exit->exit_status);
	add_number(to, "pid", exit->pid);
	if (!hp_str_empty(exit->id) && !hp_str_eq(exit->id, exit->container_id)) {
		hp_field_set(&to->action, "exec_die");
		hp_labels_add(&to->attributes, "execID", exit->id);
	}
}

static void read_exec(const Hp__Any *any, struct hp_event *to)
{
	AUTO_REPLY Hp__TaskExec *exec =
		hp__task_exec__unpack(NULL, any->value.len, any->value.data);

	if (!exec)
		return;
	hp_field_set(&to->id, exec->container_id);
	hp_labels_add(&to->attributes, "execID", exec->exec_id);
	if (exec->pid)
		add_number(to, "pid", exec->pid);
}

static void read_task(const Hp__Any *any, struct hp_event *to, enum shape shape)
{
	AUTO_REPLY Hp__TaskCreate *create = NULL;
	AUTO_REPLY Hp__TaskStart *start = NULL;
	AUTO_REPLY Hp__TaskDelete *gone = NULL;
	uint32_t pid = 0;

	if (shape == SHAPE_START) {
		start = hp__task_start__unpack(NULL, any->value.len, any->value.data);
		hp_field_set(&to->id, start ? start->container_id : "");
		pid = start ? start->pid : 0;
	} else if (shape == SHAPE_DELETE) {
		gone = hp__task_delete__unpack(NULL, any->value.len, any->value.data);
		hp_field_set(&to->id, gone ? gone->container_id : "");
		if (gone)
			add_number(to, "exitCode", gone->exit_status);
	} else {
		create = hp__task_create__unpack(NULL, any->value.len, any->value.data);
		hp_field_set(&to->id, create ? create->container_id : "");
		pid = create ? create->pid : 0;
	}
	if (pid)
		add_number(to, "pid", pid);
}

static void read_body(const Hp__Any *any, struct hp_event *to, enum shape shape)
{
	switch (shape) {
	case SHAPE_NAMED:
	case SHAPE_CREATE:
		read_named(any, to, shape);
		return;
	case SHAPE_EXIT:
		read_exit(any, to);
		return;
	case SHAPE_EXEC:
		read_exec(any, to);
		return;
	case SHAPE_TASK:
	case SHAPE_START:
	case SHAPE_DELETE:
		read_task(any, to, shape);
		return;
	}
}

static struct events *events_of(const struct hp_events *e)
{
	return container_of(e, struct events, base);
}

static int events_fd(const struct hp_events *e)
{
	return hp_grpc_fd(events_of(e)->grpc);
}

static int events_next(struct hp_events *e, struct hp_event *ret, struct hp_error *err)
{
	struct events *self = events_of(e);

	for (;;) {
		AUTO_REPLY Hp__Envelope *envelope = NULL;
		AUTO(hp_event_clear) struct hp_event event = {0};
		const struct topic *topic;
		int got = hp_rpc_next(&self->rpc, &envelope, err);

		if (got != HP_NEXT_ITEM)
			return got < 0 ? hp_wrap(err, "events") : got;
		topic = topic_find(envelope->topic);
		/* Snapshots, content and namespaces are containerd's own affair. */
		if (!topic || !hp_str_eq(envelope->namespace_, self->ns))
			continue;
		event.time_ns = hp_containerd__time(envelope->timestamp);
		hp_field_set(&event.ns, envelope->namespace_);
		hp_field_set(&event.topic, envelope->topic);
		hp_field_set(&event.type, topic->type);
		hp_field_set(&event.action, topic->action);
		hp_field_set(&event.id, "");
		if (envelope->event)
			read_body(envelope->event, &event, topic->shape);
		*ret = event;
		event = (struct hp_event){0};
		return HP_NEXT_ITEM;
	}
}

static void events_free(struct hp_events *e)
{
	struct events *self = events_of(e);

	hp_rpc_end(&self->rpc);
	hp_grpc_free(self->grpc);
	free(self->ns);
	free(self);
}

static const struct hp_events_ops events_ops = {
	.fd = events_fd,
	.next = events_next,
	.free = events_free,
};

static int subscribe(struct events *self, struct hp_error *err)
{
	AUTO_FREE char *filter = hp_sprintf("namespace==%s", self->ns);
	Hp__SubscribeRequest request = HP__SUBSCRIBE_REQUEST__INIT;

	request.filters = &filter;
	request.n_filters = 1;
	if (hp_rpc_begin(HP_RPC_TO(self->grpc, HP_SVC_EVENTS "Subscribe", 0),
			 &hp__envelope__descriptor, &self->rpc, err) < 0)
		return -1;
	return hp_rpc_send(&self->rpc, &request.base, true, err);
}

int hp_containerd__events(struct hp_engine *e, struct hp_events **ret_events,
			  struct hp_error *err)
{
	struct events *self = hp_alloc(sizeof(*self));

	self->base.ops = &events_ops;
	self->ns = hp_strdup(e->ns);
	self->grpc = hp_containerd__connect(e->address, e->ns);
	if (subscribe(self, err) < 0) {
		events_free(&self->base);
		return hp_wrap(err, "subscribe to events");
	}
	*ret_events = &self->base;
	return 0;
}
