/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-stress_count.c - tests of src/chaos/stress_count.c, on files as both versions have them. */
#include "chaos_cgroup.h"

static void reads_version_1(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_strv_free) struct hp_strv dirs = {0};
	struct hp_stress_counts c;

	(void)state;
	hp_strv_add(&dirs, dir);
	free(scratch_file(dir, "cpuacct.usage", "2500000\n"));
	free(scratch_file(dir, "memory.max_usage_in_bytes", "4096\n"));
	free(scratch_file(dir, "memory.oom_control",
			  "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"));
	free(scratch_file(
		dir, "blkio.throttle.io_service_bytes",
		"8:0 Read 100\n8:0 Write 20\n8:0 Sync 120\n8:16 Read 3\nTotal 123\n"));
	hp_stress_count(&dirs, &c);
	assert_int_equal(c.cpu_us, 2500);
	assert_int_equal(c.memory_peak, 4096);
	assert_int_equal(c.oom_kills, 3);
	assert_int_equal(c.io_bytes, 123);
}

static void reads_version_2(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_strv_free) struct hp_strv dirs = {0};
	struct hp_stress_counts c;

	(void)state;
	hp_strv_add(&dirs, dir);
	free(scratch_file(dir, "cpu.stat", "usage_usec 77\nuser_usec 70\n"));
	free(scratch_file(dir, "memory.peak", "8192\n"));
	free(scratch_file(dir, "memory.events", "low 0\noom 5\noom_kill 4\n"));
	free(scratch_file(dir, "io.stat",
			  "8:0 rbytes=5 wbytes=6 rios=1 wios=1\n8:16 rbytes=1 wbytes=0\n"));
	hp_stress_count(&dirs, &c);
	assert_int_equal(c.cpu_us, 77);
	assert_int_equal(c.memory_peak, 8192);
	assert_int_equal(c.oom_kills, 4);
	assert_int_equal(c.io_bytes, 12);
}

static void knows_what_is_not_counted(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_strv_free) struct hp_strv dirs = {0};
	struct hp_stress_counts c;

	(void)state;
	hp_strv_add(&dirs, dir);
	free(scratch_file(dir, "memory.peak", "rubbish"));
	hp_stress_count(&dirs, &c);
	assert_true(c.cpu_us == UINT64_MAX);
	assert_true(c.memory_peak == UINT64_MAX);
	assert_true(c.oom_kills == UINT64_MAX);
	assert_true(c.io_bytes == UINT64_MAX);
}

/* The least of all above counts. */
static void finds_the_limit(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_strv_free) struct hp_strv dirs = {0};
	AUTO_FREE char *above = hp_path_join(dir, "a");
	AUTO_FREE char *below = hp_path_join(above, "b");
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_mkdirs(below, 0755, &err), 0);
	hp_strv_add(&dirs, below);
	assert_int_equal(hp_stress_memory_limit(&dirs), 0);
	free(scratch_file(below, "memory.max", "max\n"));
	free(scratch_file(above, "memory.limit_in_bytes", "9223372036854771712\n"));
	assert_int_equal(hp_stress_memory_limit(&dirs), 0);
	free(scratch_file(above, "memory.max", "5000\n"));
	assert_int_equal(hp_stress_memory_limit(&dirs), 5000);
	free(scratch_file(below, "memory.max", "7000\n"));
	assert_int_equal(hp_stress_memory_limit(&dirs), 5000);
	free(scratch_file(below, "memory.limit_in_bytes", "4000\n"));
	assert_int_equal(hp_stress_memory_limit(&dirs), 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_version_1),
		FDS_TEST(reads_version_2),
		FDS_TEST(knows_what_is_not_counted),
		FDS_TEST(finds_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
