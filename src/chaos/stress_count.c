/* SPDX-License-Identifier: Apache-2.0 */
/* stress_count.c - reads the counters of cgroups of both versions.
 * From: Linux admin-guide/cgroup-v1/{cpuacct,memory,blkio-controller}.rst, cgroup-v2.rst. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "chaos/stress.h"

#define NONE     UINT64_MAX
#define NO_LIMIT (1ull << 62) /* version 1 says so much for none */

static bool get(const char *dir, const char *file, char **ret)
{
	struct hp_error ignored = HP_ERROR_INIT;

	return hp_cgroup_get(dir, file, ret, &ignored) == 0;
}

static uint64_t number(const char *dir, const char *file)
{
	AUTO_FREE char *text = NULL;

	return get(dir, file, &text) && *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10)
								     : NONE;
}

/* Of a file with "KEY NUMBER" in each line. */
static uint64_t keyed(const char *dir, const char *file, const char *key)
{
	AUTO(hp_strv_free) struct hp_strv lines = {0};
	AUTO_FREE char *text = NULL;
	const size_t len = strlen(key);

	if (!get(dir, file, &text))
		return NONE;
	hp_strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++)
		if (hp_str_starts(lines.items[i], key) && lines.items[i][len] == ' ')
			return strtoull(lines.items[i] + len + 1, NULL, 10);
	return NONE;
}

/* The sum of all that follows these words in a file. */
static uint64_t sum_of(const char *dir, const char *file, const char *const *words)
{
	AUTO_FREE char *text = NULL;
	uint64_t sum = 0;

	if (!get(dir, file, &text))
		return NONE;
	for (; *words; words++)
		for (const char *at = text; (at = strstr(at, *words));) {
			at += strlen(*words);
			sum += strtoull(at, NULL, 10);
		}
	return sum;
}

static void take(uint64_t *to, uint64_t value)
{
	if (value != NONE)
		*to = value;
}

static void count_dir(const char *dir, struct hp_stress_counts *ret)
{
	static const char *const v1_io[] = {" Read ", " Write ", NULL};
	static const char *const v2_io[] = {"rbytes=", "wbytes=", NULL};
	uint64_t ns = number(dir, "cpuacct.usage");

	take(&ret->cpu_us, ns == NONE ? NONE : ns / 1000);
	/* A hybrid host's version 2 has no controllers, but times. */
	if (ret->cpu_us == NONE)
		take(&ret->cpu_us, keyed(dir, "cpu.stat", "usage_usec"));
	take(&ret->memory_peak, number(dir, "memory.max_usage_in_bytes"));
	take(&ret->memory_peak, number(dir, "memory.peak"));
	take(&ret->oom_kills, keyed(dir, "memory.oom_control", "oom_kill"));
	take(&ret->oom_kills, keyed(dir, "memory.events", "oom_kill"));
	take(&ret->io_bytes, sum_of(dir, "blkio.throttle.io_service_bytes", v1_io));
	take(&ret->io_bytes, sum_of(dir, "io.stat", v2_io));
}

void hp_stress_count(const struct hp_strv *dirs, struct hp_stress_counts *ret)
{
	*ret = (struct hp_stress_counts){NONE, NONE, NONE, NONE};
	for (size_t i = 0; i < dirs->count; i++)
		count_dir(dirs->items[i], ret);
}

uint64_t hp_stress_memory_limit(const struct hp_strv *dirs)
{
	uint64_t least = NO_LIMIT;

	for (size_t i = 0; i < dirs->count; i++) {
		AUTO_FREE char *dir = hp_strdup(dirs->items[i]);

		/* Up to where the hierarchy is mounted, whose files have no limits. */
		for (int depth = 0; depth < 64 && strlen(dir) > 1; depth++) {
			uint64_t v1 = number(dir, "memory.limit_in_bytes");
			uint64_t v2 = number(dir, "memory.max");
			char *up = hp_path_dir(dir);

			if (v1 < least)
				least = v1;
			if (v2 < least)
				least = v2;
			free(dir);
			dir = up;
		}
	}
	return least == NO_LIMIT ? 0 : least;
}
