/* SPDX-License-Identifier: Apache-2.0 */
/* oci_resources.c - the limits that a container's cgroup has. */
#include "wire/oci_parts.h"

/* From: Linux Documentation/scheduler/sched-bwc.rst: the period that docker's --cpus means. */
#define CPU_PERIOD_US 100000
/* From: docker run's reference: --cpus begins at 0.01, --memory at 6m. */
#define CPU_NANO_MIN  10000000
#define MEMORY_MIN    (6LL << 20)
#define NANO          1000000000LL

static int check_memory(const struct hp_resources *r, struct hp_error *err)
{
	if (r->memory_bytes < 0)
		return hp_fail(err, HP_EINVALID,
			       "memory of %lld bytes: expected a positive size",
			       (long long)r->memory_bytes);
	if (r->memory_bytes > 0 && r->memory_bytes < MEMORY_MIN)
		return hp_fail(err, HP_EINVALID,
			       "memory of %lld bytes is under the minimum of 6 MiB",
			       (long long)r->memory_bytes);
	if (r->memory_swap_bytes < -1)
		return hp_fail(err, HP_EINVALID,
			       "memory and swap of %lld bytes: expected a size or -1",
			       (long long)r->memory_swap_bytes);
	/* The swap limit counts both. */
	if (r->memory_swap_bytes > 0 && r->memory_swap_bytes < r->memory_bytes)
		return hp_fail(
			err, HP_EINVALID,
			"memory and swap of %lld bytes is under the memory of %lld alone",
			(long long)r->memory_swap_bytes, (long long)r->memory_bytes);
	return 0;
}

/* From: OCI runtime-spec config-linux.md, "Memory". */
static int set_memory(struct hp_json *to, const struct hp_resources *r, struct hp_error *err)
{
	if (check_memory(r, err) < 0)
		return -1;
	if (r->memory_bytes == 0 && r->memory_swap_bytes == 0)
		return 0;

	struct hp_json *v = hp_json_object();

	if (r->memory_bytes > 0)
		hp_json_set_i64(v, "limit", r->memory_bytes);
	if (r->memory_swap_bytes != 0)
		hp_json_set_i64(v, "swap", r->memory_swap_bytes);
	hp_json_set(to, "memory", v);
	return 0;
}

/* "0-3,7": numbers and ranges. From: cpuset(7), "List format". */
static bool is_cpu_list(const char *s)
{
	for (;;) {
		size_t n = strspn(s, "0123456789");

		if (n == 0 || n > 5)
			return false;
		s += n;
		if (*s == '-') {
			n = strspn(++s, "0123456789");
			if (n == 0 || n > 5)
				return false;
			s += n;
		}
		if (*s == '\0')
			return true;
		if (*s++ != ',')
			return false;
	}
}

static int check_cpu(const struct hp_resources *r, struct hp_error *err)
{
	if (r->cpu_nano != 0 && r->cpu_nano < CPU_NANO_MIN)
		return hp_fail(err, HP_EINVALID, "a limit of %.9f CPUs is under 0.01",
			       (double)r->cpu_nano / NANO);
	if (r->cpu_nano > INT64_MAX / CPU_PERIOD_US)
		return hp_fail(err, HP_EINVALID, "a limit of %.0f CPUs is too much",
			       (double)r->cpu_nano / NANO);
	if (!hp_str_empty(r->cpuset_cpus) && !is_cpu_list(r->cpuset_cpus))
		return hp_fail(err, HP_EINVALID, "CPU list '%.64s': expected one like '0-1,3'",
			       r->cpuset_cpus);
	return 0;
}

/* From: OCI runtime-spec config-linux.md, "CPU". */
static int set_cpu(struct hp_json *to, const struct hp_resources *r, struct hp_error *err)
{
	if (check_cpu(r, err) < 0)
		return -1;
	if (r->cpu_nano == 0 && r->cpu_shares == 0 && hp_str_empty(r->cpuset_cpus))
		return 0;

	struct hp_json *v = hp_json_object();

	if (r->cpu_shares > 0)
		hp_json_set_u64(v, "shares", r->cpu_shares);
	if (r->cpu_nano > 0) {
		hp_json_set_i64(v, "quota", r->cpu_nano * CPU_PERIOD_US / NANO);
		hp_json_set_u64(v, "period", CPU_PERIOD_US);
	}
	if (!hp_str_empty(r->cpuset_cpus))
		hp_json_set_str(v, "cpus", r->cpuset_cpus);
	hp_json_set(to, "cpu", v);
	return 0;
}

/* From: OCI runtime-spec config-linux.md, "PIDs". */
static int set_pids(struct hp_json *to, const struct hp_resources *r, struct hp_error *err)
{
	if (r->pids_limit < -1)
		return hp_fail(err, HP_EINVALID, "pids limit of %lld: expected a number or -1",
			       (long long)r->pids_limit);
	if (r->pids_limit == 0)
		return 0;

	struct hp_json *v = hp_json_object();

	hp_json_set_i64(v, "limit", r->pids_limit);
	hp_json_set(to, "pids", v);
	return 0;
}

int hp_oci_resources_build(const struct hp_resources *r, struct hp_json **ret,
			   struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *v = hp_json_object();

	if (set_memory(v, r, err) < 0 || set_cpu(v, r, err) < 0 || set_pids(v, r, err) < 0)
		return -1;
	*ret = TAKE(v);
	return 0;
}
