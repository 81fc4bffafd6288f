/* SPDX-License-Identifier: Apache-2.0 */
/* shim-stats.c - tests of src/shim/stats.c. */
#include "shim/stats.h"

#include "fake/shim_calls.h"
#include "metrics.pb-c.h"

/* What a guest with one disk sends. */
static struct hp_shim_packed pack_metrics(void)
{
	Hp__V2Metrics m = HP__V2_METRICS__INIT;
	Hp__Pids pids = HP__PIDS__INIT;
	Hp__V2Cpu cpu = HP__V2_CPU__INIT;
	Hp__V2Memory memory = HP__V2_MEMORY__INIT;
	Hp__V2Io io = HP__V2_IO__INIT;
	Hp__V2IoEntry disk = HP__V2_IO_ENTRY__INIT;
	Hp__V2IoEntry *disks[] = {&disk};
	Hp__V2MemoryEvents events = HP__V2_MEMORY_EVENTS__INIT;

	pids.current = 3;
	cpu.usage_usec = 1000;
	cpu.user_usec = 600;
	cpu.system_usec = 400;
	cpu.nr_throttled = 2;
	memory.anon = 4096;
	memory.file = 8192;
	memory.inactive_file = 100;
	memory.usage = 16384;
	memory.usage_limit = 65536;
	disk.major = 254;
	disk.rbytes = 11;
	disk.wbytes = 12;
	disk.rios = 1;
	disk.wios = 2;
	io.n_usage = 1;
	io.usage = disks;
	events.oom_kill = 5;
	m.pids = &pids;
	m.cpu = &cpu;
	m.memory = &memory;
	m.io = &io;
	m.memory_events = &events;
	return hp_shim_pack(&m.base);
}

static ProtobufCMessage *read_as(const ProtobufCMessageDescriptor *type, struct hp_bytes bytes)
{
	struct hp_error err = HP_ERROR_INIT;
	ProtobufCMessage *m = NULL;

	assert_int_equal(hp_shim_unpack(type, bytes, &m, &err), 0);
	return m;
}

static void converts(void **state)
{
	AUTO(hp_shim_packed_free) struct hp_shim_packed given = pack_metrics();
	AUTO(hp_shim_packed_free)
	struct hp_shim_packed made = hp_shim_stats_make(given.bytes, 0, true);
	AUTO(hp_shim_msg_free)
	ProtobufCMessage *read = read_as(&hp__v1_metrics__descriptor, made.bytes);
	const Hp__V1Metrics *m = (const Hp__V1Metrics *)(const void *)read;

	(void)state;
	assert_int_equal(m->pids->current, 3);
	assert_int_equal(m->cpu->usage->total, 1000000);
	assert_int_equal(m->cpu->usage->user, 600000);
	assert_int_equal(m->cpu->usage->kernel, 400000);
	assert_int_equal(m->cpu->throttling->throttled_periods, 2);
	assert_int_equal(m->memory->rss, 4096);
	assert_int_equal(m->memory->total_cache, 8192);
	assert_int_equal(m->memory->total_inactive_file, 100);
	assert_int_equal(m->memory->usage->usage, 16384);
	assert_int_equal(m->memory->usage->limit, 65536);
	assert_true(m->memory->swap->limit > INT64_MAX / 2);
	assert_int_equal(m->blkio->n_io_service_bytes_recursive, 2);
	assert_string_equal(m->blkio->io_service_bytes_recursive[1]->op, "Write");
	assert_int_equal(m->blkio->io_service_bytes_recursive[1]->value, 12);
	assert_int_equal(m->blkio->io_serviced_recursive[0]->value, 1);
	assert_int_equal(m->memory_oom_control->oom_kill, 5);
}

/* Clients look into parts without asking whether they are there. */
static void has_all_parts(void **state)
{
	static const char *const given[] = {"", "\xff\xff\xff"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(given); i++) {
		struct hp_shim_packed v1 = hp_shim_stats_make(hp_bytes_str(given[i]), 0, true);
		struct hp_shim_packed v2 = hp_shim_stats_make(hp_bytes_str(given[i]), 0, false);
		ProtobufCMessage *one = read_as(&hp__v1_metrics__descriptor, v1.bytes);
		ProtobufCMessage *two = read_as(&hp__v2_metrics__descriptor, v2.bytes);
		const Hp__V1Metrics *a = (const Hp__V1Metrics *)(const void *)one;
		const Hp__V2Metrics *b = (const Hp__V2Metrics *)(const void *)two;

		assert_non_null(a->pids);
		assert_non_null(a->cpu->throttling);
		assert_non_null(a->memory->usage);
		assert_non_null(a->blkio);
		assert_true(b->pids && b->cpu && b->memory && b->io && b->memory_events);
		hp_shim_msg_free(one);
		hp_shim_msg_free(two);
		hp_shim_packed_free(&v1);
		hp_shim_packed_free(&v2);
	}
}

/* What this program does not know of, such as pressure, goes through. */
static void passes_on_what_is_newer(void **state)
{
	static const char newer[] = "\x22\x04\xb2\x02\x01\x07"; /* memory.psi */
	struct hp_shim_packed made = hp_shim_stats_make(hp_bytes_str(newer), 0, false);
	bool found = false;

	(void)state;
	for (size_t i = 0; i + 4 <= made.bytes.len; i++)
		found = found || memcmp(made.bytes.data + i, newer + 2, 4) == 0;
	assert_true(found);
	hp_shim_packed_free(&made);
}

static uint64_t oom_kills_of(const Hp__Any *stats)
{
	const struct hp_bytes bytes = HP_BYTES(stats->value.data, stats->value.len);
	const bool v1 = hp_shim_stats_host_is_v1();
	struct hp_error err = HP_ERROR_INIT;
	ProtobufCMessage *m = NULL;
	uint64_t kills;

	assert_int_equal(
		hp_shim_unpack(v1 ? &hp__v1_metrics__descriptor : &hp__v2_metrics__descriptor,
			       bytes, &m, &err),
		0);
	kills = v1 ? ((const Hp__V1Metrics *)(const void *)m)->memory_oom_control->oom_kill
		   : ((const Hp__V2Metrics *)(const void *)m)->memory_events->oom_kill;
	hp_shim_msg_free(m);
	return kills;
}

static void asks_the_guest(void **state)
{
	const Hp__Shim__StatsResponse *reply;
	struct shim_world w;

	(void)state;
	shim_world_open(&w);
	assert_int_equal(world_id_call(&w, "Stats"), HP_ENOTFOUND);
	world_run(&w);
	w.guest.refuse = "Stats";
	w.guest.refusal = HP_EINTERNAL;
	w.guest.refuse_words = "no cgroup";
	assert_int_equal(world_id_call(&w, "Stats"), HP_OK);
	reply = reply_read(world_last(&w), &hp__shim__stats_response__descriptor);
	assert_string_equal(reply->stats->type_url,
			    hp_shim_stats_host_is_v1() ? HP_SHIM_STATS_V1 : HP_SHIM_STATS_V2);
	/* One that is slow has not much time. */
	w.guest.refuse = NULL;
	w.guest.mute = "Stats";
	assert_int_equal(world_id_call(&w, "Stats"), HP_OK);
	w.guest.mute = NULL;
	assert_int_equal(world_id_call(&w, "Stats"), HP_OK);
	/* Its machine is gone by the time it matters whether memory ran out. */
	guest_tell(&w.guest, NULL, 0, true);
	links_settle(w.loop);
	world_exit(&w, 0, 137);
	assert_int_equal(world_id_call(&w, "Stats"), HP_OK);
	reply = reply_read(world_last(&w), &hp__shim__stats_response__descriptor);
	assert_int_equal(oom_kills_of(reply->stats), 1);
	shim_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(converts),
		FDS_TEST(has_all_parts),
		FDS_TEST(passes_on_what_is_newer),
		FDS_TEST(asks_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
