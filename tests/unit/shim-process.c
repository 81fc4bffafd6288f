/* SPDX-License-Identifier: Apache-2.0 */
/* shim-process.c - tests of src/shim/process.c. */
#include "fake/shim_calls.h"

static void keeps_a_table(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_process *init;
	struct hp_shim_process *exec;
	struct hp_shim_process *found;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(hp_shim_task_pid(&w.shim), 0);
	init = hp_shim_process_new(&w.shim, "");
	assert_int_equal(init->number, 0);
	/* Before its Create has ended it is not there. */
	assert_int_equal(hp_shim_find(&w.shim, "web", "", &found, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	init->stage = HP_SHIM_CREATED;
	init->pid = 7;
	assert_int_equal(hp_shim_find(&w.shim, "web", "", &found, &err), 0);
	assert_ptr_equal(found, init);
	assert_int_equal(hp_shim_find(&w.shim, "other", "", &found, &err), -1);
	hp_error_clear(&err);
	exec = hp_shim_process_new(&w.shim, "e1");
	assert_int_equal(exec->number, 1);
	assert_ptr_equal(hp_shim_by_number(&w.shim, 1), exec);
	assert_int_equal(hp_shim_find(&w.shim, "web", "e1", &found, &err), 0);
	assert_ptr_equal(found, exec);
	hp_shim_process_free(exec);
	assert_null(hp_shim_by_number(&w.shim, 1));
	assert_int_equal(hp_shim_find(&w.shim, "web", "e1", &found, &err), -1);
	assert_non_null(strstr(err.msg, "'e1'"));
	/* A number is never given twice: news of the first must not reach the second. */
	assert_int_equal(hp_shim_process_new(&w.shim, "e1")->number, 2);
	assert_int_equal(hp_shim_task_pid(&w.shim), 7);
	assert_int_equal(w.shim.n_processes, 2);
	shim_world_close(&w);
}

static void knows_what_a_status_is(void **state)
{
	struct hp_shim_process *p;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	p = hp_shim_process_new(&w.shim, "");
	assert_int_equal(hp_shim_status(p), HP__SHIM__STATUS__CREATED);
	p->stage = HP_SHIM_RUNNING;
	assert_int_equal(hp_shim_status(p), HP__SHIM__STATUS__RUNNING);
	w.shim.pace = HP_SHIM_PAUSING;
	assert_int_equal(hp_shim_status(p), HP__SHIM__STATUS__PAUSING);
	w.shim.pace = HP_SHIM_RESUMING;
	assert_int_equal(hp_shim_status(p), HP__SHIM__STATUS__PAUSED);
	p->stage = HP_SHIM_STOPPED;
	assert_int_equal(hp_shim_status(p), HP__SHIM__STATUS__STOPPED);
	shim_world_close(&w);
}

static void knows_its_streams(void **state)
{
	struct hp_shim_streams streams;
	struct hp_shim_process *p;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	p = hp_shim_process_new(&w.shim, "");
	p->in = hp_strdup("");
	p->out = hp_strdup("/o");
	p->err = hp_strdup("/e");
	p->width = 80;
	streams = hp_shim_streams_of(p);
	assert_false(streams.in);
	assert_true(streams.out && streams.err && !streams.terminal);
	p->terminal = true;
	streams = hp_shim_streams_of(p);
	assert_true(streams.terminal && !streams.err);
	assert_int_equal(streams.width, 80);
	shim_world_close(&w);
}

/* Who waits for a process that is deleted is told so. */
static void answers_all_who_wait(void **state)
{
	struct reply *waits[5];
	struct reply *late;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	late = world_wait(&w, "e1");
	for (size_t i = 0; i < HP_ARRAY_LEN(waits); i++)
		waits[i] = world_wait(&w, "");
	links_settle(w.loop);
	assert_int_equal(w.shim.first->n_waits, HP_ARRAY_LEN(waits));
	assert_int_equal(world_delete(&w, "e1"), HP_OK);
	links_until(w.loop, reply_is_done, late);
	assert_int_equal(late->why.code, HP_OK);
	world_exit(&w, 0, 9);
	for (size_t i = 0; i < HP_ARRAY_LEN(waits); i++) {
		links_until(w.loop, reply_is_done, waits[i]);
		assert_int_equal(((const Hp__Shim__WaitResponse *)reply_read(
					  waits[i], &hp__shim__wait_response__descriptor))
					 ->exit_status,
				 9);
	}
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(keeps_a_table),
		FDS_TEST(knows_what_a_status_is),
		FDS_TEST(knows_its_streams),
		FDS_TEST(answers_all_who_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
