/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - owns Exec, which registers a process that Start then begins; and what happens to the
 * streams of a process: sizes and the end of input. */
#include "base/alloc.h"
#include "base/str.h"
#include "guest.pb-c.h"
#include "shim/shim.h"

#define RESIZE_MS 2000

/* Make an entry for a process to come. */
static int add(struct hp_shim *s, const char *exec_id, struct hp_shim_process **ret,
	       struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;
	struct hp_shim_process *other;

	if (hp_str_check_id("exec", exec_id, err) < 0)
		return -1;
	if (hp_shim_find(s, s->id, exec_id, &other, &ignored) == 0)
		return hp_fail(err, HP_EEXISTS, "process '%s' of task '%s' already exists",
			       exec_id, s->id);
	if (s->first->stage != HP_SHIM_RUNNING || s->first->exited)
		return hp_fail(err, HP_ESTATE, "task '%s' is not running", s->id);
	if (s->pace != HP_SHIM_GOES)
		return hp_fail(err, HP_ESTATE, "task '%s' is paused", s->id);
	if (s->n_processes >= HP_SHIM_PROCESSES_MAX)
		return hp_fail(err, HP_EEXHAUSTED,
			       "task '%s' has %d processes: delete some that have ended", s->id,
			       HP_SHIM_PROCESSES_MAX);
	*ret = hp_shim_process_new(s, exec_id);
	return 0;
}

static void publish_added(const struct hp_shim_process *p)
{
	Hp__TaskExec event = HP__TASK_EXEC__INIT;

	event.container_id = p->shim->id;
	event.exec_id = p->exec_id;
	hp_shim_events_publish(p->shim->events, "/tasks/exec-added",
			       "containerd.events.TaskExecAdded", &event.base);
}

static int take_spec(struct hp_shim_process *p, const Hp__Any *spec, struct hp_error *err)
{
	struct hp_shim_streams streams = hp_shim_streams_of(p);
	AUTO(hp_buf_free) struct hp_buf packed = {0};

	if (!spec)
		return hp_fail(err, HP_EINVALID, "process '%s' has no spec", p->exec_id);
	if (hp_buf_add(&p->spec, spec->value.data, spec->value.len, err) < 0)
		return -1;
	/* What is wrong with it is told now, and not when it is started. */
	hp_buf_init(&packed, p->spec.max);
	return hp_shim_spec_exec(p->shim->spec, hp_buf_bytes(&p->spec), p->number, &streams,
				 &packed, err);
}

static int exec(struct hp_shim *s, const Hp__Shim__ExecProcessRequest *r, struct hp_error *err)
{
	struct hp_shim_process *p;

	if (hp_shim_find_task(s, r->id, err) < 0 || add(s, r->exec_id, &p, err) < 0)
		return -1;
	hp_shim_process_streams(p, r->stdin, r->stdout, r->stderr, r->terminal);
	if (take_spec(p, r->spec, err) < 0) {
		hp_shim_process_free(p);
		return -1;
	}
	publish_added(p);
	return 0;
}

void hp_shim_on_exec(struct hp_shim *s, struct hp_ttrpc_call *call,
		     const ProtobufCMessage *request)
{
	struct hp_error err = HP_ERROR_INIT;

	if (exec(s, (const void *)request, &err) < 0)
		hp_ttrpc_refuse(call, &err);
	else
		hp_shim_done(call);
}

static int shell(struct hp_shim *s, const Hp__Shim__ShellRequest *r, struct hp_error *err)
{
	struct hp_shim_process *p;

	if (hp_shim_find_task(s, s->id, err) < 0 || add(s, r->exec_id, &p, err) < 0)
		return -1;
	hp_shim_process_streams(p, r->stdin, r->stdout, r->stderr, r->terminal);
	p->outside = true;
	for (size_t i = 0; i < r->n_args; i++)
		hp_strv_add(&p->words, r->args[i]);
	return 0;
}

void hp_shim_on_shell(struct hp_shim *s, struct hp_ttrpc_call *call,
		      const ProtobufCMessage *request)
{
	struct hp_error err = HP_ERROR_INIT;

	if (shell(s, (const void *)request, &err) < 0)
		hp_ttrpc_refuse(call, &err);
	else
		hp_shim_done(call);
}

/* A size that comes too late for its process is no failure. */
static void on_resized(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	(void)payload;
	(void)why;
	hp_shim_pending_done(data);
}

static void resize(struct hp_shim_process *p, struct hp_ttrpc_call *call)
{
	struct hp_shim *s = p->shim;
	Hp__Guest__ResizeRequest request = HP__GUEST__RESIZE_REQUEST__INIT;
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};
	bool waits = s->pace == HP_SHIM_GOES;

	request.number = p->number;
	request.width = p->width;
	request.height = p->height;
	packed = hp_shim_pack(&request.base);
	/* A machine that stands still takes it when it goes on. */
	hp_shim_guest_call(hp_shim_box_guest(s->box), "Resize", packed.bytes, RESIZE_MS,
			   waits ? on_resized : NULL, waits ? hp_shim_pending_new(call) : NULL);
	if (!waits)
		hp_shim_done(call);
}

void hp_shim_on_resize(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request)
{
	const Hp__Shim__ResizePtyRequest *r = (const void *)request;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_process *p;

	if (hp_shim_find(s, r->id, r->exec_id, &p, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	/* From: struct winsize of ioctl_tty(2). */
	p->width = r->width < UINT16_MAX ? r->width : UINT16_MAX;
	p->height = r->height < UINT16_MAX ? r->height : UINT16_MAX;
	/* Init's terminal is there from Create on; an exec takes its size along when it starts. */
	if (!p->terminal || p->exited || s->box_why.code != HP_OK ||
	    (p != s->first && p->stage == HP_SHIM_CREATED))
		hp_shim_done(call);
	else
		resize(p, call);
}

void hp_shim_on_close_io(struct hp_shim *s, struct hp_ttrpc_call *call,
			 const ProtobufCMessage *request)
{
	const Hp__Shim__CloseIORequest *r = (const void *)request;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_process *p;

	if (hp_shim_find(s, r->id, r->exec_id, &p, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	if (r->stdin) {
		p->close_stdin = true;
		if (p->io)
			hp_shim_stdio_close_stdin(p->io);
	}
	hp_shim_done(call);
}
