/* SPDX-License-Identifier: Apache-2.0 */
/* cri.c - the CRI engine: its table of operations, opening, and what it is. */
#include "engine/cri/cri.h"

#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"
#include "wire/digest.h"

/* From: kubernetes-sigs/cri-tools cmd/crictl/main.go, the default endpoints. */
static const char *const usual_sockets[] = {
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/var/run/cri-dockerd.sock",
};

#define DATA_ROOT "/var/lib/harpoon"

int64_t hp_cri__deadline(const struct cri *c)
{
	return hp_deadline_in(c->base.timeout_ms);
}

/* A daemon that is there and has no such service is another kind, or a CRI that is switched off. */
static int explain(const struct cri *c, struct hp_error *err)
{
	if (err->code != HP_EUNSUPPORTED || !strstr(err->msg, "unknown service"))
		return -1;
	hp_error_clear(err);
	return hp_fail(err, HP_EUNAVAILABLE,
		       "what listens on '%s' does not speak CRI (runtime.v1): it is another "
		       "daemon, too old, or its CRI plugin is disabled in its configuration",
		       c->base.address);
}

int hp_cri__call(struct cri *c, const char *method, const ProtobufCMessage *request,
		 const ProtobufCMessageDescriptor *type, void *ret_reply, struct hp_error *err)
{
	if (hp_rpc_call(HP_RPC_TO(c->grpc, method, hp_cri__deadline(c)), request, type,
			ret_reply, err) < 0)
		return explain(c, err);
	return 0;
}

int hp_cri__call_long(struct cri *c, const char *method, int64_t more_ms,
		      const ProtobufCMessage *request, struct hp_error *err)
{
	int64_t deadline = hp_deadline_in(c->base.timeout_ms + more_ms);

	if (hp_rpc_call(HP_RPC_TO(c->grpc, method, deadline), request, &hp__empty__descriptor,
			NULL, err) < 0)
		return explain(c, err);
	return 0;
}

const char *hp_cri__pair(Hp__Pair *const *pairs, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (hp_str_eq(pairs[i]->key, key))
			return pairs[i]->value;
	return NULL;
}

static const char *find_address(const struct hp_client_config *config)
{
	const char *named = !hp_str_empty(config->address)
				    ? config->address
				    : getenv("CONTAINER_RUNTIME_ENDPOINT");

	if (!hp_str_empty(named))
		return named;
	for (size_t i = 0; i < HP_ARRAY_LEN(usual_sockets); i++)
		if (access(usual_sockets[i], F_OK) == 0)
			return usual_sockets[i];
	return usual_sockets[0];
}

static int open_engine(struct hp_engine *e, const struct hp_client_config *config,
		       struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	const char *address = find_address(config);
	const char *root = config->data_root ? config->data_root : DATA_ROOT;
	AUTO_FREE char *base = NULL;
	char digest[HP_DIGEST_TEXT];

	if (hp_str_starts(address, "unix://"))
		address += strlen("unix://");
	if (address[0] != '/')
		return hp_fail(err, HP_EINVALID,
			       "CRI address '%s': expected the absolute path of the runtime's "
			       "unix socket, such as %s",
			       address, usual_sockets[0]);
	e->address = hp_path_clean(address);
	c->grpc = hp_grpc_new(e->address, 0);
	if (hp_path_absolute(root, &base, err) < 0)
		return -1;
	hp_digest_of(hp_bytes_str(e->address), digest);
	c->data_root = hp_sprintf("%s/cri-%.8s", base, digest + strlen("sha256:"));
	return 0;
}

static void close_engine(struct hp_engine *e)
{
	struct cri *c = hp_cri__of(e);

	hp_grpc_free(c->grpc);
	free(c->data_root);
}

static int ask_version(struct cri *c, Hp__CriVersionResponse **ret, struct hp_error *err)
{
	Hp__CriVersionRequest request = HP__CRI_VERSION_REQUEST__INIT;

	return hp_cri__call(c, HP_SVC_RUNTIME "Version", &request.base,
			    &hp__cri_version_response__descriptor, ret, err);
}

static int get_version(struct hp_engine *e, struct hp_version *ret, struct hp_error *err)
{
	AUTO_REPLY Hp__CriVersionResponse *reply = NULL;

	if (ask_version(hp_cri__of(e), &reply, err) < 0)
		return -1;
	*ret = (struct hp_version){
		.version = hp_strdup(reply->runtime_version),
		.revision = hp_strdup(""),
		.api = hp_strdup(reply->runtime_api_version),
	};
	return 0;
}

static int count_state(struct hp_engine *e, struct hp_labels *ret, struct hp_error *err)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	AUTO(hp_image_list_free) struct hp_image_list *images = NULL;
	size_t running = 0;

	if (hp_cri__list(e, &list, err) < 0 || hp_cri__images(e, &images, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		running += list->items[i]->state == HP_STATE_RUNNING;
	AUTO_FREE char *total_text = hp_sprintf("%zu", list->count);
	AUTO_FREE char *running_text = hp_sprintf("%zu", running);
	AUTO_FREE char *image_text = hp_sprintf("%zu", images->count);
	hp_labels_add(ret, "containers", total_text);
	hp_labels_add(ret, "running", running_text);
	hp_labels_add(ret, "images", image_text);
	return 0;
}

static int get_info(struct hp_engine *e, struct hp_labels *ret, struct hp_error *err)
{
	struct cri *c = hp_cri__of(e);
	AUTO(hp_labels_clear) struct hp_labels info = {0};
	Hp__CriStatusRequest request = HP__CRI_STATUS_REQUEST__INIT;
	AUTO_REPLY Hp__CriVersionResponse *version = NULL;
	AUTO_REPLY Hp__CriStatusResponse *status = NULL;

	if (ask_version(c, &version, err) < 0 ||
	    hp_cri__call(c, HP_SVC_RUNTIME "Status", &request.base,
			 &hp__cri_status_response__descriptor, &status, err) < 0)
		return -1;
	hp_labels_add(&info, "engine", "cri");
	hp_labels_add(&info, "runtime", version->runtime_name);
	hp_labels_add(&info, "version", version->runtime_version);
	hp_labels_add(&info, "address", e->address);
	if (count_state(e, &info, err) < 0)
		return -1;
	/* "RuntimeReady" and "NetworkReady", and why when they are not. */
	for (size_t i = 0; status->status && i < status->status->n_conditions; i++) {
		const Hp__CriRuntimeCondition *is = status->status->conditions[i];
		hp_labels_add(&info, is->type, is->status ? "true" : is->message);
	}
	*ret = info;
	info = (struct hp_labels){0};
	return 0;
}

/* CRI has no word for the rest: no pausing, archives, names of images, signals for an exec, or
 * containers that run a second time. */
const struct hp_engine_ops hp_engine__cri = {
	.name = "cri",
	.can = HP_CAN_UPDATE | HP_CAN_STATS | HP_CAN_EVENTS | HP_CAN_ATTACH | HP_CAN_LOGS |
	       HP_CAN_EXEC | HP_CAN_RESIZE | HP_CAN_CREATE | HP_CAN_PULL | HP_CAN_LOOK_UP |
	       HP_CAN_LOG_BYTES,
	.size = sizeof(struct cri),
	.open = open_engine,
	.close = close_engine,
	.version = get_version,
	.info = get_info,
	.list = hp_cri__list,
	.list_some = hp_cri__list_some,
	.inspect = hp_cri__inspect,
	.create = hp_cri__create,
	.start = hp_cri__start,
	.stop = hp_cri__stop,
	.kill = hp_cri__kill,
	.remove = hp_cri__remove,
	.exec = hp_cri__exec,
	.exec_free = hp_cri__exec_free,
	.attach = hp_cri__attach,
	.resize = hp_cri__resize,
	.logs = hp_cri__logs,
	.waiter = hp_cri__waiter,
	.update = hp_cri__update,
	.stats = hp_cri__stats,
	.events = hp_cri__events,
	.images = hp_cri__images,
	.pull = hp_cri__pull,
	.remove_image = hp_cri__remove_image,
};
