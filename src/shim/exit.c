/* SPDX-License-Identifier: Apache-2.0 */
/* exit.c - owns the end of processes: first their output is passed on, then the event is sent and
 * those who wait are answered; execs come before init. */
#include "base/clock.h"
#include "base/str.h"
#include "shim/shim.h"

/* How long the end of a process waits for somebody who reads none of its output: as long as
 * containerd's own shim. */
#define FLUSH_MS      2000
#define KILLED_STATUS 137 /* 128 + SIGKILL */

static void publish_exit(struct hp_shim_process *p)
{
	Hp__TaskExit event = HP__TASK_EXIT__INIT;
	Hp__Timestamp at = hp_shim_time(p->exited_ns);

	event.container_id = p->shim->id;
	event.id = *p->exec_id ? p->exec_id : p->shim->id;
	event.pid = p->pid;
	event.exit_status = p->status;
	event.exited_at = &at;
	hp_shim_events_publish(p->shim->events, "/tasks/exit", "containerd.events.TaskExit",
			       &event.base);
}

void hp_shim_save(struct hp_shim *s)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_shim_record_write(s->bundle, &s->record, &err) < 0)
		hp_shim_log(s->log, HP_LOG_WARN, "%s", err.msg);
}

/* The container is over, and its machine with it. */
static void end_container(struct hp_shim *s)
{
	s->record.exited = true;
	s->record.exit_status = s->first->status;
	s->record.exited_at_ns = s->first->exited_ns;
	hp_shim_save(s);
	if (s->box)
		hp_shim_box_kill(s->box);
}

/* Make the end of @p known. */
static void conclude(struct hp_shim_process *p)
{
	p->stage = HP_SHIM_STOPPED;
	hp_timer_stop(&p->grace);
	if (p == p->shim->first)
		end_container(p->shim);
	publish_exit(p);
	hp_shim_process_tell(p);
	hp_shim_pending_done(TAKE(p->kill));
}

static bool is_under_way(const struct hp_shim_process *p)
{
	return p->stage == HP_SHIM_STARTING || p->stage == HP_SHIM_RUNNING;
}

/* Conclude what can be: execs as their output has gone, init when all execs are through. */
static void conclude_all(struct hp_shim *s)
{
	bool execs_left = false;

	if (!s->first)
		return;
	for (struct hp_shim_process *p = s->first->next; p; p = p->next) {
		if (p->flushed && is_under_way(p))
			conclude(p);
		execs_left = execs_left || is_under_way(p);
	}
	if (s->first->flushed && s->first->stage != HP_SHIM_STOPPED && !execs_left)
		conclude(s->first);
}

static void on_flushed(void *data, uint32_t events)
{
	struct hp_shim_process *p = data;

	(void)events;
	p->flushed = true;
	conclude_all(p->shim);
}

static void flush(struct hp_shim_process *p)
{
	struct hp_shim *s = p->shim;

	p->flushing = true;
	hp_shim_pending_done(TAKE(p->kill));
	hp_timer_stop(&p->grace);
	if (p->io) {
		hp_shim_stdio_finish(p->io, FLUSH_MS, on_flushed, p);
		return;
	}
	p->flushed = true;
	conclude_all(s);
}

void hp_shim_exit(struct hp_shim_process *p, uint32_t status, int64_t unix_ns)
{
	struct hp_shim *s = p->shim;
	int64_t now = hp_clock_unix_ns();

	if (p->exited || p->stage == HP_SHIM_STOPPED)
		return;
	p->exited = true;
	p->status = status & 0xff;
	/* The guest's word, as far as it is a time that can be. */
	p->exited_ns = unix_ns > 0 && unix_ns <= now ? unix_ns : now;
	hp_shim_log(s->log, HP_LOG_DEBUG, "process '%s' has ended status=%u", p->exec_id,
		    p->status);
	if (p == s->first) {
		/* All others die with it, whether the guest has come to say so or not. */
		for (struct hp_shim_process *e = p->next; e; e = e->next)
			if (e->stage == HP_SHIM_RUNNING)
				hp_shim_exit(e, KILLED_STATUS, p->exited_ns);
	}
	/* Otherwise when Start has been answered: the event of the start comes first. */
	if (p->stage != HP_SHIM_STARTING)
		flush(p);
}

void hp_shim_exit_go_on(struct hp_shim_process *p)
{
	struct hp_shim *s = p->shim;

	if (p->exited && !p->flushing)
		flush(p);
	else if (s->first->exited && p->stage == HP_SHIM_RUNNING)
		hp_shim_exit(p, KILLED_STATUS, s->first->exited_ns);
	conclude_all(s);
}

void hp_shim_exit_never_began(struct hp_shim_process *p, uint32_t status)
{
	struct hp_shim *s = p->shim;

	if (!p->exited) {
		p->status = status;
		p->exited_ns = hp_clock_unix_ns();
	}
	p->exited = p->flushing = p->flushed = true;
	p->stage = HP_SHIM_STOPPED;
	hp_timer_stop(&p->grace);
	hp_shim_stdio_free(TAKE(p->io));
	hp_shim_process_tell(p);
	hp_shim_pending_done(TAKE(p->kill));
	if (p == s->first)
		end_container(s);
	/* Init may have waited for the last of its execs. */
	conclude_all(s);
}

void hp_shim_exit_all(struct hp_shim *s, const struct hp_error *why)
{
	for (struct hp_shim_process *p = s->first; p; p = p->next)
		if (p->io)
			hp_shim_stdio_detach(p->io);
	if (!s->first || s->first->exited)
		return;
	if (s->first->stage == HP_SHIM_CREATING)
		return;
	hp_shim_log(s->log, HP_LOG_ERROR, "%s", why->msg);
	hp_shim_exit(s->first, KILLED_STATUS, 0);
}
