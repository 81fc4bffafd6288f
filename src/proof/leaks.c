/* SPDX-License-Identifier: Apache-2.0 */
/* leaks.c - many cycles of create, start, kill, wait, delete; nothing may be left of them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "proof/run.h"

#define PHASE          "leaks"
#define DEFAULT_CYCLES 100
/* The first cycles fill caches and pools, which is no leak. */
#define WARM_UP        15
/* The daemon collects garbage on its own time. */
#define SETTLE_MS      15000
#define GROWTH_MAX_PCT 10.0

static int one_cycle(struct hp_run *r, int64_t *ret_ns, struct hp_error *err)
{
	AUTO_FREE char *id = NULL;
	struct hp_exit ended;
	int64_t began = hp_clock_ns();

	if (hp_run__create(r, hp_run__sleeper, NULL, &id, err) < 0 ||
	    hp_engine_start(r->engine, id, 0, 0, NULL, err) < 0)
		return -1;
	*ret_ns = hp_clock_ns() - began;
	if (hp_engine_kill(r->engine, id, NULL, SIGKILL, err) < 0 ||
	    hp_engine_wait(r->engine, id, 10000, &ended, err) < 0)
		return -1;
	if (ended.code != 128 + SIGKILL)
		return hp_fail(err, HP_EFAILED, "a killed container exited with %d, not 137",
			       ended.code);
	return hp_engine_remove(r->engine, id, false, true, err);
}

static int run_cycles(struct hp_run *r, const char *name, unsigned count, int64_t *times,
		      struct hp_error *err)
{
	for (unsigned i = 0; i < count; i++) {
		if (hp_run__interrupted(r))
			return hp_fail(err, HP_ECANCELED, "interrupted");
		if (r->options->progress)
			r->options->progress(r->options->progress_arg, name, i, count);
		if (one_cycle(r, &times[i], err) < 0)
			return hp_wrap(err, "cycle %u", i + 1);
	}
	return 0;
}

static int compare_times(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Client memory before and after. */
struct usage {
	uint64_t rss;
	uint64_t heap;
};

static struct usage usage_now(void)
{
	return (struct usage){.rss = hp_run__rss_bytes(), .heap = hp_run__heap_bytes()};
}

/* Memory may grow by a tenth of what the client had. The heap is held to the same number of
 * bytes, as the allocator counts what it keeps for the next call as in use. */
static void check_growth(struct hp_run *r, const struct usage *before,
			 const struct usage *after)
{
	double limit = (double)before->rss * GROWTH_MAX_PCT / 100.0;
	double rss = (double)after->rss - (double)before->rss;
	double heap = (double)after->heap - (double)before->heap;

	hp_run__check(r, PHASE, "client RSS", rss < limit,
		      hp_sprintf("%.2f to %.2f MiB (%+.1f %%)", (double)before->rss / (1 << 20),
				 (double)after->rss / (1 << 20),
				 rss * 100.0 / (double)before->rss),
		      "< 10 % growth");
	hp_run__check(r, PHASE, "client heap", heap < limit,
		      hp_sprintf("%.0f to %.0f KiB (%+.1f %% of RSS)",
				 (double)before->heap / 1024, (double)after->heap / 1024,
				 heap * 100.0 / (double)before->rss),
		      "< 10 % of RSS");
}

/* One number of a census. */
static const struct counter {
	const char *name;
	size_t offset;
} counters[] = {
	{"containers left", offsetof(struct hp_census, containers)},
	{"tasks left", offsetof(struct hp_census, tasks)},
	{"snapshots left", offsetof(struct hp_census, snapshots)},
	{"leases left", offsetof(struct hp_census, leases)},
	{"shims left", offsetof(struct hp_census, shims)},
	{"shim sockets left", offsetof(struct hp_census, sockets)},
	{"mounts left", offsetof(struct hp_census, mounts)},
};

static uint64_t count_of(const struct hp_census *census, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)census + counters[i].offset, sizeof(value));
	return value;
}

static bool no_more_than(const struct hp_census *after, const struct hp_census *before)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(counters); i++)
		if (count_of(after, i) > count_of(before, i))
			return false;
	return true;
}

static void check_census(struct hp_run *r, const struct hp_census *before)
{
	int64_t began = hp_run__begin(r, "census");
	int64_t deadline =
		hp_deadline_in(r->options->settle_ms ? r->options->settle_ms : SETTLE_MS);
	struct hp_census after;

	for (;;) {
		struct hp_error err = HP_ERROR_INIT;

		if (hp_engine_census(r->engine, &after, &err) < 0) {
			hp_run__fail(r, PHASE, "census", began, &err, "");
			return;
		}
		if (no_more_than(&after, before) || hp_deadline_left_ms(deadline) == 0)
			break;
		hp_clock_sleep_ms(100);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(counters); i++) {
		int64_t more = (int64_t)count_of(&after, i) - (int64_t)count_of(before, i);

		hp_run__check(r, PHASE, counters[i].name, more <= 0,
			      hp_sprintf("%" PRId64, more > 0 ? more : 0), "0");
	}
}

bool hp_run__leaks(struct hp_run *r)
{
	unsigned cycles = r->options->cycles ? r->options->cycles : DEFAULT_CYCLES;
	AUTO_FREE int64_t *times = hp_alloc_array(cycles + WARM_UP, sizeof(*times));
	bool can_count = hp_engine_can(r->engine) & HP_CAN_CENSUS;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_census before = {0};
	struct usage first, last;
	int64_t began = hp_run__begin(r, "cycles");

	if ((can_count && hp_engine_census(r->engine, &before, &err) < 0) ||
	    run_cycles(r, "warm-up", WARM_UP, times, &err) < 0) {
		hp_run__fail(r, PHASE, "cycles", began, &err, "");
		return !hp_run__interrupted(r);
	}
	first = usage_now();
	began = hp_clock_ns();
	if (run_cycles(r, "cycles", cycles, times, &err) < 0) {
		hp_run__fail(r, PHASE, "cycles", began, &err, "");
		return !hp_run__interrupted(r);
	}
	last = usage_now();
	qsort(times, cycles, sizeof(*times), compare_times);
	r->create_start_ns = times[cycles / 2];
	hp_run__pass(r, PHASE, "cycles", began,
		     hp_sprintf("%u of create, start, kill, wait, delete", cycles), "");
	check_growth(r, &first, &last);
	if (can_count)
		check_census(r, &before);
	return !hp_run__interrupted(r);
}
