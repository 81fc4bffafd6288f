/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-stress.c - words of stress-ng, and what says where a process's cgroups are. */
#include <string.h>

#include "base/alloc.h"
#include "chaos/stress.h"
#include "fuzz.h"

static void read_words(const char *text)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_stress s;

	hp_strv_split(&words, text, '\n');
	if (hp_stress_parse(hp_strv_view(&words), &s, &err) < 0) {
		FUZZ_CHECK(err.code == HP_EINVALID || err.code == HP_EUNSUPPORTED);
		return;
	}
	FUZZ_CHECK(s.cpu >= 0 || s.vm >= 0 || s.io >= 0 || s.hdd >= 0);
	FUZZ_CHECK(s.cpu_load >= 0 && s.cpu_load <= 100 && s.vm_pct <= 100);
	FUZZ_CHECK(s.vm_bytes > 0 && s.hdd_bytes > 0 && s.timeout_ms >= 0);
}

/* The first half is mountinfo, the second the process's own file. */
static void read_places(const char *text)
{
	AUTO(hp_cgroup_places_clear) struct hp_cgroup_places places = {.count = 0};
	AUTO_FREE char *mounts = hp_strndup(text, strlen(text) / 2);

	hp_cgroup_places_read(mounts, text + strlen(text) / 2, &places);
	for (size_t i = 0; i < places.count; i++)
		FUZZ_CHECK(!places.items[i].dir ||
			   hp_str_starts(places.items[i].dir, places.items[i].point));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = hp_strndup(size > 0 ? (const char *)data : "", size);

	read_words(text);
	read_places(text);
	return 0;
}
