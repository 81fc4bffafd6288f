/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-stress_args.c - tests of src/chaos/stress_args.c. */
#include "chaos/stress.h"

#include <string.h>

#include "base/alloc.h"
#include "fds.h"

static int parse(const char *text, struct hp_stress *ret, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	hp_strv_split(&words, text, ' ');
	return hp_stress_parse(hp_strv_view(&words), ret, err);
}

static void understands_stress_ngs_words(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_stress s;

	(void)state;
	assert_int_equal(parse("--cpu 4 --timeout 60s", &s, &err), 0);
	assert_int_equal(s.cpu, 4);
	assert_int_equal(s.vm, -1);
	assert_int_equal(s.io, -1);
	assert_int_equal(s.hdd, -1);
	assert_int_equal(s.cpu_load, 100);
	assert_int_equal(s.timeout_ms, 60000);
	assert_int_equal(parse("-c0 -l 30 -t90 -q", &s, &err), 0);
	assert_int_equal(s.cpu, 0);
	assert_int_equal(s.cpu_load, 30);
	assert_int_equal(s.timeout_ms, 90000);
	assert_int_equal(parse("--vm=2 --vm-bytes=80% --vm-keep", &s, &err), 0);
	assert_int_equal(s.vm, 2);
	assert_int_equal(s.vm_pct, 80);
	assert_int_equal(s.timeout_ms, 0);
	assert_int_equal(parse("-m 1 --vm-bytes 80% --vm-bytes 64m -i 3", &s, &err), 0);
	assert_int_equal(s.vm_pct, 0);
	assert_int_equal(s.vm_bytes, 64 << 20);
	assert_int_equal(s.io, 3);
	assert_int_equal(parse("--hdd 1 --hdd-bytes 1g -t 5m --metrics-brief", &s, &err), 0);
	assert_int_equal(s.hdd_bytes, 1 << 30);
	assert_int_equal(s.timeout_ms, 300000);
}

static void says_what_needs_stress_ng(void **state)
{
	static const char *const words[] = {"--cpu 1 --cpu-method fft",
					    "--matrix 1",
					    "--all 1",
					    "cpu",
					    "--cpus 1",
					    "-z 1",
					    "--cp 1"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(words); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_stress s;

		assert_int_equal(parse(words[i], &s, &err), -1);
		assert_int_equal(err.code, HP_EUNSUPPORTED);
		assert_non_null(strstr(err.msg, "install stress-ng"));
	}
}

static void refuses_what_is_wrong(void **state)
{
	static const char *const words[] = {"--cpu -1",
					    "--cpu 1025",
					    "--cpu x",
					    "--cpu",
					    "--cpu=",
					    "--cpu 1 -l 101",
					    "--vm 1 --vm-bytes 0",
					    "--vm 1 --vm-bytes 101%",
					    "--vm 1 --vm-bytes 0%",
					    "--hdd 1 --hdd-bytes 5%",
					    "--cpu 1 -t soon",
					    "--timeout 5s",
					    "--io 1 --temp-path here",
					    ""};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(words); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_stress s;

		if (parse(words[i], &s, &err) == 0)
			fail_msg("'%s' was taken", words[i]);
		assert_int_equal(err.code, HP_EINVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(understands_stress_ngs_words),
		FDS_TEST(says_what_needs_stress_ng),
		FDS_TEST(refuses_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
