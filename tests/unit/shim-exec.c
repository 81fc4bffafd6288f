/* SPDX-License-Identifier: Apache-2.0 */
/* shim-exec.c - tests of src/shim/exec.c. */
#include "fake/shim_calls.h"

static enum hp_code resize(struct shim_world *w, const char *exec_id, uint32_t width)
{
	Hp__Shim__ResizePtyRequest r = HP__SHIM__RESIZE_PTY_REQUEST__INIT;

	r.id = (char *)(uintptr_t) "web";
	r.exec_id = (char *)(uintptr_t)exec_id;
	r.width = width;
	r.height = 25;
	return world_call(w, "ResizePty", &r.base);
}

static void registers(void **state)
{
	Hp__Shim__ExecProcessRequest r = HP__SHIM__EXEC_PROCESS_REQUEST__INIT;
	Hp__Any spec = HP__ANY__INIT;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_exec(&w, "e1", ""), HP_ENOTFOUND);
	assert_int_equal(world_create(&w, ""), HP_OK);
	assert_int_equal(world_exec(&w, "e1", ""), HP_ESTATE);
	assert_int_equal(world_start(&w, ""), HP_OK);
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	assert_int_equal(world_exec(&w, "e1", ""), HP_EEXISTS);
	assert_int_equal(world_exec(&w, "", ""), HP_EINVALID);
	assert_int_equal(world_exec(&w, "a/b", ""), HP_EINVALID);
	assert_int_equal(world_state(&w, "e1")->status, HP__SHIM__STATUS__CREATED);
	assert_string_equal(world_state(&w, "e1")->exec_id, "e1");

	r.id = (char *)(uintptr_t) "web";
	r.exec_id = (char *)(uintptr_t) "e2";
	assert_int_equal(world_call(&w, "Exec", &r.base), HP_EINVALID);
	spec.value.data = (uint8_t *)(uintptr_t) "{]";
	spec.value.len = 2;
	r.spec = &spec;
	assert_int_not_equal(world_call(&w, "Exec", &r.base), HP_OK);
	assert_int_equal(w.shim.n_processes, 2);
	shim_world_close(&w);
}

static void has_a_limit(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	for (size_t i = 1; i < HP_SHIM_PROCESSES_MAX; i++) {
		AUTO_FREE char *name = hp_sprintf("e%zu", i);

		(void)hp_shim_process_new(&w.shim, name);
	}
	assert_int_equal(world_exec(&w, "more", ""), HP_EEXHAUSTED);
	assert_int_equal(hp_loop_once(w.loop, 0, &err), 0);
	shim_world_close(&w);
}

static void resizes(void **state)
{
	Hp__Shim__CreateTaskRequest r = HP__SHIM__CREATE_TASK_REQUEST__INIT;
	const Hp__Guest__ResizeRequest *asked;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(resize(&w, "", 80), HP_ENOTFOUND);
	r.id = (char *)(uintptr_t) "web";
	r.terminal = true;
	assert_int_equal(world_call(&w, "Create", &r.base), HP_OK);
	/* Before Start, as all clients do. */
	assert_int_equal(resize(&w, "", 80), HP_OK);
	asked = (const void *)guest_find(&w.guest, "Resize", 0)->request;
	assert_int_equal(asked->number, 0);
	assert_int_equal(asked->width, 80);
	assert_int_equal(asked->height, 25);
	assert_int_equal(world_start(&w, ""), HP_OK);
	assert_int_equal(resize(&w, "", 1000000), HP_OK);
	asked = (const void *)guest_find(&w.guest, "Resize", 1)->request;
	assert_int_equal(asked->width, 65535);
	/* What has no terminal, or has not begun, has nothing to ask the guest. */
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	assert_int_equal(resize(&w, "e1", 80), HP_OK);
	assert_int_equal(world_start(&w, "e1"), HP_OK);
	assert_int_equal(resize(&w, "e1", 80), HP_OK);
	assert_null(guest_find(&w.guest, "Resize", 2));
	w.guest.refuse = "Resize";
	w.guest.refusal = HP_ESTATE;
	w.guest.refuse_words = "too late";
	assert_int_equal(resize(&w, "", 81), HP_OK);
	shim_world_close(&w);
}

static void takes_the_size_along(void **state)
{
	Hp__Shim__ExecProcessRequest r = HP__SHIM__EXEC_PROCESS_REQUEST__INIT;
	Hp__Any spec = HP__ANY__INIT;
	static const char process[] = "{\"args\":[\"sh\"],\"cwd\":\"/\",\"terminal\":true,"
				      "\"user\":{\"uid\":0,\"gid\":0}}";
	const Hp__Guest__ExecRequest *asked;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	spec.value.data = (uint8_t *)(uintptr_t)process;
	spec.value.len = strlen(process);
	r.id = (char *)(uintptr_t) "web";
	r.exec_id = (char *)(uintptr_t) "tty";
	r.terminal = true;
	r.spec = &spec;
	assert_int_equal(world_call(&w, "Exec", &r.base), HP_OK);
	assert_int_equal(resize(&w, "tty", 132), HP_OK);
	assert_int_equal(world_start(&w, "tty"), HP_OK);
	asked = (const void *)guest_find(&w.guest, "Exec", 0)->request;
	assert_true(asked->process->terminal);
	assert_int_equal(asked->process->width, 132);
	shim_world_close(&w);
}

static void closes_stdin(void **state)
{
	Hp__Shim__CloseIORequest r = HP__SHIM__CLOSE_IOREQUEST__INIT;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	r.id = (char *)(uintptr_t) "web";
	r.stdin = true;
	assert_int_equal(world_call(&w, "CloseIO", &r.base), HP_ENOTFOUND);
	world_run(&w);
	assert_int_equal(world_call(&w, "CloseIO", &r.base), HP_OK);
	assert_int_equal(world_call(&w, "CloseIO", &r.base), HP_OK);
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	r.exec_id = (char *)(uintptr_t) "e1";
	assert_int_equal(world_call(&w, "CloseIO", &r.base), HP_OK);
	assert_int_equal(world_start(&w, "e1"), HP_OK);
	assert_true(w.shim.first->next->close_stdin);
	shim_world_close(&w);
}

static void opens_shells_beside_the_container(void **state)
{
	Hp__Shim__ShellRequest r = HP__SHIM__SHELL_REQUEST__INIT;
	char word[] = "dmesg";
	char *words[] = {word};
	const Hp__Guest__ExecRequest *asked;
	struct reply *reply;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	r.exec_id = (char *)(uintptr_t) "debug";
	r.n_args = 1;
	r.args = words;
	reply = world_begin_at(&w, "harpoon.shim.v1.Debug", "Shell", &r.base);
	links_until(w.loop, reply_is_done, reply);
	assert_int_equal(reply->why.code, HP_OK);
	assert_int_equal(world_start(&w, "debug"), HP_OK);
	asked = (const void *)guest_find(&w.guest, "Exec", 0)->request;
	assert_true(asked->process->outside);
	assert_string_equal(asked->process->args[0], "dmesg");
	reply = world_begin_at(&w, "harpoon.shim.v1.Debug", "Shell", &r.base);
	links_until(w.loop, reply_is_done, reply);
	assert_int_equal(reply->why.code, HP_EEXISTS);
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(registers),    FDS_TEST(has_a_limit),
		FDS_TEST(resizes),      FDS_TEST(takes_the_size_along),
		FDS_TEST(closes_stdin), FDS_TEST(opens_shells_beside_the_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
