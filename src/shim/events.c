/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - owns the queue of events and the connection that they leave by. */
#include "shim/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "net/ttrpc_client.h"
#include "shim.pb-c.h"
#include "shim/msg.h"

#define SERVICE       "containerd.services.events.ttrpc.v1.Events"
#define CALL_MS       5000 /* From: containerd pkg/shim/publisher.go */
#define RETRY_MS      50
#define RETRY_MAX_MS  2000
#define REFUSALS_MAX  5
#define UNIX_PREFIX   "unix://"
#define DRAIN_LOOK_MS 20

struct event {
	struct event *next;
	struct hp_shim_packed request;
	char *topic;
};

struct hp_shim_events {
	struct hp_loop *loop;
	struct hp_shim_log *log;
	char *address, *ns;
	struct hp_ttrpc_client *client;
	bool gone;  /* the client's peer is: it is to be replaced */
	bool under; /* a call is under way, with the first event */
	struct event *first;
	struct event **end;
	size_t count;
	unsigned refusals; /* of the first event */
	int64_t retry_ms;
	struct hp_timer retry;
	struct hp_timer drain;
	int64_t drain_until_ms;
	hp_loop_fn drained;
	void *drained_data;
};

struct hp_shim_events *hp_shim_events_new(struct hp_loop *l, const char *address,
					  const char *ns, struct hp_shim_log *log)
{
	struct hp_shim_events *e = hp_alloc(sizeof(*e));

	if (hp_str_starts(address, UNIX_PREFIX))
		address += strlen(UNIX_PREFIX);
	e->loop = l;
	e->log = log;
	e->address = hp_strdup(address);
	e->ns = hp_strdup(ns);
	e->end = &e->first;
	e->retry_ms = RETRY_MS;
	return e;
}

static void drop_first(struct hp_shim_events *e)
{
	struct event *v = e->first;

	e->first = v->next;
	if (!e->first)
		e->end = &e->first;
	e->count--;
	e->refusals = 0;
	hp_shim_packed_free(&v->request);
	free(v->topic);
	free(v);
}

void hp_shim_events_free(struct hp_shim_events *e)
{
	if (!e)
		return;
	hp_timer_stop(&e->retry);
	hp_timer_stop(&e->drain);
	hp_ttrpc_client_free(e->client);
	while (e->first)
		drop_first(e);
	free(e->address);
	free(e->ns);
	free(e);
}

size_t hp_shim_events_waiting(const struct hp_shim_events *e)
{
	return e->count;
}

/* Connect without waiting, which a daemon that has been stopped could make last. */
static int dial(const char *path, int *ret_fd, struct hp_error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return hp_fail_errno(err, errno, "make a socket");
	if (strlen(path) >= sizeof(addr.sun_path))
		return hp_fail(err, HP_EINVALID, "'%s' is too long for a socket", path);
	memcpy(addr.sun_path, path, strlen(path));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return hp_fail_errno(err, errno, "connect to '%s'", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static void on_gone(void *data, uint32_t events)
{
	struct hp_shim_events *e = data;

	(void)events;
	e->gone = true;
}

static int connect_client(struct hp_shim_events *e, struct hp_error *err)
{
	int fd = -1;

	hp_ttrpc_client_free(TAKE(e->client));
	e->gone = false;
	if (dial(e->address, &fd, err) < 0)
		return -1;
	return hp_ttrpc_client_new(e->loop, fd, on_gone, e, &e->client, err);
}

static void send_first(struct hp_shim_events *e);

static void on_retry(void *data, uint32_t events)
{
	(void)events;
	send_first(data);
}

static void retry_later(struct hp_shim_events *e)
{
	hp_timer_start(e->loop, &e->retry, e->retry_ms, on_retry, e);
	if (e->retry_ms < RETRY_MAX_MS)
		e->retry_ms *= 2;
}

/* Can the same call go well later, on another connection? */
static bool is_absence(const struct hp_error *why)
{
	return why->code == HP_EUNAVAILABLE || why->code == HP_ETIMEOUT ||
	       why->code == HP_ECANCELED;
}

static void on_sent(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_shim_events *e = data;

	(void)payload;
	e->under = false;
	if (why && is_absence(why)) {
		e->gone = true;
		retry_later(e);
		return;
	}
	if (why && ++e->refusals < REFUSALS_MAX) {
		retry_later(e);
		return;
	}
	if (why)
		hp_shim_log(e->log, HP_LOG_ERROR, "containerd refused the event %s: %s",
			    e->first->topic, why->msg);
	e->retry_ms = RETRY_MS;
	drop_first(e);
	send_first(e);
}

/* Send the first event, unless a call or a wait is under way. */
static void send_first(struct hp_shim_events *e)
{
	struct hp_ttrpc_outgoing o = {
		.service = SERVICE, .method = "Forward", .ns = e->ns, .timeout_ms = CALL_MS};
	struct hp_error err = HP_ERROR_INIT;

	if (!e->first || e->under || e->retry.loop)
		return;
	if ((!e->client || e->gone) && connect_client(e, &err) < 0) {
		hp_shim_log(e->log, HP_LOG_DEBUG, "%zu events wait: %s", e->count, err.msg);
		retry_later(e);
		return;
	}
	o.payload = e->first->request.bytes;
	e->under = true;
	hp_ttrpc_call(e->client, &o, on_sent, e);
}

/* Make room by dropping the oldest, but never the one that a call is under way with. */
static void drop_oldest(struct hp_shim_events *e)
{
	struct event *v;

	hp_shim_log(e->log, HP_LOG_WARN, "%zu events wait for containerd: one is dropped",
		    e->count);
	if (!e->under) {
		drop_first(e);
		return;
	}
	v = e->first->next;
	e->first->next = v->next;
	if (!v->next)
		e->end = &e->first->next;
	e->count--;
	hp_shim_packed_free(&v->request);
	free(v->topic);
	free(v);
}

void hp_shim_events_publish_packed(struct hp_shim_events *e, const char *topic,
				   const char *type, struct hp_bytes event)
{
	Hp__Shim__ForwardRequest forward = HP__SHIM__FORWARD_REQUEST__INIT;
	Hp__Envelope envelope = HP__ENVELOPE__INIT;
	Hp__Timestamp now = hp_shim_time(hp_clock_unix_ns());
	Hp__Any any = HP__ANY__INIT;
	struct event *v;

	if (hp_str_empty(e->address))
		return;
	any.type_url = (char *)(uintptr_t)type;
	any.value.data = (uint8_t *)(uintptr_t)event.data;
	any.value.len = event.len;
	envelope.timestamp = &now;
	envelope.namespace_ = e->ns;
	envelope.topic = (char *)(uintptr_t)topic;
	envelope.event = &any;
	forward.envelope = &envelope;

	if (e->count >= HP_SHIM_EVENTS_MAX)
		drop_oldest(e);
	v = hp_alloc(sizeof(*v));
	v->request = hp_shim_pack(&forward.base);
	v->topic = hp_strdup(topic);
	*e->end = v;
	e->end = &v->next;
	e->count++;
	send_first(e);
}

void hp_shim_events_publish(struct hp_shim_events *e, const char *topic, const char *type,
			    const ProtobufCMessage *event)
{
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = hp_shim_pack(event);

	hp_shim_events_publish_packed(e, topic, type, packed.bytes);
}

static void look_drained(void *data, uint32_t events)
{
	struct hp_shim_events *e = data;

	(void)events;
	if (e->count > 0 && hp_clock_ms() < e->drain_until_ms) {
		hp_timer_start(e->loop, &e->drain, DRAIN_LOOK_MS, look_drained, e);
		return;
	}
	e->drained(e->drained_data, 0);
}

void hp_shim_events_drain(struct hp_shim_events *e, int64_t timeout_ms, hp_loop_fn fn,
			  void *data)
{
	e->drained = fn;
	e->drained_data = data;
	e->drain_until_ms = hp_clock_ms() + timeout_ms;
	hp_timer_start(e->loop, &e->drain, 0, look_drained, e);
}
