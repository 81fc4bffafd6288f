/* SPDX-License-Identifier: Apache-2.0 */
/* fake.c - the fake engine: everything in memory, gone with the handle, and no process at all.
 *
 * It keeps the promises of <harpoon/engine.h> so that programs can be tried and tested without a
 * daemon; the contract suite holds it to what containerd does. */
#include "engine/fake.h"
#include "base/alloc.h"
#include "wire/digest.h"

/* Processes here have numbers that no process of Linux can have, so that nobody can be hurt by
 * believing in them. From: proc(5), PID_MAX_LIMIT. */
#define FIRST_PID 4194304

static int fake_open(struct hp_engine *e, const struct hp_client_config *config,
		     struct hp_error *err)
{
	struct hp_fake *f = hp_fake__of(e);
	static const char content[] = "the busybox image of the fake engine";
	char digest[HP_DIGEST_TEXT];

	(void)err;
	f->base.address = hp_strdup(config->address ? config->address : "memory");
	f->base.ns = hp_strdup(config->ns ? config->ns : "default");
	f->last_pid = FIRST_PID;
	hp_digest_of(hp_bytes_str(content), digest);
	hp_fake__image_add(f, "docker.io/library/busybox:latest", digest, sizeof(content) - 1);
	hp_fake__image_add(f, "localhost/busybox:latest", digest, sizeof(content) - 1);
	return 0;
}

static void fake_close(struct hp_engine *e)
{
	struct hp_fake *f = hp_fake__of(e);

	hp_fake__events_close(f);
	while (f->n_containers)
		hp_fake__container_free(f->containers[--f->n_containers]);
	free(f->containers);
	for (size_t i = 0; i < f->images.count; i++)
		hp_image_free(f->images.items[i]);
	free(f->images.items);
}

static int fake_version(struct hp_engine *e, struct hp_version *ret, struct hp_error *err)
{
	(void)e;
	(void)err;
	*ret = (struct hp_version){
		.version = hp_strdup(HP_VERSION),
		.revision = hp_strdup("none"),
		.api = hp_strdup(""),
	};
	return 0;
}

static int fake_list(struct hp_engine *e, struct hp_container_list **ret, struct hp_error *err)
{
	const struct hp_fake *f = hp_fake__of(e);
	struct hp_container_list *list = hp_alloc(sizeof(*list));

	(void)err;
	for (size_t i = 0; i < f->n_containers; i++) {
		hp_fake__container_look(f->containers[i]);
		hp_container_list_add(list, hp_fake__container_copy(f->containers[i], false));
	}
	hp_container_list_sort(list);
	*ret = list;
	return 0;
}

static int fake_inspect(struct hp_engine *e, const char *ref, struct hp_container **ret,
			struct hp_error *err)
{
	struct hp_fake_container *c = NULL;

	if (hp_fake__container_find(hp_fake__of(e), ref, &c, err) < 0)
		return -1;
	*ret = hp_fake__container_copy(c, true);
	return 0;
}

static int fake_census(struct hp_engine *e, struct hp_census *ret, struct hp_error *err)
{
	const struct hp_fake *f = hp_fake__of(e);
	struct hp_census census = {.containers = f->n_containers, .snapshots = f->n_containers};

	(void)err;
	for (size_t i = 0; i < f->n_containers; i++) {
		hp_fake__container_look(f->containers[i]);
		census.tasks += hp_fake__container_runs(f->containers[i]);
	}
	census.shims = census.sockets = census.mounts = census.tasks;
	*ret = census;
	return 0;
}

static void add_number(struct hp_labels *info, const char *key, uint64_t number)
{
	AUTO_FREE char *text = hp_sprintf("%llu", (unsigned long long)number);

	hp_labels_add(info, key, text);
}

static int fake_info(struct hp_engine *e, struct hp_labels *ret, struct hp_error *err)
{
	const struct hp_fake *f = hp_fake__of(e);
	struct hp_census census = {0};

	if (fake_census(e, &census, err) < 0)
		return -1;
	hp_labels_add(ret, "engine", "fake");
	hp_labels_add(ret, "version", HP_VERSION);
	add_number(ret, "containers", census.containers);
	add_number(ret, "running", census.tasks);
	add_number(ret, "images", f->images.count);
	return 0;
}

/* It has no content that it could export. */
#define FAKE_CAN                                                                               \
	(HP_CAN_PAUSE | HP_CAN_UPDATE | HP_CAN_STATS | HP_CAN_EVENTS | HP_CAN_ATTACH |         \
	 HP_CAN_LOGS | HP_CAN_EXEC | HP_CAN_EXEC_KILL | HP_CAN_RESIZE | HP_CAN_IMPORT |        \
	 HP_CAN_TAG | HP_CAN_NAMESPACES | HP_CAN_CENSUS | HP_CAN_CREATE | HP_CAN_LOOK_UP |     \
	 HP_CAN_LOG_BYTES)

const struct hp_engine_ops hp_engine__fake = {
	.name = "fake",
	.can = FAKE_CAN | HP_CAN_RESTART | HP_CAN_ISOLATE | HP_CAN_LIMIT_PIDS |
	       HP_CAN_LOG_NONE | HP_CAN_EXEC_AS | HP_CAN_EXEC_DETACH,
	.size = sizeof(struct hp_fake),
	.open = fake_open,
	.close = fake_close,
	.version = fake_version,
	.info = fake_info,
	.list = fake_list,
	.inspect = fake_inspect,
	.create = hp_fake__create,
	.start = hp_fake__start,
	.stop = hp_fake__stop,
	.kill = hp_fake__kill,
	.pause = hp_fake__pause,
	.unpause = hp_fake__unpause,
	.remove = hp_fake__remove,
	.exec = hp_fake__exec,
	.exec_free = hp_fake__exec_free,
	.attach = hp_fake__attach,
	.resize = hp_fake__resize,
	.logs = hp_fake__logs,
	.waiter = hp_fake__waiter,
	.update = hp_fake__update,
	.stats = hp_fake__stats,
	.events = hp_fake__events,
	.images = hp_fake__images,
	.import = hp_fake__import,
	.remove_image = hp_fake__remove_image,
	.tag = hp_fake__tag,
	.census = fake_census,
};
