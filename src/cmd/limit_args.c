/* SPDX-License-Identifier: Apache-2.0 */
/* limit_args.c - limits from options, checked against each other. */
#include "cmd/limit_args.h"

/* From: docker run reference, "the minimum allowed value is 6m". */
enum { LEAST_MEMORY_BYTES = 6 * 1024 * 1024 };

bool hp_limit_none(const struct hp_limit_args *a)
{
	return a->memory == 0 && a->memory_swap == 0 && a->cpus == 0 && a->cpu_shares == 0 &&
	       !a->cpuset_cpus && a->pids_limit == 0;
}

int hp_limit_resources(const struct hp_limit_args *args, struct hp_resources *ret,
		       struct hp_error *err)
{
	if (args->memory && args->memory < LEAST_MEMORY_BYTES)
		return hp_fail(err, HP_EUSAGE, "--memory %lld is under the least of 6m",
			       (long long)args->memory);
	if (args->memory_swap > 0 && args->memory_swap < args->memory)
		return hp_fail(err, HP_EUSAGE,
			       "--memory-swap counts memory and swap together, so it cannot be "
			       "under --memory");
	*ret = (struct hp_resources){
		.memory_bytes = args->memory,
		.memory_swap_bytes = args->memory_swap,
		.cpu_nano = args->cpus,
		.cpu_shares = (uint64_t)args->cpu_shares,
		.cpuset_cpus = args->cpuset_cpus,
		.pids_limit = args->pids_limit,
	};
	return 0;
}
