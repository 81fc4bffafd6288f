/* SPDX-License-Identifier: Apache-2.0 */
/* shim-news.c - tests of src/shim/news.c. */
#include "fake/shim_calls.h"

static void tells_of_a_lack_of_memory_first(void **state)
{
	static const char *const events[] = {"/tasks/create", "/tasks/start", "/tasks/oom",
					     "/tasks/exit web 137", NULL};
	static const uint32_t exits[][2] = {{0, 137}};
	struct reply *wait;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	world_run(&w);
	wait = world_wait(&w, "");
	links_settle(w.loop);
	guest_tell(&w.guest, exits, 1, true);
	links_until(w.loop, reply_is_done, wait);
	world_expect_events(&w, events);
	shim_world_close(&w);
}

/* Numbers that nobody has, or nobody any more. */
static void ignores_strangers(void **state)
{
	static const uint32_t exits[][2] = {{1, 1}, {77, 1}, {UINT32_MAX, 1}};
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_create(&w, ""), HP_OK);
	links_settle(w.loop);
	guest_tell(&w.guest, exits, 3, false);
	links_settle(w.loop);
	assert_int_equal(world_state(&w, "")->status, HP__SHIM__STATUS__CREATED);
	assert_int_equal(world_start(&w, ""), HP_OK);
	shim_world_close(&w);
}

static void keeps_why_the_guest_is_not_ready(void **state)
{
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	w.guest.version = 99;
	assert_int_equal(world_create(&w, ""), HP_EINTERNAL);
	assert_non_null(strstr(world_last(&w)->why.msg, "version 99"));
	assert_non_null(strstr(world_last(&w)->why.msg, "container 'web'"));
	/* Whoever asks again hears the same. */
	assert_int_not_equal(world_create(&w, ""), HP_OK);
	assert_non_null(strstr(world_last(&w)->why.msg, "version 99"));
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(tells_of_a_lack_of_memory_first),
		FDS_TEST(ignores_strangers),
		FDS_TEST(keeps_why_the_guest_is_not_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
