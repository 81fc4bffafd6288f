/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-exec.c - tests of src/chaos/exec.c, on the fake engine. */
#include "chaos_action.h"

static void run(struct acted *a, const char *const *command)
{
	acted_open(a, &hp_action_exec);
	hp_json_set_strs(a->f->args, "command", command);
}

static void reads_what_it_says(void **state)
{
	(void)state;
	static const char *const command[] = {"echo", "hello", "you", NULL};
	AUTO(acted_close) struct acted a;

	run(&a, command);
	OK(hp_action_exec.apply(a.f, &err));
	assert_string_equal(a.f->output, "hello you");
	AUTO_FREE char *line = acted_says(&a, "command");
	assert_string_equal(line, "echo hello you");
}

static void a_status_is_a_failure(void **state)
{
	(void)state;
	static const char *const command[] = {"sh", "-c", "exit 7", NULL};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(acted_close) struct acted a;

	run(&a, command);
	assert_int_equal(hp_action_exec.apply(a.f, &err), -1);
	assert_string_equal(err.msg, "exec failed sh -c exit 7: exit code 7");
}

static void a_missing_program_is_one_too(void **state)
{
	(void)state;
	static const char *const command[] = {"no-such-program", NULL};
	AUTO(acted_close) struct acted a;

	run(&a, command);
	FAILS(HP_ENOCMD, hp_action_exec.apply(a.f, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_what_it_says),
		FDS_TEST(a_status_is_a_failure),
		FDS_TEST(a_missing_program_is_one_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
