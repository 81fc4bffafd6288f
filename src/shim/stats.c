/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - owns Stats: the guest's figures, turned into what the host expects. */
#include "shim/stats.h"

#include <linux/magic.h>
#include <stdlib.h>
#include <sys/statfs.h>

#include "base/alloc.h"
#include "guest.pb-c.h"
#include "metrics.pb-c.h"
#include "shim/shim.h"

#define GUEST_MS     1000 /* containerd gives all of Stats two seconds */
#define METRICS_MAX  (256u << 10)
#define NS_PER_US    1000
/* What cgroup v1 has for "no limit": the largest multiple of the page size. From: Linux
 * mm/page_counter.c, PAGE_COUNTER_MAX. */
#define V1_UNLIMITED 9223372036854771712ull

bool hp_shim_stats_host_is_v1(void)
{
	struct statfs fs;

	return statfs("/sys/fs/cgroup", &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC;
}

/* The figures, with a zero where there is no part. Every part is the caller's. */
struct parts {
	Hp__V2Metrics all;
	Hp__Pids pids;
	Hp__V2Cpu cpu;
	Hp__V2Memory memory;
	Hp__V2Io io;
	Hp__V2MemoryEvents events;
};

static void complete(const Hp__V2Metrics *m, struct parts *ret)
{
	*ret = (struct parts){.all = HP__V2_METRICS__INIT,
			      .pids = HP__PIDS__INIT,
			      .cpu = HP__V2_CPU__INIT,
			      .memory = HP__V2_MEMORY__INIT,
			      .io = HP__V2_IO__INIT,
			      .events = HP__V2_MEMORY_EVENTS__INIT};
	if (m)
		ret->all = *m;
	if (!ret->all.pids)
		ret->all.pids = &ret->pids;
	if (!ret->all.cpu)
		ret->all.cpu = &ret->cpu;
	if (!ret->all.memory)
		ret->all.memory = &ret->memory;
	if (!ret->all.io)
		ret->all.io = &ret->io;
	if (!ret->all.memory_events)
		ret->all.memory_events = &ret->events;
}

static uint64_t limit(uint64_t v2)
{
	return v2 == 0 || v2 > V1_UNLIMITED ? V1_UNLIMITED : v2;
}

static void convert_memory(const Hp__V2Metrics *m, Hp__V1Memory *to)
{
	const Hp__V2Memory *from = m->memory;

	to->cache = to->total_cache = from->file;
	to->rss = to->total_rss = from->anon;
	to->mapped_file = from->file_mapped;
	to->dirty = from->file_dirty;
	to->writeback = from->file_writeback;
	to->pg_fault = to->total_pg_fault = from->pgfault;
	to->pg_maj_fault = to->total_pg_maj_fault = from->pgmajfault;
	to->inactive_anon = to->total_inactive_anon = from->inactive_anon;
	to->active_anon = to->total_active_anon = from->active_anon;
	to->inactive_file = to->total_inactive_file = from->inactive_file;
	to->active_file = to->total_active_file = from->active_file;
	to->unevictable = to->total_unevictable = from->unevictable;
	to->hierarchical_memory_limit = limit(from->usage_limit);
	to->usage->usage = from->usage;
	to->usage->limit = limit(from->usage_limit);
	to->usage->failcnt = m->memory_events->max;
	to->swap->usage = from->usage + from->swap_usage;
	to->swap->limit = limit(from->swap_limit);
}

/* The four rows that a device has in two tables. */
struct io_rows {
	Hp__V1BlkioEntry *entries;
	Hp__V1BlkioEntry **bytes, **counts;
};

static Hp__V1BlkioEntry *io_row(Hp__V1BlkioEntry *e, const Hp__V2IoEntry *from, const char *op,
				uint64_t value)
{
	*e = (Hp__V1BlkioEntry)HP__V1_BLKIO_ENTRY__INIT;
	e->op = (char *)(uintptr_t)op;
	e->major = from->major;
	e->minor = from->minor;
	e->value = value;
	return e;
}

static void convert_io(const Hp__V2Io *from, const struct io_rows *rows, Hp__V1Blkio *to)
{
	for (size_t i = 0; i < from->n_usage; i++) {
		const Hp__V2IoEntry *d = from->usage[i];
		Hp__V1BlkioEntry *e = rows->entries + i * 4;

		rows->bytes[i * 2] = io_row(e, d, "Read", d->rbytes);
		rows->bytes[i * 2 + 1] = io_row(e + 1, d, "Write", d->wbytes);
		rows->counts[i * 2] = io_row(e + 2, d, "Read", d->rios);
		rows->counts[i * 2 + 1] = io_row(e + 3, d, "Write", d->wios);
	}
	to->n_io_service_bytes_recursive = to->n_io_serviced_recursive = from->n_usage * 2;
	to->io_service_bytes_recursive = rows->bytes;
	to->io_serviced_recursive = rows->counts;
}

static struct hp_shim_packed pack_v1(const Hp__V2Metrics *m)
{
	size_t n = m->io->n_usage;
	AUTO_FREE Hp__V1BlkioEntry *entries = hp_alloc_array(n * 4, sizeof(*entries));
	AUTO_FREE Hp__V1BlkioEntry **bytes = hp_alloc_array(n * 2, sizeof(*bytes));
	AUTO_FREE Hp__V1BlkioEntry **counts = hp_alloc_array(n * 2, sizeof(*counts));
	const struct io_rows rows = {.entries = entries, .bytes = bytes, .counts = counts};
	Hp__V1Metrics all = HP__V1_METRICS__INIT;
	Hp__V1CpuUsage usage = HP__V1_CPU_USAGE__INIT;
	Hp__V1Throttling throttling = HP__V1_THROTTLING__INIT;
	Hp__V1Cpu cpu = HP__V1_CPU__INIT;
	Hp__V1MemoryEntry memory_usage = HP__V1_MEMORY_ENTRY__INIT;
	Hp__V1MemoryEntry swap = HP__V1_MEMORY_ENTRY__INIT;
	Hp__V1Memory memory = HP__V1_MEMORY__INIT;
	Hp__V1Blkio blkio = HP__V1_BLKIO__INIT;
	Hp__V1OomControl oom = HP__V1_OOM_CONTROL__INIT;

	usage.total = m->cpu->usage_usec * NS_PER_US;
	usage.kernel = m->cpu->system_usec * NS_PER_US;
	usage.user = m->cpu->user_usec * NS_PER_US;
	throttling.periods = m->cpu->nr_periods;
	throttling.throttled_periods = m->cpu->nr_throttled;
	throttling.throttled_time = m->cpu->throttled_usec * NS_PER_US;
	cpu.usage = &usage;
	cpu.throttling = &throttling;
	memory.usage = &memory_usage;
	memory.swap = &swap;
	convert_memory(m, &memory);
	convert_io(m->io, &rows, &blkio);
	oom.oom_kill = m->memory_events->oom_kill;
	all.pids = m->pids;
	all.cpu = &cpu;
	all.memory = &memory;
	all.blkio = &blkio;
	all.memory_oom_control = &oom;
	return hp_shim_pack(&all.base);
}

struct hp_shim_packed hp_shim_stats_make(struct hp_bytes metrics, uint64_t oom_kills, bool v1)
{
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	struct parts parts;

	if (metrics.len > METRICS_MAX ||
	    hp_shim_unpack(&hp__v2_metrics__descriptor, metrics, &m, &ignored) < 0)
		m = NULL;
	complete((const Hp__V2Metrics *)(const void *)m, &parts);
	if (parts.all.memory_events->oom_kill < oom_kills)
		parts.all.memory_events->oom_kill = oom_kills;
	return v1 ? pack_v1(&parts.all) : hp_shim_pack(&parts.all.base);
}

static void answer(struct hp_shim *s, struct hp_shim_pending *call)
{
	bool v1 = hp_shim_stats_host_is_v1();
	AUTO(hp_shim_packed_free)
	struct hp_shim_packed packed = hp_shim_stats_make(s->stats, s->oom_kills, v1);
	Hp__Shim__StatsResponse reply = HP__SHIM__STATS_RESPONSE__INIT;
	Hp__Any any = HP__ANY__INIT;

	any.type_url = (char *)(uintptr_t)(v1 ? HP_SHIM_STATS_V1 : HP_SHIM_STATS_V2);
	any.value.data = (uint8_t *)(uintptr_t)packed.bytes.data;
	any.value.len = packed.bytes.len;
	reply.stats = &any;
	hp_shim_pending_reply(call, &reply.base);
}

/* A Stats under way. */
struct asked {
	struct hp_shim *shim;
	struct hp_shim_pending *call;
};

static void on_stats(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	AUTO_FREE struct asked *a = data;
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	const Hp__Guest__StatsResponse *r;

	if (!why && hp_shim_unpack(&hp__guest__stats_response__descriptor, payload, &m,
				   &ignored) == 0) {
		r = (const Hp__Guest__StatsResponse *)(const void *)m;
		free((void *)(uintptr_t)a->shim->stats.data);
		a->shim->stats =
			HP_BYTES(hp_memdup(r->metrics.data, r->metrics.len), r->metrics.len);
	}
	/* Without an answer the last figures have to do. */
	answer(a->shim, a->call);
}

void hp_shim_on_stats(struct hp_shim *s, struct hp_ttrpc_call *call,
		      const ProtobufCMessage *request)
{
	const Hp__Shim__IdRequest *r = (const void *)request;
	struct hp_error err = HP_ERROR_INIT;
	struct asked *a;

	if (hp_shim_find_task(s, r->id, &err) < 0) {
		hp_ttrpc_refuse(call, &err);
		return;
	}
	if (s->first->exited || s->box_why.code != HP_OK || s->pace != HP_SHIM_GOES) {
		answer(s, hp_shim_pending_new(call));
		return;
	}
	a = hp_alloc(sizeof(*a));
	a->shim = s;
	a->call = hp_shim_pending_new(call);
	hp_shim_guest_call(hp_shim_box_guest(s->box), "Stats", HP_BYTES(NULL, 0), GUEST_MS,
			   on_stats, a);
}
