/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-run_in.c - tests of src/chaos/run_in.c. */
#include "chaos/run_in.h"

#include "fake/chaos_world.h"
#include "scratch.h"

HP_AUTO_VALUE(struct chaos_world, chaos_world_close);

static void gives_output_and_status(void **state)
{
	(void)state;
	static const char *const args[] = {"sh", "-c", "echo out; echo err >&2; exit 3", NULL};
	const struct hp_exec_spec spec = {.args = args};
	AUTO(chaos_world_close) struct chaos_world w;
	AUTO_FREE char *output = NULL;
	int code = 0;

	chaos_world_open(&w, 1);
	OK(code = hp_run_in(w.engine, "a", &spec, &output, &err));
	assert_int_equal(code, 3);
	assert_non_null(strstr(output, "out"));
	assert_non_null(strstr(output, "err"));
}

static void silence_is_no_output(void **state)
{
	(void)state;
	static const char *const args[] = {"true", NULL};
	const struct hp_exec_spec spec = {.args = args};
	AUTO(chaos_world_close) struct chaos_world w;
	char *output = NULL;
	int code = -1;

	chaos_world_open(&w, 1);
	OK(code = hp_run_in(w.engine, "a", &spec, &output, &err));
	assert_int_equal(code, 0);
	assert_null(output);
	FAILS(HP_ENOTFOUND, hp_run_in(w.engine, "nobody", &spec, &output, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(gives_output_and_status),
		FDS_TEST(silence_is_no_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
