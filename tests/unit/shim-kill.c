/* SPDX-License-Identifier: Apache-2.0 */
/* shim-kill.c - tests of src/shim/kill.c. */
#include <signal.h>

#include "fake/shim_calls.h"

static enum hp_code kill_code(struct shim_world *w, const char *exec_id, uint32_t signal)
{
	struct reply *r = world_kill(w, exec_id, signal, false);

	links_until(w->loop, reply_is_done, r);
	return r->why.code;
}

static void lets_the_guest_deliver(void **state)
{
	const Hp__Guest__SignalRequest *asked;
	struct reply *r;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(kill_code(&w, "", SIGTERM), HP_ENOTFOUND);
	world_run(&w);
	assert_int_equal(kill_code(&w, "", SIGTERM), HP_OK);
	asked = (const void *)guest_find(&w.guest, "Signal", 0)->request;
	assert_int_equal(asked->number, 0);
	assert_int_equal(asked->signal, SIGTERM);
	assert_false(asked->all);
	assert_int_equal(world_exec(&w, "e1", ""), HP_OK);
	assert_int_equal(kill_code(&w, "e1", SIGKILL), HP_ESTATE);
	assert_int_equal(world_start(&w, "e1"), HP_OK);
	assert_int_equal(kill_code(&w, "e1", 64), HP_OK);
	asked = (const void *)guest_find(&w.guest, "Signal", 1)->request;
	assert_int_equal(asked->number, 1);
	assert_int_equal(asked->signal, 64);
	assert_int_equal(kill_code(&w, "e1", 65), HP_EINVALID);
	r = world_kill(&w, "", SIGUSR1, true);
	links_until(w.loop, reply_is_done, r);
	asked = (const void *)guest_find(&w.guest, "Signal", 2)->request;
	assert_true(asked->all);
	w.guest.refuse = "Signal";
	w.guest.refusal = HP_ENOTFOUND;
	w.guest.refuse_words = "process already finished";
	assert_int_equal(kill_code(&w, "", SIGTERM), HP_ENOTFOUND);
	world_exit(&w, 0, 0);
	links_settle(w.loop);
	assert_int_equal(kill_code(&w, "", SIGTERM), HP_ENOTFOUND);
	assert_int_equal(kill_code(&w, "e1", SIGTERM), HP_ENOTFOUND);
	shim_world_close(&w);
}

static void kills_init(void **state)
{
	struct reply *wait;
	struct reply *first;
	struct reply *second;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	/* Also one that has not been started. */
	assert_int_equal(world_create(&w, ""), HP_OK);
	wait = world_wait(&w, "");
	first = world_kill(&w, "", SIGKILL, true);
	second = world_kill(&w, "", SIGKILL, false);
	links_until(w.loop, reply_is_done, second);
	assert_true(((const Hp__Guest__SignalRequest *)(const void *)guest_find(&w.guest,
										"Signal", 0)
			     ->request)
			    ->all);
	world_exit(&w, 0, 137);
	links_until(w.loop, reply_is_done, first);
	assert_int_equal(first->why.code, HP_OK);
	links_until(w.loop, reply_is_done, wait);
	assert_int_equal(world_state(&w, "")->exit_status, 137);
	assert_false(w.shim.first->grace.loop);
	shim_world_close(&w);
}

/* The signal is on its way when the process ends, and its machine takes the answer with it. */
static void tells_that_it_has_ended_meanwhile(void **state)
{
	struct reply *r;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	w.guest.mute = "Signal";
	r = world_kill(&w, "", SIGTERM, false);
	links_settle(w.loop);
	assert_false(r->done);
	world_exit(&w, 0, 0);
	links_until(w.loop, reply_is_done, r);
	assert_int_equal(r->why.code, HP_ENOTFOUND);
	assert_string_equal(r->why.msg, "process already finished");
	shim_world_close(&w);
}

/* A guest that does nothing any more cannot keep its container alive. */
static void kills_the_machine_of_a_wedged_guest(void **state)
{
	static const char *const events[] = {"/tasks/create", "/tasks/start",
					     "/tasks/exit web 137", NULL};
	int64_t since_ms = hp_clock_ms();
	struct reply *wait;
	struct reply *r;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	w.guest.mute = "Signal";
	wait = world_wait(&w, "");
	r = world_kill(&w, "", SIGKILL, false);
	links_until(w.loop, reply_is_done, wait);
	links_until(w.loop, reply_is_done, r);
	assert_int_equal(r->why.code, HP_OK);
	assert_true(hp_clock_ms() - since_ms < 5000);
	world_expect_events(&w, events);
	shim_world_close(&w);
}

static void signals_wait_for_a_paused_container(void **state)
{
	struct reply *r;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	w.guest.mute = "Signal";
	assert_int_equal(world_id_call(&w, "Pause"), HP_OK);
	assert_int_equal(kill_code(&w, "", SIGTERM), HP_OK);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__PAUSED);
	/* SIGKILL needs no Resume. */
	w.guest.mute = NULL;
	r = world_kill(&w, "", SIGKILL, false);
	links_settle(w.loop);
	assert_non_null(guest_find(&w.guest, "Signal", 1));
	world_exit(&w, 0, 137);
	links_until(w.loop, reply_is_done, r);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__STOPPED);
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(lets_the_guest_deliver),
		FDS_TEST(kills_init),
		FDS_TEST(tells_that_it_has_ended_meanwhile),
		FDS_TEST(kills_the_machine_of_a_wedged_guest),
		FDS_TEST(signals_wait_for_a_paused_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
