/* SPDX-License-Identifier: Apache-2.0 */
/* query.c - answers what needs no machine: State, Wait, Pids and Connect. */
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "shim/shim.h"

#define DETAILS_TYPE "containerd.runc.v1.ProcessDetails"

void hp_shim_on_state(struct hp_shim *s, struct hp_ttrpc_call *call,
		      const ProtobufCMessage *request)
{
	const Hp__Shim__StateRequest *r = (const void *)request;
	Hp__Shim__StateResponse reply = HP__SHIM__STATE_RESPONSE__INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_process *p;
	Hp__Timestamp at;

	if (hp_shim_find(s, r->id, r->exec_id, &p, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	at = hp_shim_time(p->exited_ns);
	reply.id = *p->exec_id ? p->exec_id : s->id;
	reply.bundle = s->bundle;
	reply.pid = p->pid;
	reply.status = hp_shim_status(p);
	reply.stdin = p->in;
	reply.stdout = p->out;
	reply.stderr = p->err;
	reply.terminal = p->terminal;
	reply.exec_id = p->exec_id;
	if (p->stage == HP_SHIM_STOPPED) {
		reply.exit_status = p->status;
		reply.exited_at = &at;
	}
	hp_shim_reply(call, &reply.base);
}

/* Forget those who do not wait any more. */
static void drop_gone(struct hp_shim_process *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n_waits; i++) {
		if (hp_shim_pending_gone(p->waits[i]))
			hp_shim_pending_done(p->waits[i]);
		else
			p->waits[kept++] = p->waits[i];
	}
	p->n_waits = kept;
}

static int add_wait(struct hp_shim_process *p, struct hp_ttrpc_call *call, struct hp_error *err)
{
	drop_gone(p);
	if (p->n_waits >= HP_SHIM_WAITS_MAX)
		return hp_fail(err, HP_EEXHAUSTED, "%d calls wait for this process already",
			       HP_SHIM_WAITS_MAX);
	p->waits = hp_realloc_array(p->waits, p->n_waits + 1, sizeof(struct hp_shim_pending *));
	p->waits[p->n_waits++] = hp_shim_pending_new(call);
	return 0;
}

void hp_shim_on_wait(struct hp_shim *s, struct hp_ttrpc_call *call,
		     const ProtobufCMessage *request)
{
	const Hp__Shim__WaitRequest *r = (const void *)request;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_process *p;

	if (hp_shim_find(s, r->id, r->exec_id, &p, &err) < 0 || add_wait(p, call, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	if (p->stage == HP_SHIM_STOPPED)
		hp_shim_process_tell(p);
}

/* Entries for a reply of Pids. */
struct pids {
	Hp__Shim__ProcessInfo *infos;
	Hp__Shim__ProcessInfo **list;
	Hp__Any *details;
	struct hp_shim_packed *packed;
	size_t n;
};

static void add_pid(struct pids *pids, const struct hp_shim_process *p)
{
	Hp__Shim__ProcessDetails details = HP__SHIM__PROCESS_DETAILS__INIT;
	size_t i = pids->n++;

	pids->infos[i] = (Hp__Shim__ProcessInfo)HP__SHIM__PROCESS_INFO__INIT;
	pids->infos[i].pid = p->pid;
	pids->list[i] = &pids->infos[i];
	if (!*p->exec_id)
		return;
	details.exec_id = p->exec_id;
	pids->packed[i] = hp_shim_pack(&details.base);
	pids->details[i] = (Hp__Any)HP__ANY__INIT;
	pids->details[i].type_url = (char *)(uintptr_t)DETAILS_TYPE;
	pids->details[i].value.data = (uint8_t *)(uintptr_t)pids->packed[i].bytes.data;
	pids->details[i].value.len = pids->packed[i].bytes.len;
	pids->infos[i].info = &pids->details[i];
}

void hp_shim_on_pids(struct hp_shim *s, struct hp_ttrpc_call *call,
		     const ProtobufCMessage *request)
{
	const Hp__Shim__IdRequest *r = (const void *)request;
	Hp__Shim__PidsResponse reply = HP__SHIM__PIDS_RESPONSE__INIT;
	AUTO_FREE Hp__Shim__ProcessInfo *infos = NULL;
	AUTO_FREE Hp__Shim__ProcessInfo **list = NULL;
	AUTO_FREE Hp__Any *details = NULL;
	AUTO_FREE struct hp_shim_packed *packed = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct pids pids = {0};

	if (hp_shim_find_task(s, r->id, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	pids.infos = infos = hp_alloc_array(s->n_processes, sizeof(*infos));
	pids.list = list = hp_alloc_array(s->n_processes, sizeof(*list));
	pids.details = details = hp_alloc_array(s->n_processes, sizeof(*details));
	pids.packed = packed = hp_alloc_array(s->n_processes, sizeof(*packed));
	for (const struct hp_shim_process *p = s->first; p; p = p->next)
		if (p == s->first || p->stage == HP_SHIM_RUNNING)
			add_pid(&pids, p);
	reply.n_processes = pids.n;
	reply.processes = pids.list;
	hp_shim_reply(call, &reply.base);
	for (size_t i = 0; i < pids.n; i++)
		hp_shim_packed_free(&packed[i]);
}

void hp_shim_on_connect(struct hp_shim *s, struct hp_ttrpc_call *call,
			const ProtobufCMessage *request)
{
	Hp__Shim__ConnectResponse reply = HP__SHIM__CONNECT_RESPONSE__INIT;

	(void)request;
	reply.shim_pid = (uint32_t)getpid();
	reply.task_pid = hp_shim_task_pid(s);
	reply.version = (char *)(uintptr_t) "harpoon " HP_VERSION;
	hp_shim_reply(call, &reply.base);
}
