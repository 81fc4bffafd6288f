/* SPDX-License-Identifier: Apache-2.0 */
/* oci_process.c - the process of a container, and the processes that join it later. */
#include "wire/oci_parts.h"

#include "base/labels.h"
#include "base/path.h"
#include "wire/json_scan.h"

/* From: moby oci/defaults.go and daemon/container_operations, "DefaultPathEnv". */
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define DEFAULT_TERM "TERM=xterm"
/* From: moby daemon/oci_linux.go, inContainerInitPath. */
#define INIT_TARGET  "/sbin/docker-init"
/* What runc and crun would set. From: OCI runtime-spec config.md, "User", umask. */
#define UMASK        0022

int hp_oci__texts_check(const char *what, const char *const *strings, struct hp_error *err)
{
	for (size_t i = 0; strings && strings[i]; i++) {
		AUTO_FREE char *valid = hp_json__valid_text(strings[i]);

		if (!hp_str_eq(valid, strings[i]))
			return hp_fail(err, HP_EINVALID,
				       "%s %zu is not UTF-8, and an OCI runtime takes no other",
				       what, i + 1);
	}
	return 0;
}

/* The entry of @env whose key is that of @text; -1 when there is none. */
static ssize_t env_find(const struct hp_strv *env, const char *text)
{
	size_t key = strcspn(text, "=");

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->items[i], text, key) == 0 && env->items[i][key] == '=')
			return (ssize_t)i;
	return -1;
}

static void env_remove(struct hp_strv *env, size_t i)
{
	free(env->items[i]);
	memmove(&env->items[i], &env->items[i + 1],
		(env->count - i) * sizeof(*env->items)); /* the ending NULL too */
	env->count--;
}

void hp_oci__env_merge(struct hp_strv *env, const char *const *more)
{
	for (; more && *more; more++) {
		ssize_t at = env_find(env, *more);

		if (!strchr(*more, '=')) {
			if (at >= 0)
				env_remove(env, (size_t)at);
		} else if (at < 0) {
			hp_strv_add(env, *more);
		} else {
			hp_field_set(&env->items[at], *more);
		}
	}
}

/* Is the first of @strings there at all? */
static bool any(const char *const *strings)
{
	return strings && strings[0];
}

static void add_all(struct hp_strv *to, const char *const *strings)
{
	for (; strings && *strings; strings++)
		hp_strv_add(to, *strings);
}

/* From: Dockerfile reference, "Understand how CMD and ENTRYPOINT interact"; docker run's
 * reference, "--entrypoint", which also drops the image's command. */
int hp_oci_args(const struct hp_container_spec *spec, const struct hp_image_config *image,
		struct hp_strv *ret_args, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv args = {0};

	if (!spec->entrypoint)
		add_all(&args, hp_strv_view(&image->entrypoint));
	else if (any(spec->entrypoint) && *spec->entrypoint[0])
		add_all(&args, spec->entrypoint);
	if (any(spec->args))
		add_all(&args, spec->args);
	else if (!spec->entrypoint)
		add_all(&args, hp_strv_view(&image->cmd));
	if (args.count == 0)
		return hp_fail(err, HP_EINVALID,
			       "no command: neither the image nor the caller names one");
	*ret_args = args;
	args = (struct hp_strv){0};
	return 0;
}

static int set_args(struct hp_json *process, const struct hp_oci_input *in,
		    struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv args = {0};
	AUTO(hp_strv_free) struct hp_strv all = {0};

	if (hp_oci_args(in->spec, in->image, &args, err) < 0 ||
	    hp_oci__texts_check("argument", hp_strv_view(&args), err) < 0)
		return -1;
	if (in->spec->init) {
		hp_strv_add(&all, INIT_TARGET);
		hp_strv_add(&all, "--");
	}
	add_all(&all, hp_strv_view(&args));
	hp_json_set_strs(process, "args", hp_strv_view(&all));
	return 0;
}

static int set_env(struct hp_json *process, const struct hp_oci_input *in, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv env = {0};

	hp_strv_add(&env, DEFAULT_PATH);
	if (!hp_str_empty(in->hostname))
		hp_strv_addf(&env, "HOSTNAME=%s", in->hostname);
	if (in->spec->tty)
		hp_strv_add(&env, DEFAULT_TERM);
	hp_strv_addf(&env, "HOME=%s", in->user->home);
	hp_oci__env_merge(&env, hp_strv_view(&in->image->env));
	hp_oci__env_merge(&env, in->spec->env);
	if (hp_oci__texts_check("environment variable", hp_strv_view(&env), err) < 0)
		return -1;
	hp_json_set_strs(process, "env", hp_strv_view(&env));
	return 0;
}

/* A directory of the container in a text that has no way out of absolute paths. */
static int set_cwd(struct hp_json *process, const char *dir, struct hp_error *err)
{
	const char *const strings[] = {dir, NULL};

	if (*dir != '/')
		return hp_fail(err, HP_EINVALID,
			       "working directory '%.200s': expected an absolute path", dir);
	if (hp_oci__texts_check("working directory", strings, err) < 0)
		return -1;

	AUTO_FREE char *clean = hp_path_clean(dir);

	hp_json_set_str(process, "cwd", clean);
	return 0;
}

/* From: OCI runtime-spec config.md, "POSIX-platform User". The first group is also listed as an
 * additional one, as docker does: a process that drops groups must not lose it unseen.
 * From: moby GHSA-rc4r-wh2q-q6c4. */
static struct hp_json *build_user(const struct hp_user *user)
{
	struct hp_json *v = hp_json_object();
	struct hp_json *gids = hp_json_array();

	hp_json_set_u64(v, "uid", user->uid);
	hp_json_set_u64(v, "gid", user->gid);
	hp_json_set_u64(v, "umask", UMASK);
	hp_json_add(gids, hp_json_new_u64(user->gid));
	for (size_t i = 0; i < user->n_gids; i++)
		hp_json_add(gids, hp_json_new_u64(user->gids[i]));
	hp_json_set(v, "additionalGids", gids);
	return v;
}

/* Where an image says nothing it says "", where a caller says nothing it says NULL. */
static const char *choose_workdir(const struct hp_oci_input *in)
{
	if (!hp_str_empty(in->spec->workdir))
		return in->spec->workdir;
	return hp_str_empty(in->image->workdir) ? "/" : in->image->workdir;
}

int hp_oci__process(const struct hp_oci_input *in, struct hp_json **ret, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *v = hp_json_object();
	AUTO(hp_strv_free) struct hp_strv caps = {0};
	const struct hp_container_spec *spec = in->spec;
	struct hp_json *rlimits = NULL;

	hp_json_set_bool(v, "terminal", spec->tty);
	hp_json_set(v, "user", build_user(in->user));
	if (set_args(v, in, err) < 0 || set_env(v, in, err) < 0 ||
	    set_cwd(v, choose_workdir(in), err) < 0 ||
	    hp_oci_caps(spec, in->all_caps, &caps, err) < 0)
		return -1;
	hp_json_set(v, "capabilities",
		    hp_oci__capabilities(hp_strv_view(&caps), in->user->uid));
	if (spec->n_ulimits > 0) {
		if (hp_oci__rlimits(spec, &rlimits, err) < 0)
			return -1;
		hp_json_set(v, "rlimits", rlimits);
	}
	hp_json_set_bool(v, "noNewPrivileges", spec->no_new_privs);
	if (!hp_str_empty(in->apparmor) && (!spec->privileged || spec->apparmor))
		hp_json_set_str(v, "apparmorProfile", in->apparmor);
	/* Said outright, as the runtime's own score is that of a daemon to be spared. */
	hp_json_set_i64(v, "oomScoreAdj", 0);
	*ret = TAKE(v);
	return 0;
}

static void set_console_size(struct hp_json *process, uint16_t cols, uint16_t rows)
{
	struct hp_json *size = hp_json_object();

	hp_json_set_u64(size, "height", rows);
	hp_json_set_u64(size, "width", cols);
	hp_json_set(process, "consoleSize", size);
}

/* The container's environment, then what the new user changes, then what the caller says. */
static int set_exec_env(struct hp_json *process, const struct hp_exec_spec *spec,
			const struct hp_user *user, struct hp_error *err)
{
	const struct hp_json *old = hp_json_get(process, "env");
	AUTO(hp_strv_free) struct hp_strv env = {0};
	AUTO(hp_strv_free) struct hp_strv changes = {0};

	for (size_t i = 0; i < hp_json_count(old); i++)
		if (hp_json_str(hp_json_at(old, i)))
			hp_strv_add(&env, hp_json_str(hp_json_at(old, i)));
	if (user)
		hp_strv_addf(&changes, "HOME=%s", user->home);
	if (spec->tty && env_find(&env, "TERM") < 0)
		hp_strv_add(&changes, DEFAULT_TERM);
	hp_oci__env_merge(&env, hp_strv_view(&changes));
	hp_oci__env_merge(&env, spec->env);
	if (hp_oci__texts_check("environment variable", hp_strv_view(&env), err) < 0)
		return -1;
	hp_json_set_strs(process, "env", hp_strv_view(&env));
	return 0;
}

/* The set of capabilities that an exec gets: all, or those that its container is bounded by. */
static int set_exec_caps(struct hp_json *process, bool privileged, const char *const *all_caps,
			 struct hp_error *err)
{
	const struct hp_container_spec all = {.privileged = true};
	const struct hp_json *bounding = hp_json_path(process, "capabilities.bounding");
	uint64_t uid = hp_json_u64(hp_json_path(process, "user.uid"), 0);
	AUTO(hp_strv_free) struct hp_strv caps = {0};

	if (privileged) {
		if (hp_oci_caps(&all, all_caps, &caps, err) < 0)
			return -1;
	} else {
		for (size_t i = 0; i < hp_json_count(bounding); i++)
			if (hp_json_str(hp_json_at(bounding, i)))
				hp_strv_add(&caps, hp_json_str(hp_json_at(bounding, i)));
	}
	hp_json_set(process, "capabilities",
		    hp_oci__capabilities(hp_strv_view(&caps), uid ? 1 : 0));
	return 0;
}

int hp_oci_process_build(const struct hp_json *config, const struct hp_exec_spec *spec,
			 const struct hp_user *user, const char *const *all_caps,
			 struct hp_json **ret, struct hp_error *err)
{
	const struct hp_json *process = hp_json_get(config, "process");
	AUTO(hp_json_free) struct hp_json *v = NULL;

	if (!hp_json_is_object(process))
		return hp_fail(err, HP_ECORRUPT,
			       "the container's configuration has no process");
	if (!any(spec->args))
		return hp_fail(err, HP_EINVALID, "no command to run in the container");
	v = hp_json_copy(process);
	hp_json_set_bool(v, "terminal", spec->tty);
	hp_json_remove(v, "consoleSize");
	if (spec->tty && spec->cols && spec->rows)
		set_console_size(v, spec->cols, spec->rows);
	if (user)
		hp_json_set(v, "user", build_user(user));
	if (hp_oci__texts_check("argument", spec->args, err) < 0 ||
	    set_exec_env(v, spec, user, err) < 0 ||
	    set_exec_caps(v, spec->privileged, all_caps, err) < 0)
		return -1;
	hp_json_set_strs(v, "args", spec->args);
	if (!hp_str_empty(spec->workdir) && set_cwd(v, spec->workdir, err) < 0)
		return -1;
	if (spec->privileged)
		hp_json_remove(v, "apparmorProfile");
	*ret = TAKE(v);
	return 0;
}
