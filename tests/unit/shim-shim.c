/* SPDX-License-Identifier: Apache-2.0 */
/* shim-shim.c - tests of src/shim/shim.c. */
#include "fake/shim_calls.h"

static void names_origins(void **state)
{
	(void)state;
	assert_string_equal(hp_shim_origin_name(HP_MACHINE_COLD), "cold");
	assert_string_equal(hp_shim_origin_name(HP_MACHINE_CLONE), "clone");
	assert_string_equal(hp_shim_origin_name(HP_MACHINE_WARM), "warm");
}

/* Whatever is under way, taking the shim apart leaves nothing. The teardown counts descriptors, and
 * the sanitizers memory. */
static void comes_apart_at_any_moment(void **state)
{
	static const char *const moments[] = {"Setup", "Create", "Start",
					      "Exec",  "Stats",  "Signal"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(moments); i++) {
		Hp__Shim__CreateTaskRequest create = HP__SHIM__CREATE_TASK_REQUEST__INIT;
		Hp__Shim__StartRequest start = HP__SHIM__START_REQUEST__INIT;
		Hp__Shim__IdRequest stats = HP__SHIM__ID_REQUEST__INIT;
		struct shim_world w;

		shim_world_open(&w);
		create.id = start.id = stats.id = (char *)(uintptr_t) "web";
		w.guest.mute = moments[i];
		(void)world_begin(&w, "Create", &create.base);
		for (int n = 0; n < 500 && !w.guest.held && !w.shim.times.created; n++) {
			struct hp_error err = HP_ERROR_INIT;

			assert_true(hp_loop_once(w.loop, 10, &err) >= 0);
		}
		(void)world_begin(&w, "Start", &start.base);
		links_settle(w.loop);
		(void)world_wait(&w, "");
		(void)world_begin(&w, "Stats", &stats.base);
		(void)world_kill(&w, "", 9, true);
		links_settle(w.loop);
		shim_world_close(&w);
	}
}

static void comes_apart_unused(void **state)
{
	struct hp_shim s = {0};

	(void)state;
	hp_shim_clear(&s);
	hp_shim_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(names_origins),
		FDS_TEST(comes_apart_at_any_moment),
		FDS_TEST(comes_apart_unused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
