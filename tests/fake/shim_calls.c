/* SPDX-License-Identifier: Apache-2.0 */
/* shim_calls.c - makes calls of the shim. */
#include "fake/shim_calls.h"

enum hp_code world_create(struct shim_world *w, const char *out)
{
	Hp__Shim__CreateTaskRequest r = HP__SHIM__CREATE_TASK_REQUEST__INIT;

	r.id = (char *)(uintptr_t) "web";
	r.bundle = w->bundle;
	r.stdout = (char *)(uintptr_t)out;
	return world_call(w, "Create", &r.base);
}

enum hp_code world_start(struct shim_world *w, const char *exec_id)
{
	Hp__Shim__StartRequest r = HP__SHIM__START_REQUEST__INIT;

	r.id = (char *)(uintptr_t) "web";
	r.exec_id = (char *)(uintptr_t)exec_id;
	return world_call(w, "Start", &r.base);
}

enum hp_code world_exec(struct shim_world *w, const char *exec_id, const char *out)
{
	Hp__Shim__ExecProcessRequest r = HP__SHIM__EXEC_PROCESS_REQUEST__INIT;
	Hp__Any spec = HP__ANY__INIT;
	static const char process[] = "{\"args\":[\"sh\"],\"cwd\":\"/\","
				      "\"user\":{\"uid\":0,\"gid\":0}}";

	spec.type_url = (char *)(uintptr_t) "types.containerd.io/opencontainers/runtime-spec/1/"
					    "Process";
	spec.value.data = (uint8_t *)(uintptr_t)process;
	spec.value.len = strlen(process);
	r.id = (char *)(uintptr_t) "web";
	r.exec_id = (char *)(uintptr_t)exec_id;
	r.stdout = (char *)(uintptr_t)out;
	r.spec = &spec;
	return world_call(w, "Exec", &r.base);
}

enum hp_code world_delete(struct shim_world *w, const char *exec_id)
{
	Hp__Shim__DeleteRequest r = HP__SHIM__DELETE_REQUEST__INIT;

	r.id = (char *)(uintptr_t) "web";
	r.exec_id = (char *)(uintptr_t)exec_id;
	return world_call(w, "Delete", &r.base);
}

struct reply *world_kill(struct shim_world *w, const char *exec_id, uint32_t signal, bool all)
{
	Hp__Shim__KillRequest r = HP__SHIM__KILL_REQUEST__INIT;

	r.id = (char *)(uintptr_t) "web";
	r.exec_id = (char *)(uintptr_t)exec_id;
	r.signal = signal;
	r.all = all;
	return world_begin(w, "Kill", &r.base);
}

struct reply *world_wait(struct shim_world *w, const char *exec_id)
{
	Hp__Shim__WaitRequest r = HP__SHIM__WAIT_REQUEST__INIT;

	r.id = (char *)(uintptr_t) "web";
	r.exec_id = (char *)(uintptr_t)exec_id;
	return world_begin(w, "Wait", &r.base);
}

enum hp_code world_id_call(struct shim_world *w, const char *method)
{
	Hp__Shim__IdRequest r = HP__SHIM__ID_REQUEST__INIT;

	r.id = (char *)(uintptr_t) "web";
	return world_call(w, method, &r.base);
}

const Hp__Shim__StateResponse *world_state(struct shim_world *w, const char *exec_id)
{
	Hp__Shim__StateRequest r = HP__SHIM__STATE_REQUEST__INIT;

	r.id = (char *)(uintptr_t) "web";
	r.exec_id = (char *)(uintptr_t)exec_id;
	assert_int_equal(world_call(w, "State", &r.base), HP_OK);
	return reply_read(world_last(w), &hp__shim__state_response__descriptor);
}

void world_run(struct shim_world *w)
{
	assert_int_equal(world_create(w, ""), HP_OK);
	assert_int_equal(world_start(w, ""), HP_OK);
}
