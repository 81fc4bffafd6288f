/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-stress_worker.c - tests of src/chaos/stress_worker.c, by what the cgroup has counted. */
#include "chaos_cgroup.h"

static const struct hp_stress NOTHING = {.cpu = -1,
					 .vm = -1,
					 .io = -1,
					 .hdd = -1,
					 .cpu_load = 100,
					 .vm_bytes = 32 << 20,
					 .hdd_bytes = 1 << 20};

/* Do it in a process in the cgroups of @c. Returns: its exit status. */
static int work(const struct chaos_cgroup *c, const struct hp_stress *s, uint64_t memory)
{
	struct hp_error err = HP_ERROR_INIT;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < c->dirs.count; i++)
			if (hp_cgroup_join(c->dirs.items[i], getpid(), &err) < 0)
				_exit(99);
		_exit(hp_stress_work(s, memory));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* Its children have ended with it. */
	AWAIT(chaos_cgroup_count(c, NULL) == c->dirs.count);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static void uses_the_processor(void **state)
{
	struct hp_stress s = NOTHING;
	struct hp_stress_counts before, after;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	hp_stress_count(&c.dirs, &before);
	s.cpu = 1;
	s.timeout_ms = 1000;
	assert_int_equal(work(&c, &s, 0), 0);
	hp_stress_count(&c.dirs, &after);
	/* A busy machine may give it less than a second. */
	assert_in_range(after.cpu_us - before.cpu_us, 150000, 1500000);
}

static void uses_a_part_of_it(void **state)
{
	struct hp_stress s = NOTHING;
	struct hp_stress_counts before, after;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	hp_stress_count(&c.dirs, &before);
	s.cpu = 1;
	s.cpu_load = 20;
	s.timeout_ms = 1500;
	assert_int_equal(work(&c, &s, 0), 0);
	hp_stress_count(&c.dirs, &after);
	assert_in_range(after.cpu_us - before.cpu_us, 50000, 700000);
}

static void uses_memory(void **state)
{
	struct hp_stress s = NOTHING;
	struct hp_stress_counts after;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	s.vm = 2;
	s.timeout_ms = 700;
	assert_int_equal(work(&c, &s, 0), 0);
	hp_stress_count(&c.dirs, &after);
	assert_in_range(after.memory_peak, 32 << 20, 48 << 20);
}

/* Half of what the target may have. */
static void uses_a_part_of_memory(void **state)
{
	struct hp_stress s = NOTHING;
	struct hp_stress_counts after;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	s.vm = 1;
	s.vm_pct = 50;
	s.timeout_ms = 700;
	assert_int_equal(work(&c, &s, 64 << 20), 0);
	hp_stress_count(&c.dirs, &after);
	assert_in_range(after.memory_peak, 32 << 20, 48 << 20);
	assert_int_equal(after.oom_kills, 0);
}

/* Whoever is killed for memory is followed by another one. */
static void meets_the_limit(void **state)
{
	struct hp_stress s = NOTHING;
	struct hp_stress_counts after;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	chaos_cgroup_limit(&c, "memory.limit_in_bytes", "16777216");
	s.vm = 1;
	s.timeout_ms = 3000;
	assert_int_equal(work(&c, &s, 0), 0);
	hp_stress_count(&c.dirs, &after);
	assert_true(after.oom_kills >= 2);
}

static void writes_files_and_leaves_none(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	struct hp_stress s = NOTHING;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	s.io = 1;
	s.hdd = 1;
	s.temp_path = dir;
	s.timeout_ms = 300;
	assert_int_equal(work(&c, &s, 0), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	s.temp_path = "/proc";
	s.timeout_ms = 5000;
	assert_int_equal(work(&c, &s, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(uses_the_processor), FDS_TEST(uses_a_part_of_it),
		FDS_TEST(uses_memory),        FDS_TEST(uses_a_part_of_memory),
		FDS_TEST(meets_the_limit),    FDS_TEST(writes_files_and_leaves_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
