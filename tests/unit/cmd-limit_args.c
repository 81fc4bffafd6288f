/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-limit_args.c - tests of src/cmd/limit_args.c. */
#include "cmd/limit_args.h"

#include <string.h>

#include "fds.h"

static void test_none(void **state)
{
	(void)state;
	struct hp_limit_args args = {0};

	assert_true(hp_limit_none(&args));
	args.pids_limit = -1;
	assert_false(hp_limit_none(&args));
}

static void test_resources(void **state)
{
	(void)state;
	const struct hp_limit_args args = {
		.memory = 64 << 20,
		.memory_swap = -1,
		.cpus = 500000000,
		.cpu_shares = 512,
		.cpuset_cpus = "0-1",
		.pids_limit = 10,
	};
	struct hp_resources r = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_limit_resources(&args, &r, &err), 0);
	assert_int_equal(r.memory_bytes, 64 << 20);
	assert_int_equal(r.memory_swap_bytes, -1);
	assert_int_equal(r.cpu_nano, 500000000);
	assert_int_equal(r.cpu_shares, 512);
	assert_string_equal(r.cpuset_cpus, "0-1");
	assert_int_equal(r.pids_limit, 10);
}

static void test_contradictions(void **state)
{
	(void)state;
	struct hp_limit_args args = {.memory = 1 << 20};
	struct hp_resources r = {.pids_limit = 77};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_limit_resources(&args, &r, &err), -1);
	assert_int_equal(err.code, HP_EUSAGE);
	assert_non_null(strstr(err.msg, "6m"));
	hp_error_clear(&err);
	args = (struct hp_limit_args){.memory = 64 << 20, .memory_swap = 32 << 20};
	assert_int_equal(hp_limit_resources(&args, &r, &err), -1);
	assert_non_null(strstr(err.msg, "--memory-swap"));
	assert_int_equal(r.pids_limit, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_none),
		FDS_TEST(test_resources),
		FDS_TEST(test_contradictions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
