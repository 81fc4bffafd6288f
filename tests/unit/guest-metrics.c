/* SPDX-License-Identifier: Apache-2.0 */
/* guest-metrics.c - tests of src/guest/metrics.c, on files such as the kernel makes. */
#include "guest/metrics.h"

#include <fcntl.h>

#include "metrics.pb-c.h"
#include "scratch.h"

static Hp__V2Metrics *pack_of(const char *dir)
{
	struct hp_guest_cgroup g = {.fd = -1};
	AUTO(hp_buf_free) struct hp_buf packed = {0};
	Hp__V2Metrics *m;

	if (dir)
		g.fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hp_guest_metrics_pack(&g, &packed);
	hp_guest_cgroup_close(&g);
	m = hp__v2_metrics__unpack(NULL, packed.len, packed.data);
	assert_non_null(m);
	assert_true(m->pids && m->cpu && m->memory && m->io && m->memory_events);
	return m;
}

static void packs_what_the_kernel_counts(void **state)
{
	static const char *const files[][2] = {
		{"pids.current", "3\n"},
		{"pids.max", "64\n"},
		{"cpu.stat", "usage_usec 12\nuser_usec 7\nsystem_usec 5\nunheard_of 1\n"},
		{"memory.stat", "anon 4096\nfile 8192\nfile_mapped nonsense\n"},
		{"memory.current", "12288\n"},
		{"memory.max", "max\n"},
		{"memory.swap.max", "0\n"},
		{"memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n"},
		{"io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dios=9\n\n254:16 wbytes=7\n"},
	};
	AUTO(scratch_free) char *dir = scratch_new();
	Hp__V2Metrics *m;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(files); i++)
		free(scratch_file(dir, files[i][0], files[i][1]));
	m = pack_of(dir);
	assert_int_equal(m->pids->current, 3);
	assert_int_equal(m->pids->limit, 64);
	assert_int_equal(m->cpu->usage_usec, 12);
	assert_int_equal(m->cpu->user_usec, 7);
	assert_int_equal(m->cpu->system_usec, 5);
	assert_int_equal(m->memory->anon, 4096);
	assert_int_equal(m->memory->file, 8192);
	assert_int_equal(m->memory->file_mapped, 0);
	assert_int_equal(m->memory->usage, 12288);
	assert_true(m->memory->usage_limit == UINT64_MAX);
	assert_int_equal(m->memory->swap_limit, 0);
	assert_int_equal(m->memory_events->oom_kill, 5);
	assert_int_equal(m->io->n_usage, 2);
	assert_int_equal(m->io->usage[0]->major, 8);
	assert_int_equal(m->io->usage[0]->rbytes, 1);
	assert_int_equal(m->io->usage[0]->wios, 4);
	assert_int_equal(m->io->usage[1]->minor, 16);
	assert_int_equal(m->io->usage[1]->wbytes, 7);
	hp__v2_metrics__free_unpacked(m, NULL);
}

/* Clients take for granted that each part is there. */
static void all_parts_are_there_without_cgroups(void **state)
{
	Hp__V2Metrics *m = pack_of(NULL);

	(void)state;
	assert_int_equal(m->pids->current, 0);
	assert_int_equal(m->cpu->usage_usec, 0);
	assert_true(m->memory->usage_limit == UINT64_MAX);
	assert_int_equal(m->io->n_usage, 0);
	hp__v2_metrics__free_unpacked(m, NULL);
}

static void counts_no_more_devices_than_it_has_room_for(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_buf_free) struct hp_buf text;
	struct hp_error err = HP_ERROR_INIT;
	Hp__V2Metrics *m;

	(void)state;
	hp_buf_init(&text, 1 << 16);
	for (int i = 0; i < 40; i++)
		assert_int_equal(hp_buf_printf(&text, &err, "254:%d rbytes=1\n", i), 0);
	AUTO_FREE char *lines = hp_buf_take_str(&text);
	free(scratch_file(dir, "io.stat", lines));
	m = pack_of(dir);
	assert_int_equal(m->io->n_usage, 32);
	assert_int_equal(m->io->usage[31]->minor, 31);
	hp__v2_metrics__free_unpacked(m, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(packs_what_the_kernel_counts),
		FDS_TEST(all_parts_are_there_without_cgroups),
		FDS_TEST(counts_no_more_devices_than_it_has_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
