/* SPDX-License-Identifier: Apache-2.0 */
/* spec_resources.c - owns "linux.resources", whose numbers are those of cgroup v1 and whose meaning
 * in the guest is that of cgroup v2.
 * From: OCI runtime-spec config-linux.md, "Control groups"; opencontainers/cgroups fs2 and
 * utils.go for what v1's numbers become. */
#include <string.h>

#include "shim/spec_parts.h"

#define WHERE      "linux.resources"
#define SHARES_MIN 2
#define SHARES_MAX 262144
#define UNSET      INT64_MIN

static void set(const struct hp_shim__reader *r, Hp__Guest__Int **ret, int64_t value)
{
	if (value != UNSET)
		*ret = hp_shim__int(r, value);
}

/* A limit of cgroup v1: 0 is "not said", anything below "none". */
static int64_t limit(int64_t value)
{
	if (value == 0)
		return UNSET;
	return value < 0 ? -1 : value;
}

/* v1 limits the sum of memory and swap, v2 swap alone.
 * From: opencontainers/cgroups utils.go, ConvertMemorySwapToCgroupV2Value. */
static int read_swap(int64_t memory, int64_t swap, int64_t *ret, struct hp_error *err)
{
	*ret = UNSET;
	if (swap == UNSET || swap == 0)
		*ret = memory == -1 ? -1 : UNSET;
	else if (swap < 0)
		*ret = -1;
	else if (memory == UNSET || memory == 0)
		return hp_fail(err, HP_EINVALID,
			       WHERE ".memory.swap: a limit of swap needs one of memory");
	else if (memory < 0)
		*ret = swap;
	else if (swap < memory)
		return hp_fail(err, HP_EINVALID,
			       WHERE
			       ".memory.swap: it includes memory, and is below its limit");
	else
		*ret = swap - memory;
	return 0;
}

static int read_memory(const struct hp_shim__reader *r, const struct hp_json *v,
		       Hp__Guest__Resources *res, struct hp_error *err)
{
	const struct hp_json *m = NULL;
	int64_t max = UNSET;
	int64_t swap = UNSET;
	int64_t low = UNSET;
	int64_t swap_max;

	if (hp_shim__read_object(HP_SHIM_FIELD(v, WHERE, "memory"), &m, err) < 0 ||
	    hp_shim__read_i64(HP_SHIM_FIELD(m, WHERE ".memory", "limit"), &max, err) < 0 ||
	    hp_shim__read_i64(HP_SHIM_FIELD(m, WHERE ".memory", "swap"), &swap, err) < 0 ||
	    hp_shim__read_i64(HP_SHIM_FIELD(m, WHERE ".memory", "reservation"), &low, err) <
		    0 ||
	    read_swap(max, swap, &swap_max, err) < 0)
		return -1;
	set(r, &res->memory_max, max == UNSET ? UNSET : limit(max));
	set(r, &res->memory_swap_max, swap_max);
	set(r, &res->memory_low, low == UNSET ? UNSET : limit(low));
	return 0;
}

/* From: opencontainers/cgroups utils.go, ConvertCPUSharesToCgroupV2Value. */
static int64_t weight_of(uint64_t shares)
{
	if (shares < SHARES_MIN)
		shares = SHARES_MIN;
	if (shares > SHARES_MAX)
		shares = SHARES_MAX;
	return (int64_t)(1 + ((shares - 2) * 9999) / 262142);
}

static int read_cpu(const struct hp_shim__reader *r, const struct hp_json *v,
		    Hp__Guest__Resources *res, struct hp_error *err)
{
	const struct hp_json *c = NULL;
	uint64_t shares = 0;
	uint64_t period = 0;
	int64_t quota = 0;

	if (hp_shim__read_object(HP_SHIM_FIELD(v, WHERE, "cpu"), &c, err) < 0 ||
	    hp_shim__read_u64(HP_SHIM_FIELD(c, WHERE ".cpu", "shares"), &shares, err) < 0 ||
	    hp_shim__read_u64(HP_SHIM_FIELD(c, WHERE ".cpu", "period"), &period, err) < 0 ||
	    hp_shim__read_i64(HP_SHIM_FIELD(c, WHERE ".cpu", "quota"), &quota, err) < 0 ||
	    hp_shim__read_str(r, HP_SHIM_FIELD(c, WHERE ".cpu", "cpus"), &res->cpuset_cpus,
			      err) < 0 ||
	    hp_shim__read_str(r, HP_SHIM_FIELD(c, WHERE ".cpu", "mems"), &res->cpuset_mems,
			      err) < 0)
		return -1;
	/* From: Linux Documentation/scheduler/sched-bwc.rst: 1 ms to 1 s. */
	if (period != 0 && (period < 1000 || period > 1000000))
		return hp_fail(err, HP_EINVALID,
			       WHERE ".cpu.period: %llu is not from 1000 to 1000000",
			       (unsigned long long)period);
	if (quota > 0 && quota < 1000)
		return hp_fail(err, HP_EINVALID, WHERE ".cpu.quota: %lld is below 1000",
			       (long long)quota);
	set(r, &res->cpu_weight, shares == 0 ? UNSET : weight_of(shares));
	set(r, &res->cpu_period_us, period == 0 ? UNSET : (int64_t)period);
	set(r, &res->cpu_quota_us, limit(quota));
	return 0;
}

static int read_pids(const struct hp_shim__reader *r, const struct hp_json *v,
		     Hp__Guest__Resources *res, struct hp_error *err)
{
	const struct hp_json *p = NULL;
	int64_t max = 0;

	if (hp_shim__read_object(HP_SHIM_FIELD(v, WHERE, "pids"), &p, err) < 0 ||
	    hp_shim__read_i64(HP_SHIM_FIELD(p, WHERE ".pids", "limit"), &max, err) < 0)
		return -1;
	set(r, &res->pids_max, limit(max));
	return 0;
}

/* Names of files in the cgroup's directory, and lines to write to them. */
static int read_unified(const struct hp_shim__reader *r, const struct hp_json *v,
			Hp__Guest__Resources *res, struct hp_error *err)
{
	if (hp_shim__read_pairs(r, HP_SHIM_FIELD(v, WHERE, "unified"), &res->unified,
				&res->n_unified, err) < 0)
		return -1;
	for (size_t i = 0; i < res->n_unified; i++) {
		const char *key = res->unified[i]->key;

		/* Those that begin with "cgroup." are the hierarchy itself, as for runc. */
		if (strchr(key, '/') || !strchr(key, '.') || hp_str_starts(key, "cgroup."))
			return hp_fail(err, HP_EINVALID,
				       WHERE ".unified: '%.64s' is no setting of a controller",
				       key);
	}
	return 0;
}

static void warn_ignored(const struct hp_shim__reader *r, const struct hp_json *v)
{
	static const char *const ignored[] = {"blockIO", "network", "rdma"};

	for (size_t i = 0; i < HP_ARRAY_LEN(ignored); i++)
		if (hp_json_count(hp_json_get(v, ignored[i])) > 0)
			hp_shim__warn(r, WHERE ".%s is ignored", ignored[i]);
}

int hp_shim__spec_resources(const struct hp_shim__reader *r, const struct hp_json *v,
			    Hp__Guest__Resources **ret, struct hp_error *err)
{
	Hp__Guest__Resources *res = hp_shim__arena_alloc(r->arena, sizeof(*res));

	hp__guest__resources__init(res);
	if (!hp_json_is_null(v) && !hp_json_is_object(v))
		return hp_fail(err, HP_EINVALID, WHERE ": must be an object");
	if (read_memory(r, v, res, err) < 0 || read_cpu(r, v, res, err) < 0 ||
	    read_pids(r, v, res, err) < 0 || read_unified(r, v, res, err) < 0)
		return -1;
	warn_ignored(r, v);
	*ret = res;
	return 0;
}
