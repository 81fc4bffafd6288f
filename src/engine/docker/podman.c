/* SPDX-License-Identifier: Apache-2.0 */
/* podman.c - the podman engine: docker's operations, but for where it is found and what it is.
 *
 * Podman's service speaks docker's API beside its own; what it does in another way is put right here. */
#include "engine/docker/docker.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/docker/ops.h"
#include "engine/docker/podman.h"

/* From: podman-system-service(1); the one of all users. */
#define ROOT_SOCKET "/run/podman/podman.sock"

/* Where to look, in this order; what a variable names counts whether it is there or not.
 * From: Pumba's --podman-socket; podman(1), CONTAINER_HOST. Owns: the caller. */
static char *find_address(const char *explicit)
{
	static const char *const variables[] = {"CONTAINER_HOST", "PODMAN_SOCK"};
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	if (!hp_str_empty(explicit))
		return hp_strdup(explicit);
	for (size_t i = 0; i < HP_ARRAY_LEN(variables); i++)
		if (!hp_str_empty(getenv(variables[i])))
			return hp_strdup(getenv(variables[i]));
	if (!hp_str_empty(runtime_dir) && access(ROOT_SOCKET, F_OK) < 0) {
		AUTO_FREE char *own = hp_path_join(runtime_dir, "podman/podman.sock");
		if (access(own, F_OK) == 0)
			return TAKE(own);
	}
	return hp_strdup(ROOT_SOCKET);
}

static int podman_open(struct hp_engine *e, const struct hp_client_config *config,
		       struct hp_error *err)
{
	AUTO_FREE char *address = find_address(config->address);
	struct hp_client_config found = *config;

	found.address = address;
	return hp_docker__open_engine(e, &found, err);
}

/* A podman of a user has that user's containers, and that user's rights only: say so. */
static int podman_info(struct hp_engine *e, struct hp_labels *ret, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *reply = NULL;
	bool rootless = false;

	if (hp_docker__get(hp_docker__of(e), "/info", &reply, err) < 0 ||
	    hp_docker__info(e, ret, err) < 0)
		return -1;
	const struct hp_json *options = hp_json_get(reply, "SecurityOptions");
	for (size_t i = 0; i < hp_json_count(options); i++)
		rootless = rootless ||
			   hp_str_eq(hp_json_str(hp_json_at(options, i)), "name=rootless");
	hp_labels_add(ret, "rootless", rootless ? "true" : "false");
	return 0;
}

/* A device of the host that is not there is told so too, when a container is made. */
#define NO_FILE "no such file or directory"

/* Podman refuses with status 500, whatever the matter is, and tells it by words.
 * From: podman libpod/define/errors.go. */
static int said(int rc, struct hp_error *err)
{
	static const struct {
		const char *words;
		enum hp_code code;
	} rows[] = {
		{"container state improper", HP_ESTATE},
		{"name is already in use", HP_EEXISTS},
		{"more than one result", HP_EINVALID},
	};

	for (size_t i = 0; rc < 0 && i < HP_ARRAY_LEN(rows); i++)
		if (strstr(err->msg, rows[i].words))
			err->code = rows[i].code;
	return rc;
}

static int podman_inspect(struct hp_engine *e, const char *ref, struct hp_container **ret,
			  struct hp_error *err)
{
	return said(hp_docker__inspect(e, ref, ret, err), err);
}

/* The list of docker's API counts in seconds, so that what was made in one has no order; podman's own
 * knows better. */
static int put_in_order(struct hp_engine *e, struct hp_container_list *list,
			struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *own = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_docker__get(hp_docker__of(e), "/libpod/containers/json?all=true", &own, err) < 0)
		return -1;
	size_t rows = hp_json_count(own);
	for (size_t i = 0; i < list->count * rows; i++) {
		struct hp_container *c = list->items[i / rows];
		const struct hp_json *row = hp_json_at(own, i % rows);
		const char *created = hp_json_get_str(row, "Created");
		if (hp_str_eq(hp_json_get_str(row, "Id"), c->id) && created &&
		    hp_time_parse(created, &c->created_ns, &ignored) < 0)
			hp_error_clear(&ignored);
	}
	hp_container_list_sort(list);
	return 0;
}

static int podman_list_some(struct hp_engine *e, const struct hp_list_filter *filter,
			    struct hp_container_list **ret, struct hp_error *err)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;

	if (hp_docker__list_some(e, filter, &list, err) < 0 || put_in_order(e, list, err) < 0)
		return -1;
	*ret = TAKE(list);
	return 0;
}

static int podman_list(struct hp_engine *e, struct hp_container_list **ret,
		       struct hp_error *err)
{
	const struct hp_list_filter all = {.all = true};

	return podman_list_some(e, &all, ret, err);
}

/* Podman makes a directory of the host that is missing, also when nobody has asked for it. Where it is
 * on this host, that can be seen before. */
static int podman_create(struct hp_engine *e, const struct hp_container_spec *spec,
			 char **ret_id, struct hp_error *err)
{
	struct stat st;

	for (size_t i = 0; hp_docker__of(e)->at.path && i < spec->n_mounts; i++) {
		const struct hp_mount *m = &spec->mounts[i];
		if (m->type == HP_MOUNT_BIND && !m->create_source && stat(m->source, &st) < 0)
			return hp_fail(err, HP_ENOTFOUND,
				       "mount '%s': there is no such file or directory",
				       m->source);
	}
	if (hp_docker__create(e, spec, ret_id, err) == 0)
		return 0;
	if (err->code == HP_EFAILED && strstr(err->msg, NO_FILE))
		err->code = HP_ENOTFOUND;
	return said(-1, err);
}

static int podman_start(struct hp_engine *e, const char *ref, uint16_t cols, uint16_t rows,
			struct hp_stream **ret_stream, struct hp_error *err)
{
	if (hp_docker__start(e, ref, cols, rows, ret_stream, err) == 0)
		return 0;
	/* With a stream it is made at the attach already, where docker's would not fail. */
	hp_runtime_failed(err, NULL);
	return said(-1, err);
}

/* What is paused does not hear, and podman does not stop it: thaw it first. */
static int podman_stop(struct hp_engine *e, const char *ref, int signal, int64_t grace_ms,
		       struct hp_error *err)
{
	AUTO(hp_container_free) struct hp_container *c = NULL;

	if (podman_inspect(e, ref, &c, err) < 0 ||
	    (c->state == HP_STATE_PAUSED && hp_docker__unpause(e, ref, err) < 0))
		return -1;
	return said(hp_docker__stop(e, ref, signal, grace_ms, err), err);
}

static int podman_kill(struct hp_engine *e, const char *ref, const char *exec_id, int signal,
		       struct hp_error *err)
{
	return said(hp_docker__kill(e, ref, exec_id, signal, err), err);
}

static int podman_pause(struct hp_engine *e, const char *ref, struct hp_error *err)
{
	return said(hp_docker__pause(e, ref, err), err);
}

static int podman_unpause(struct hp_engine *e, const char *ref, struct hp_error *err)
{
	return said(hp_docker__unpause(e, ref, err), err);
}

/* Podman does not tell the limit of processes with the figures. */
static int podman_stats(struct hp_engine *e, const char *ref, struct hp_stats *ret,
			struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *document = NULL;

	if (hp_docker__look(hp_docker__of(e), ref, &document, err) < 0 ||
	    hp_docker__stats(e, ref, ret, err) < 0)
		return said(-1, err);
	int64_t limit = hp_json_i64(hp_json_path(document, "HostConfig.PidsLimit"), 0);
	if (!ret->pids_limit && limit > 0)
		ret->pids_limit = (uint64_t)limit;
	return 0;
}

static int podman_exec(struct hp_engine *e, const char *ref, const struct hp_exec_spec *spec,
		       struct hp_exec **ret, struct hp_error *err)
{
	return said(hp_podman__exec(e, ref, spec, ret, err), err);
}

static int podman_remove(struct hp_engine *e, const char *ref, bool force, bool volumes,
			 struct hp_error *err)
{
	return said(hp_docker__remove(e, ref, force, volumes, err), err);
}

/* No update: podman 4 changes the limits of a running container through its own API only, not those of
 * one that was not started, and goes on telling the old ones. */
const struct hp_engine_ops hp_engine__podman = {
	.name = "podman",
	.can = HP_CAN_PAUSE | HP_CAN_STATS | HP_CAN_EVENTS | HP_CAN_ATTACH | HP_CAN_LOGS |
	       HP_CAN_EXEC | HP_CAN_RESIZE | HP_CAN_TAG | HP_CAN_CREATE | HP_CAN_RESTART |
	       HP_CAN_ISOLATE | HP_CAN_LIMIT_PIDS | HP_CAN_LOG_NONE | HP_CAN_EXEC_AS |
	       HP_CAN_EXEC_DETACH | HP_CAN_LOG_BYTES,
	.size = sizeof(struct docker),
	.open = podman_open,
	.close = hp_docker__close_engine,
	.version = hp_docker__version,
	.info = podman_info,
	.list = podman_list,
	.list_some = podman_list_some,
	.inspect = podman_inspect,
	.create = podman_create,
	.start = podman_start,
	.stop = podman_stop,
	.kill = podman_kill,
	.pause = podman_pause,
	.unpause = podman_unpause,
	.remove = podman_remove,
	.exec = podman_exec,
	.attach = hp_docker__attach,
	.resize = hp_docker__resize,
	.logs = hp_podman__logs,
	.waiter = hp_docker__waiter,
	.stats = podman_stats,
	.events = hp_podman__events,
	.images = hp_docker__images,
	.remove_image = hp_docker__remove_image,
	.tag = hp_docker__tag,
};
