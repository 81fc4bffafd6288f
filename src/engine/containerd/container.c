/* SPDX-License-Identifier: Apache-2.0 */
/* container.c - containerd's containers and tasks as engine-neutral container values. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"
#include "wire/json.h"

static enum hp_state state_of(const Hp__Process *task)
{
	if (!task)
		return HP_STATE_CREATED;
	switch (task->status) {
	case HP__TASK_STATUS__TASK_CREATED:
		return HP_STATE_CREATED;
	case HP__TASK_STATUS__TASK_RUNNING:
		return HP_STATE_RUNNING;
	case HP__TASK_STATUS__TASK_STOPPED:
		return HP_STATE_EXITED;
	case HP__TASK_STATUS__TASK_PAUSED:
	case HP__TASK_STATUS__TASK_PAUSING:
		return HP_STATE_PAUSED;
	case HP__TASK_STATUS__TASK_UNKNOWN:
	case _HP__TASK_STATUS_IS_INT_SIZE:
	default:
		return HP_STATE_UNKNOWN;
	}
}

/* Our own containers tell their command by a label; others' by their spec, which takes a hundred
 * times longer to read. A spec that cannot be read (a foreign one, or a damaged one) leaves it
 * empty: a list must never fail for one container. */
static void read_command(const Hp__Container *from, struct hp_container *to)
{
	const char *label = hp_labels_get(&to->labels, HP_LABEL_COMMAND);
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_json_free) struct hp_json *spec = NULL;
	AUTO(hp_strv_free) struct hp_strv args = {0};
	const struct hp_json *list;

	if (label) {
		hp_field_set(&to->command, label);
		return;
	}
	if (!from->spec || !from->spec->value.len ||
	    hp_json_parse(HP_BYTES(from->spec->value.data, from->spec->value.len), &spec,
			  &ignored) < 0)
		return;
	list = hp_json_path(spec, "process.args");
	for (size_t i = 0; i < hp_json_count(list); i++) {
		const char *arg = hp_json_str(hp_json_at(list, i));

		hp_strv_add(&args, arg ? arg : "");
	}
	free(to->command);
	to->command = hp_strv_join(hp_strv_view(&args), " ");
}

static void read_task(const Hp__Process *task, struct hp_container *to)
{
	to->state = state_of(task);
	if (!task)
		return;
	if (to->state == HP_STATE_EXITED) {
		to->exit_code = (int)task->exit_status;
		to->finished_ns = hp_containerd__time(task->exited_at);
		return;
	}
	to->pid = (pid_t)task->pid;
	if (to->pid > 0) {
		free(to->netns_path);
		to->netns_path = hp_sprintf("/proc/%d/ns/net", (int)to->pid);
	}
}

static struct hp_container *from_proto(const struct containerd *c, const Hp__Container *from,
				       const Hp__Process *task)
{
	struct hp_container *to = hp_container_new();

	for (size_t i = 0; i < from->n_labels; i++) {
		const Hp__Pair *label = from->labels[i];

		if (hp_str_starts(label->key, HP_LABEL_EMPTY))
			hp_labels_add(&to->labels, label->key + strlen(HP_LABEL_EMPTY), "");
		else
			hp_labels_add(&to->labels, label->key, label->value);
	}
	hp_labels_sort(&to->labels);
	hp_field_set(&to->id, from->id);
	hp_container_name_by_labels(to, from->id);
	hp_field_set(&to->ns, c->base.ns);
	hp_field_set(&to->image, from->image);
	hp_field_set(&to->image_id, hp_labels_get(&to->labels, HP_LABEL_IMAGE_ID));
	hp_field_set(&to->engine, "containerd");
	hp_field_set(&to->runtime, from->runtime ? from->runtime->name : "");
	hp_field_set(&to->network_mode, hp_labels_get(&to->labels, HP_LABEL_NETWORK));
	to->created_ns = hp_containerd__time(from->created_at);
	read_command(from, to);
	read_task(task, to);
	return to;
}

static const Hp__Process *task_of(const Hp__ListTasksResponse *tasks, const char *id)
{
	for (size_t i = 0; i < tasks->n_tasks; i++) {
		const Hp__Process *t = tasks->tasks[i];

		/* containerd 1.6 sets id only, newer ones container_id too. */
		if (hp_str_eq(t->id, id) || hp_str_eq(t->container_id, id))
			return t;
	}
	return NULL;
}

/* Both lists are asked for at once, so that their answers overlap in the daemon. */
static int fetch_lists(struct containerd *c, Hp__ListContainersResponse **ret_containers,
		       Hp__ListTasksResponse **ret_tasks, struct hp_error *err)
{
	Hp__ListContainersRequest want_containers = HP__LIST_CONTAINERS_REQUEST__INIT;
	Hp__ListTasksRequest want_tasks = HP__LIST_TASKS_REQUEST__INIT;
	AUTO(hp_rpc_end) struct hp_rpc tasks = {0};
	int64_t deadline = hp_containerd__deadline(c);
	int got;

	if (hp_rpc_begin(HP_RPC_TO(c->grpc, HP_SVC_TASKS "List", deadline),
			 &hp__list_tasks_response__descriptor, &tasks, err) < 0 ||
	    hp_rpc_send(&tasks, &want_tasks.base, true, err) < 0 ||
	    hp_rpc_call(HP_RPC_TO(c->grpc, HP_SVC_CONTAINERS "List", deadline),
			&want_containers.base, &hp__list_containers_response__descriptor,
			ret_containers, err) < 0)
		return -1;
	got = hp_rpc_recv(&tasks, ret_tasks, err);
	if (got == HP_NEXT_END)
		return hp_fail(err, HP_EPROTO, "the list of tasks came back without a message");
	return got < 0 ? -1 : 0;
}

int hp_containerd__list(struct hp_engine *e, struct hp_container_list **ret,
			struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO(hp_container_list_free) struct hp_container_list *list = hp_alloc(sizeof(*list));
	AUTO_REPLY Hp__ListContainersResponse *containers = NULL;
	AUTO_REPLY Hp__ListTasksResponse *tasks = NULL;

	if (fetch_lists(c, &containers, &tasks, err) < 0)
		return hp_wrap(err, "list containers");
	for (size_t i = 0; i < containers->n_containers; i++) {
		const Hp__Container *from = containers->containers[i];

		hp_container_list_add(list, from_proto(c, from, task_of(tasks, from->id)));
	}
	hp_container_list_sort(list);
	*ret = TAKE(list);
	return 0;
}

static int get(struct containerd *c, const char *id, Hp__GetContainerResponse **ret,
	       struct hp_error *err)
{
	Hp__GetContainerRequest request = HP__GET_CONTAINER_REQUEST__INIT;
	AUTO_REPLY Hp__GetContainerResponse *reply = NULL;

	request.id = (char *)id;
	if (hp_containerd__call(c, HP_SVC_CONTAINERS "Get", &request.base,
				&hp__get_container_response__descriptor, &reply, err) < 0)
		return -1;
	if (!reply->container)
		return hp_fail(err, HP_EPROTO, "the reply holds no container");
	*ret = TAKE(reply);
	return 0;
}

int hp_containerd__find(struct containerd *c, const char *ref, Hp__GetContainerResponse **ret,
			struct hp_error *err)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	const struct hp_container *found;
	struct hp_error probe = HP_ERROR_INIT;

	/* Most often the reference is the whole id, and one call does; a text that is no id
	 * (containerd would call it invalid) cannot name a container either. */
	if (hp_str_check_id("container", ref, &probe) < 0)
		return hp_fail(err, HP_ENOTFOUND, "no such container: %s", ref);
	if (get(c, ref, ret, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND)
		return hp_wrap(err, "container '%s'", ref);
	hp_error_clear(err);
	if (hp_containerd__list(&c->base, &list, err) < 0 ||
	    hp_container_list_find(list, ref, &found, err) < 0)
		return -1;
	if (get(c, found->id, ret, err) < 0)
		return hp_wrap(err, "container '%s'", ref);
	return 0;
}

static void set_time(struct hp_json *object, const char *key, int64_t ns)
{
	char text[HP_TIME_TEXT];

	if (!ns)
		return;
	hp_time_format(ns, text);
	hp_json_set_str(object, key, text);
}

/* What containerd knows of the container that the neutral value has no place for. Whether it has a
 * terminal is in a label of ours, and of those that others made in the spec. */
static char *detail_of(const Hp__Container *from, struct hp_container *c,
		       const Hp__Process *task)
{
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO(hp_json_free) struct hp_json *detail = hp_json_object();
	struct hp_json *spec = NULL;

	hp_json_set_str(detail, "snapshotter", from->snapshotter);
	hp_json_set_str(detail, "snapshotKey", from->snapshot_key);
	set_time(detail, "updatedAt", hp_containerd__time(from->updated_at));
	if (task) {
		struct hp_json *io = hp_json_object();

		hp_json_set_str(io, "stdin", task->stdin);
		hp_json_set_str(io, "stdout", task->stdout);
		hp_json_set_str(io, "stderr", task->stderr);
		hp_json_set_bool(io, "terminal", task->terminal);
		hp_json_set(detail, "io", io);
	}
	hp_json_set_str(detail, "logPath", hp_labels_get(&c->labels, HP_LABEL_LOG));
	if (from->spec && hp_json_parse(HP_BYTES(from->spec->value.data, from->spec->value.len),
					&spec, &ignored) == 0)
		hp_json_set(detail, "spec", spec);
	c->tty = hp_labels_get(&c->labels, HP_LABEL_TTY) ||
		 hp_json_bool(hp_json_path(spec, "process.terminal"), false);
	c->stdin_open = hp_labels_get(&c->labels, HP_LABEL_STDIN) != NULL;
	return hp_json_text(detail, false);
}

int hp_containerd__inspect(struct hp_engine *e, const char *ref, struct hp_container **ret,
			   struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO_REPLY Hp__GetContainerResponse *found = NULL;
	AUTO_REPLY Hp__GetTaskResponse *task = NULL;
	AUTO(hp_container_free) struct hp_container *container = NULL;
	const Hp__Process *process;

	if (hp_containerd__find(c, ref, &found, err) < 0)
		return -1;
	if (hp_containerd__task(c, found->container->id, &task, err) < 0) {
		if (err->code != HP_ESTATE)
			return -1;
		hp_error_clear(err);
	}
	process = task ? task->process : NULL;
	container = from_proto(c, found->container, process);
	if (container->state == HP_STATE_EXITED)
		container->oom_killed =
			hp_containerd__oom_killed(c, container->id, container->exit_code);
	container->detail_json = detail_of(found->container, container, process);
	*ret = TAKE(container);
	return 0;
}
