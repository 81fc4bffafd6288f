/* SPDX-License-Identifier: Apache-2.0 */
/* service.c - owns the table of all methods on the shim's socket: which message each takes, and who
 * answers it. */
#include "base/str.h"
#include "shim/shim.h"

/* Both versions have the same methods with the same messages. */
#define TASK_V2 "containerd.task.v2.Task"
#define TASK_V3 "containerd.task.v3.Task"
#define DEBUG   "harpoon.shim.v1.Debug"

struct method {
	const char *name;
	const ProtobufCMessageDescriptor *request;
	void (*handle)(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request);
};

/* clang-format off: one row a method */
static const struct method methods[] = {
	{"State", &hp__shim__state_request__descriptor, hp_shim_on_state},
	{"Create", &hp__shim__create_task_request__descriptor, hp_shim_on_create},
	{"Start", &hp__shim__start_request__descriptor, hp_shim_on_start},
	{"Delete", &hp__shim__delete_request__descriptor, hp_shim_on_delete},
	{"Pids", &hp__shim__id_request__descriptor, hp_shim_on_pids},
	{"Pause", &hp__shim__id_request__descriptor, hp_shim_on_pause},
	{"Resume", &hp__shim__id_request__descriptor, hp_shim_on_resume},
	{"Kill", &hp__shim__kill_request__descriptor, hp_shim_on_kill},
	{"Exec", &hp__shim__exec_process_request__descriptor, hp_shim_on_exec},
	{"ResizePty", &hp__shim__resize_pty_request__descriptor, hp_shim_on_resize},
	{"CloseIO", &hp__shim__close_iorequest__descriptor, hp_shim_on_close_io},
	{"Update", &hp__shim__update_task_request__descriptor, hp_shim_on_update},
	{"Wait", &hp__shim__wait_request__descriptor, hp_shim_on_wait},
	{"Stats", &hp__shim__id_request__descriptor, hp_shim_on_stats},
	{"Connect", &hp__shim__id_request__descriptor, hp_shim_on_connect},
	{"Shutdown", &hp__shim__shutdown_request__descriptor, hp_shim_on_shutdown},
	{"Info", &hp__empty__descriptor, hp_shim_on_info},
	{"Console", &hp__empty__descriptor, hp_shim_on_console},
	{"KernelLog", &hp__empty__descriptor, hp_shim_on_kernel_log},
	{"Shell", &hp__shim__shell_request__descriptor, hp_shim_on_shell},
};
/* clang-format on */

static const struct method *find(const char *name)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(methods); i++)
		if (hp_str_eq(methods[i].name, name))
			return &methods[i];
	return NULL;
}

static void dispatch(void *data, struct hp_ttrpc_call *call)
{
	struct hp_shim *s = data;
	const struct method *m = find(hp_ttrpc_call_method(call));
	AUTO(hp_shim_msg_free) ProtobufCMessage *request = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (hp_shim_unpack(m->request, hp_ttrpc_call_payload(call), &request, &err) < 0) {
		hp_wrap(&err, "%s", m->name);
		hp_ttrpc_refuse(call, &err);
		return;
	}
	m->handle(s, call, request);
}

static void checkpoint(void *data, struct hp_ttrpc_call *call)
{
	struct hp_error err = HP_ERROR_INIT;

	(void)data;
	hp_fail(&err, HP_EUNSUPPORTED, "checkpoints of machines are not supported");
	hp_ttrpc_refuse(call, &err);
}

#define TASK(service)                                                                          \
	{service, "State", dispatch}, {service, "Create", dispatch},                           \
		{service, "Start", dispatch}, {service, "Delete", dispatch},                   \
		{service, "Pids", dispatch}, {service, "Pause", dispatch},                     \
		{service, "Resume", dispatch}, {service, "Checkpoint", checkpoint},            \
		{service, "Kill", dispatch}, {service, "Exec", dispatch},                      \
		{service, "ResizePty", dispatch}, {service, "CloseIO", dispatch},              \
		{service, "Update", dispatch}, {service, "Wait", dispatch},                    \
		{service, "Stats", dispatch}, {service, "Connect", dispatch},                  \
	{                                                                                      \
		service, "Shutdown", dispatch                                                  \
	}

const struct hp_ttrpc_method *hp_shim_methods(void)
{
	static const struct hp_ttrpc_method all[] = {
		TASK(TASK_V2),
		TASK(TASK_V3),
		{DEBUG, "Info", dispatch},
		{DEBUG, "Console", dispatch},
		{DEBUG, "KernelLog", dispatch},
		{DEBUG, "Shell", dispatch},
		{0},
	};

	return all;
}
