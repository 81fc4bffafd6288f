/* SPDX-License-Identifier: Apache-2.0 */
/* shim-exit.c - tests of src/shim/exit.c. */
#include "fake/shim_calls.h"

static void passes_output_on_first(void **state)
{
	AUTO_FREE char *out = NULL;
	AUTO_FREE char *path = NULL;
	AUTO(hp_buf_free) struct hp_buf text = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct reply *wait;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	path = hp_path_join(w.dir, "out");
	out = hp_sprintf("file://%s", path);
	assert_int_equal(world_create(&w, out), HP_OK);
	assert_int_equal(world_start(&w, ""), HP_OK);
	wait = world_wait(&w, "");
	world_exit(&w, 0, 42);
	links_settle(w.loop);
	/* It has ended, but not all that it wrote is here. */
	assert_false(wait->done);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__RUNNING);
	world_output(&w, 0, "last words");
	links_until(w.loop, reply_is_done, wait);
	assert_int_equal(((const Hp__Shim__WaitResponse *)reply_read(
				  wait, &hp__shim__wait_response__descriptor))
				 ->exit_status,
			 42);
	assert_int_equal(hp_file_read(path, 100, &text, &err), 0);
	assert_int_equal(text.len, strlen("last words"));
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__STOPPED);
	assert_int_equal(world_state(&w, "")->exit_status, 42);
	assert_true(w.shim.record.exited);
	assert_int_equal(w.shim.record.exit_status, 42);
	shim_world_close(&w);
}

/* When init ends, whoever is left is dead, and is told first. */
static void tells_execs_before_init(void **state)
{
	static const char *const events[] = {"/tasks/create",
					     "/tasks/start",
					     "/tasks/exec-added e1",
					     "/tasks/exec-started e1",
					     "/tasks/exec-added e2",
					     "/tasks/exec-started e2",
					     "/tasks/exec-added never",
					     "/tasks/exit e1 5",
					     "/tasks/exit e2 137",
					     "/tasks/exit web 0",
					     NULL};
	static const uint32_t exits[][2] = {{1, 5}, {0, 0}};
	struct reply *wait;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	assert_int_equal(world_start(&w, "e1"), HP_OK);
	assert_int_equal(world_exec(&w, "e2", ""), HP_OK);
	assert_int_equal(world_start(&w, "e2"), HP_OK);
	assert_int_equal(world_exec(&w, "never", ""), HP_OK);
	wait = world_wait(&w, "");
	links_until(w.loop, world_is_watched, &w);
	guest_tell(&w.guest, exits, 2, false);
	links_until(w.loop, reply_is_done, wait);
	world_expect_events(&w, events);
	assert_int_equal(world_state(&w, "never")->status, HP__SHIM__STATUS__CREATED);
	assert_int_equal(world_delete(&w, "e1"), HP_OK);
	shim_world_close(&w);
}

static void makes_the_machines_death_an_exit(void **state)
{
	static const char *const events[] = {"/tasks/create",
					     "/tasks/start",
					     "/tasks/exec-added e1",
					     "/tasks/exec-started e1",
					     "/tasks/exit e1 137",
					     "/tasks/exit web 137",
					     NULL};
	struct reply *wait;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	assert_int_equal(world_start(&w, "e1"), HP_OK);
	wait = world_wait(&w, "");
	links_settle(w.loop);
	guest_die(&w.guest);
	hp_mux_free(TAKE(w.mux));
	links_until(w.loop, reply_is_done, wait);
	world_expect_events(&w, events);
	/* Answered without a machine. */
	assert_int_equal(world_state(&w, "")->exit_status, 137);
	assert_int_equal(world_id_call(&w, "Pids"), HP_OK);
	assert_int_equal(world_id_call(&w, "Stats"), HP_OK);
	assert_int_equal(world_id_call(&w, "Pause"), HP_ESTATE);
	assert_int_equal(world_delete(&w, ""), HP_OK);
	shim_world_close(&w);
}

static void takes_no_time_that_cannot_be(void **state)
{
	static const int64_t times[] = {-1, 0, INT64_MAX};
	struct shim_world w;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(times); i++) {
		shim_world_open(&w);
		world_run(&w);
		hp_shim_exit(w.shim.first, 0x1ff, times[i]);
		links_settle(w.loop);
		assert_int_equal(world_state(&w, "")->exit_status, 0xff);
		assert_true(llabs(w.shim.first->exited_ns - hp_clock_unix_ns()) <
			    (int64_t)PATIENCE_MS * 1000000);
		shim_world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(passes_output_on_first),
		FDS_TEST(tells_execs_before_init),
		FDS_TEST(makes_the_machines_death_an_exit),
		FDS_TEST(takes_no_time_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
