/* SPDX-License-Identifier: Apache-2.0 */
/* shim-service.c - tests of src/shim/service.c. */
#include "fake/shim_calls.h"

static const char *const task_methods[] = {
	"State",   "Create",     "Start", "Delete",  "Pids",     "Pause",
	"Resume",  "Checkpoint", "Kill",  "Exec",    "Stats",    "ResizePty",
	"CloseIO", "Update",     "Wait",  "Connect", "Shutdown",
};

static bool has(const char *service, const char *method)
{
	for (const struct hp_ttrpc_method *m = hp_shim_methods(); m->service; m++)
		if (hp_str_eq(m->service, service) && hp_str_eq(m->method, method))
			return true;
	return false;
}

static void has_both_versions(void **state)
{
	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(task_methods); i++) {
		assert_true(has("containerd.task.v2.Task", task_methods[i]));
		assert_true(has("containerd.task.v3.Task", task_methods[i]));
	}
	assert_true(has("harpoon.shim.v1.Debug", "Info"));
}

static void answers_both_versions(void **state)
{
	Hp__Shim__IdRequest r = HP__SHIM__ID_REQUEST__INIT;
	struct reply *reply;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	r.id = (char *)(uintptr_t) "web";
	reply = world_begin_at(&w, "containerd.task.v3.Task", "Pids", &r.base);
	links_until(w.loop, reply_is_done, reply);
	assert_int_equal(reply->why.code, HP_OK);
	assert_int_equal(world_id_call(&w, "Checkpoint"), HP_EUNSUPPORTED);
	assert_int_equal(world_id_call(&w, "Nothing"), HP_EUNSUPPORTED);
	shim_world_close(&w);
}

static void on_refused(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct reply *r = data;

	(void)payload;
	r->done = true;
	if (why)
		r->why = *why;
}

/* Whatever comes, every method answers. */
static void refuses_what_is_no_message(void **state)
{
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	for (size_t i = 0; i < HP_ARRAY_LEN(task_methods); i++) {
		const struct hp_ttrpc_outgoing o = {.service = "containerd.task.v2.Task",
						    .method = task_methods[i],
						    .payload = hp_bytes_str("\x0a\xff\xff")};
		struct reply r = {0};

		hp_ttrpc_call(w.client, &o, on_refused, &r);
		links_until(w.loop, reply_is_done, &r);
		assert_int_equal(r.why.code, hp_str_eq(task_methods[i], "Checkpoint")
						     ? HP_EUNSUPPORTED
						     : HP_EINVALID);
	}
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_both_versions),
		FDS_TEST(answers_both_versions),
		FDS_TEST(refuses_what_is_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
