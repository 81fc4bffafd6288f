/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - what a container uses: what CRI tells, and what this host's cgroups add. */
#include "engine/cri/cri.h"

static uint64_t value_of(const Hp__CriUint64Value *v)
{
	return v ? v->value : 0;
}

int hp_cri__stats(struct hp_engine *e, const char *ref, struct hp_stats *ret,
		  struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;
	AUTO_REPLY Hp__CriContainerStatsResponse *reply = NULL;
	Hp__CriContainerRequest request = HP__CRI_CONTAINER_REQUEST__INIT;
	struct hp_stats stats = {.time_ns = hp_clock_unix_ns()};

	if (hp_cri__find_running(c, ref, &found, &status, err) < 0)
		return -1;
	request.container_id = found.container->id;
	if (hp_cri__call(c, HP_SVC_RUNTIME "ContainerStats", &request.base,
			 &hp__cri_container_stats_response__descriptor, &reply, err) < 0)
		return hp_wrap(err, "stats of '%s'", ref);
	const Hp__CriContainerStats *from = reply->stats;
	if (!from || (!from->cpu && !from->memory))
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", ref);
	if (from->cpu) {
		stats.time_ns = from->cpu->timestamp;
		stats.cpu_ns = value_of(from->cpu->usage_core_nano_seconds);
	}
	if (from->memory)
		stats.memory_bytes = value_of(from->memory->working_set_bytes);
	hp_cri__cgroup_stats(found.container->id, hp_cri__pid(status), &stats);
	*ret = stats;
	return 0;
}
