/* SPDX-License-Identifier: Apache-2.0 */
/* containerd.c - the containerd engine: its table of operations, opening, and what it is. */
#include "engine/containerd/containerd.h"

#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/containerd/ops.h"
#include "engine/containerd/roots.h"
#include "wire/digest.h"

#include "introspection.pb-c.h"

/* From: containerd defaults/defaults_unix.go. */
#define DEFAULT_ADDRESS     "/run/containerd/containerd.sock"
#define DEFAULT_SNAPSHOTTER "overlayfs"
#define DEFAULT_TIMEOUT_MS  30000

int64_t hp_containerd__deadline(const struct containerd *c)
{
	return hp_deadline_in(c->base.timeout_ms);
}

struct hp_grpc *hp_containerd__connect(const char *address, const char *ns)
{
	struct hp_grpc *grpc = hp_grpc_new(address, 0);

	hp_grpc_set_header(grpc, "containerd-namespace", ns);
	return grpc;
}

int hp_containerd__call(struct containerd *c, const char *method,
			const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
			void *ret_reply, struct hp_error *err)
{
	return hp_rpc_call(HP_RPC_TO(c->grpc, method, hp_containerd__deadline(c)), request,
			   type, ret_reply, err);
}

int64_t hp_containerd__time(const Hp__Timestamp *t)
{
	/* Go's zero time is the year 1; whatever lies before 1970 means "not yet" here. */
	if (!t || t->seconds <= 0 || t->seconds > INT64_MAX / 1000000000 - 1)
		return 0;
	return t->seconds * 1000000000 + t->nanos;
}

const char *hp_containerd__pair(Hp__Pair *const *pairs, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (hp_str_eq(pairs[i]->key, key))
			return pairs[i]->value;
	return NULL;
}

static const char *first_of(const char *a, const char *b, const char *otherwise)
{
	if (!hp_str_empty(a))
		return a;
	return hp_str_empty(b) ? otherwise : b;
}

int hp_containerd_root(const char *root, const char *address, char **ret_dir,
		       struct hp_error *err)
{
	AUTO_FREE char *base = NULL;
	char digest[HP_DIGEST_TEXT];

	if (hp_path_absolute(root, &base, err) < 0)
		return -1;
	hp_digest_of(hp_bytes_str(address), digest);
	*ret_dir = hp_sprintf("%s/containerd-%.8s", base, digest + strlen("sha256:"));
	return 0;
}

static int open_engine(struct hp_engine *e, const struct hp_client_config *config,
		       struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	const char *address =
		first_of(config->address, getenv("CONTAINERD_ADDRESS"), DEFAULT_ADDRESS);

	if (hp_str_starts(address, "unix://"))
		address += strlen("unix://");
	if (address[0] != '/')
		return hp_fail(
			err, HP_EINVALID,
			"containerd address '%s': expected the absolute path of its unix "
			"socket, such as " DEFAULT_ADDRESS,
			address);
	e->address = hp_path_clean(address);
	e->ns = hp_strdup(first_of(config->ns, getenv("CONTAINERD_NAMESPACE"), "default"));
	if (hp_str_check_id("namespace", e->ns, err) < 0)
		return -1;
	e->timeout_ms = config->timeout_ms ? config->timeout_ms : DEFAULT_TIMEOUT_MS;

	c->grpc = hp_containerd__connect(e->address, e->ns);
	c->snapshotter = hp_strdup(first_of(
		config->snapshotter, getenv("CONTAINERD_SNAPSHOTTER"), DEFAULT_SNAPSHOTTER));
	c->libexec_dir = hp_strdup(config->libexec_dir);
	if (hp_containerd_root(first_of(config->data_root, NULL, "/var/lib/harpoon"),
			       e->address, &c->data_root, err) < 0)
		return -1;
	return hp_containerd_root(first_of(config->state_root, NULL, "/run/harpoon"),
				  e->address, &c->state_root, err);
}

static void close_engine(struct hp_engine *e)
{
	struct containerd *c = hp_containerd__of(e);

	hp_grpc_free(c->grpc);
	free(c->snapshotter);
	free(c->data_root);
	free(c->state_root);
	free(c->libexec_dir);
}

static int get_version(struct hp_engine *e, struct hp_version *ret, struct hp_error *err)
{
	Hp__Empty nothing = HP__EMPTY__INIT;
	AUTO_REPLY Hp__VersionResponse *reply = NULL;

	if (hp_containerd__call(hp_containerd__of(e), HP_SVC_VERSION "Version", &nothing.base,
				&hp__version_response__descriptor, &reply, err) < 0)
		return -1;
	*ret = (struct hp_version){
		.version = hp_strdup(reply->version),
		.revision = hp_strdup(reply->revision),
		.api = hp_strdup(""),
	};
	return 0;
}

static int count_state(struct hp_engine *e, struct hp_labels *ret, struct hp_error *err)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = NULL;
	size_t running = 0, paused = 0;
	AUTO_FREE char *total_text = NULL;
	AUTO_FREE char *running_text = NULL;
	AUTO_FREE char *paused_text = NULL;

	if (hp_containerd__list(e, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		running += list->items[i]->state == HP_STATE_RUNNING;
		paused += list->items[i]->state == HP_STATE_PAUSED;
	}
	hp_labels_add(ret, "containers", total_text = hp_sprintf("%zu", list->count));
	hp_labels_add(ret, "running", running_text = hp_sprintf("%zu", running));
	hp_labels_add(ret, "paused", paused_text = hp_sprintf("%zu", paused));
	return 0;
}

static int list_plugins(struct containerd *c, const char *type, char **ret_names,
			struct hp_error *err)
{
	AUTO_FREE char *filter = hp_sprintf("type==%s", type);
	AUTO(hp_strv_free) struct hp_strv names = {0};
	Hp__PluginsRequest request = HP__PLUGINS_REQUEST__INIT;
	AUTO_REPLY Hp__PluginsResponse *reply = NULL;

	request.filters = &filter;
	request.n_filters = 1;
	if (hp_containerd__call(c, HP_SVC_INTROSPECTION "Plugins", &request.base,
				&hp__plugins_response__descriptor, &reply, err) < 0)
		return -1;
	for (size_t i = 0; i < reply->n_plugins; i++)
		hp_strv_add(&names, reply->plugins[i]->id);
	*ret_names = hp_strv_join(hp_strv_view(&names), " ");
	return 0;
}

static int get_info(struct hp_engine *e, struct hp_labels *ret, struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO(hp_labels_clear) struct hp_labels info = {0};
	AUTO(hp_version_clear) struct hp_version version = {0};
	AUTO(hp_image_list_free) struct hp_image_list *images = NULL;
	AUTO_FREE char *image_text = NULL;
	AUTO_FREE char *snapshotters = NULL;
	Hp__Empty nothing = HP__EMPTY__INIT;
	AUTO_REPLY Hp__ServerResponse *server = NULL;

	if (get_version(e, &version, err) < 0 ||
	    hp_containerd__call(c, HP_SVC_INTROSPECTION "Server", &nothing.base,
				&hp__server_response__descriptor, &server, err) < 0 ||
	    list_plugins(c, "io.containerd.snapshotter.v1", &snapshotters, err) < 0 ||
	    hp_containerd__images(e, &images, err) < 0)
		return -1;
	hp_labels_add(&info, "engine", "containerd");
	hp_labels_add(&info, "version", version.version);
	hp_labels_add(&info, "address", e->address);
	hp_labels_add(&info, "namespace", e->ns);
	hp_labels_add(&info, "uuid", server->uuid);
	if (count_state(e, &info, err) < 0)
		return -1;
	hp_labels_add(&info, "images", image_text = hp_sprintf("%zu", images->count));
	hp_labels_add(&info, "snapshotter", c->snapshotter);
	hp_labels_add(&info, "snapshotters", snapshotters);
	*ret = info;
	info = (struct hp_labels){0};
	return 0;
}

const struct hp_engine_ops hp_engine__containerd = {
	.name = "containerd",
	.can = HP_CAN_PAUSE | HP_CAN_UPDATE | HP_CAN_STATS | HP_CAN_EVENTS | HP_CAN_ATTACH |
	       HP_CAN_LOGS | HP_CAN_EXEC | HP_CAN_EXEC_KILL | HP_CAN_RESIZE | HP_CAN_IMPORT |
	       HP_CAN_EXPORT | HP_CAN_TAG | HP_CAN_NAMESPACES | HP_CAN_CENSUS | HP_CAN_CREATE |
	       HP_CAN_PULL | HP_CAN_LOOK_UP | HP_CAN_LOG_BYTES | HP_CAN_RESTART |
	       HP_CAN_ISOLATE | HP_CAN_LIMIT_PIDS | HP_CAN_LOG_NONE | HP_CAN_EXEC_AS |
	       HP_CAN_EXEC_DETACH,
	.size = sizeof(struct containerd),
	.open = open_engine,
	.close = close_engine,
	.version = get_version,
	.info = get_info,
	.list = hp_containerd__list,
	.inspect = hp_containerd__inspect,
	.create = hp_containerd__create,
	.start = hp_containerd__start,
	.stop = hp_containerd__stop,
	.kill = hp_containerd__kill,
	.pause = hp_containerd__pause,
	.unpause = hp_containerd__unpause,
	.remove = hp_containerd__remove,
	.exec = hp_containerd__exec,
	.exec_free = hp_containerd__exec_free,
	.attach = hp_containerd__attach,
	.resize = hp_containerd__resize,
	.logs = hp_containerd__logs,
	.waiter = hp_containerd__waiter,
	.update = hp_containerd__update,
	.stats = hp_containerd__stats,
	.events = hp_containerd__events,
	.images = hp_containerd__images,
	.import = hp_containerd__import,
	.pull = hp_containerd__pull,
	.export = hp_containerd__export,
	.remove_image = hp_containerd__remove_image,
	.tag = hp_containerd__tag,
	.census = hp_containerd__census,
};
