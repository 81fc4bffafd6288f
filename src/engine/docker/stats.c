/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - what docker's containers use, and their limits. */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"

static uint64_t number_at(const struct hp_json *v, const char *path)
{
	return hp_json_u64(hp_json_path(v, path), 0);
}

static void read_blocks(const struct hp_json *rows, struct hp_stats *to)
{
	for (size_t i = 0; i < hp_json_count(rows); i++) {
		const struct hp_json *row = hp_json_at(rows, i);
		const char *op = hp_json_get_str(row, "op");
		const uint64_t bytes = number_at(row, "value");

		if (op && strcasecmp(op, "read") == 0)
			to->block_read_bytes += bytes;
		else if (op && strcasecmp(op, "write") == 0)
			to->block_write_bytes += bytes;
	}
}

static void read_networks(const struct hp_json *networks, struct hp_stats *to)
{
	for (size_t i = 0; i < hp_json_count(networks); i++) {
		const struct hp_json *network = hp_json_value_at(networks, i);

		to->net_rx_bytes += number_at(network, "rx_bytes");
		to->net_tx_bytes += number_at(network, "tx_bytes");
	}
}

/* From: docker API, ContainerStats. File pages that can be dropped are named differently by version 1
 * and 2 of cgroups; processes that were killed for memory are named by neither. */
void hp_docker__stats_read(const struct hp_json *from, bool limited, struct hp_stats *to)
{
	const uint64_t usage = number_at(from, "memory_stats.usage");
	const struct hp_json *detail = hp_json_path(from, "memory_stats.stats");
	const uint64_t inactive = hp_json_u64(hp_json_get(detail, "total_inactive_file"),
					      number_at(detail, "inactive_file"));
	const uint64_t pids = number_at(from, "pids_stats.limit");

	*to = (struct hp_stats){
		.time_ns = hp_docker__time(hp_json_get_str(from, "read")),
		.cpu_ns = number_at(from, "cpu_stats.cpu_usage.total_usage"),
		.memory_bytes = usage > inactive ? usage - inactive : usage,
		.memory_limit_bytes = limited ? number_at(from, "memory_stats.limit") : 0,
		.pids = number_at(from, "pids_stats.current"),
		.pids_limit = pids > INT64_MAX ? 0 : pids,
	};
	read_blocks(hp_json_path(from, "blkio_stats.io_service_bytes_recursive"), to);
	read_networks(hp_json_get(from, "networks"), to);
}

int hp_docker__stats(struct hp_engine *e, const char *ref, struct hp_stats *ret,
		     struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *document = NULL;
	AUTO(hp_json_free) struct hp_json *reply = NULL;
	AUTO_FREE char *path = NULL;

	if (hp_docker__look(d, ref, &document, err) < 0)
		return -1;
	/* Docker gives zeros for what does not run. */
	if (!hp_json_bool(hp_json_path(document, "State.Running"), false))
		return hp_fail(err, HP_ESTATE, "container '%s' does not run", ref);
	if (hp_docker__container_path(hp_json_get_str(document, "Id"),
				      "stats?stream=0&one-shot=1", &path, err) < 0 ||
	    hp_docker__get(d, path, &reply, err) < 0)
		return hp_wrap(err, "figures of '%s'", ref);
	/* Without a limit docker tells the host's memory. */
	hp_docker__stats_read(reply, number_at(document, "HostConfig.Memory") != 0, ret);
	return 0;
}

void hp_docker__put_limits(struct hp_json *to, const struct hp_resources *r)
{
	if (r->memory_bytes)
		hp_json_set_i64(to, "Memory", r->memory_bytes);
	if (r->memory_swap_bytes)
		hp_json_set_i64(to, "MemorySwap", r->memory_swap_bytes);
	if (r->cpu_nano)
		hp_json_set_i64(to, "NanoCpus", r->cpu_nano);
	if (r->cpu_shares)
		hp_json_set_u64(to, "CpuShares", r->cpu_shares);
	if (!hp_str_empty(r->cpuset_cpus))
		hp_json_set_str(to, "CpusetCpus", r->cpuset_cpus);
	if (r->pids_limit)
		hp_json_set_i64(to, "PidsLimit", r->pids_limit);
}

int hp_docker__update(struct hp_engine *e, const char *ref,
		      const struct hp_resources *resources, struct hp_error *err)
{
	struct docker *d = hp_docker__of(e);
	AUTO(hp_json_free) struct hp_json *document = NULL;
	AUTO(hp_json_free) struct hp_json *body = hp_json_object();
	AUTO_FREE char *path = NULL;

	if (hp_docker__look(d, ref, &document, err) < 0 ||
	    hp_docker__container_path(hp_json_get_str(document, "Id"), "update", &path, err) <
		    0)
		return -1;
	hp_docker__put_limits(body, resources);
	/* Docker gives twice the memory as the limit of memory and swap where none is asked for, but
	 * in an update it holds on to the old one, and to none at all, against which any memory is
	 * too much. */
	const int64_t memory = hp_json_i64(hp_json_path(document, "HostConfig.Memory"), 0);
	const int64_t swap = hp_json_i64(hp_json_path(document, "HostConfig.MemorySwap"), 0);
	if (resources->memory_bytes && !resources->memory_swap_bytes && swap == 2 * memory &&
	    resources->memory_bytes <= INT64_MAX / 2)
		hp_json_set_i64(body, "MemorySwap", 2 * resources->memory_bytes);
	const struct hp_docker_call call = {.method = "POST", .path = path, .body = body};
	if (hp_docker__call(d, &call, NULL, err) < 0)
		return hp_wrap(err, "limits of '%s'", ref);
	return 0;
}
