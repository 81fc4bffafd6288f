/* SPDX-License-Identifier: Apache-2.0 */
/* shim-query.c - tests of src/shim/query.c. */
#include "fake/shim_calls.h"

/* A guest that does not answer keeps none of these from being answered. */
static void needs_no_guest(void **state)
{
	const Hp__Shim__StateResponse *reply;
	struct reply *wait;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	assert_int_equal(world_exec(&w, "e1", "file:///dev/null"), HP_OK);
	assert_int_equal(world_start(&w, "e1"), HP_OK);
	w.guest.mute = "Stats";
	reply = world_state(&w, "");
	assert_string_equal(reply->id, "web");
	assert_string_equal(reply->bundle, w.bundle);
	assert_string_equal(reply->exec_id, "");
	assert_null(reply->exited_at);
	reply = world_state(&w, "e1");
	assert_string_equal(reply->id, "e1");
	assert_string_equal(reply->exec_id, "e1");
	assert_string_equal(reply->stdout, "file:///dev/null");
	wait = world_wait(&w, "nobody");
	links_until(w.loop, reply_is_done, wait);
	assert_int_equal(wait->why.code, HP_ENOTFOUND);
	shim_world_close(&w);
}

static void lists_processes(void **state)
{
	const Hp__Shim__PidsResponse *reply;
	AUTO(hp_shim_msg_free) ProtobufCMessage *details = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_id_call(&w, "Pids"), HP_ENOTFOUND);
	world_run(&w);
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	assert_int_equal(world_exec(&w, "e2", ""), HP_OK);
	assert_int_equal(world_start(&w, "e1"), HP_OK);
	assert_int_equal(world_id_call(&w, "Pids"), HP_OK);
	reply = reply_read(world_last(&w), &hp__shim__pids_response__descriptor);
	assert_int_equal(reply->n_processes, 2);
	assert_int_equal(reply->processes[0]->pid, hp_shim_task_pid(&w.shim));
	assert_null(reply->processes[0]->info);
	assert_int_equal(reply->processes[1]->pid, 18);
	assert_string_equal(reply->processes[1]->info->type_url,
			    "containerd.runc.v1.ProcessDetails");
	assert_int_equal(hp_shim_unpack(&hp__shim__process_details__descriptor,
					HP_BYTES(reply->processes[1]->info->value.data,
						 reply->processes[1]->info->value.len),
					&details, &err),
			 0);
	assert_string_equal(((Hp__Shim__ProcessDetails *)(void *)details)->exec_id, "e1");
	/* Never empty while there is a task: containerd takes that for a leak. */
	world_exit(&w, 0, 0);
	links_settle(w.loop);
	assert_int_equal(world_id_call(&w, "Pids"), HP_OK);
	reply = reply_read(world_last(&w), &hp__shim__pids_response__descriptor);
	assert_int_equal(reply->n_processes, 1);
	shim_world_close(&w);
}

static void connects(void **state)
{
	const Hp__Shim__ConnectResponse *reply;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_id_call(&w, "Connect"), HP_OK);
	reply = reply_read(world_last(&w), &hp__shim__connect_response__descriptor);
	assert_int_equal(reply->shim_pid, getpid());
	assert_int_equal(reply->task_pid, 0);
	world_run(&w);
	assert_int_equal(world_id_call(&w, "Connect"), HP_OK);
	reply = reply_read(world_last(&w), &hp__shim__connect_response__descriptor);
	assert_int_equal(reply->task_pid, hp_shim_task_pid(&w.shim));
	assert_true(reply->task_pid > 1);
	shim_world_close(&w);
}

/* Calls whose clients have gone are forgotten, and their number has a limit. */
static void bounds_those_who_wait(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct reply *wait;
	struct shim_world w;
	int fds[2];

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	for (int i = 0; i < 3; i++) {
		struct hp_ttrpc_client *own = w.client;

		links_pair(fds);
		assert_int_equal(hp_ttrpc_server_serve(w.shim.server, fds[0], NULL, NULL, &err),
				 0);
		assert_int_equal(
			hp_ttrpc_client_new(w.loop, fds[1], NULL, NULL, &w.client, &err), 0);
		(void)world_wait(&w, "");
		links_settle(w.loop);
		assert_int_equal(w.shim.first->n_waits, 1);
		hp_ttrpc_client_free(w.client);
		w.client = own;
		links_settle(w.loop);
	}
	w.shim.first->waits = hp_realloc_array(w.shim.first->waits, HP_SHIM_WAITS_MAX,
					       sizeof(struct hp_shim_pending *));
	wait = world_wait(&w, "");
	links_settle(w.loop);
	assert_false(wait->done);
	assert_int_equal(w.shim.first->n_waits, 1);
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(needs_no_guest),
		FDS_TEST(lists_processes),
		FDS_TEST(connects),
		FDS_TEST(bounds_those_who_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
