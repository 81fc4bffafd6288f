/* SPDX-License-Identifier: Apache-2.0 */
/* debug.c - answers what `harpoon vm` asks of a shim: what its machine is, when things happened, and
 * what was written to the console. */
#include <unistd.h>

#include "guest.pb-c.h"
#include "shim/shim.h"

#define LOG_MS    2000
#define LOG_BYTES (256u << 10)
#define PHASES    16

struct phases {
	Hp__Shim__Phase rows[PHASES];
	Hp__Shim__Phase *list[PHASES];
	size_t n;
	int64_t from;
};

/* What has not happened has no row. */
static void add(struct phases *p, const char *name, int64_t at_ns)
{
	Hp__Shim__Phase *row = &p->rows[p->n];

	if (at_ns == 0)
		return;
	*row = (Hp__Shim__Phase)HP__SHIM__PHASE__INIT;
	row->name = (char *)(uintptr_t)name;
	row->ns = at_ns - p->from;
	p->list[p->n++] = row;
}

static void add_all(struct phases *p, struct hp_shim *s)
{
	const struct hp_shim_times *t = &s->times;
	const struct hp_machine *machine = s->box ? hp_shim_box_machine(s->box) : NULL;
	struct hp_machine_times m = {0};

	if (machine)
		m = hp_machine_times(machine);
	p->from = t->executed;
	add(p, "listening", t->listening);
	add(p, "machine asked for", m.asked);
	add(p, "VMM running", m.spawned);
	add(p, "template loaded", m.loaded);
	if (s->box) {
		add(p, "guest answered", hp_shim_guest_hello_ns(hp_shim_box_guest(s->box)));
		add(p, "guest set up", hp_shim_guest_setup_ns(hp_shim_box_guest(s->box)));
	}
	add(p, "create called", t->create);
	add(p, "root served", t->rootfs);
	add(p, "created", t->created);
	add(p, "start called", t->start);
	add(p, "started", t->started);
}

void hp_shim_on_info(struct hp_shim *s, struct hp_ttrpc_call *call,
		     const ProtobufCMessage *request)
{
	Hp__Shim__InfoResponse reply = HP__SHIM__INFO_RESPONSE__INIT;
	const struct hp_machine *machine = s->box ? hp_shim_box_machine(s->box) : NULL;
	struct phases phases = {0};

	(void)request;
	add_all(&phases, s);
	reply.id = s->id;
	reply.namespace_ = s->ns;
	reply.shim_pid = (uint32_t)getpid();
	reply.files_pid = hp_shim_task_pid(s);
	reply.memory_bytes = s->memory_bytes;
	reply.cpus = s->cpus;
	reply.n_phases = phases.n;
	reply.phases = phases.list;
	if (machine) {
		reply.vmm_pid = (uint32_t)hp_machine_pid(machine);
		reply.origin =
			(char *)(uintptr_t)hp_shim_origin_name(hp_machine_origin(machine));
		reply.accel = (char *)(uintptr_t)hp_machine_accel(machine);
	}
	if (s->box)
		reply.kernel =
			(char *)(uintptr_t)hp_shim_guest_kernel(hp_shim_box_guest(s->box));
	if (s->first)
		reply.status = hp_shim_status(s->first);
	if (s->box_why.code != HP_OK)
		reply.trouble = s->box_why.msg;
	hp_shim_reply(call, &reply.base);
}

static void answer_text(struct hp_shim_pending *call, struct hp_bytes text)
{
	Hp__Shim__TextResponse reply = HP__SHIM__TEXT_RESPONSE__INIT;

	reply.text.data = (uint8_t *)(uintptr_t)text.data;
	reply.text.len = text.len;
	hp_shim_pending_reply(call, &reply.base);
}

void hp_shim_on_console(struct hp_shim *s, struct hp_ttrpc_call *call,
			const ProtobufCMessage *request)
{
	const struct hp_machine *machine = s->box ? hp_shim_box_machine(s->box) : NULL;

	(void)request;
	answer_text(hp_shim_pending_new(call),
		    hp_bytes_str(machine ? hp_machine_console(machine) : ""));
}

static void on_log(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_shim_pending *call = data;
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	struct hp_error err = HP_ERROR_INIT;
	const Hp__Guest__LogResponse *r;

	if (!why && hp_shim_unpack(&hp__guest__log_response__descriptor, payload, &m, &err) < 0)
		why = &err;
	if (why) {
		hp_shim_pending_refuse(call, why);
		return;
	}
	r = (const Hp__Guest__LogResponse *)(const void *)m;
	answer_text(call, HP_BYTES(r->text.data, r->text.len));
}

void hp_shim_on_kernel_log(struct hp_shim *s, struct hp_ttrpc_call *call,
			   const ProtobufCMessage *request)
{
	Hp__Guest__LogRequest ask = HP__GUEST__LOG_REQUEST__INIT;
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};

	(void)request;
	if (s->box_why.code != HP_OK) {
		hp_ttrpc_refuse(call, &s->box_why);
		return;
	}
	ask.bytes = LOG_BYTES;
	packed = hp_shim_pack(&ask.base);
	hp_shim_guest_call(hp_shim_box_guest(s->box), "Log", packed.bytes, LOG_MS, on_log,
			   hp_shim_pending_new(call));
}
