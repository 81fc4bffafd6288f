/* SPDX-License-Identifier: Apache-2.0 */
/* shim-start.c - tests of src/shim/start.c. */
#include "fake/shim_calls.h"

static void starts_init(void **state)
{
	static const char *const events[] = {"/tasks/create", "/tasks/start", NULL};
	const Hp__Shim__PidResponse *reply;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_start(&w, ""), HP_ENOTFOUND);
	world_run(&w);
	reply = reply_read(world_last(&w), &hp__shim__pid_response__descriptor);
	assert_int_equal(world_state(&w, "")->pid, reply->pid);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__RUNNING);
	assert_int_equal(world_start(&w, ""), HP_ESTATE);
	world_expect_events(&w, events);
	shim_world_close(&w);
}

#define HOOKED                                                                                    \
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/bin/true\"],\"cwd\":\"/\","          \
	"\"user\":{\"uid\":0,\"gid\":0}},\"root\":{\"path\":\"rootfs\"},\"hooks\":"               \
	"{\"poststart\":[{\"path\":\"/bin/false\"},{\"path\":\"/bin/sh\",\"args\":[\"h\",\"-c\"," \
	"\"cat >$OUT\"],\"env\":[\"OUT=%s\"]}]},\"linux\":{}}"

/* One that fails is no failure of the container's. */
static void runs_hooks_before_it_answers(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "out");
	AUTO_FREE char *config = hp_sprintf(HOOKED, path);
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	AUTO_FREE char *text = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct shim_world w;

	(void)state;
	shim_world_open_with(&w, config);
	assert_int_equal(world_create(&w, ""), HP_OK);
	assert_false(scratch_has(path));
	assert_int_equal(world_start(&w, ""), HP_OK);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__RUNNING);
	assert_int_equal(hp_file_read(path, 4096, &buf, &err), 0);
	text = hp_buf_take_str(&buf);
	assert_non_null(strstr(text, "\"status\":\"running\""));
	shim_world_close(&w);
}

static void starts_execs(void **state)
{
	static const char *const events[] = {"/tasks/create", "/tasks/start",
					     "/tasks/exec-added e1", "/tasks/exec-started e1",
					     NULL};
	const Hp__Guest__ExecRequest *asked;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	assert_int_equal(world_start(&w, "e1"), HP_ENOTFOUND);
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	assert_int_equal(world_start(&w, "e1"), HP_OK);
	asked = (const void *)guest_find(&w.guest, "Exec", 0)->request;
	assert_int_equal(asked->number, 1);
	assert_string_equal(asked->process->args[0], "sh");
	assert_int_equal(world_state(&w, "e1")->pid, 18);
	assert_int_equal(world_state(&w, "e1")->status, HP__SHIM__STATUS__RUNNING);
	assert_int_equal(world_start(&w, "e1"), HP_ESTATE);
	world_expect_events(&w, events);
	shim_world_close(&w);
}

/* The program is missing: no event, the statuses of shells, and everything can be deleted. */
static void tells_what_cannot_be_executed(void **state)
{
	static const char *const events[] = {"/tasks/create", "/tasks/delete", NULL};
	static const struct {
		enum hp_code refusal;
		uint32_t status;
	} rows[] = {{HP_ENOTFOUND, 127}, {HP_EDENIED, 126}, {HP_EIO, 255}};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct reply *wait;
		struct shim_world w;

		shim_world_open(&w);
		w.guest.refuse = "Start";
		w.guest.refusal = rows[i].refusal;
		w.guest.refuse_words = "exec: \"x\": executable file not found in $PATH";
		assert_int_equal(world_create(&w, ""), HP_OK);
		wait = world_wait(&w, "");
		assert_int_not_equal(world_start(&w, ""), HP_OK);
		assert_int_not_equal(world_last(&w)->why.code, HP_ENOTFOUND);
		assert_non_null(strstr(world_last(&w)->why.msg, "executable file not found"));
		links_until(w.loop, reply_is_done, wait);
		assert_int_equal(((const Hp__Shim__WaitResponse *)reply_read(
					  wait, &hp__shim__wait_response__descriptor))
					 ->exit_status,
				 rows[i].status);
		assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__STOPPED);
		assert_int_equal(world_delete(&w, ""), HP_OK);
		world_expect_events(&w, events);
		shim_world_close(&w);
	}
}

static void tells_what_cannot_be_executed_by_an_exec(void **state)
{
	static const char *const events[] = {"/tasks/create", "/tasks/start",
					     "/tasks/exec-added e1", NULL};
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	w.guest.refuse = "Exec";
	w.guest.refusal = HP_ENOTFOUND;
	w.guest.refuse_words = "no such file or directory";
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	assert_int_equal(world_start(&w, "e1"), HP_EFAILED);
	assert_int_equal(world_state(&w, "e1")->exit_status, 127);
	assert_int_equal(world_delete(&w, "e1"), HP_OK);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__RUNNING);
	/* Streams that cannot be opened are told in the same way. */
	assert_int_equal(world_exec(&w, "e2", "/dev/null/not"), HP_OK);
	assert_int_not_equal(world_start(&w, "e2"), HP_OK);
	assert_int_equal(world_state(&w, "e2")->status, HP__SHIM__STATUS__STOPPED);
	assert_int_equal(world_delete(&w, "e2"), HP_OK);
	links_until(w.loop, world_events_came, &w);
	assert_string_equal(w.events[2], events[2]);
	assert_int_equal(w.n_events, 4);
	shim_world_close(&w);
}

/* News of the end may overtake the answer to Start; events may not. */
static void orders_an_end_that_is_early(void **state)
{
	static const char *const events[] = {"/tasks/create", "/tasks/start",
					     "/tasks/exit web 3", NULL};
	Hp__Shim__StartRequest r = HP__SHIM__START_REQUEST__INIT;
	struct reply *start;
	struct reply *wait;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_create(&w, ""), HP_OK);
	wait = world_wait(&w, "");
	w.guest.mute = "Start";
	r.id = (char *)(uintptr_t) "web";
	start = world_begin(&w, "Start", &r.base);
	links_settle(w.loop);
	assert_non_null(w.guest.held);
	world_exit(&w, 0, 3);
	links_settle(w.loop);
	assert_false(wait->done);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__RUNNING);
	guest_release(&w.guest);
	links_until(w.loop, reply_is_done, wait);
	assert_true(start->done);
	assert_int_equal(start->why.code, HP_OK);
	world_expect_events(&w, events);
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(starts_init),
		FDS_TEST(runs_hooks_before_it_answers),
		FDS_TEST(starts_execs),
		FDS_TEST(tells_what_cannot_be_executed),
		FDS_TEST(tells_what_cannot_be_executed_by_an_exec),
		FDS_TEST(orders_an_end_that_is_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
