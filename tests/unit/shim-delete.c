/* SPDX-License-Identifier: Apache-2.0 */
/* shim-delete.c - tests of src/shim/delete.c. */
#include "fake/shim_calls.h"

static enum hp_code shut_down(struct shim_world *w)
{
	Hp__Shim__ShutdownRequest r = HP__SHIM__SHUTDOWN_REQUEST__INIT;

	r.id = (char *)(uintptr_t) "web";
	r.now = true;
	return world_call(w, "Shutdown", &r.base);
}

static void deletes_what_has_ended(void **state)
{
	static const char *const events[] = {"/tasks/create",        "/tasks/start",
					     "/tasks/exec-added e1", "/tasks/exec-started e1",
					     "/tasks/exit e1 1",     "/tasks/exit web 42",
					     "/tasks/delete",        NULL};
	const Hp__Shim__DeleteResponse *reply;
	struct reply *wait;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_delete(&w, ""), HP_ENOTFOUND);
	world_run(&w);
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	assert_int_equal(world_start(&w, "e1"), HP_OK);
	assert_int_equal(world_delete(&w, ""), HP_ESTATE);
	assert_int_equal(world_delete(&w, "e1"), HP_ESTATE);
	world_exit(&w, 1, 1);
	wait = world_wait(&w, "e1");
	links_until(w.loop, reply_is_done, wait);
	assert_int_equal(world_delete(&w, "e1"), HP_OK);
	reply = reply_read(world_last(&w), &hp__shim__delete_response__descriptor);
	assert_int_equal(reply->pid, 18);
	assert_int_equal(reply->exit_status, 1);
	assert_int_equal(world_delete(&w, "e1"), HP_ENOTFOUND);
	world_exit(&w, 0, 42);
	wait = world_wait(&w, "");
	links_until(w.loop, reply_is_done, wait);
	/* Not as long as there is a task. */
	assert_int_equal(shut_down(&w), HP_OK);
	assert_int_equal(w.finished, 0);
	assert_int_equal(world_delete(&w, ""), HP_OK);
	reply = reply_read(world_last(&w), &hp__shim__delete_response__descriptor);
	assert_int_equal(reply->exit_status, 42);
	assert_true(reply->exited_at->seconds > 0);
	assert_true(hp_shim_box_ended(w.shim.box));
	assert_null(w.shim.rootfs);
	assert_true(w.shim.record.hooks_done);
	assert_int_equal(world_delete(&w, ""), HP_ENOTFOUND);
	world_expect_events(&w, events);
	assert_int_equal(shut_down(&w), HP_OK);
	assert_int_equal(w.finished, 1);
	shim_world_close(&w);
}

static void deletes_what_was_never_started(void **state)
{
	static const char *const events[] = {"/tasks/create", "/tasks/delete", NULL};
	const Hp__Shim__DeleteResponse *reply;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_create(&w, ""), HP_OK);
	assert_int_equal(world_delete(&w, ""), HP_OK);
	reply = reply_read(world_last(&w), &hp__shim__delete_response__descriptor);
	assert_int_equal(reply->exit_status, 0);
	assert_true(reply->pid > 1);
	world_expect_events(&w, events);
	shim_world_close(&w);
}

#define HOOKED                                                                                 \
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/bin/true\"],\"cwd\":\"/\","       \
	"\"user\":{\"uid\":0,\"gid\":0}},\"root\":{\"path\":\"rootfs\"},\"hooks\":"            \
	"{\"poststop\":[{\"path\":\"/bin/false\"},{\"path\":\"/bin/true\"}]},\"linux\":{}}"

/* What fails when all is over does not keep the container. */
static void runs_hooks_last(void **state)
{
	struct shim_world w;

	(void)state;
	shim_world_open_with(&w, HOOKED);
	assert_int_equal(world_create(&w, ""), HP_OK);
	assert_int_equal(world_delete(&w, ""), HP_OK);
	assert_null(w.shim.first);
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(deletes_what_has_ended),
		FDS_TEST(deletes_what_was_never_started),
		FDS_TEST(runs_hooks_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
