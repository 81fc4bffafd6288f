/* SPDX-License-Identifier: Apache-2.0 */
/* start.c - owns Start, of init and of execs. */
#include "base/clock.h"
#include "base/str.h"
#include "guest.pb-c.h"
#include "shim/connect.h"

#define GUEST_MS          60000
#define REQUEST_MAX       (4u << 20)
/* What shells give to what they cannot find, or not execute. From: POSIX sh, "Exit Status". */
#define STATUS_NO_COMMAND 127
#define STATUS_NO_EXEC    126
#define STATUS_FAILED     255

static void publish_start(const struct hp_shim_process *p)
{
	struct hp_shim *s = p->shim;
	Hp__TaskStart start = HP__TASK_START__INIT;
	Hp__TaskExec exec = HP__TASK_EXEC__INIT;

	if (p == s->first) {
		start.container_id = s->id;
		start.pid = p->pid;
		hp_shim_events_publish(s->events, "/tasks/start", "containerd.events.TaskStart",
				       &start.base);
		return;
	}
	exec.container_id = s->id;
	exec.exec_id = p->exec_id;
	exec.pid = p->pid;
	hp_shim_events_publish(s->events, "/tasks/exec-started",
			       "containerd.events.TaskExecStarted", &exec.base);
}

static uint32_t status_of(const struct hp_error *why)
{
	if (why->code == HP_ENOTFOUND || why->code == HP_ENOCMD)
		return STATUS_NO_COMMAND;
	if (why->code == HP_EDENIED || why->code == HP_ENOEXEC)
		return STATUS_NO_EXEC;
	return STATUS_FAILED;
}

/* It does not run and never will: stopped without an event, as it has not begun. */
static void fail(struct hp_shim_process *p, const struct hp_error *why)
{
	struct hp_shim_pending *call = TAKE(p->start);
	struct hp_error cause = *why;

	/* What is not found for a caller of Start is a container; this is a program. */
	if (cause.code == HP_ENOTFOUND)
		cause.code = HP_EFAILED;
	hp_shim_log(p->shim->log, HP_LOG_WARN, "start '%s': %s", p->exec_id, cause.msg);
	hp_shim_pending_refuse(call, &cause);
	hp_shim_exit_never_began(p, status_of(why));
}

/* It runs, and all that belongs to its start has been done. */
static void conclude(struct hp_shim_process *p)
{
	Hp__Shim__PidResponse reply = HP__SHIM__PID_RESPONSE__INIT;

	p->stage = HP_SHIM_RUNNING;
	publish_start(p);
	reply.pid = p->pid;
	hp_shim_pending_reply(TAKE(p->start), &reply.base);
	hp_shim_exit_go_on(p);
}

/* From: OCI runtime-spec runtime.md, "Lifecycle": that one has failed is told, and nothing more. */
static void on_hooks(void *data, const struct hp_error *why)
{
	struct hp_shim *s = data;

	/* The reason is theirs. */
	if (why)
		hp_shim_log(s->log, HP_LOG_WARN, "start: %s", why->msg);
	hp_shim_hooks_free(TAKE(s->start_hooks));
	conclude(s->first);
}

/* They run after the program has begun, and before Start is answered. */
static void run_hooks(struct hp_shim *s)
{
	static const enum hp_shim_hook_kind kind = HP_SHIM_HOOK_POSTSTART;
	const struct hp_shim_hooks_spec spec = {.spec = s->spec,
						.kinds = &kind,
						.n_kinds = 1,
						.id = s->id,
						.bundle = s->bundle,
						.status = "running",
						.pid = hp_shim_task_pid(s),
						.all = true};

	s->start_hooks = hp_shim_hooks_run(s->loop, &spec, on_hooks, s);
}

static void on_started(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_shim_process *p = data;
	struct hp_shim *s = p->shim;
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	struct hp_error err = HP_ERROR_INIT;
	size_t n_hooks = 0;

	if (!why && p != s->first &&
	    hp_shim_unpack(&hp__guest__exec_response__descriptor, payload, &m, &err) < 0)
		why = &err;
	if (why) {
		fail(p, s->box_why.code != HP_OK ? &s->box_why : why);
		return;
	}
	if (m)
		p->pid = ((const Hp__Guest__ExecResponse *)(const void *)m)->pid;
	/* Zero is what clients read as "no process". */
	if (p->pid == 0)
		p->pid = hp_shim_task_pid(s);
	hp_shim_stdio_begin(p->io);
	if (p == s->first) {
		s->times.started = hp_clock_ns();
		hp_shim_spec_hooks(s->spec, HP_SHIM_HOOK_POSTSTART, &n_hooks);
	}
	if (n_hooks > 0)
		run_hooks(s);
	else
		conclude(p);
}

static void start_guest(struct hp_shim *s)
{
	hp_shim_guest_call(hp_shim_box_guest(s->box), "Start", HP_BYTES(NULL, 0), GUEST_MS,
			   on_started, s->first);
}

static void on_connected(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_shim *s = data;

	(void)payload;
	if (why)
		fail(s->first, s->box_why.code != HP_OK ? &s->box_why : why);
	else
		start_guest(s);
}

static void start_init(struct hp_shim *s)
{
	struct hp_error err = HP_ERROR_INIT;
	int asked;

	s->times.start = hp_clock_ns();
	asked = hp_shim_connect(s, on_connected, s, &err);
	if (asked < 0)
		fail(s->first, &err);
	else if (asked == 0)
		start_guest(s);
}

static int pack_exec(const struct hp_shim_process *p, struct hp_buf *packed,
		     struct hp_error *err)
{
	struct hp_shim_streams streams = hp_shim_streams_of(p);
	Hp__Guest__ExecRequest request = HP__GUEST__EXEC_REQUEST__INIT;
	Hp__Guest__Process process = HP__GUEST__PROCESS__INIT;
	AUTO(hp_shim_packed_free) struct hp_shim_packed message = {0};

	if (!p->outside)
		return hp_shim_spec_exec(p->shim->spec, hp_buf_bytes(&p->spec), p->number,
					 &streams, packed, err);
	process.n_args = p->words.count;
	process.args = p->words.items;
	process.cwd = (char *)(uintptr_t) "/";
	process.terminal = streams.terminal;
	process.width = streams.width;
	process.height = streams.height;
	process.stdin = streams.in;
	process.stdout = streams.out;
	process.stderr = streams.err;
	process.outside = true;
	request.number = p->number;
	request.process = &process;
	message = hp_shim_pack(&request.base);
	return hp_buf_add(packed, message.bytes.data, message.bytes.len, err);
}

static void on_streams(void *data, const struct hp_error *why)
{
	struct hp_shim_process *p = data;
	struct hp_shim *s = p->shim;
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf packed = {0};

	if (why) {
		fail(p, why);
		return;
	}
	hp_buf_init(&packed, REQUEST_MAX);
	if (s->box_why.code != HP_OK)
		hp_fail(&err, HP_ESTATE, "%s", s->box_why.msg);
	else if (pack_exec(p, &packed, &err) == 0 &&
		 hp_shim_stdio_attach(p->io, hp_shim_box_mux(s->box), p->number, &err) == 0) {
		hp_buf_free(&p->spec);
		hp_shim_guest_call(hp_shim_box_guest(s->box), "Exec", hp_buf_bytes(&packed),
				   GUEST_MS, on_started, p);
		return;
	}
	fail(p, &err);
}

static void start_exec(struct hp_shim_process *p)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_shim_process_open(p, &err) < 0) {
		fail(p, &err);
		return;
	}
	if (p->close_stdin)
		hp_shim_stdio_close_stdin(p->io);
	hp_shim_stdio_when_ready(p->io, on_streams, p);
}

static int check(struct hp_shim_process *p, struct hp_error *err)
{
	struct hp_shim *s = p->shim;
	const char *what = *p->exec_id ? p->exec_id : s->id;

	if (p->stage != HP_SHIM_CREATED || p->exited)
		return hp_fail(err, HP_ESTATE, "cannot start '%s': it was started before",
			       what);
	if (s->box_why.code != HP_OK)
		return hp_fail(err, HP_ESTATE, "cannot start '%s': %s", what, s->box_why.msg);
	if (p == s->first)
		return 0;
	if (s->first->stage != HP_SHIM_RUNNING || s->first->exited)
		return hp_fail(err, HP_ESTATE,
			       "cannot start '%s': the container is not running", what);
	if (s->pace != HP_SHIM_GOES)
		return hp_fail(err, HP_ESTATE, "cannot start '%s': the container is paused",
			       what);
	return 0;
}

void hp_shim_on_start(struct hp_shim *s, struct hp_ttrpc_call *call,
		      const ProtobufCMessage *request)
{
	const Hp__Shim__StartRequest *r = (const void *)request;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_process *p;

	if (hp_shim_find(s, r->id, r->exec_id, &p, &err) < 0 || check(p, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	p->stage = HP_SHIM_STARTING;
	p->start = hp_shim_pending_new(call);
	if (p == s->first)
		start_init(s);
	else
		start_exec(p);
}
