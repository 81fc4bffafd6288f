/* SPDX-License-Identifier: Apache-2.0 */
/* event.c - the event value, and the calls on a subscription. */
#include "engine/engine_impl.h"

void hp_event_clear(struct hp_event *event)
{
	free(event->ns);
	free(event->type);
	free(event->action);
	free(event->id);
	free(event->topic);
	hp_labels_clear(&event->attributes);
	*event = (struct hp_event){0};
}

int hp_events_fd(const struct hp_events *events)
{
	return events->ops->fd(events);
}

int hp_events_next(struct hp_events *events, struct hp_event *ret_event, struct hp_error *err)
{
	return events->ops->next(events, ret_event, err);
}

void hp_events_free(struct hp_events *events)
{
	if (events)
		events->ops->free(events);
}
