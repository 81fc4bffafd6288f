/* SPDX-License-Identifier: Apache-2.0 */
/* shim-pace.c - tests of src/shim/pace.c. */
#include "fake/shim_calls.h"

static void pauses_and_resumes(void **state)
{
	static const char *const events[] = {"/tasks/create",        "/tasks/start",
					     "/tasks/exec-added e1", "/tasks/paused",
					     "/tasks/resumed",       NULL};
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_id_call(&w, "Pause"), HP_ENOTFOUND);
	assert_int_equal(world_create(&w, ""), HP_OK);
	assert_int_equal(world_id_call(&w, "Pause"), HP_ESTATE);
	assert_int_equal(world_start(&w, ""), HP_OK);
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	assert_int_equal(world_id_call(&w, "Resume"), HP_ESTATE);
	assert_int_equal(world_id_call(&w, "Pause"), HP_OK);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__PAUSED);
	assert_int_equal(world_id_call(&w, "Pause"), HP_ESTATE);
	assert_int_equal(world_start(&w, "e1"), HP_ESTATE);
	assert_int_equal(world_exec(&w, "e2", ""), HP_ESTATE);
	assert_int_equal(world_id_call(&w, "Pids"), HP_OK);
	assert_int_equal(world_id_call(&w, "Stats"), HP_OK);
	assert_int_equal(world_id_call(&w, "Resume"), HP_OK);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__RUNNING);
	links_settle(w.loop);
	/* It has stood still, and its clock with it. */
	assert_non_null(guest_find(&w.guest, "Clock", 0));
	world_expect_events(&w, events);
	shim_world_close(&w);
}

static enum hp_code update(struct shim_world *w, const char *json)
{
	Hp__Shim__UpdateTaskRequest r = HP__SHIM__UPDATE_TASK_REQUEST__INIT;
	Hp__Any any = HP__ANY__INIT;

	any.value.data = (uint8_t *)(uintptr_t)json;
	any.value.len = json ? strlen(json) : 0;
	r.id = (char *)(uintptr_t) "web";
	r.resources = json ? &any : NULL;
	return world_call(w, "Update", &r.base);
}

static void updates_limits(void **state)
{
	const Hp__Guest__UpdateRequest *asked;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(update(&w, "{}"), HP_ENOTFOUND);
	world_run(&w);
	assert_int_equal(update(&w, "{\"memory\":{\"limit\":33554432}}"), HP_OK);
	asked = (const void *)guest_find(&w.guest, "Update", 0)->request;
	assert_int_equal(asked->resources->memory_max->value, 33554432);
	assert_int_equal(update(&w, NULL), HP_EINVALID);
	assert_int_not_equal(update(&w, "{]"), HP_OK);
	w.guest.refuse = "Update";
	w.guest.refusal = HP_EINVALID;
	w.guest.refuse_words = "cpu.max: invalid argument";
	assert_int_equal(update(&w, "{\"cpu\":{\"quota\":1}}"), HP_EINVALID);
	/* While it stands still, limits wait for it. */
	w.guest.mute = "Update";
	assert_int_equal(world_id_call(&w, "Pause"), HP_OK);
	assert_int_equal(update(&w, "{\"pids\":{\"limit\":7}}"), HP_OK);
	world_exit(&w, 0, 0);
	links_settle(w.loop);
	assert_int_equal(update(&w, "{}"), HP_ESTATE);
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(pauses_and_resumes),
		FDS_TEST(updates_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
