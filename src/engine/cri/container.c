/* SPDX-License-Identifier: Apache-2.0 */
/* container.c - CRI's containers and pods as engine-neutral container values. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/cri/cri.h"
#include "wire/json.h"

/* So many containers are asked for at once: each answer is a document of some 10 KiB. */
#define AT_ONCE 16u

/* From: containerd pkg/cri/server/helpers.go, errorStartReason. */
#define START_ERROR "StartError"

void hp_cri__found_clear(struct hp_cri__found *f)
{
	hp_rpc_free_auto(&f->containers);
	hp_rpc_free_auto(&f->pods);
	*f = (struct hp_cri__found){0};
}

const char *hp_cri__annotation(const Hp__CriContainer *container, const char *key)
{
	return hp_cri__pair(container->annotations, container->n_annotations, key);
}

bool hp_cri__never_ran(const Hp__CriContainerStatus *status)
{
	return status->state == HP__CRI_CONTAINER_STATE__CRI_CREATED ||
	       (status->state == HP__CRI_CONTAINER_STATE__CRI_EXITED && !status->started_at &&
		hp_str_eq(status->reason, START_ERROR));
}

/* Both lists are asked for at once, so that their answers overlap in the runtime. */
static int fetch_lists(struct cri *c, struct hp_cri__found *ret, struct hp_error *err)
{
	Hp__CriListContainersRequest want_containers = HP__CRI_LIST_CONTAINERS_REQUEST__INIT;
	Hp__CriListSandboxRequest want_pods = HP__CRI_LIST_SANDBOX_REQUEST__INIT;
	AUTO(hp_rpc_end) struct hp_rpc pods = {0};

	if (hp_rpc_begin(
		    HP_RPC_TO(c->grpc, HP_SVC_RUNTIME "ListPodSandbox", hp_cri__deadline(c)),
		    &hp__cri_list_sandbox_response__descriptor, &pods, err) < 0 ||
	    hp_rpc_send(&pods, &want_pods.base, true, err) < 0 ||
	    hp_cri__call(c, HP_SVC_RUNTIME "ListContainers", &want_containers.base,
			 &hp__cri_list_containers_response__descriptor, &ret->containers,
			 err) < 0)
		return -1;
	int got = hp_rpc_recv(&pods, &ret->pods, err);
	if (got == HP_NEXT_END)
		return hp_fail(err, HP_EPROTO, "the list of pods came back without a message");
	return got < 0 ? -1 : 0;
}

static const Hp__CriSandbox *pod_of(const struct hp_cri__found *lists,
				    const Hp__CriContainer *from)
{
	for (size_t i = 0; i < lists->pods->n_items; i++)
		if (hp_str_eq(lists->pods->items[i]->id, from->pod_sandbox_id))
			return lists->pods->items[i];
	return NULL;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
	if (!hp_str_empty(a))
		return a;
	return hp_str_empty(b) ? c : b;
}

static const char *label(const Hp__CriContainer *from, const char *key)
{
	return hp_cri__pair(from->labels, from->n_labels, key);
}

static const char *ns_of(const Hp__CriContainer *from, const Hp__CriSandbox *pod)
{
	return first_of(label(from, HP_LABEL_POD_NS),
			pod && pod->metadata ? pod->metadata->namespace_ : NULL, "");
}

/* What people call it. Owns: the caller. */
static char *name_of(const Hp__CriContainer *from, const Hp__CriSandbox *pod)
{
	const char *own = hp_cri__annotation(from, HP_LABEL_NAME);

	if (!hp_str_empty(own))
		return hp_strdup(own);
	return hp_sprintf("%s/%s/%s", ns_of(from, pod),
			  first_of(label(from, HP_LABEL_POD_NAME),
				   pod && pod->metadata ? pod->metadata->name : NULL,
				   from->pod_sandbox_id),
			  first_of(label(from, HP_LABEL_CONTAINER),
				   from->metadata ? from->metadata->name : NULL, from->id));
}

static enum hp_state state_from(Hp__CriContainerState state)
{
	switch (state) {
	case HP__CRI_CONTAINER_STATE__CRI_CREATED:
		return HP_STATE_CREATED;
	case HP__CRI_CONTAINER_STATE__CRI_RUNNING:
		return HP_STATE_RUNNING;
	case HP__CRI_CONTAINER_STATE__CRI_EXITED:
		return HP_STATE_EXITED;
	case HP__CRI_CONTAINER_STATE__CRI_UNKNOWN:
	case _HP__CRI_CONTAINER_STATE_IS_INT_SIZE:
	default:
		return HP_STATE_UNKNOWN;
	}
}

/* What the lists tell. */
static struct hp_container *from_lists(const Hp__CriContainer *from, const Hp__CriSandbox *pod)
{
	struct hp_container *to = hp_container_new();
	const char *ref = from->image_ref;

	for (size_t i = 0; i < from->n_labels; i++)
		hp_labels_add(&to->labels, from->labels[i]->key, from->labels[i]->value);
	for (size_t i = 0; i < from->n_annotations; i++)
		if (hp_str_starts(from->annotations[i]->key, HP_LABEL_OWN))
			hp_labels_add(&to->labels, from->annotations[i]->key,
				      from->annotations[i]->value);
	hp_labels_sort(&to->labels);
	free(to->name);
	to->name = name_of(from, pod);
	hp_field_set(&to->id, from->id);
	hp_field_set(&to->ns, ns_of(from, pod));
	hp_field_set(&to->engine, "cri");
	hp_field_set(&to->image, from->image ? from->image->image : "");
	hp_field_set(&to->image_id, first_of(hp_cri__annotation(from, HP_LABEL_IMAGE_ID),
					     hp_str_starts(ref, "sha256:") ? ref : NULL, ""));
	hp_field_set(&to->runtime, pod ? pod->runtime_handler : "");
	hp_field_set(&to->network_mode, hp_labels_get(&to->labels, HP_LABEL_NETWORK));
	hp_field_set(&to->command, hp_labels_get(&to->labels, HP_LABEL_COMMAND));
	to->state = state_from(from->state);
	to->created_ns = from->created_at;
	return to;
}

/* The runtime's own document. From: containerd pkg/cri/server/container_status.go, and CRI-O's; the
 * key is theirs too. */
static struct hp_json *read_info(const Hp__CriContainerStatusResponse *status)
{
	const char *text = hp_cri__pair(status->info, status->n_info, "info");
	struct hp_error ignored = HP_ERROR_INIT;
	struct hp_json *info = NULL;

	if (text && hp_json_parse(hp_bytes_str(text), &info, &ignored) < 0)
		hp_error_clear(&ignored);
	return info;
}

static pid_t pid_in(const struct hp_json *info, const Hp__CriContainerStatusResponse *status)
{
	int64_t pid = hp_json_i64(hp_json_get(info, "pid"), 0);

	if (!status->status || status->status->state != HP__CRI_CONTAINER_STATE__CRI_RUNNING ||
	    pid <= 0 || pid > INT32_MAX)
		return 0;
	return (pid_t)pid;
}

pid_t hp_cri__pid(const Hp__CriContainerStatusResponse *status)
{
	AUTO(hp_json_free) struct hp_json *info = read_info(status);

	return pid_in(info, status);
}

static enum hp_state state_of(const Hp__CriContainerStatus *status)
{
	return hp_cri__never_ran(status) ? HP_STATE_CREATED : state_from(status->state);
}

static void read_command(const struct hp_json *info, struct hp_container *to)
{
	const struct hp_json *args = hp_json_path(info, "runtimeSpec.process.args");
	AUTO(hp_strv_free) struct hp_strv words = {0};

	if (to->command[0])
		return;
	for (size_t i = 0; i < hp_json_count(args); i++) {
		const char *word = hp_json_str(hp_json_at(args, i));
		hp_strv_add(&words, word ? word : "");
	}
	free(to->command);
	to->command = hp_strv_join(hp_strv_view(&words), " ");
}

static void read_status(const Hp__CriContainerStatusResponse *reply, struct hp_container *to)
{
	AUTO(hp_json_free) struct hp_json *info = read_info(reply);
	const Hp__CriContainerStatus *status = reply->status;

	read_command(info, to);
	/* From: containerd pkg/cri/server/container_status.go, the config that it was made with. */
	to->tty = hp_json_bool(hp_json_path(info, "config.tty"), false);
	to->stdin_open = hp_json_bool(hp_json_path(info, "config.stdin"), false);
	to->state = state_of(status);
	to->pid = pid_in(info, reply);
	if (to->pid > 0) {
		free(to->netns_path);
		to->netns_path = hp_sprintf("/proc/%d/ns/net", (int)to->pid);
	}
	if (to->state == HP_STATE_EXITED) {
		to->exit_code = status->exit_code;
		to->finished_ns = status->finished_at;
		to->oom_killed = hp_str_eq(status->reason, "OOMKilled");
	}
	/* kubelet makes containers from ids; the status has the name. */
	if (status->image && !hp_str_empty(status->image->image) &&
	    !hp_str_starts(status->image->image, "sha256:"))
		hp_field_set(&to->image, status->image->image);
}

int hp_cri__status(struct cri *c, const char *id, bool verbose,
		   Hp__CriContainerStatusResponse **ret, struct hp_error *err)
{
	Hp__CriContainerStatusRequest request = HP__CRI_CONTAINER_STATUS_REQUEST__INIT;
	AUTO_REPLY Hp__CriContainerStatusResponse *reply = NULL;

	request.container_id = (char *)id;
	request.verbose = verbose;
	if (hp_cri__call(c, HP_SVC_RUNTIME "ContainerStatus", &request.base,
			 &hp__cri_container_status_response__descriptor, &reply, err) < 0)
		return hp_wrap(err, "container '%s'", id);
	if (!reply->status)
		return hp_fail(err, HP_EPROTO, "container '%s': the reply holds no status", id);
	*ret = TAKE(reply);
	return 0;
}

/* Ask for the states of @n containers of @list at once, and add them to @to. One that went away
 * meanwhile is left out: a list must never fail for one container. */
static int add_states(struct cri *c, struct hp_container *const *items, size_t n,
		      struct hp_container_list *to, struct hp_error *err)
{
	struct hp_rpc calls[AT_ONCE] = {0};
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		Hp__CriContainerStatusRequest request = HP__CRI_CONTAINER_STATUS_REQUEST__INIT;
		request.container_id = items[i]->id;
		request.verbose = true;
		rc = hp_rpc_begin(HP_RPC_TO(c->grpc, HP_SVC_RUNTIME "ContainerStatus",
					    hp_cri__deadline(c)),
				  &hp__cri_container_status_response__descriptor, &calls[i],
				  err);
		if (rc == 0)
			rc = hp_rpc_send(&calls[i], &request.base, true, err);
	}
	for (size_t i = 0; i < n; i++) {
		AUTO_REPLY Hp__CriContainerStatusResponse *reply = NULL;
		struct hp_container *item = items[i];
		int got = rc < 0 ? rc : hp_rpc_recv(&calls[i], &reply, err);

		hp_rpc_end(&calls[i]);
		if (got == HP_NEXT_ITEM && reply->status) {
			read_status(reply, item);
			hp_container_list_add(to, item);
			continue;
		}
		hp_container_free(item);
		if (rc < 0 || got >= 0)
			continue;
		rc = err->code == HP_ENOTFOUND ? 0 : -1;
		if (rc == 0)
			hp_error_clear(err);
	}
	return rc;
}

static struct hp_container_list *all_of(const struct hp_cri__found *lists)
{
	struct hp_container_list *list = hp_alloc(sizeof(*list));

	for (size_t i = 0; i < lists->containers->n_containers; i++) {
		const Hp__CriContainer *from = lists->containers->containers[i];
		hp_container_list_add(list, from_lists(from, pod_of(lists, from)));
	}
	return list;
}

/* Only those that are wanted are asked for how they stand, which takes a call each. */
int hp_cri__list_some(struct hp_engine *e, const struct hp_list_filter *filter,
		      struct hp_container_list **ret, struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found lists = {0};
	AUTO(hp_container_list_free) struct hp_container_list *list = hp_alloc(sizeof(*list));

	if (fetch_lists(c, &lists, err) < 0)
		return hp_wrap(err, "list containers");
	AUTO(hp_container_list_free) struct hp_container_list *wanted = all_of(&lists);
	hp_container_list_filter(wanted, filter);
	while (wanted->count > 0) {
		size_t n = wanted->count < AT_ONCE ? wanted->count : AT_ONCE;

		/* They are the list's to come, or freed, from here on. */
		wanted->count -= n;
		if (add_states(c, wanted->items + wanted->count, n, list, err) < 0)
			return hp_wrap(err, "list containers");
	}
	hp_container_list_sort(list);
	*ret = TAKE(list);
	return 0;
}

int hp_cri__list(struct hp_engine *e, struct hp_container_list **ret, struct hp_error *err)
{
	const struct hp_list_filter all = {.all = true};

	return hp_cri__list_some(e, &all, ret, err);
}

int hp_cri__find(struct cri *c, const char *ref, struct hp_cri__found *ret,
		 struct hp_error *err)
{
	AUTO(hp_cri__found_clear) struct hp_cri__found lists = {0};
	const struct hp_container *found = NULL;

	if (fetch_lists(c, &lists, err) < 0)
		return hp_wrap(err, "find container '%s'", ref);
	AUTO(hp_container_list_free) struct hp_container_list *list = all_of(&lists);
	/* The newest first: of the attempts of a container of kubelet's, that is the one meant. */
	hp_container_list_sort(list);
	if (hp_container_list_find(list, ref, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < lists.containers->n_containers; i++)
		if (hp_str_eq(lists.containers->containers[i]->id, found->id))
			lists.container = lists.containers->containers[i];
	lists.pod = pod_of(&lists, lists.container);
	*ret = lists;
	lists = (struct hp_cri__found){0};
	return 0;
}

int hp_cri__find_running(struct cri *c, const char *ref, struct hp_cri__found *ret,
			 Hp__CriContainerStatusResponse **ret_status, struct hp_error *err)
{
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;

	if (hp_cri__find(c, ref, &found, err) < 0 ||
	    hp_cri__status(c, found.container->id, true, &status, err) < 0)
		return -1;
	if (status->status->state != HP__CRI_CONTAINER_STATE__CRI_RUNNING)
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", ref);
	*ret = found;
	found = (struct hp_cri__found){0};
	*ret_status = TAKE(status);
	return 0;
}

/* What CRI knows of the container that the neutral value has no place for. */
static char *detail_of(const struct hp_cri__found *found,
		       const Hp__CriContainerStatusResponse *status)
{
	AUTO(hp_json_free) struct hp_json *detail = hp_json_object();
	struct hp_json *info = read_info(status);
	const Hp__CriSandbox *pod = found->pod;

	hp_json_set_str(detail, "logPath", status->status->log_path);
	hp_json_set_str(detail, "reason", status->status->reason);
	hp_json_set_str(detail, "message", status->status->message);
	if (pod) {
		struct hp_json *object = hp_json_object();

		hp_json_set_str(object, "id", pod->id);
		hp_json_set_bool(object, "ready",
				 pod->state == HP__CRI_SANDBOX_STATE__CRI_SANDBOX_READY);
		if (pod->metadata) {
			hp_json_set_str(object, "name", pod->metadata->name);
			hp_json_set_str(object, "namespace", pod->metadata->namespace_);
			hp_json_set_str(object, "uid", pod->metadata->uid);
		}
		hp_json_set(detail, "pod", object);
	}
	/* The same place for the OCI spec as with other engines. */
	const struct hp_json *spec = hp_json_get(info, "runtimeSpec");
	if (spec)
		hp_json_set(detail, "spec", hp_json_copy(spec));
	if (info)
		hp_json_remove(info, "runtimeSpec");
	hp_json_set(detail, "info", info);
	return hp_json_text(detail, false);
}

int hp_cri__inspect(struct hp_engine *e, const char *ref, struct hp_container **ret,
		    struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_cri__found_clear) struct hp_cri__found found = {0};
	AUTO_REPLY Hp__CriContainerStatusResponse *status = NULL;

	if (hp_cri__find(c, ref, &found, err) < 0 ||
	    hp_cri__status(c, found.container->id, true, &status, err) < 0)
		return -1;
	struct hp_container *container = from_lists(found.container, found.pod);
	read_status(status, container);
	container->detail_json = detail_of(&found, status);
	*ret = container;
	return 0;
}
