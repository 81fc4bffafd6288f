/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - what a container uses: the shim's cgroup numbers and the counters of its network. */
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"
#include "engine/shared.h"

#include "metrics.pb-c.h"

#define TYPE_V1 "io.containerd.cgroups.v1.Metrics"
#define TYPE_V2 "io.containerd.cgroups.v2.Metrics"

/* The kernel's "no limit" is the largest multiple of a page; nothing real comes near it. */
#define LIMIT_NONE (UINT64_C(1) << 60)

static uint64_t limit_or_none(uint64_t limit)
{
	return limit >= LIMIT_NONE ? 0 : limit;
}

/* Memory without what could be dropped at once. From: docker's calculateMemUsageUnixNoCache. */
static uint64_t without_cache(uint64_t usage, uint64_t inactive_file)
{
	return inactive_file < usage ? usage - inactive_file : usage;
}

static void read_v1(const Hp__V1Metrics *m, struct hp_stats *s)
{
	const Hp__V1Blkio *io = m->blkio;

	if (m->cpu && m->cpu->usage)
		s->cpu_ns = m->cpu->usage->total;
	if (m->memory && m->memory->usage) {
		s->memory_bytes =
			without_cache(m->memory->usage->usage, m->memory->total_inactive_file);
		s->memory_limit_bytes = limit_or_none(m->memory->usage->limit);
	}
	if (m->pids) {
		s->pids = m->pids->current;
		s->pids_limit = limit_or_none(m->pids->limit);
	}
	if (m->memory_oom_control)
		s->oom_kills = m->memory_oom_control->oom_kill;
	for (size_t i = 0; io && i < io->n_io_service_bytes_recursive; i++) {
		const Hp__V1BlkioEntry *entry = io->io_service_bytes_recursive[i];

		if (strcasecmp(entry->op, "read") == 0)
			s->block_read_bytes += entry->value;
		else if (strcasecmp(entry->op, "write") == 0)
			s->block_write_bytes += entry->value;
	}
}

static void read_v2(const Hp__V2Metrics *m, struct hp_stats *s)
{
	if (m->cpu)
		s->cpu_ns = m->cpu->usage_usec * 1000;
	if (m->memory) {
		s->memory_bytes = without_cache(m->memory->usage, m->memory->inactive_file);
		s->memory_limit_bytes = limit_or_none(m->memory->usage_limit);
	}
	if (m->pids) {
		s->pids = m->pids->current;
		s->pids_limit = limit_or_none(m->pids->limit);
	}
	if (m->memory_events)
		s->oom_kills = m->memory_events->oom_kill;
	for (size_t i = 0; m->io && i < m->io->n_usage; i++) {
		s->block_read_bytes += m->io->usage[i]->rbytes;
		s->block_write_bytes += m->io->usage[i]->wbytes;
	}
}

static int read_metric(const Hp__Any *data, struct hp_stats *s, struct hp_error *err)
{
	AUTO_REPLY Hp__V1Metrics *v1 = NULL;
	AUTO_REPLY Hp__V2Metrics *v2 = NULL;

	if (hp_str_ends(data->type_url, TYPE_V1))
		v1 = hp__v1_metrics__unpack(NULL, data->value.len, data->value.data);
	else if (hp_str_ends(data->type_url, TYPE_V2))
		v2 = hp__v2_metrics__unpack(NULL, data->value.len, data->value.data);
	else
		return hp_fail(err, HP_EUNSUPPORTED, "the shim reports metrics of type '%s'",
			       data->type_url);
	if (v1)
		read_v1(v1, s);
	else if (v2)
		read_v2(v2, s);
	else
		return hp_fail(err, HP_EPROTO, "metrics of type '%s' do not decode",
			       data->type_url);
	return 0;
}

int hp_containerd__stats_of(struct containerd *c, const char *id, pid_t pid,
			    struct hp_stats *ret_stats, struct hp_error *err)
{
	AUTO_FREE char *filter = hp_sprintf("id==%s", id);
	Hp__MetricsRequest request = HP__METRICS_REQUEST__INIT;
	AUTO_REPLY Hp__MetricsResponse *reply = NULL;
	struct hp_stats stats = {0};

	request.filters = &filter;
	request.n_filters = 1;
	if (hp_containerd__call(c, HP_SVC_TASKS "Metrics", &request.base,
				&hp__metrics_response__descriptor, &reply, err) < 0)
		return hp_wrap(err, "stats of '%s'", id);
	if (reply->n_metrics != 1 || !reply->metrics[0]->data)
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", id);
	stats.time_ns = hp_containerd__time(reply->metrics[0]->timestamp);
	if (read_metric(reply->metrics[0]->data, &stats, err) < 0)
		return hp_wrap(err, "stats of '%s'", id);
	if (pid > 0)
		hp_engine__count_network(pid, &stats);
	*ret_stats = stats;
	return 0;
}

int hp_containerd__stats(struct hp_engine *e, const char *ref, struct hp_stats *ret_stats,
			 struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;

	if (hp_containerd__find(c, ref, &found, err) < 0 ||
	    hp_containerd__task(c, found->container->id, &task, err) < 0)
		return -1;
	if (task->process->status == HP__TASK_STATUS__TASK_STOPPED)
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", ref);
	return hp_containerd__stats_of(c, found->container->id, (pid_t)task->process->pid,
				       ret_stats, err);
}

bool hp_containerd__oom_killed(struct containerd *c, const char *id, int status)
{
	struct hp_error ignored = HP_ERROR_INIT;
	struct hp_stats stats;

	return status == 128 + SIGKILL &&
	       hp_containerd__stats_of(c, id, 0, &stats, &ignored) == 0 && stats.oom_kills > 0;
}
