/* SPDX-License-Identifier: Apache-2.0 */
/* events.h - tell containerd what has happened: one queue, one call at a time, so that events keep
 * their order. containerd may be away for a while: events wait for it, up to a limit.
 * From: containerd pkg/shim/publisher.go. */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"
#include "base/loop.h"
#include "shim/log.h"

struct hp_shim_events;

/* The most events that wait; the oldest are dropped then. */
#define HP_SHIM_EVENTS_MAX 2048

/* @address: the path of containerd's ttrpc socket; "" : events go nowhere. Strings are copied; @log
 * must outlive this, and may be NULL. */
struct hp_shim_events *hp_shim_events_new(struct hp_loop *l, const char *address,
					  const char *ns, struct hp_shim_log *log);
void hp_shim_events_free(struct hp_shim_events *e); /* NULL is fine */
HP_AUTO_PTR(struct hp_shim_events, hp_shim_events_free);

/* Queue one. @topic: "/tasks/exit" and so on; @type: the bare name of the message's type. */
void hp_shim_events_publish(struct hp_shim_events *e, const char *topic, const char *type,
			    const ProtobufCMessage *event);
void hp_shim_events_publish_packed(struct hp_shim_events *e, const char *topic,
				   const char *type, struct hp_bytes event);
size_t hp_shim_events_waiting(const struct hp_shim_events *e);
/* Call @fn once, never from inside of this call, when none waits any more, at most @timeout_ms from
 * now. */
void hp_shim_events_drain(struct hp_shim_events *e, int64_t timeout_ms, hp_loop_fn fn,
			  void *data);
