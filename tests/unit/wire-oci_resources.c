/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci_resources.c - limits of the cgroup, and limits that make no sense. */
#include "wire-oci.h"

static void test_all(void **state)
{
	const struct hp_resources r = {
		.memory_bytes = 128 << 20,
		.memory_swap_bytes = 256 << 20,
		.cpu_nano = 1500000000,
		.cpu_shares = 512,
		.cpuset_cpus = "0-1,3",
		.pids_limit = 100,
	};
	AUTO(hp_json_free) struct hp_json *v = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_oci_resources_build(&r, &v, &err), 0);
	AUTO_FREE char *text = hp_json_text(v, false);
	assert_string_equal(text, "{\"memory\":{\"limit\":134217728,\"swap\":268435456},"
				  "\"cpu\":{\"shares\":512,\"quota\":150000,\"period\":100000,"
				  "\"cpus\":\"0-1,3\"},\"pids\":{\"limit\":100}}");
}

/* Zero is "as it is": nothing at all is said. */
static void test_nothing(void **state)
{
	const struct hp_resources r = {0};
	const struct hp_resources unlimited = {.memory_swap_bytes = -1, .pids_limit = -1};
	AUTO(hp_json_free) struct hp_json *v = NULL;
	AUTO(hp_json_free) struct hp_json *w = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_oci_resources_build(&r, &v, &err), 0);
	assert_int_equal(hp_json_count(v), 0);
	assert_int_equal(hp_oci_resources_build(&unlimited, &w, &err), 0);
	AUTO_FREE char *text = hp_json_text(w, false);
	assert_string_equal(text, "{\"memory\":{\"swap\":-1},\"pids\":{\"limit\":-1}}");
}

static void test_refused(void **state)
{
	static const struct {
		struct hp_resources r;
		const char *why;
	} bad[] = {
		{{.memory_bytes = -1}, "positive"},
		{{.memory_bytes = 1 << 20}, "6 MiB"},
		{{.memory_swap_bytes = -2}, "or -1"},
		{{.memory_bytes = 64 << 20, .memory_swap_bytes = 32 << 20}, "under the memory"},
		{{.cpu_nano = 9999999}, "under 0.01"},
		{{.cpu_nano = -5}, "under 0.01"},
		{{.cpu_nano = INT64_MAX}, "too much"},
		{{.pids_limit = -2}, "pids limit"},
		{{.cpuset_cpus = "0-"}, "CPU list"},
		{{.cpuset_cpus = "a"}, "CPU list"},
		{{.cpuset_cpus = "0,,1"}, "CPU list"},
		{{.cpuset_cpus = "0,"}, "CPU list"},
		{{.cpuset_cpus = "123456"}, "CPU list"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_json *v = NULL;

		assert_int_equal(hp_oci_resources_build(&bad[i].r, &v, &err), -1);
		assert_null(v);
		assert_int_equal(err.code, HP_EINVALID);
		if (!strstr(err.msg, bad[i].why))
			fail_msg("'%s' does not say '%s'", err.msg, bad[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
