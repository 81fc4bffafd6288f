/* SPDX-License-Identifier: Apache-2.0 */
/* shim-debug.c - tests of src/shim/debug.c. */
#include "fake/shim_calls.h"

static struct reply *ask(struct shim_world *w, const char *method)
{
	Hp__Empty empty = HP__EMPTY__INIT;
	struct reply *r = world_begin_at(w, "harpoon.shim.v1.Debug", method, &empty.base);

	links_until(w->loop, reply_is_done, r);
	return r;
}

static void tells_of_the_machine(void **state)
{
	static const char *const phases[] = {"listening",     "guest answered", "guest set up",
					     "create called", "root served",    "created",
					     "start called",  "started"};
	const Hp__Shim__InfoResponse *reply;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	w.shim.memory_bytes = 512 << 20;
	w.shim.cpus = 2;
	w.shim.times.listening = hp_clock_ns();
	world_run(&w);
	reply = reply_read(ask(&w, "Info"), &hp__shim__info_response__descriptor);
	assert_string_equal(reply->id, "web");
	assert_string_equal(reply->namespace_, "ns");
	assert_string_equal(reply->kernel, "6.1.0-test");
	assert_int_equal(reply->memory_bytes, 512 << 20);
	assert_int_equal(reply->cpus, 2);
	assert_int_equal(reply->status, HP__SHIM__STATUS__RUNNING);
	assert_string_equal(reply->trouble, "");
	assert_int_equal(reply->n_phases, HP_ARRAY_LEN(phases));
	for (size_t i = 0; i < HP_ARRAY_LEN(phases); i++) {
		assert_string_equal(reply->phases[i]->name, phases[i]);
		assert_true(reply->phases[i]->ns > 0);
	}
	shim_world_close(&w);
}

static void passes_on_texts(void **state)
{
	const Hp__Shim__TextResponse *reply;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	reply = reply_read(ask(&w, "Console"), &hp__shim__text_response__descriptor);
	assert_int_equal(reply->text.len, 0);
	reply = reply_read(ask(&w, "KernelLog"), &hp__shim__text_response__descriptor);
	assert_int_equal(reply->text.len, 4);
	assert_memory_equal(reply->text.data, "klog", 4);
	w.guest.garble = "Log";
	assert_int_equal(ask(&w, "KernelLog")->why.code, HP_EINVALID);
	w.guest.garble = NULL;
	w.guest.refuse = "Log";
	w.guest.refusal = HP_EDENIED;
	w.guest.refuse_words = "no";
	assert_int_equal(ask(&w, "KernelLog")->why.code, HP_EDENIED);
	shim_world_close(&w);
}

static bool box_has_ended(void *arg)
{
	const struct shim_world *w = arg;

	return w->shim.box_why.code != HP_OK;
}

/* When there is no machine any more, that is what is told. */
static void tells_of_trouble(void **state)
{
	const Hp__Shim__InfoResponse *reply;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	hp_shim_box_kill(w.shim.box);
	links_until(w.loop, box_has_ended, &w);
	reply = reply_read(ask(&w, "Info"), &hp__shim__info_response__descriptor);
	assert_non_null(strstr(reply->trouble, "the machine of container 'web'"));
	assert_int_equal(reply->status, HP__SHIM__STATUS__UNKNOWN);
	assert_int_equal(ask(&w, "KernelLog")->why.code, HP_EUNAVAILABLE);
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(tells_of_the_machine),
		FDS_TEST(passes_on_texts),
		FDS_TEST(tells_of_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
