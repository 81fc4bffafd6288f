/* SPDX-License-Identifier: Apache-2.0 */
/* delete.c - owns Delete and Shutdown: what is left when a process or the container is forgotten. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "shim/shim.h"

/* containerd calls Shutdown right after the task is gone. One that has been killed in between, and
 * started anew, would keep a shim without a task for ever. */
#define SHUTDOWN_MS 5000

static void on_shutdown_due(void *data, uint32_t events)
{
	struct hp_shim *s = data;

	(void)events;
	if (s->first)
		return;
	hp_shim_log(s->log, HP_LOG_WARN, "the task is gone and nobody has called Shutdown");
	s->finish(s->finish_data);
}

void hp_shim_task_gone(struct hp_shim *s)
{
	while (s->first)
		hp_shim_process_free(s->first);
	hp_timer_start(s->loop, &s->shutdown_due, SHUTDOWN_MS, on_shutdown_due, s);
}

static void answer(struct hp_shim_pending *call, const struct hp_shim_process *p)
{
	Hp__Shim__DeleteResponse reply = HP__SHIM__DELETE_RESPONSE__INIT;
	Hp__Timestamp at = hp_shim_time(p->exited_ns);

	reply.pid = p->pid;
	reply.exit_status = p->status;
	reply.exited_at = &at;
	hp_shim_pending_reply(call, &reply.base);
}

static void publish_delete(const struct hp_shim_process *p)
{
	Hp__Shim__TaskDelete event = HP__SHIM__TASK_DELETE__INIT;
	Hp__Timestamp at = hp_shim_time(p->exited_ns);

	event.container_id = p->shim->id;
	event.pid = p->pid;
	event.exit_status = p->status;
	event.exited_at = &at;
	hp_shim_events_publish(p->shim->events, "/tasks/delete", "containerd.events.TaskDelete",
			       &event.base);
}

/* The machine has ended: forget the task and everything that was made for it. */
static void remove_task(struct hp_shim *s)
{
	struct hp_shim_pending *call = TAKE(s->removal);

	hp_shim_hooks_free(TAKE(s->last_hooks));
	hp_shim_rootfs_free(TAKE(s->rootfs));
	hp_shim_network_free(TAKE(s->network));
	hp_shim_place_leave(s);
	s->rootfs_ready = false;
	s->record.files = (struct hp_shim_pid){0};
	s->record.hooks_done = true;
	hp_shim_save(s);
	publish_delete(s->first);
	answer(call, s->first);
	hp_shim_task_gone(s);
	free((void *)(uintptr_t)s->stats.data);
	s->stats = HP_BYTES(NULL, 0);
}

/* That a hook fails when all is over is told, and does not keep the container. From: OCI
 * runtime-spec runtime.md, "Lifecycle", step 13. */
static void on_hooks(void *data, const struct hp_error *why)
{
	struct hp_shim *s = data;

	if (why)
		hp_shim_log(s->log, HP_LOG_WARN, "delete: %s", why->msg);
	remove_task(s);
}

void hp_shim_delete_step(struct hp_shim *s)
{
	static const enum hp_shim_hook_kind kind = HP_SHIM_HOOK_POSTSTOP;
	const struct hp_shim_hooks_spec spec = {.spec = s->spec,
						.kinds = &kind,
						.n_kinds = 1,
						.id = s->id,
						.bundle = s->bundle,
						.status = "stopped",
						.all = true};

	if (!s->removal || s->last_hooks || (s->box && !hp_shim_box_ended(s->box)))
		return;
	s->last_hooks = hp_shim_hooks_run(s->loop, &spec, on_hooks, s);
}

static void delete_init(struct hp_shim *s, struct hp_ttrpc_call *call)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_process *p = s->first;

	if (p->stage == HP_SHIM_STARTING || p->stage == HP_SHIM_RUNNING)
		hp_fail(&err, HP_ESTATE, "cannot delete the task '%s': it is running", s->id);
	else if (s->removal)
		hp_fail(&err, HP_ENOTFOUND, "task '%s' is being deleted", s->id);
	if (err.code != HP_OK) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	/* One that was never started has not failed either. */
	if (p->stage == HP_SHIM_CREATED && !p->exited)
		hp_shim_exit_never_began(p, 0);
	s->removal = hp_shim_pending_new(call);
	if (s->box)
		hp_shim_box_kill(s->box);
	hp_shim_delete_step(s);
}

static void delete_exec(struct hp_shim_process *p, struct hp_ttrpc_call *call)
{
	struct hp_error err = HP_ERROR_INIT;

	if (p->stage == HP_SHIM_STARTING || p->stage == HP_SHIM_RUNNING) {
		hp_fail(&err, HP_ESTATE, "cannot delete the process '%s': it is running",
			p->exec_id);
		hp_ttrpc_refuse(call, &err);
		return;
	}
	if (p->stage == HP_SHIM_CREATED)
		hp_shim_exit_never_began(p, 0);
	answer(hp_shim_pending_new(call), p);
	hp_shim_process_free(p);
}

void hp_shim_on_delete(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request)
{
	const Hp__Shim__DeleteRequest *r = (const void *)request;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_error given_up = HP_ERROR_INIT;
	struct hp_shim_process *p;

	/* Whoever asked for Create has given it up, if this comes before its end. */
	if (s->create && hp_str_eq(r->id, s->id)) {
		hp_fail(&given_up, HP_ECANCELED, "the task was deleted while it was created");
		hp_shim_create_fail(s, &given_up);
	}
	if (hp_shim_find(s, r->id, r->exec_id, &p, &err) < 0)
		hp_ttrpc_refuse(call, &err);
	else if (p == s->first)
		delete_init(s, call);
	else
		delete_exec(p, call);
}

void hp_shim_on_shutdown(struct hp_shim *s, struct hp_ttrpc_call *call,
			 const ProtobufCMessage *request)
{
	(void)request;
	/* Not while there is a task, whatever the request says; and one is enough. */
	if (s->first || s->shutdown) {
		hp_shim_done(call);
		return;
	}
	s->shutdown = hp_shim_pending_new(call);
	s->finish(s->finish_data);
}
