/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - a container's spec as docker's API has it. Nothing of it is dropped: what has no place
 * there is refused. From: docker API, ContainerCreate. */
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/docker/docker.h"

/* A seccomp profile in docker's format; docker's own is some 12 KiB. */
#define PROFILE_MAX     (1U << 20)
/* The API that gives annotations to the runtime. */
#define API_ANNOTATIONS 43
/* The label of a container that is to be removed when it ends; by whoever sees the end, as its exit
 * status is lost when the daemon does it. */
#define LABEL_REMOVE    "harpoon/auto-remove"

static void set_text(struct hp_json *to, const char *key, const char *text)
{
	if (!hp_str_empty(text))
		hp_json_set_str(to, key, text);
}

static void set_list(struct hp_json *to, const char *key, const char *const *items)
{
	if (items && items[0])
		hp_json_set_strs(to, key, items);
}

static void set_flag(struct hp_json *to, const char *key, bool on)
{
	if (on)
		hp_json_set_bool(to, key, true);
}

static struct hp_json *pairs_of(const struct hp_label *pairs, size_t n)
{
	struct hp_json *object = hp_json_object();

	for (size_t i = 0; i < n; i++)
		hp_json_set_str(object, pairs[i].key, pairs[i].value);
	return object;
}

/* The words of @options that are one of @known (NULL: of all), or the others. */
static void pick_options(const char *options, const char *const *known,
			 struct hp_strv *ret_known, struct hp_strv *ret_others)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	if (options)
		hp_strv_split(&words, options, ',');
	for (size_t i = 0; i < words.count; i++) {
		bool found = false;
		for (size_t k = 0; known[k]; k++)
			found = found || hp_str_eq(known[k], words.items[i]);
		hp_strv_add(found ? ret_known : ret_others, words.items[i]);
	}
}

static int refuse_option(const struct hp_mount *m, const char *option, struct hp_error *err)
{
	return hp_fail(err, HP_EUNSUPPORTED, "mount at '%s': the option '%s' is not supported",
		       m->target, option);
}

/* "SOURCE:TARGET:OPTIONS" of HostConfig.Binds, which makes missing directories and knows SELinux. */
static int add_bind_text(const struct hp_mount *m, struct hp_json *binds, struct hp_error *err)
{
	static const char *const known[] = {"ro",      "rw",       "z",     "Z",
					    "shared",  "rshared",  "slave", "rslave",
					    "private", "rprivate", NULL};
	AUTO(hp_strv_free) struct hp_strv words = {0};
	AUTO(hp_strv_free) struct hp_strv others = {0};

	pick_options(m->options, known, &words, &others);
	if (others.count)
		return refuse_option(m, others.items[0], err);
	if (m->read_only && !hp_strv_has(&words, "ro"))
		hp_strv_add(&words, "ro");
	if (strchr(m->source, ':') || strchr(m->target, ':'))
		return hp_fail(err, HP_EINVALID, "mount at '%s': a path with a colon in it",
			       m->target);
	AUTO_FREE char *options = hp_strv_join(hp_strv_view(&words), ",");
	AUTO_FREE char *text =
		hp_sprintf("%s:%s%s%s", m->source, m->target, options[0] ? ":" : "", options);
	hp_json_add(binds, hp_json_new_str(text));
	return 0;
}

/* A row of HostConfig.Mounts, which takes only what is there already. */
static int add_bind(const struct hp_mount *m, struct hp_json *mounts, struct hp_error *err)
{
	static const char *const known[] = {"shared",  "rshared",  "slave", "rslave",
					    "private", "rprivate", NULL};
	static const char *const plain[] = {"ro", "rw", NULL};
	AUTO(hp_strv_free) struct hp_strv propagation = {0};
	AUTO(hp_strv_free) struct hp_strv others = {0};
	AUTO(hp_strv_free) struct hp_strv access = {0};
	AUTO(hp_strv_free) struct hp_strv unknown = {0};
	struct hp_json *row = hp_json_object();

	pick_options(m->options, known, &propagation, &others);
	AUTO_FREE char *rest = hp_strv_join(hp_strv_view(&others), ",");
	pick_options(rest[0] ? rest : NULL, plain, &access, &unknown);
	hp_json_add(mounts, row);
	if (unknown.count)
		return refuse_option(m, unknown.items[0], err);
	if (propagation.count > 1)
		return refuse_option(m, propagation.items[1], err);
	hp_json_set_str(row, "Type", "bind");
	hp_json_set_str(row, "Source", m->source);
	hp_json_set_str(row, "Target", m->target);
	set_flag(row, "ReadOnly", m->read_only || hp_strv_has(&access, "ro"));
	if (propagation.count) {
		struct hp_json *options = hp_json_object();
		hp_json_set_str(options, "Propagation", propagation.items[0]);
		hp_json_set(row, "BindOptions", options);
	}
	return 0;
}

static int add_volume(const struct hp_mount *m, struct hp_json *mounts, struct hp_error *err)
{
	static const char *const known[] = {"ro", "rw", "nocopy", NULL};
	AUTO(hp_strv_free) struct hp_strv words = {0};
	AUTO(hp_strv_free) struct hp_strv others = {0};
	struct hp_json *row = hp_json_object();

	pick_options(m->options, known, &words, &others);
	hp_json_add(mounts, row);
	if (others.count)
		return refuse_option(m, others.items[0], err);
	hp_json_set_str(row, "Type", "volume");
	set_text(row, "Source", m->source);
	hp_json_set_str(row, "Target", m->target);
	set_flag(row, "ReadOnly", m->read_only || hp_strv_has(&words, "ro"));
	if (hp_strv_has(&words, "nocopy")) {
		struct hp_json *options = hp_json_object();
		hp_json_set_bool(options, "NoCopy", true);
		hp_json_set(row, "VolumeOptions", options);
	}
	return 0;
}

static void add_tmpfs(const struct hp_mount *m, struct hp_json *tmpfs)
{
	const char *options = m->options ? m->options : "";
	AUTO_FREE char *text =
		hp_sprintf("%s%s%s", options, m->read_only && options[0] ? "," : "",
			   m->read_only ? "ro" : "");

	hp_json_set_str(tmpfs, m->target, text);
}

static bool needs_bind_text(const struct hp_mount *m)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	if (m->options)
		hp_strv_split(&words, m->options, ',');
	return m->create_source || hp_strv_has(&words, "z") || hp_strv_has(&words, "Z");
}

static int add_mounts(const struct hp_container_spec *spec, struct hp_json *host,
		      struct hp_error *err)
{
	struct hp_json *binds = hp_json_array();
	struct hp_json *mounts = hp_json_array();
	struct hp_json *tmpfs = hp_json_object();
	int rc = 0;

	hp_json_set(host, "Binds", binds);
	hp_json_set(host, "Mounts", mounts);
	hp_json_set(host, "Tmpfs", tmpfs);
	for (size_t i = 0; rc == 0 && i < spec->n_mounts; i++) {
		const struct hp_mount *m = &spec->mounts[i];
		if (m->type == HP_MOUNT_TMPFS)
			add_tmpfs(m, tmpfs);
		else if (m->type == HP_MOUNT_VOLUME)
			rc = add_volume(m, mounts, err);
		else if (needs_bind_text(m))
			rc = add_bind_text(m, binds, err);
		else
			rc = add_bind(m, mounts, err);
	}
	return rc;
}

static void add_devices(const struct hp_container_spec *spec, struct hp_json *host)
{
	struct hp_json *devices = hp_json_array();
	struct hp_json *ulimits = hp_json_array();

	for (size_t i = 0; i < spec->n_devices; i++) {
		const struct hp_device *d = &spec->devices[i];
		struct hp_json *row = hp_json_object();
		hp_json_set_str(row, "PathOnHost", d->host_path);
		hp_json_set_str(row, "PathInContainer",
				d->container_path ? d->container_path : d->host_path);
		hp_json_set_str(row, "CgroupPermissions",
				d->cgroup_rwm ? d->cgroup_rwm : "rwm");
		hp_json_add(devices, row);
	}
	for (size_t i = 0; i < spec->n_ulimits; i++) {
		const struct hp_ulimit *u = &spec->ulimits[i];
		struct hp_json *row = hp_json_object();
		/* Docker counts in signed numbers, of which -1 is no limit. */
		hp_json_set_str(row, "Name", u->name);
		hp_json_set_i64(row, "Soft", u->soft > INT64_MAX ? -1 : (int64_t)u->soft);
		hp_json_set_i64(row, "Hard", u->hard > INT64_MAX ? -1 : (int64_t)u->hard);
		hp_json_add(ulimits, row);
	}
	hp_json_set(host, "Devices", devices);
	hp_json_set(host, "Ulimits", ulimits);
}

static int add_security(const struct hp_container_spec *spec, struct hp_json *host,
			struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv options = {0};

	if (spec->no_new_privs)
		hp_strv_add(&options, "no-new-privileges");
	if (!hp_str_empty(spec->apparmor))
		hp_strv_addf(&options, "apparmor=%s", spec->apparmor);
	if (hp_str_eq(spec->seccomp, "unconfined")) {
		hp_strv_add(&options, "seccomp=unconfined");
	} else if (!hp_str_empty(spec->seccomp)) {
		AUTO(hp_buf_free) struct hp_buf text;
		AUTO(hp_json_free) struct hp_json *profile = NULL;
		hp_buf_init(&text, PROFILE_MAX);
		/* The daemon may be elsewhere, so it is given the text and not the path. */
		if (hp_file_read(spec->seccomp, PROFILE_MAX, &text, err) < 0 ||
		    hp_json_parse(hp_buf_bytes(&text), &profile, err) < 0)
			return hp_wrap(err, "seccomp profile '%s'", spec->seccomp);
		AUTO_FREE char *one_line = hp_json_text(profile, false);
		hp_strv_addf(&options, "seccomp=%s", one_line);
	}
	set_list(host, "SecurityOpt", hp_strv_view(&options));
	return 0;
}

static int host_config(struct docker *d, const struct hp_container_spec *spec,
		       struct hp_json *host, struct hp_error *err)
{
	if (spec->n_annotations) {
		if (hp_docker__need_api(d, API_ANNOTATIONS, "an annotation", err) < 0)
			return -1;
		hp_json_set(host, "Annotations",
			    pairs_of(spec->annotations, spec->n_annotations));
	}
	if (spec->n_sysctls)
		hp_json_set(host, "Sysctls", pairs_of(spec->sysctls, spec->n_sysctls));
	set_list(host, "CapAdd", spec->cap_add);
	set_list(host, "CapDrop", spec->cap_drop);
	set_flag(host, "Privileged", spec->privileged);
	set_flag(host, "ReadonlyRootfs", spec->read_only);
	set_flag(host, "Init", spec->init);
	set_text(host, "NetworkMode", spec->network);
	set_text(host, "PidMode", spec->pid_mode);
	set_text(host, "IpcMode", spec->ipc_mode);
	set_text(host, "UTSMode", spec->uts_mode);
	set_text(host, "Runtime", spec->runtime);
	if (spec->log_driver == HP_LOG_NONE) {
		struct hp_json *log = hp_json_object();
		hp_json_set_str(log, "Type", "none");
		hp_json_set(host, "LogConfig", log);
	}
	hp_docker__put_limits(host, &spec->resources);
	add_devices(spec, host);
	if (add_security(spec, host, err) < 0)
		return -1;
	return add_mounts(spec, host, err);
}

/* Grace in whole seconds, as docker has it; never less than was asked for, but for the millisecond
 * that stands for none at all. */
static int64_t grace_seconds(uint32_t ms)
{
	return ms == 1 ? 0 : ((int64_t)ms + 999) / 1000;
}

int hp_docker__config(struct docker *d, const struct hp_container_spec *spec,
		      struct hp_json **ret, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *config = hp_json_object();
	struct hp_json *labels = pairs_of(spec->labels, spec->n_labels);
	struct hp_json *host = hp_json_object();

	hp_json_set(config, "Labels", labels);
	hp_json_set(config, "HostConfig", host);
	if (!hp_str_empty(spec->snapshotter))
		return hp_fail(err, HP_EUNSUPPORTED,
			       "a snapshotter is chosen for all of %s, in its settings",
			       d->base.ops->name);
	hp_json_set_str(config, "Image", spec->image);
	set_list(config, "Cmd", spec->args);
	set_list(config, "Entrypoint", spec->entrypoint);
	set_list(config, "Env", spec->env);
	set_text(config, "WorkingDir", spec->workdir);
	set_text(config, "User", spec->user);
	set_text(config, "Hostname", spec->hostname);
	set_text(config, "StopSignal", spec->stop_signal);
	if (spec->stop_timeout_ms)
		hp_json_set_i64(config, "StopTimeout", grace_seconds(spec->stop_timeout_ms));
	if (spec->remove)
		hp_json_set_str(labels, LABEL_REMOVE, "true");
	set_flag(config, "Tty", spec->tty);
	/* Without "once" docker never ends the stdin of a process, whatever its clients do. */
	set_flag(config, "OpenStdin", spec->stdin_open);
	set_flag(config, "StdinOnce", spec->stdin_open);
	if (host_config(d, spec, host, err) < 0)
		return -1;
	*ret = TAKE(config);
	return 0;
}
