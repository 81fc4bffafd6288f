/* SPDX-License-Identifier: Apache-2.0 */
/* remove.c - take a container away with all that belongs to it, and change its limits. */
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"
#include "wire/oci_spec.h"

/* From: containerd's typeurl name of the OCI runtime-spec type. */
#define TYPE_RESOURCES "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"

static int delete_container(struct containerd *c, const char *id, struct hp_error *err)
{
	Hp__DeleteContainerRequest request = HP__DELETE_CONTAINER_REQUEST__INIT;

	request.id = (char *)id;
	if (hp_containerd__call(c, HP_SVC_CONTAINERS "Delete", &request.base,
				&hp__empty__descriptor, NULL, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND)
		return -1;
	hp_error_clear(err); /* somebody else was faster */
	return 0;
}

int hp_containerd__volumes_remove(const struct containerd *c, const struct hp_strv *names,
				  struct hp_error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		AUTO_FREE char *dir = NULL;

		/* The label is anybody's to write; a name that is a path would lead elsewhere. */
		if (hp_str_check_id("volume", names->items[i], err) < 0)
			return -1;
		dir = hp_containerd__volume_dir(c, names->items[i]);
		if (hp_remove_tree(dir, err) < 0)
			return -1;
	}
	return 0;
}

/* Those that were made for this container alone. */
static int remove_volumes(const struct containerd *c, const Hp__Container *container,
			  struct hp_error *err)
{
	const char *names =
		hp_containerd__pair(container->labels, container->n_labels, HP_LABEL_VOLUMES);
	AUTO(hp_strv_free) struct hp_strv list = {0};

	if (names)
		hp_strv_split(&list, names, ',');
	return hp_containerd__volumes_remove(c, &list, err);
}

static int remove_files(struct containerd *c, const char *id, struct hp_error *err)
{
	AUTO_FREE char *state = hp_containerd__state_dir(c, id);
	AUTO_FREE char *data = hp_containerd__data_dir(c, id);

	if (hp_remove_tree(state, err) < 0)
		return -1;
	return hp_remove_tree(data, err);
}

int hp_containerd__remove_locked(struct containerd *c, const Hp__Container *container,
				 bool force, bool volumes, struct hp_error *err)
{
	if (hp_containerd__task_delete(c, container->id, force, err) < 0)
		return -1;
	/* Files go first: without the container nobody would know of them. The snapshot goes last:
	 * without its container it is garbage that the daemon collects. So nothing is lost for
	 * ever, wherever we are killed. */
	if (remove_files(c, container->id, err) < 0 ||
	    (volumes && remove_volumes(c, container, err) < 0) ||
	    delete_container(c, container->id, err) < 0 ||
	    (container->snapshot_key[0] &&
	     hp_containerd__snapshot_remove(c, container->snapshotter, container->snapshot_key,
					    err) < 0))
		return -1;
	return 0;
}

int hp_containerd__remove(struct hp_engine *e, const char *ref, bool force, bool volumes,
			  struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_CLOSE int lock = -1;

	if (hp_containerd__find(c, ref, &found, err) < 0 ||
	    hp_containerd__lock(c, found->container->id, &lock, err) < 0)
		return -1;
	if (hp_containerd__remove_locked(c, found->container, force, volumes, err) < 0)
		return err->code == HP_ESTATE ? -1 : hp_wrap(err, "remove '%s'", ref);
	return 0;
}

static int update_task(struct containerd *c, const char *id, const struct hp_json *resources,
		       struct hp_error *err)
{
	Hp__UpdateTaskRequest request = HP__UPDATE_TASK_REQUEST__INIT;
	Hp__Any any = HP__ANY__INIT;
	AUTO_FREE char *text = hp_json_text(resources, false);

	any.type_url = (char *)TYPE_RESOURCES;
	any.value.data = (uint8_t *)text;
	any.value.len = strlen(text);
	request.container_id = (char *)id;
	request.resources = &any;
	return hp_containerd__call(c, HP_SVC_TASKS "Update", &request.base,
				   &hp__empty__descriptor, NULL, err);
}

/* Put each member of @from into @to, going down where both are objects. */
static struct hp_json *merged(const struct hp_json *to, const struct hp_json *from)
{
	struct hp_json *result = hp_json_is_object(to) ? hp_json_copy(to) : hp_json_object();

	for (size_t i = 0; i < hp_json_count(from); i++) {
		const char *key = hp_json_key_at(from, i);
		const struct hp_json *value = hp_json_value_at(from, i);

		hp_json_set(result, key,
			    hp_json_is_object(value) ? merged(hp_json_get(to, key), value)
						     : hp_json_copy(value));
	}
	return result;
}

/* The spec is changed too, so that the limits outlive a restart. */
static int update_spec(struct containerd *c, const Hp__Container *container,
		       const struct hp_json *resources, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *config = NULL;
	AUTO(hp_json_free) struct hp_json *change = hp_json_object();
	AUTO(hp_json_free) struct hp_json *result = NULL;
	AUTO_FREE char *text = NULL;
	struct hp_json *linux_part = hp_json_object();

	if (!container->spec ||
	    hp_json_parse(HP_BYTES(container->spec->value.data, container->spec->value.len),
			  &config, err) < 0)
		return container->spec ? -1 : hp_fail(err, HP_ECORRUPT, "it has no spec");
	hp_json_set(linux_part, "resources", hp_json_copy(resources));
	hp_json_set(change, "linux", linux_part);
	result = merged(config, change);
	text = hp_json_text(result, false);
	return hp_containerd__put_spec(c, container->id, text, err);
}

int hp_containerd__update(struct hp_engine *e, const char *ref,
			  const struct hp_resources *resources, struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;
	AUTO(hp_json_free) struct hp_json *document = NULL;

	if (hp_containerd__find(c, ref, &found, err) < 0 ||
	    hp_oci_resources_build(resources, &document, err) < 0)
		return -1;
	if (hp_containerd__task(c, found->container->id, &task, err) < 0) {
		if (err->code != HP_ESTATE)
			return -1;
		hp_error_clear(err);
	}
	if (task && task->process->status != HP__TASK_STATUS__TASK_STOPPED &&
	    update_task(c, found->container->id, document, err) < 0)
		return hp_wrap(err, "update '%s'", ref);
	if (update_spec(c, found->container, document, err) < 0)
		return hp_wrap(err, "update '%s'", ref);
	return 0;
}
