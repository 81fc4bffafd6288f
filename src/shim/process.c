/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - owns the table of a container's processes, and those who wait for their end. */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "shim/shim.h"

/* The most bytes of an exec's OCI Process. */
#define SPEC_MAX (4u << 20)

struct hp_shim_process *hp_shim_process_new(struct hp_shim *s, const char *exec_id)
{
	struct hp_shim_process *p = hp_alloc(sizeof(*p));
	struct hp_shim_process **at = &s->first;

	p->shim = s;
	p->exec_id = hp_strdup(exec_id);
	hp_buf_init(&p->spec, SPEC_MAX);
	/* Init is the first, and has the number 0; no other number is given twice. */
	p->number = s->first ? ++s->last_number : 0;
	p->stage = s->first ? HP_SHIM_CREATED : HP_SHIM_CREATING;
	while (*at)
		at = &(*at)->next;
	*at = p;
	s->n_processes++;
	return p;
}

void hp_shim_process_streams(struct hp_shim_process *p, const char *in, const char *out,
			     const char *err, bool terminal)
{
	p->in = hp_strdup(in);
	p->out = hp_strdup(out);
	p->err = hp_strdup(err);
	p->terminal = terminal;
}

static void take_out(struct hp_shim_process *p)
{
	struct hp_shim_process **at = &p->shim->first;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->shim->n_processes--;
}

void hp_shim_process_free(struct hp_shim_process *p)
{
	struct hp_error gone = HP_ERROR_INIT;

	take_out(p);
	hp_fail(&gone, HP_ENOTFOUND, "process '%s' of container '%s' was deleted", p->exec_id,
		p->shim->id);
	for (size_t i = 0; i < p->n_waits; i++)
		hp_shim_pending_refuse(p->waits[i], &gone);
	hp_shim_pending_refuse(p->start, &gone);
	hp_shim_pending_refuse(p->kill, &gone);
	hp_timer_stop(&p->grace);
	hp_shim_stdio_free(p->io);
	hp_buf_free(&p->spec);
	hp_strv_free(&p->words);
	free(p->waits);
	free(p->exec_id);
	free(p->in);
	free(p->out);
	free(p->err);
	free(p);
}

int hp_shim_find_task(struct hp_shim *s, const char *id, struct hp_error *err)
{
	if (!s->first || s->first->stage == HP_SHIM_CREATING || !hp_str_eq(s->id, id))
		return hp_fail(err, HP_ENOTFOUND, "task '%s' not found", id);
	return 0;
}

int hp_shim_find(struct hp_shim *s, const char *id, const char *exec_id,
		 struct hp_shim_process **ret, struct hp_error *err)
{
	if (hp_shim_find_task(s, id, err) < 0)
		return -1;
	for (struct hp_shim_process *p = s->first; p; p = p->next) {
		if (!hp_str_eq(p->exec_id, exec_id))
			continue;
		*ret = p;
		return 0;
	}
	return hp_fail(err, HP_ENOTFOUND, "process '%s' of task '%s' not found", exec_id, id);
}

struct hp_shim_process *hp_shim_by_number(struct hp_shim *s, uint32_t number)
{
	struct hp_shim_process *p = s->first;

	while (p && p->number != number)
		p = p->next;
	return p;
}

Hp__Shim__Status hp_shim_status(const struct hp_shim_process *p)
{
	switch (p->stage) {
	case HP_SHIM_CREATING:
	case HP_SHIM_CREATED:
		return HP__SHIM__STATUS__CREATED;
	case HP_SHIM_STARTING:
	case HP_SHIM_RUNNING:
		break;
	case HP_SHIM_STOPPED:
		return HP__SHIM__STATUS__STOPPED;
	}
	switch (p->shim->pace) {
	case HP_SHIM_PAUSING:
		return HP__SHIM__STATUS__PAUSING;
	case HP_SHIM_PAUSED:
	case HP_SHIM_RESUMING:
		return HP__SHIM__STATUS__PAUSED;
	case HP_SHIM_GOES:
		break;
	}
	return HP__SHIM__STATUS__RUNNING;
}

uint32_t hp_shim_task_pid(const struct hp_shim *s)
{
	return s->first ? s->first->pid : 0;
}

struct hp_shim_streams hp_shim_streams_of(const struct hp_shim_process *p)
{
	return (struct hp_shim_streams){.in = !hp_str_empty(p->in),
					.out = !hp_str_empty(p->out),
					.err = !p->terminal && !hp_str_empty(p->err),
					.terminal = p->terminal,
					.width = p->width,
					.height = p->height};
}

int hp_shim_process_open(struct hp_shim_process *p, struct hp_error *err)
{
	struct hp_shim_stdio_spec spec = {.in = p->in,
					  .out = p->out,
					  .err = p->terminal ? "" : p->err,
					  .terminal = p->terminal,
					  .container = p->shim->id,
					  .ns = p->shim->ns};

	return hp_shim_stdio_open(p->shim->loop, &spec, &p->io, err);
}

void hp_shim_process_tell(struct hp_shim_process *p)
{
	Hp__Shim__WaitResponse reply = HP__SHIM__WAIT_RESPONSE__INIT;
	Hp__Timestamp at = hp_shim_time(p->exited_ns);

	reply.exit_status = p->status;
	reply.exited_at = &at;
	for (size_t i = 0; i < p->n_waits; i++)
		hp_shim_pending_reply(p->waits[i], &reply.base);
	free(TAKE(p->waits));
	p->n_waits = 0;
}
