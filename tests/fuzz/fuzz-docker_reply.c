/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-docker_reply.c - any JSON as what docker answers to each kind of call. */
#include "engine/docker/docker.h"

#include "base/alloc.h"
#include "fuzz.h"

static void read_container(const struct hp_json *v)
{
	AUTO(hp_container_free)
	struct hp_container *row = hp_docker__container_from_row("docker", v);
	AUTO(hp_container_free)
	struct hp_container *whole = hp_docker__container_from_document("docker", v);

	FUZZ_CHECK(row->id && row->name && row->image && row->command && row->netns_path);
	FUZZ_CHECK(whole->id && whole->name && whole->command && whole->detail_json);
	FUZZ_CHECK(row->created_ns >= 0 && whole->created_ns >= 0 && whole->pid >= 0);
}

static void read_image(const struct hp_json *v)
{
	AUTO(hp_image_list_free) struct hp_image_list *list = hp_alloc(sizeof(*list));
	const struct hp_image *found = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (!hp_json_get_str(v, "Id"))
		return;
	hp_docker__images_add(v, list);
	FUZZ_CHECK(list->count > 0);
	for (size_t i = 0; i < list->count; i++)
		FUZZ_CHECK(list->items[i]->name && list->items[i]->digest);
	FUZZ_CHECK(hp_docker__image_find(list, list->items[0]->name, &found, &err) == 0);
}

static void read_stream(const struct hp_json *v)
{
	AUTO(hp_event_clear) struct hp_event event = {0};
	struct hp_docker_pull_line line;

	if (hp_docker__event_read(v, &event))
		FUZZ_CHECK(event.id && event.type && event.action && event.topic && event.ns);
	if (hp_docker__pull_read(v, &line))
		FUZZ_CHECK(line.failure || line.digest || line.layer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(hp_json_free) struct hp_json *v = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_stats stats;

	if (hp_json_parse(HP_BYTES(data, size), &v, &err) < 0)
		return 0;
	read_container(v);
	read_image(v);
	read_stream(v);
	hp_docker__stats_read(v, size % 2, &stats);
	FUZZ_CHECK(stats.pids_limit <= INT64_MAX);
	return 0;
}
