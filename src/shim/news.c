/* SPDX-License-Identifier: Apache-2.0 */
/* news.c - owns what happens when the machine tells something: that it is ready, that a process has
 * ended, that it is over itself. */
#include "shim/shim.h"

/* Which process the machine is, and how it came to be, is settled by now. */
static void note_machine(struct hp_shim *s)
{
	const struct hp_machine *m = hp_shim_box_machine(s->box);

	if (!m)
		return;
	s->record.vmm = hp_shim_pid_of(hp_machine_pid(m));
	hp_shim_save(s);
	hp_shim_log(s->log, HP_LOG_INFO, "the machine runs accel=%s origin=%s kernel=%s",
		    hp_machine_accel(m), hp_shim_origin_name(hp_machine_origin(m)),
		    hp_shim_guest_kernel(hp_shim_box_guest(s->box)));
}

static void on_ready(void *data, const struct hp_error *why)
{
	struct hp_shim *s = data;

	if (!why) {
		note_machine(s);
		s->guest_ready = true;
		hp_shim_create_step(s);
		/* While the guest works on that. */
		hp_shim_place(s);
		return;
	}
	/* Its end says more than that it has not answered. */
	if (why->code != HP_EUNAVAILABLE) {
		s->box_why = *why;
		hp_wrap(&s->box_why, "the machine of container '%s'", s->id);
	}
	hp_shim_box_kill(s->box);
}

static void on_exit_news(void *data, uint32_t number, uint32_t status, int64_t unix_ns)
{
	struct hp_shim *s = data;
	struct hp_shim_process *p = hp_shim_by_number(s, number);

	if (p && p->stage != HP_SHIM_CREATING)
		hp_shim_exit(p, status, unix_ns);
}

static void on_oom(void *data)
{
	struct hp_shim *s = data;
	Hp__TaskCreate event = HP__TASK_CREATE__INIT; /* TaskOOM has field 1 of it alone */

	s->oom_kills++;
	event.container_id = s->id;
	hp_shim_events_publish(s->events, "/tasks/oom", "containerd.events.TaskOOM",
			       &event.base);
}

static void on_end(void *data, const struct hp_error *why)
{
	struct hp_shim *s = data;

	if (s->box_why.code == HP_OK) {
		s->box_why = *why;
		hp_wrap(&s->box_why, "the machine of container '%s'", s->id);
	}
	/* Its end was not asked for, so the reason is news. */
	if (why->code != HP_ECANCELED)
		hp_shim_log(s->log, HP_LOG_ERROR, "%s", s->box_why.msg);
	s->record.vmm = (struct hp_shim_pid){0};
	if (s->create)
		hp_shim_create_fail(s, &s->box_why);
	else
		hp_shim_exit_all(s, &s->box_why);
	hp_shim_delete_step(s);
}

const struct hp_shim_box_events *hp_shim_news(void)
{
	static const struct hp_shim_box_events events = {.on_ready = on_ready,
							 .on_exit = on_exit_news,
							 .on_oom = on_oom,
							 .on_end = on_end};

	return &events;
}
