/* SPDX-License-Identifier: Apache-2.0 */
/* limit_args.h - the options for limits, which run, create and update share. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include <harpoon/spec.h>

#include "base/error.h"
#include "cmd/opt.h"

struct hp_limit_args {
	int64_t memory;
	int64_t memory_swap;
	int64_t cpus;
	int64_t cpu_shares;
	const char *cpuset_cpus;
	int64_t pids_limit;
};

/* The rows for a member @m of type struct hp_limit_args in the arguments @s. */
/* clang-format off: one row an option */
#define HP_LIMIT_OPTS(s, m)                                                                    \
	HP_OPT_SIZE('m', "memory", s, m.memory, "SIZE", "most memory, such as 64m"),           \
		HP_OPT_SIZE_ANY(0, "memory-swap", s, m.memory_swap, "SIZE",                    \
				"most memory and swap together; -1: unlimited swap"),          \
		HP_OPT_NANO(0, "cpus", s, m.cpus, "N", "most CPU time, in CPUs, such as 0.5"), \
		HP_OPT_INT('c', "cpu-shares", s, m.cpu_shares,                                 \
			   "weight against other containers", 0, 262144, 0),                   \
		HP_OPT_STR(0, "cpuset-cpus", s, m.cpuset_cpus, "CPUS",                         \
			   "the CPUs to run on, such as 0-1,3"),                               \
		HP_OPT_INT(0, "pids-limit", s, m.pids_limit, "most processes; -1: unlimited",  \
			   -1, INT32_MAX, 0)
/* clang-format on */

/* Is no limit given? */
bool hp_limit_none(const struct hp_limit_args *args);
/* The limits as an engine takes them. Fails: HP_EUSAGE - they contradict each other. */
int hp_limit_resources(const struct hp_limit_args *args, struct hp_resources *ret,
		       struct hp_error *err) MUST_CHECK;
