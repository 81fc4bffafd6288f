/* SPDX-License-Identifier: Apache-2.0 */
/* pace.c - owns Pause and Resume, which stop and resume the machine; and Update of its limits. */
#include "base/str.h"
#include "guest.pb-c.h"
#include "shim/shim.h"

#define UPDATE_MS   10000
#define REQUEST_MAX (1u << 20)

static void publish(struct hp_shim *s, const char *topic, const char *type)
{
	Hp__TaskCreate event = HP__TASK_CREATE__INIT; /* of them all, the id is field 1 */

	event.container_id = s->id;
	hp_shim_events_publish(s->events, topic, type, &event.base);
}

/* The machine stands still now (@paused) or goes on; or stays as it was, when there is a @why. */
static void settle(struct hp_shim *s, bool paused, const struct hp_error *why)
{
	struct hp_shim_pending *call = TAKE(s->pause);

	s->pace = paused == !why ? HP_SHIM_PAUSED : HP_SHIM_GOES;
	if (why) {
		hp_shim_pending_refuse(call, why);
		return;
	}
	if (paused)
		publish(s, "/tasks/paused", "containerd.events.TaskPaused");
	else
		publish(s, "/tasks/resumed", "containerd.events.TaskResumed");
	hp_shim_pending_done(call);
}

static void on_paused(void *data, const struct hp_error *why)
{
	settle(data, true, why);
}

static void on_resumed(void *data, const struct hp_error *why)
{
	settle(data, false, why);
}

static int check(struct hp_shim *s, const Hp__Shim__IdRequest *r, bool paused,
		 struct hp_error *err)
{
	if (hp_shim_find_task(s, r->id, err) < 0)
		return -1;
	if (s->first->stage != HP_SHIM_RUNNING || s->first->exited || s->box_why.code != HP_OK)
		return hp_fail(err, HP_ESTATE, "task '%s' is not running", s->id);
	if (s->pace != (paused ? HP_SHIM_PAUSED : HP_SHIM_GOES))
		return hp_fail(err, HP_ESTATE, "task '%s' is%s paused", s->id,
			       paused ? " not" : "");
	return 0;
}

void hp_shim_on_pause(struct hp_shim *s, struct hp_ttrpc_call *call,
		      const ProtobufCMessage *request)
{
	struct hp_error err = HP_ERROR_INIT;

	if (check(s, (const void *)request, false, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	s->pace = HP_SHIM_PAUSING;
	s->pause = hp_shim_pending_new(call);
	hp_shim_box_pause(s->box, on_paused, s);
}

void hp_shim_on_resume(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request)
{
	struct hp_error err = HP_ERROR_INIT;

	if (check(s, (const void *)request, true, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	s->pace = HP_SHIM_RESUMING;
	s->pause = hp_shim_pending_new(call);
	hp_shim_box_resume(s->box, on_resumed, s);
}

static void on_updated(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	(void)payload;
	if (why)
		hp_shim_pending_refuse(data, why);
	else
		hp_shim_pending_done(data);
}

static int pack_update(struct hp_shim *s, const Hp__Shim__UpdateTaskRequest *r,
		       struct hp_buf *packed, struct hp_error *err)
{
	hp_buf_init(packed, REQUEST_MAX);
	if (hp_shim_find_task(s, r->id, err) < 0)
		return -1;
	if (s->first->exited || s->box_why.code != HP_OK)
		return hp_fail(err, HP_ESTATE, "task '%s' is not running", s->id);
	if (!r->resources)
		return hp_fail(err, HP_EINVALID, "there are no resources to update");
	return hp_shim_spec_update(HP_BYTES(r->resources->value.data, r->resources->value.len),
				   packed, err);
}

void hp_shim_on_update(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request)
{
	AUTO(hp_buf_free) struct hp_buf packed = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (pack_update(s, (const void *)request, &packed, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	/* A machine that stands still takes it when it goes on. */
	if (s->pace != HP_SHIM_GOES) {
		hp_shim_guest_call(hp_shim_box_guest(s->box), "Update", hp_buf_bytes(&packed),
				   0, NULL, NULL);
		hp_shim_done(call);
		return;
	}
	hp_shim_guest_call(hp_shim_box_guest(s->box), "Update", hp_buf_bytes(&packed),
			   UPDATE_MS, on_updated, hp_shim_pending_new(call));
}
