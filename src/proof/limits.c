/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - memory and CPU limits hold, measured from outside; and the figures of the client. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "proof/run.h"

#define PHASE          "limits"
#define MEMORY_LIMIT   (INT64_C(128) << 20)
/* How long the busy container is measured; long against the scheduler's period of 100 ms. */
#define CPU_SETTLE_MS  500
#define CPU_MEASURE_MS 3000
#define CPU_LIMIT_NANO INT64_C(500000000)
#define CPU_LOW        0.40
#define CPU_HIGH       0.60
#define CPU_TRIES      3

#define CREATE_START_MAX_NS INT64_C(2000000000)
#define CLIENT_MAX_BYTES    (UINT64_C(100) << 20)
#define CLIENT_AIM_BYTES    (UINT64_C(10) << 20)

/* Run @args within @limits to their end. */
static int run_to_end(struct hp_run *r, const char *const *args,
		      const struct hp_resources *limits, struct hp_exit *ret,
		      struct hp_error *err)
{
	AUTO_FREE char *id = NULL;

	if (hp_run__create(r, args, limits, &id, err) < 0 ||
	    hp_engine_start(r->engine, id, 0, 0, NULL, err) < 0 ||
	    hp_engine_wait(r->engine, id, 60000, ret, err) < 0)
		return -1;
	return hp_engine_remove(r->engine, id, true, true, err);
}

/* dd fills a buffer of the size of its block, so that the size of the allocation is exact. */
static void check_memory(struct hp_run *r, const char *name, const char *block, bool fits)
{
	const char *args[] = {"dd", "if=/dev/zero", "of=/dev/null", block, "count=1", NULL};
	struct hp_resources limits = {.memory_bytes = MEMORY_LIMIT,
				      .memory_swap_bytes = MEMORY_LIMIT};
	const char *target = fits ? "exit 0" : "exit 137, OOM reported";
	struct hp_error err = HP_ERROR_INIT;
	struct hp_exit ended;
	int64_t began = hp_run__begin(r, name);
	bool ok;

	if (run_to_end(r, args, &limits, &ended, &err) < 0) {
		hp_run__fail(r, PHASE, name, began, &err, target);
		return;
	}
	ok = fits ? ended.code == 0 && !ended.oom : ended.code == 128 + SIGKILL && ended.oom;
	hp_run__check(r, PHASE, name, ok,
		      hp_sprintf("exit %d, %s", ended.code,
				 ended.oom ? "OOM reported" : "no OOM reported"),
		      target);
}

static int measure_cpu(struct hp_run *r, const char *id, double *ret_share,
		       struct hp_error *err)
{
	struct hp_stats first, last;
	int64_t began;

	hp_clock_sleep_ms(CPU_SETTLE_MS);
	if (hp_engine_stats(r->engine, id, &first, err) < 0)
		return -1;
	began = hp_clock_ns();
	hp_clock_sleep_ms(r->options->cpu_ms ? r->options->cpu_ms : CPU_MEASURE_MS);
	if (hp_engine_stats(r->engine, id, &last, err) < 0)
		return -1;
	*ret_share = (double)(last.cpu_ns - first.cpu_ns) / (double)(hp_clock_ns() - began);
	return 0;
}

/* What else runs on the machine takes from the share and never adds to it, so too little is
 * measured again. */
static int measure_cpu_calmly(struct hp_run *r, const char *id, double *ret_share,
			      struct hp_error *err)
{
	double share = 0;

	for (int i = 0; i < CPU_TRIES && share < CPU_LOW; i++)
		if (measure_cpu(r, id, &share, err) < 0)
			return -1;
	*ret_share = share;
	return 0;
}

static void check_cpu(struct hp_run *r)
{
	static const char *const busy[] = {"sh", "-c", "while :; do :; done", NULL};
	static const char name[] = "CPU limit of 0.5";
	static const char target[] = "0.40 to 0.60 of a core";
	struct hp_resources limits = {.cpu_nano = CPU_LIMIT_NANO};
	struct hp_error err = HP_ERROR_INIT;
	int64_t began = hp_run__begin(r, name);
	AUTO_FREE char *id = NULL;
	double share;

	if (hp_run__create(r, busy, &limits, &id, &err) < 0 ||
	    hp_engine_start(r->engine, id, 0, 0, NULL, &err) < 0 ||
	    measure_cpu_calmly(r, id, &share, &err) < 0 ||
	    hp_engine_remove(r->engine, id, true, true, &err) < 0) {
		hp_run__fail(r, PHASE, name, began, &err, target);
		return;
	}
	hp_run__check(r, PHASE, name, share >= CPU_LOW && share <= CPU_HIGH,
		      hp_sprintf("%.2f of a core", share), target);
}

bool hp_run__limits(struct hp_run *r)
{
	check_memory(r, "64 MiB within 128 MiB", "bs=64M", true);
	if (!hp_run__interrupted(r))
		check_memory(r, "256 MiB within 128 MiB", "bs=256M", false);
	if (!hp_run__interrupted(r))
		check_cpu(r);
	return !hp_run__interrupted(r);
}

void hp_run__targets(struct hp_run *r)
{
	uint64_t rss = hp_run__rss_bytes();

	if (r->create_start_ns)
		hp_run__check(r, "targets", "create and start, median",
			      r->create_start_ns < CREATE_START_MAX_NS,
			      hp_run__ms(r->create_start_ns), "< 2 s");
	hp_run__check(r, "targets", "client memory", rss < CLIENT_MAX_BYTES,
		      hp_str_human_bytes(rss),
		      rss < CLIENT_AIM_BYTES ? "< 100 MB, aim < 10 MB: met"
					     : "< 100 MB, aim < 10 MB: missed");
}
