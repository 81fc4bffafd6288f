/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - a spec as CRI's configurations of a pod and its container.
 *
 * Messages are built as if they had been unpacked: all that they hold is allocated. */
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/cri/cri.h"

/* From: kernel Documentation/scheduler/sched-bwc.rst, the default period in microseconds. */
#define CPU_PERIOD_US 100000

/* A hostname as the kernel takes it. From: uname(2), __NEW_UTS_LEN. */
#define HOSTNAME_MAX 63

static void *add(void ***items, size_t *n, size_t size)
{
	*items = hp_realloc_array(*items, *n + 1, sizeof(**items));
	(*items)[(*n)++] = hp_alloc(size);
	return (*items)[*n - 1];
}

static void add_pair(Hp__Pair ***items, size_t *n, const char *key, const char *value)
{
	Hp__Pair *pair = add((void ***)items, n, sizeof(*pair));

	hp__pair__init(pair);
	pair->key = hp_strdup(key);
	pair->value = hp_strdup(value ? value : "");
}

static void add_str(char ***items, size_t *n, const char *text)
{
	*items = hp_realloc_array(*items, *n + 1, sizeof(**items));
	(*items)[(*n)++] = hp_strdup(text);
}

static bool is_host(const char *mode)
{
	return hp_str_eq(mode, "host");
}

/* Is @mode a word for the container's own? */
static bool is_own(const char *mode)
{
	return hp_str_empty(mode) || hp_str_eq(mode, "private");
}

static int refuse(const char *what, const char *why, struct hp_error *err)
{
	return hp_fail(err, HP_EUNSUPPORTED, "%s is not supported by cri: %s", what, why);
}

/* What CRI has no word for, and no more is dropped silently. */
static int check_spec(const struct hp_container_spec *spec, struct hp_error *err)
{
	const struct {
		bool wanted;
		const char *what;
		const char *why;
	} rows[] = {
		{spec->n_ulimits > 0, "a ulimit", "containers have the runtime's own"},
		{spec->init, "an init", "pods have none to give"},
		{!hp_str_empty(spec->snapshotter), "a snapshotter",
		 "the runtime's configuration chooses it"},
		{!is_own(spec->uts_mode) &&
			 !(is_host(spec->uts_mode) && is_host(spec->network)),
		 "this UTS namespace", "the host's comes with the host's network only"},
		{!is_own(spec->pid_mode) && !is_host(spec->pid_mode), "this PID namespace",
		 "there are the container's own and the host's"},
		{!is_own(spec->ipc_mode) && !is_host(spec->ipc_mode), "this IPC namespace",
		 "there are the pod's own and the host's"},
		{!hp_str_empty(spec->network) && !is_host(spec->network), "this network",
		 "pods have the network of CNI, or the host's"},
		{!hp_str_empty(spec->seccomp) && !hp_str_eq(spec->seccomp, "unconfined"),
		 "a seccomp profile in a file",
		 "the runtime's default, or none, can be chosen"},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		if (rows[i].wanted)
			return refuse(rows[i].what, rows[i].why, err);
	return 0;
}

static Hp__CriNamespaceOption *namespaces_of(const struct hp_container_spec *spec)
{
	Hp__CriNamespaceOption *o = hp_alloc(sizeof(*o));

	hp__cri_namespace_option__init(o);
	o->network = is_host(spec->network) ? HP__CRI_NAMESPACE_MODE__CRI_NODE
					    : HP__CRI_NAMESPACE_MODE__CRI_POD;
	o->pid = is_host(spec->pid_mode) ? HP__CRI_NAMESPACE_MODE__CRI_NODE
					 : HP__CRI_NAMESPACE_MODE__CRI_CONTAINER;
	o->ipc = is_host(spec->ipc_mode) ? HP__CRI_NAMESPACE_MODE__CRI_NODE
					 : HP__CRI_NAMESPACE_MODE__CRI_POD;
	return o;
}

static Hp__CriSecurityProfile *profile_of(const char *text)
{
	Hp__CriSecurityProfile *p = hp_alloc(sizeof(*p));

	hp__cri_security_profile__init(p);
	p->profile_type = HP__CRI_PROFILE_TYPE__CRI_RUNTIME_DEFAULT;
	if (hp_str_eq(text, "unconfined")) {
		p->profile_type = HP__CRI_PROFILE_TYPE__CRI_UNCONFINED;
	} else if (!hp_str_empty(text)) {
		p->profile_type = HP__CRI_PROFILE_TYPE__CRI_LOCALHOST;
		p->localhost_ref = hp_strdup(text);
	}
	return p;
}

/* The pod's hostname is the container's; the name of the container, where that can be one. */
static char *hostname_of(const struct hp_cri__plan *p)
{
	if (!hp_str_empty(p->spec->hostname))
		return hp_strdup(p->spec->hostname);
	if (is_host(p->spec->network))
		return hp_strdup("");
	char *name = hp_strndup(p->name, HOSTNAME_MAX);
	for (char *c = name; *c; c++)
		if (*c == '_' || *c == '.')
			*c = '-';
	return name;
}

int hp_cri__pod_config(const struct hp_cri__plan *p, Hp__CriSandboxConfig **ret,
		       struct hp_error *err)
{
	const struct hp_container_spec *spec = p->spec;

	if (check_spec(spec, err) < 0)
		return -1;
	Hp__CriSandboxConfig *pod = hp_alloc(sizeof(*pod));
	hp__cri_sandbox_config__init(pod);
	pod->metadata = hp_alloc(sizeof(*pod->metadata));
	hp__cri_sandbox_metadata__init(pod->metadata);
	pod->metadata->name = hp_strdup(p->name);
	pod->metadata->uid = hp_strdup(HP_POD_UID);
	pod->metadata->namespace_ = hp_strdup(HP_POD_NAMESPACE);
	pod->hostname = hostname_of(p);
	pod->log_directory = hp_strdup(p->log_dir);
	add_pair(&pod->labels, &pod->n_labels, HP_LABEL_OWN_POD, "true");
	for (size_t i = 0; i < spec->n_annotations; i++)
		add_pair(&pod->annotations, &pod->n_annotations, spec->annotations[i].key,
			 spec->annotations[i].value);
	pod->os = hp_alloc(sizeof(*pod->os));
	hp__cri_linux_sandbox_config__init(pod->os);
	for (size_t i = 0; i < spec->n_sysctls; i++)
		add_pair(&pod->os->sysctls, &pod->os->n_sysctls, spec->sysctls[i].key,
			 spec->sysctls[i].value);
	Hp__CriSandboxSecurityContext *security = hp_alloc(sizeof(*security));
	hp__cri_sandbox_security_context__init(security);
	security->namespace_options = namespaces_of(spec);
	security->privileged = spec->privileged;
	security->seccomp = profile_of(NULL);
	pod->os->security_context = security;
	*ret = pod;
	return 0;
}

int hp_cri__resources(const struct hp_resources *from, Hp__CriResources **ret,
		      struct hp_error *err)
{
	if (from->cpu_shares > INT64_MAX)
		return hp_fail(err, HP_EINVALID, "%llu shares of the CPU",
			       (unsigned long long)from->cpu_shares);
	Hp__CriResources *to = hp_alloc(sizeof(*to));
	hp__cri_resources__init(to);
	to->memory_limit_in_bytes = from->memory_bytes;
	to->memory_swap_limit_in_bytes = from->memory_swap_bytes;
	to->cpu_shares = (int64_t)from->cpu_shares;
	if (from->cpu_nano) {
		to->cpu_period = CPU_PERIOD_US;
		to->cpu_quota = from->cpu_nano / (1000000000 / CPU_PERIOD_US);
	}
	if (!hp_str_empty(from->cpuset_cpus))
		to->cpuset_cpus = hp_strdup(from->cpuset_cpus);
	*ret = to;
	return 0;
}

static Hp__CriInt64Value *number(int64_t value)
{
	Hp__CriInt64Value *n = hp_alloc(sizeof(*n));

	hp__cri_int64_value__init(n);
	n->value = value;
	return n;
}

/* A user by name is looked up by the runtime, in the image; groups are numbers only. */
static int set_user(Hp__CriSecurityContext *to, const char *user, struct hp_error *err)
{
	struct hp_error ignored = HP_ERROR_INIT;
	int64_t value;

	if (hp_str_empty(user))
		return 0;
	const char *colon = strchr(user, ':');
	AUTO_FREE char *name = hp_strndup(user, colon ? (size_t)(colon - user) : strlen(user));
	if (hp_str_i64(name, &value, &ignored) == 0)
		to->run_as_user = number(value);
	else
		to->run_as_username = hp_strdup(name);
	hp_error_clear(&ignored);
	if (!colon)
		return 0;
	if (hp_str_i64(colon + 1, &value, &ignored) < 0)
		return refuse("a group by its name", "give its number", err);
	to->run_as_group = number(value);
	return 0;
}

static void add_caps(char ***items, size_t *n, const char *const *names)
{
	for (size_t i = 0; names && names[i]; i++)
		add_str(items, n, names[i] + (hp_str_starts(names[i], "CAP_") ? 4 : 0));
}

static int set_security(const struct hp_container_spec *spec, Hp__CriSecurityContext *to,
			struct hp_error *err)
{
	to->capabilities = hp_alloc(sizeof(*to->capabilities));
	hp__cri_capability__init(to->capabilities);
	add_caps(&to->capabilities->add_capabilities, &to->capabilities->n_add_capabilities,
		 spec->cap_add);
	add_caps(&to->capabilities->drop_capabilities, &to->capabilities->n_drop_capabilities,
		 spec->cap_drop);
	to->privileged = spec->privileged;
	to->namespace_options = namespaces_of(spec);
	to->readonly_rootfs = spec->read_only;
	to->no_new_privs = spec->no_new_privs;
	to->seccomp = profile_of(spec->seccomp);
	if (!hp_str_empty(spec->apparmor))
		to->apparmor = profile_of(spec->apparmor);
	return set_user(to, spec->user, err);
}

/* The words of mount(8) that CRI has fields for. */
static int set_mount_options(const struct hp_mount *m, Hp__CriMount *to, struct hp_error *err)
{
	static const struct {
		const char *word;
		Hp__CriMountPropagation propagation;
	} words[] = {
		{"rprivate", HP__CRI_MOUNT_PROPAGATION__CRI_PROPAGATION_PRIVATE},
		{"rslave", HP__CRI_MOUNT_PROPAGATION__CRI_PROPAGATION_HOST_TO_CONTAINER},
		{"rshared", HP__CRI_MOUNT_PROPAGATION__CRI_PROPAGATION_BIDIRECTIONAL},
	};
	AUTO(hp_strv_free) struct hp_strv options = {0};

	to->readonly = m->read_only;
	if (!hp_str_empty(m->options))
		hp_strv_split(&options, m->options, ',');
	for (size_t i = 0; i < options.count; i++) {
		size_t at = 0;
		while (at < HP_ARRAY_LEN(words) && !hp_str_eq(words[at].word, options.items[i]))
			at++;
		if (at < HP_ARRAY_LEN(words))
			to->propagation = words[at].propagation;
		else if (hp_str_eq(options.items[i], "ro"))
			to->readonly = true;
		else if (!hp_str_eq(options.items[i], "rw") &&
			 !hp_str_eq(options.items[i], "rbind"))
			return hp_fail(err, HP_EUNSUPPORTED,
				       "mount option '%s' is not supported by cri",
				       options.items[i]);
	}
	return 0;
}

/* Runtimes make a directory of the host that is not there, which nobody asked for. */
static int set_mount(const struct hp_mount *m, Hp__CriMount *to, struct hp_error *err)
{
	struct stat st;

	if (m->type != HP_MOUNT_BIND)
		return refuse(m->type == HP_MOUNT_TMPFS ? "a tmpfs" : "a volume",
			      "mounts are directories of the host", err);
	if (!m->create_source && stat(m->source, &st) < 0)
		return hp_fail(err, HP_ENOTFOUND, "mount '%s': there is no such directory",
			       m->source);
	to->container_path = hp_strdup(m->target);
	to->host_path = hp_strdup(m->source);
	return set_mount_options(m, to, err);
}

static int set_device(const struct hp_device *d, Hp__CriDevice *to, struct hp_error *err)
{
	struct stat st;

	if (stat(d->host_path, &st) < 0)
		return hp_fail(err, HP_ENOTFOUND, "there is no device '%s'", d->host_path);
	to->host_path = hp_strdup(d->host_path);
	to->container_path = hp_strdup(d->container_path ? d->container_path : d->host_path);
	to->permissions = hp_strdup(d->cgroup_rwm ? d->cgroup_rwm : "rwm");
	return 0;
}

static int set_host_parts(const struct hp_container_spec *spec, Hp__CriContainerConfig *to,
			  struct hp_error *err)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		Hp__CriMount *mount = add((void ***)&to->mounts, &to->n_mounts, sizeof(*mount));
		hp__cri_mount__init(mount);
		if (set_mount(&spec->mounts[i], mount, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < spec->n_devices; i++) {
		Hp__CriDevice *device =
			add((void ***)&to->devices, &to->n_devices, sizeof(*device));
		hp__cri_device__init(device);
		if (set_device(&spec->devices[i], device, err) < 0)
			return -1;
	}
	return 0;
}

/* An entrypoint that is cleared leaves the arguments as the whole command. */
static void set_command(const struct hp_container_spec *spec, Hp__CriContainerConfig *to)
{
	bool cleared = spec->entrypoint && spec->entrypoint[0] && !spec->entrypoint[0][0];

	for (size_t i = 0; !cleared && spec->entrypoint && spec->entrypoint[i]; i++)
		add_str(&to->command, &to->n_command, spec->entrypoint[i]);
	for (size_t i = 0; spec->args && spec->args[i]; i++)
		if (cleared)
			add_str(&to->command, &to->n_command, spec->args[i]);
		else
			add_str(&to->args, &to->n_args, spec->args[i]);
}

static void set_env(const char *const *env, Hp__CriContainerConfig *to)
{
	for (size_t i = 0; env && env[i]; i++) {
		Hp__CriKeyValue *one = add((void ***)&to->envs, &to->n_envs, sizeof(*one));
		size_t len = strcspn(env[i], "=");

		hp__cri_key_value__init(one);
		one->key = hp_strndup(env[i], len);
		one->value = hp_strdup(env[i][len] ? env[i] + len + 1 : "");
	}
}

static void set_own(const struct hp_cri__plan *p, Hp__CriContainerConfig *to)
{
	const struct hp_container_spec *spec = p->spec;
	AUTO_FREE char *timeout = hp_sprintf("%u", spec->stop_timeout_ms);
	const struct {
		bool wanted;
		const char *key;
		const char *value;
	} rows[] = {
		{true, HP_LABEL_NAME, p->name},
		{true, HP_LABEL_IMAGE_ID, p->image_id},
		{true, HP_LABEL_NETWORK, is_host(spec->network) ? "host" : "cni"},
		{!hp_str_empty(spec->stop_signal), HP_LABEL_STOP_SIGNAL, spec->stop_signal},
		{spec->stop_timeout_ms > 0, HP_LABEL_STOP_TIMEOUT, timeout},
		{spec->stdin_open, HP_LABEL_STDIN, "once"},
		{spec->tty, HP_LABEL_TTY, "true"},
		{spec->remove, HP_LABEL_REMOVE, "true"},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		if (rows[i].wanted)
			add_pair(&to->annotations, &to->n_annotations, rows[i].key,
				 rows[i].value);
	for (size_t i = 0; i < spec->n_annotations; i++)
		add_pair(&to->annotations, &to->n_annotations, spec->annotations[i].key,
			 spec->annotations[i].value);
	for (size_t i = 0; i < spec->n_labels; i++)
		add_pair(&to->labels, &to->n_labels, spec->labels[i].key,
			 spec->labels[i].value);
}

static int fill_container(const struct hp_cri__plan *p, Hp__CriContainerConfig *to,
			  struct hp_error *err)
{
	const struct hp_container_spec *spec = p->spec;

	to->metadata = hp_alloc(sizeof(*to->metadata));
	hp__cri_container_metadata__init(to->metadata);
	to->metadata->name = hp_strdup(p->name);
	to->image = hp_alloc(sizeof(*to->image));
	hp__cri_image_spec__init(to->image);
	to->image->image = hp_strdup(p->image);
	if (!hp_str_empty(spec->workdir))
		to->working_dir = hp_strdup(spec->workdir);
	to->log_path = hp_strdup("0.log");
	/* Only so can a client say that stdin has ended. */
	to->stdin = spec->stdin_open;
	to->stdin_once = spec->stdin_open;
	to->tty = spec->tty;
	set_command(spec, to);
	set_env(spec->env, to);
	set_own(p, to);
	to->os = hp_alloc(sizeof(*to->os));
	hp__cri_linux_container_config__init(to->os);
	to->os->security_context = hp_alloc(sizeof(*to->os->security_context));
	hp__cri_security_context__init(to->os->security_context);
	if (hp_cri__resources(&spec->resources, &to->os->resources, err) < 0 ||
	    set_security(spec, to->os->security_context, err) < 0)
		return -1;
	return set_host_parts(spec, to, err);
}

int hp_cri__container_config(const struct hp_cri__plan *p, Hp__CriContainerConfig **ret,
			     struct hp_error *err)
{
	Hp__CriContainerConfig *to = hp_alloc(sizeof(*to));

	hp__cri_container_config__init(to);
	if (fill_container(p, to, err) < 0) {
		protobuf_c_message_free_unpacked(&to->base, NULL);
		return -1;
	}
	*ret = to;
	return 0;
}
