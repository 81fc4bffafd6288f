/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - gather what a config.json needs from this host, and have it built. */
#include "engine/containerd/spec.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/containerd/ops.h"

/* A seccomp profile in docker's format; docker's own is some 12 KiB. */
#define PROFILE_MAX      (1u << 20)
/* From: docker profiles/apparmor, the profile that docker and nerdctl load. */
#define DEFAULT_APPARMOR "docker-default"

void hp_spec__mounts_clear(struct hp_spec_mounts *m)
{
	for (size_t i = 0; i < m->count; i++)
		hp_strv_free(&m->options[i]);
	free(m->options);
	free(m->items);
	hp_strv_free(&m->texts);
	hp_strv_free(&m->anonymous);
	*m = (struct hp_spec_mounts){0};
}

static char *random_name(void)
{
	uint8_t bytes[32];
	char *text = hp_alloc(2 * sizeof(bytes) + 1);

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort();
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

/* From: docker's layout, volumes/NAME/_data. */
static int volume_source(const struct containerd *c, const struct hp_mount *m,
			 struct hp_strv *anonymous, char **ret_path, struct hp_error *err)
{
	AUTO_FREE char *name = hp_str_empty(m->source) ? random_name() : hp_strdup(m->source);
	AUTO_FREE char *dir = NULL;
	AUTO_FREE char *data = NULL;

	if (hp_str_check_id("volume", name, err) < 0)
		return -1;
	dir = hp_containerd__volume_dir(c, name);
	data = hp_path_join(dir, "_data");
	if (hp_mkdirs(data, 0755, err) < 0)
		return hp_wrap(err, "make volume '%s'", name);
	if (hp_str_empty(m->source))
		hp_strv_add(anonymous, name);
	*ret_path = TAKE(data);
	return 0;
}

static int bind_source(const struct hp_mount *m, char **ret_path, struct hp_error *err)
{
	struct stat st;

	if (m->source[0] != '/')
		return hp_fail(err, HP_EINVALID, "mount source '%s' is no absolute path",
			       m->source);
	if (stat(m->source, &st) < 0) {
		if (errno != ENOENT || !m->create_source)
			return hp_fail_errno(err, errno, "mount source '%s'", m->source);
		if (hp_mkdirs(m->source, 0755, err) < 0)
			return hp_wrap(err, "make mount source '%s'", m->source);
	}
	*ret_path = hp_strdup(m->source);
	return 0;
}

static int add_mount(const struct containerd *c, const struct hp_mount *m,
		     struct hp_spec_mounts *to, struct hp_error *err)
{
	AUTO_FREE char *source = NULL;
	struct hp_strv options = {0};
	int status = 0;

	if (m->target[0] != '/')
		return hp_fail(err, HP_EINVALID, "mount target '%s' is no absolute path",
			       m->target);
	if (m->type == HP_MOUNT_VOLUME)
		status = volume_source(c, m, &to->anonymous, &source, err);
	else if (m->type == HP_MOUNT_BIND)
		status = bind_source(m, &source, err);
	else
		source = hp_strdup("tmpfs");
	if (status < 0)
		return -1;
	if (m->options)
		hp_strv_split(&options, m->options, ',');
	if (m->read_only && !hp_strv_has(&options, "ro"))
		hp_strv_add(&options, "ro");
	to->items = hp_realloc_array(to->items, to->count + 1, sizeof(*to->items));
	to->options = hp_realloc_array(to->options, to->count + 1, sizeof(*to->options));
	to->options[to->count] = options;
	hp_strv_add(&to->texts, source);
	hp_strv_add(&to->texts, m->target);
	to->items[to->count++] = (struct hp_oci_mount){
		.type = m->type == HP_MOUNT_TMPFS ? "tmpfs" : "bind",
		.source = to->texts.items[to->texts.count - 2],
		.target = to->texts.items[to->texts.count - 1],
	};
	return 0;
}

static bool is_target(const struct hp_container_spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (hp_str_eq(spec->mounts[i].target, path))
			return true;
	return false;
}

/* A container in the host's network reads the host's names, unless it is given its own. */
static int add_host_names(const struct containerd *c, const struct hp_container_spec *spec,
			  struct hp_spec_mounts *to, struct hp_error *err)
{
	static const char *const files[] = {"/etc/resolv.conf", "/etc/hosts"};

	if (!hp_str_eq(spec->network, "host"))
		return 0;
	for (size_t i = 0; i < HP_ARRAY_LEN(files); i++) {
		struct hp_mount m = {.type = HP_MOUNT_BIND,
				     .source = files[i],
				     .target = files[i],
				     .read_only = true};

		if (access(files[i], R_OK) == 0 && !is_target(spec, files[i]) &&
		    add_mount(c, &m, to, err) < 0)
			return -1;
	}
	return 0;
}

int hp_spec__mounts(const struct containerd *c, const struct hp_container_spec *spec,
		    struct hp_spec_mounts *ret, struct hp_error *err)
{
	AUTO(hp_spec__mounts_clear) struct hp_spec_mounts mounts = {0};

	if (add_host_names(c, spec, &mounts, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (add_mount(c, &spec->mounts[i], &mounts, err) < 0)
			return -1;
	/* The arrays grow while mounts are added, so the views are taken when all are there. */
	for (size_t i = 0; i < mounts.count; i++)
		mounts.items[i].options = hp_strv_view(&mounts.options[i]);
	*ret = mounts;
	mounts = (struct hp_spec_mounts){0};
	return 0;
}

static int find_devices(const struct hp_container_spec *spec, struct hp_host_devices *ret,
			struct hp_error *err)
{
	if (spec->privileged && hp_host__device_add_all(ret, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->n_devices; i++)
		if (hp_host__device_add(ret, &spec->devices[i], err) < 0)
			return -1;
	return 0;
}

static int find_seccomp(const struct hp_container_spec *spec, const struct hp_strv *caps,
			struct hp_json **ret, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	AUTO(hp_json_free) struct hp_json *profile = NULL;

	if (hp_str_eq(spec->seccomp, "unconfined") || (spec->privileged && !spec->seccomp))
		return 0;
	if (!spec->seccomp) {
		*ret = hp_oci_seccomp_default(hp_strv_view(caps));
		return 0;
	}
	hp_buf_init(&text, PROFILE_MAX);
	if (hp_file_read(spec->seccomp, PROFILE_MAX, &text, err) < 0 ||
	    hp_json_parse(hp_buf_bytes(&text), &profile, err) < 0 ||
	    hp_oci_seccomp_from_docker(profile, hp_strv_view(caps), ret, err) < 0)
		return hp_wrap(err, "seccomp profile '%s'", spec->seccomp);
	return 0;
}

static const char *find_apparmor(const struct hp_container_spec *spec)
{
	if (hp_str_eq(spec->apparmor, "unconfined"))
		return NULL;
	if (spec->apparmor)
		return spec->apparmor;
	return !spec->privileged && hp_host__apparmor_has(DEFAULT_APPARMOR) ? DEFAULT_APPARMOR
									    : NULL;
}

static char *find_hostname(const struct hp_spec_job *job)
{
	char host[HOST_NAME_MAX + 1] = "";
	bool of_host =
		hp_str_eq(job->spec->network, "host") || hp_str_eq(job->spec->uts_mode, "host");

	if (!hp_str_empty(job->spec->hostname))
		return hp_strdup(job->spec->hostname);
	if (of_host && gethostname(host, sizeof(host) - 1) == 0)
		return hp_strdup(host);
	return hp_strndup(job->id, 12);
}

int hp_spec__build(const struct hp_spec_job *job, const struct hp_user *user, char **ret_text,
		   struct hp_error *err)
{
	AUTO(hp_host__devices_clear) struct hp_host_devices devices = {0};
	AUTO(hp_strv_free) struct hp_strv all_caps = {0};
	AUTO(hp_strv_free) struct hp_strv caps = {0};
	AUTO(hp_json_free) struct hp_json *seccomp = NULL;
	AUTO(hp_json_free) struct hp_json *config = NULL;
	AUTO_FREE char *hostname = find_hostname(job);
	AUTO_FREE char *cgroups_path = hp_sprintf("/%s/%s", job->c->base.ns, job->id);
	AUTO_FREE char *init_path = NULL;

	hp_host__caps(&all_caps);
	if (hp_oci_caps(job->spec, hp_strv_view(&all_caps), &caps, err) < 0 ||
	    find_seccomp(job->spec, &caps, &seccomp, err) < 0 ||
	    find_devices(job->spec, &devices, err) < 0 ||
	    (job->spec->init && hp_host__init_program(&init_path, err) < 0))
		return -1;

	struct hp_oci_input in = {
		.spec = job->spec,
		.image = job->image,
		.user = user,
		.id = job->id,
		.cgroups_path = cgroups_path,
		.hostname = hostname,
		.netns_path = job->netns_path,
		.mounts = job->mounts->items,
		.n_mounts = job->mounts->count,
		.devices = devices.items,
		.n_devices = devices.count,
		.init_path = init_path,
		.seccomp = seccomp,
		.apparmor = find_apparmor(job->spec),
		.all_caps = hp_strv_view(&all_caps),
		.cgroup_v2 = hp_host__cgroup_v2(),
		.swap_accounting = hp_host__swap_accounting(),
	};

	if (hp_oci_spec_build(&in, &config, err) < 0)
		return -1;
	*ret_text = hp_json_text(config, false);
	return 0;
}
