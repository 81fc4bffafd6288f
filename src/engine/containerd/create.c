/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - make a container: image, container object, snapshot, user, spec, in this order.
 *
 * The container object comes before its snapshot, because it is what keeps the snapshot from
 * being collected: so no lease is needed, and a create that is killed half-way leaves nothing that
 * `ps -a` does not show and `rm` does not remove. */
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"
#include "engine/containerd/spec.h"

#include "runc_options.pb-c.h"
#include "snapshots.pb-c.h"

/* From: containerd's typeurl name of the OCI runtime-spec type. */
#define TYPE_SPEC         "types.containerd.io/opencontainers/runtime-spec/1/Spec"
/* From: containerd runtime/v2/runc/options/oci.proto. */
#define TYPE_RUNC_OPTIONS "containerd.runc.v1.Options"
#define RUNC_SHIM         "io.containerd.runc.v2"
/* From: containerd labels/validate.go: key and value together. */
#define LABEL_MAX         4096

struct create_job {
	struct containerd *c;
	const struct hp_container_spec *spec;
	const char *snapshotter;
	char *id;
	char *image_name;
	char *text;       /* config.json */
	char *netns_path; /* that it is to join; NULL: none */
	struct hp_descriptor target;
	struct hp_resolved_image image;
	struct hp_spec_mounts mounts;
	struct hp_labels labels;
	int lock;  /* on the id, until all is made or undone */
	bool made; /* the container object is there */
	bool done; /* nothing is to be undone */
};

/* What cannot be undone still shows in ps -a. */
static void undo(const struct create_job *j)
{
	struct hp_error ignored = HP_ERROR_INIT;
	Hp__Container container = HP__CONTAINER__INIT;

	container.id = j->id;
	container.snapshotter = (char *)j->snapshotter;
	container.snapshot_key = j->id;
	if (j->made &&
	    hp_containerd__remove_locked(j->c, &container, true, false, &ignored) < 0)
		hp_error_clear(&ignored);
	if (hp_containerd__volumes_remove(j->c, &j->mounts.anonymous, &ignored) < 0)
		hp_error_clear(&ignored);
}

static void job_clear(struct create_job *j)
{
	if (!j->done)
		undo(j);
	hp_close_auto(&j->lock);
	free(j->id);
	free(j->image_name);
	free(j->text);
	free(j->netns_path);
	hp_descriptor_clear(&j->target);
	hp_resolved_image_clear(&j->image);
	hp_spec__mounts_clear(&j->mounts);
	hp_labels_clear(&j->labels);
}
HP_AUTO_VALUE(struct create_job, job_clear);

/* Docker's shape of an id: 64 hex digits; never all digits, which could be taken for a pid. */
static char *random_id(void)
{
	uint8_t bytes[32];
	char *id = hp_alloc(2 * sizeof(bytes) + 1);

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort();
	bytes[0] |= 0xa0;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return id;
}

static int find_image(struct create_job *j, struct hp_error *err)
{
	AUTO(hp_containerd__store_free) struct hp_store *store = hp_containerd__store_new(j->c);

	if (!hp_str_empty(j->spec->snapshotter))
		hp_containerd__store_use(store, j->spec->snapshotter);
	if (hp_containerd__image_find(j->c, j->spec->image, &j->image_name, &j->target, err) <
	    0)
		return -1;
	if (hp_image_resolve_target(store, &j->target, &j->image, err) < 0 ||
	    hp_image_unpack(store, &j->image, err) < 0)
		return hp_wrap(err, "image '%s'", j->spec->image);
	return 0;
}

/* The namespace that the spec's network names; none when it is to be a new one. */
static int find_netns(struct create_job *j, struct hp_error *err)
{
	static const char of_container[] = "container:", by_path[] = "ns:";
	AUTO(hp_container_free) struct hp_container *other = NULL;
	const char *network = j->spec->network;

	if (!network)
		return 0;
	if (hp_str_starts(network, by_path)) {
		j->netns_path = hp_strdup(network + strlen(by_path));
		if (j->netns_path[0] != '/' || access(j->netns_path, F_OK) < 0)
			return hp_fail(
				err, HP_ENOTFOUND,
				"network '%s': there is no such network namespace; it is "
				"named by an absolute path",
				network);
	}
	if (!hp_str_starts(network, of_container))
		return 0;
	if (hp_containerd__inspect(&j->c->base, network + strlen(of_container), &other, err) <
	    0)
		return hp_wrap(err, "network '%s'", network);
	if (!other->netns_path[0])
		return hp_fail(err, HP_ESTATE, "network '%s': that container does not run",
			       network);
	j->netns_path = hp_strdup(other->netns_path);
	return 0;
}

static void add_number(struct hp_labels *labels, const char *key, uint64_t number)
{
	AUTO_FREE char *text = hp_sprintf("%llu", (unsigned long long)number);

	hp_labels_add(labels, key, text);
}

static void add_own_labels(struct create_job *j)
{
	const struct hp_container_spec *spec = j->spec;
	const char *stop = !hp_str_empty(spec->stop_signal) ? spec->stop_signal
							    : j->image.config.stop_signal;
	AUTO_FREE char *data = hp_containerd__data_dir(j->c, j->id);
	AUTO_FREE char *log = hp_path_join(data, "json.log");
	AUTO_FREE char *volumes = hp_strv_join(hp_strv_view(&j->mounts.anonymous), ",");

	hp_labels_add(&j->labels, HP_LABEL_NETWORK, spec->network ? spec->network : "none");
	hp_labels_add(&j->labels, HP_LABEL_IMAGE_ID, j->image.parsed.config.digest);
	if (spec->log_driver == HP_LOG_JSON_FILE)
		hp_labels_add(&j->labels, HP_LABEL_LOG, log);
	if (!hp_str_empty(stop))
		hp_labels_add(&j->labels, HP_LABEL_STOP_SIGNAL, stop);
	if (spec->stop_timeout_ms)
		add_number(&j->labels, HP_LABEL_STOP_TIMEOUT, spec->stop_timeout_ms);
	if (spec->stdin_open)
		hp_labels_add(&j->labels, HP_LABEL_STDIN, spec->stdin_once ? "once" : "open");
	if (spec->tty)
		hp_labels_add(&j->labels, HP_LABEL_TTY, "true");
	if (spec->remove)
		hp_labels_add(&j->labels, HP_LABEL_REMOVE, "true");
	if (j->mounts.anonymous.count)
		hp_labels_add(&j->labels, HP_LABEL_VOLUMES, volumes);
}

/* A command that is too long for a label is read from the spec when it is wanted. */
static int add_command(struct create_job *j, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv args = {0};
	AUTO_FREE char *line = NULL;

	if (hp_oci_args(j->spec, &j->image.config, &args, err) < 0)
		return -1;
	line = hp_strv_join(hp_strv_view(&args), " ");
	if (strlen(HP_LABEL_COMMAND) + strlen(line) <= LABEL_MAX)
		hp_labels_add(&j->labels, HP_LABEL_COMMAND, line);
	return 0;
}

/* What we, nerdctl and the daemon act upon, such as where a log is written. An image comes from
 * anywhere, so it has no say in that. */
static bool is_reserved(const char *key)
{
	return hp_str_starts(key, HP_LABEL_OWN) || hp_str_starts(key, "nerdctl/") ||
	       hp_str_starts(key, "containerd.io/");
}

static size_t label_size(const struct hp_label *label)
{
	return strlen(label->key) +
	       (*label->value ? strlen(label->value) : strlen(HP_LABEL_EMPTY "true"));
}

static void add_label(struct create_job *j, const struct hp_label *label)
{
	AUTO_FREE char *key = hp_sprintf(HP_LABEL_EMPTY "%s", label->key);

	hp_labels_add(&j->labels, label->key, label->value);
	if (!*label->value)
		hp_labels_add(&j->labels, key, "true");
	else if (hp_labels_get(&j->labels, key))
		hp_labels_add(&j->labels, key, ""); /* the image's was empty, this one is not */
}

static int collect_labels(struct create_job *j, struct hp_error *err)
{
	const struct hp_labels *image = &j->image.config.labels;

	/* An image's label that containerd cannot hold is no reason to refuse the container. */
	for (size_t i = 0; i < image->count; i++)
		if (!is_reserved(image->items[i].key) &&
		    label_size(&image->items[i]) <= LABEL_MAX)
			add_label(j, &image->items[i]);
	for (size_t i = 0; i < j->spec->n_labels; i++) {
		const struct hp_label *label = &j->spec->labels[i];

		if (hp_str_starts(label->key, HP_LABEL_OWN))
			return hp_fail(err, HP_EINVALID,
				       "label '%s': what begins with " HP_LABEL_OWN
				       " is for harpoon alone; choose another key",
				       label->key);
		if (label_size(label) > LABEL_MAX)
			return hp_fail(err, HP_EINVALID,
				       "label '%s': key and value are over %d bytes",
				       label->key, LABEL_MAX);
		add_label(j, label);
	}
	add_own_labels(j);
	return add_command(j, err);
}

/* A missing OCI runtime is refused here, as its shim would blame the container's program. */
static int check_program(const char *name, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv dirs = {0};
	const char *path = getenv("PATH");

	if (strchr(name, '/')) {
		if (access(name, X_OK) == 0)
			return 0;
		return hp_fail(err, HP_ENOTFOUND, "no OCI runtime is at '%s'", name);
	}
	hp_strv_split(&dirs, path ? path : "/usr/sbin:/usr/bin:/sbin:/bin", ':');
	for (size_t i = 0; i < dirs.count; i++) {
		AUTO_FREE char *full = hp_path_join(dirs.items[i], name);

		if (access(full, X_OK) == 0)
			return 0;
	}
	return hp_fail(
		err, HP_ENOTFOUND,
		"no OCI runtime '%s' is in PATH; a shim is named as io.containerd.NAME.v2",
		name);
}

/* "runc", or nothing, is containerd's own shim with runc; any other plain name or path is an OCI
 * runtime for that shim to run; what has dots or is a shim's path names a shim itself. */
static int choose_runtime(const char *wanted, Hp__Runtime *runtime, Hp__RuncOptions *options,
			  struct hp_error *err)
{
	bool is_path = wanted && wanted[0] == '/';

	runtime->name = (char *)RUNC_SHIM;
	if (hp_str_empty(wanted) || hp_str_eq(wanted, "runc"))
		return 0;
	if ((!is_path && strchr(wanted, '.')) ||
	    (is_path && hp_str_starts(hp_path_base(wanted), "containerd-shim-"))) {
		runtime->name = (char *)wanted;
		return 0;
	}
	options->binary_name = (char *)wanted;
	return check_program(wanted, err);
}

static Hp__Pair *pairs_of(const struct hp_labels *labels, Hp__Pair ***ret_list)
{
	Hp__Pair *pairs = hp_alloc_array(labels->count, sizeof(*pairs));
	Hp__Pair **list = hp_alloc_array(labels->count, sizeof(*list));

	for (size_t i = 0; i < labels->count; i++) {
		hp__pair__init(&pairs[i]);
		pairs[i].key = labels->items[i].key;
		pairs[i].value = labels->items[i].value;
		list[i] = &pairs[i];
	}
	*ret_list = list;
	return pairs;
}

static int put_container(struct create_job *j, struct hp_error *err)
{
	Hp__CreateContainerRequest request = HP__CREATE_CONTAINER_REQUEST__INIT;
	Hp__Container container = HP__CONTAINER__INIT;
	Hp__Runtime runtime = HP__RUNTIME__INIT;
	Hp__RuncOptions options = HP__RUNC_OPTIONS__INIT;
	Hp__Any options_any = HP__ANY__INIT;
	Hp__Any spec_any = HP__ANY__INIT;
	AUTO_FREE Hp__Pair **list = NULL;
	AUTO_FREE Hp__Pair *pairs = pairs_of(&j->labels, &list);
	uint8_t packed[4096 + 64];

	if (choose_runtime(j->spec->runtime, &runtime, &options, err) < 0)
		return -1;
	if (options.binary_name[0]) {
		if (hp__runc_options__get_packed_size(&options) > sizeof(packed))
			return hp_fail(err, HP_EINVALID, "the runtime's path is too long");
		options_any.type_url = (char *)TYPE_RUNC_OPTIONS;
		options_any.value.data = packed;
		options_any.value.len = hp__runc_options__pack(&options, packed);
		runtime.options = &options_any;
	}
	spec_any.type_url = (char *)TYPE_SPEC;
	spec_any.value.data = (uint8_t *)j->text;
	spec_any.value.len = strlen(j->text);
	container.id = j->id;
	container.labels = list;
	container.n_labels = j->labels.count;
	container.image = j->image_name;
	container.runtime = &runtime;
	container.spec = &spec_any;
	container.snapshotter = (char *)j->snapshotter;
	container.snapshot_key = j->id;
	request.container = &container;
	if (hp_containerd__call(j->c, HP_SVC_CONTAINERS "Create", &request.base,
				&hp__create_container_response__descriptor, NULL, err) == 0) {
		j->made = true;
		return 0;
	}
	if (err->code != HP_EEXISTS)
		return -1;
	hp_error_clear(err);
	return hp_fail(
		err, HP_EEXISTS,
		"the name '%s' is taken by another container; remove that one, or choose "
		"another name",
		j->id);
}

int hp_containerd__put_spec(struct containerd *c, const char *id, const char *text,
			    struct hp_error *err)
{
	Hp__UpdateContainerRequest request = HP__UPDATE_CONTAINER_REQUEST__INIT;
	Hp__Container container = HP__CONTAINER__INIT;
	Hp__FieldMask mask = HP__FIELD_MASK__INIT;
	Hp__Any spec_any = HP__ANY__INIT;
	char *path = (char *)"spec";

	spec_any.type_url = (char *)TYPE_SPEC;
	spec_any.value.data = (uint8_t *)text;
	spec_any.value.len = strlen(text);
	container.id = (char *)id;
	container.spec = &spec_any;
	mask.paths = &path;
	mask.n_paths = 1;
	request.container = &container;
	request.update_mask = &mask;
	return hp_containerd__call(c, HP_SVC_CONTAINERS "Update", &request.base,
				   &hp__update_container_response__descriptor, NULL, err);
}

/* The user is known only when the snapshot is there, which comes after the container. So the
 * container is made for root, and changed when the image says more about its user than that. */
static int settle_user(struct create_job *j, const struct hp_spec_job *build,
		       struct hp_error *err)
{
	const char *wanted = j->spec->user ? j->spec->user : j->image.config.user;
	AUTO_REPLY Hp__MountsResponse *mounts = NULL;
	AUTO(hp_user_clear) struct hp_user user = {0};
	AUTO_FREE char *text = NULL;

	if (hp_containerd__snapshot_mounts(j->c, j->snapshotter, j->id, &mounts, err) < 0 ||
	    hp_containerd__user_in_mounts(wanted, mounts->mounts, mounts->n_mounts, &user,
					  err) < 0 ||
	    hp_spec__build(build, &user, &text, err) < 0)
		return -1;
	if (hp_str_eq(text, j->text))
		return 0;
	return hp_containerd__put_spec(j->c, j->id, text, err);
}

static int run_job(struct create_job *j, struct hp_error *err)
{
	struct hp_bytes none = {0};
	AUTO(hp_user_clear) struct hp_user root = {0};
	struct hp_spec_job build = {.c = j->c,
				    .spec = j->spec,
				    .image = &j->image.config,
				    .mounts = &j->mounts,
				    .id = j->id};

	if (find_image(j, err) < 0 || find_netns(j, err) < 0 ||
	    hp_containerd__lock(j->c, j->id, &j->lock, err) < 0 ||
	    hp_spec__mounts(j->c, j->spec, &j->mounts, err) < 0 || collect_labels(j, err) < 0 ||
	    hp_user_resolve("", none, none, NULL, &root, err) < 0)
		return -1;
	build.netns_path = j->netns_path;
	if (hp_spec__build(&build, &root, &j->text, err) < 0 || put_container(j, err) < 0 ||
	    hp_containerd__snapshot_prepare(j->c, j->snapshotter, j->id, j->image.chain, err) <
		    0)
		return -1;
	return settle_user(j, &build, err);
}

int hp_containerd__create(struct hp_engine *e, const struct hp_container_spec *spec,
			  char **ret_id, struct hp_error *err)
{
	struct containerd *c = hp_containerd__of(e);
	AUTO(job_clear)
	struct create_job j = {
		.c = c,
		.spec = spec,
		.lock = -1,
		.snapshotter =
			hp_str_empty(spec->snapshotter) ? c->snapshotter : spec->snapshotter,
		.id = hp_str_empty(spec->name) ? random_id() : hp_strdup(spec->name),
	};

	if (hp_str_check_id("container name", j.id, err) < 0)
		return -1;
	if (run_job(&j, err) < 0)
		return hp_str_empty(spec->name) ? -1 : hp_wrap(err, "create '%s'", spec->name);
	j.done = true;
	*ret_id = TAKE(j.id);
	return 0;
}
