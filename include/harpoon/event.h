/* SPDX-License-Identifier: Apache-2.0 */
/* event.h - what happens to containers and images, as every engine tells it. */
#pragma once
#include <stdint.h>

#include <harpoon/container.h>
#include <harpoon/error.h>
#include <harpoon/stream.h>

/* Something that happened. Strings are never NULL; the event owns them.
 * type: "container" or "image".
 * action: docker's words: create start die oom pause unpause destroy exec_create exec_start
 * exec_die update for containers, and task_create and task_delete for the processes that a start
 * makes and a stop takes away; create update delete for images. */
struct hp_event {
	int64_t time_ns; /* Unix time */
	char *ns;
	char *type;
	char *action;
	char *id;                    /* container id or image name */
	char *topic;                 /* the engine's own name for it, such as "/tasks/exit" */
	struct hp_labels attributes; /* exitCode, execID, image, pid: what the engine said */
};

/* Free what the event holds, not the event itself. */
HP_API void hp_event_clear(struct hp_event *event);

/* A subscription. */
struct hp_events;

/* The descriptor to poll() for POLLIN before hp_events_next(). Owns: the subscription. */
HP_API int hp_events_fd(const struct hp_events *events);

/* Take the next event. Owns: the caller owns what *ret_event holds, until hp_event_clear().
 * Returns: enum hp_next, or -1. Fails: HP_EUNAVAILABLE - the engine went away. */
HP_API int hp_events_next(struct hp_events *events, struct hp_event *ret_event,
			  struct hp_error *err);

/* End the subscription. NULL is fine. */
HP_API void hp_events_free(struct hp_events *events);
