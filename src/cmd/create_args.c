/* SPDX-License-Identifier: Apache-2.0 */
/* create_args.c - from the options of run and create to a container. */
#include "cmd/create_args.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "cmd/words.h"

static int add_volumes(const struct hp_strv *volumes, struct hp_create *c, struct hp_error *err)
{
	for (size_t i = 0; i < volumes->count; i++) {
		if (hp_mount_parse_volume(volumes->items[i], &c->mounts[c->spec.n_mounts],
					  err) < 0)
			return hp_wrap(err, "--volume");
		c->spec.n_mounts++;
	}
	return 0;
}

static int add_mounts(const struct hp_create_args *args, struct hp_create *c,
		      struct hp_error *err)
{
	size_t most = args->mounts.count + args->volumes.count + args->tmpfs.count;

	c->spec.mounts = c->mounts = hp_alloc_array(most, sizeof(*c->mounts));
	for (size_t i = 0; i < args->mounts.count; i++) {
		if (hp_mount_parse(args->mounts.items[i], &c->mounts[c->spec.n_mounts], err) <
		    0)
			return hp_wrap(err, "--mount");
		c->spec.n_mounts++;
	}
	if (add_volumes(&args->volumes, c, err) < 0)
		return -1;
	for (size_t i = 0; i < args->tmpfs.count; i++) {
		if (hp_mount_parse_tmpfs(args->tmpfs.items[i], &c->mounts[c->spec.n_mounts],
					 err) < 0)
			return hp_wrap(err, "--tmpfs");
		c->spec.n_mounts++;
	}
	return 0;
}

static int add_devices(const struct hp_create_args *args, struct hp_create *c,
		       struct hp_error *err)
{
	c->spec.devices = c->devices = hp_alloc_array(args->devices.count, sizeof(*c->devices));
	for (size_t i = 0; i < args->devices.count; i++) {
		if (hp_device_parse(args->devices.items[i], &c->devices[i], err) < 0)
			return hp_wrap(err, "--device");
		c->spec.n_devices++;
	}
	c->spec.ulimits = c->ulimits = hp_alloc_array(args->ulimits.count, sizeof(*c->ulimits));
	for (size_t i = 0; i < args->ulimits.count; i++) {
		if (hp_ulimit_parse(args->ulimits.items[i], &c->ulimits[i], err) < 0)
			return hp_wrap(err, "--ulimit");
		c->spec.n_ulimits++;
	}
	return 0;
}

/* Files first, so that what is on the command line wins. */
static int add_env(const struct hp_create_args *args, struct hp_create *c, struct hp_error *err)
{
	for (size_t i = 0; i < args->env_files.count; i++)
		if (hp_words_read_file("--env-file", args->env_files.items[i], true, &c->env,
				       err) < 0)
			return -1;
	for (size_t i = 0; i < args->env.count; i++)
		if (hp_words_add_env(args->env.items[i], &c->env, err) < 0)
			return -1;
	c->spec.env = hp_strv_view(&c->env);
	return 0;
}

static int add_labels(const struct hp_create_args *args, struct hp_create *c,
		      struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	for (size_t i = 0; i < args->label_files.count; i++)
		if (hp_words_read_file("--label-file", args->label_files.items[i], false,
				       &words, err) < 0)
			return -1;
	for (size_t i = 0; i < words.count; i++) {
		char *value = strchr(words.items[i], '=');
		*value++ = '\0';
		hp_labels_add(&c->labels, words.items[i], value);
	}
	for (size_t i = 0; i < args->labels.count; i++)
		hp_labels_add(&c->labels, args->labels.items[i].key,
			      args->labels.items[i].value);
	c->spec.labels = c->labels.items;
	c->spec.n_labels = c->labels.count;
	return 0;
}

/* "seccomp=X" or, as older docker wrote it, "seccomp:X". Returns: X, NULL when it is not @key. */
static const char *value_of(const char *option, const char *key)
{
	size_t len = strlen(key);
	bool is = strncmp(option, key, len) == 0 && (option[len] == '=' || option[len] == ':');

	return is ? option + len + 1 : NULL;
}

static int add_security(const struct hp_strv *options, struct hp_container_spec *spec,
			struct hp_error *err)
{
	for (size_t i = 0; i < options->count; i++) {
		const char *option = options->items[i];
		const char *flag = value_of(option, "no-new-privileges");
		const char *seccomp = value_of(option, "seccomp");
		const char *apparmor = value_of(option, "apparmor");
		bool on = true;
		if (hp_str_eq(option, "no-new-privileges") || (flag && hp_str_bool(flag, &on)))
			spec->no_new_privs = on;
		else if (!hp_str_empty(seccomp))
			spec->seccomp = seccomp;
		else if (!hp_str_empty(apparmor))
			spec->apparmor = apparmor;
		else
			return hp_fail(
				err, HP_EUSAGE,
				"--security-opt '%s' is none of seccomp=FILE|unconfined, "
				"apparmor=NAME|unconfined, no-new-privileges[=true|false]",
				option);
	}
	return 0;
}

/* Namespaces are the container's own unless they are the host's; "private" is docker's word. */
static int check_mode(const char *option, const char *given, const char **ret,
		      struct hp_error *err)
{
	if (hp_str_empty(given) || hp_str_eq(given, "private"))
		return 0;
	if (!hp_str_eq(given, "host"))
		return hp_fail(err, HP_EUSAGE,
			       "--%s '%s' is neither host nor private; there is no other yet",
			       option, given);
	*ret = given;
	return 0;
}

static int check_sysctls(const struct hp_labels *sysctls, struct hp_error *err)
{
	for (size_t i = 0; i < sysctls->count; i++)
		if (hp_str_empty(sysctls->items[i].value))
			return hp_fail(err, HP_EUSAGE, "--sysctl '%s' is not KEY=VALUE",
				       sysctls->items[i].key);
	return 0;
}

static void copy_plain(const struct hp_create_args *args, struct hp_create *c)
{
	struct hp_container_spec *spec = &c->spec;

	spec->name = args->name;
	spec->workdir = args->workdir;
	spec->user = args->user;
	spec->hostname = args->hostname;
	spec->annotations = args->annotations.items;
	spec->n_annotations = args->annotations.count;
	spec->sysctls = args->sysctls.items;
	spec->n_sysctls = args->sysctls.count;
	spec->cap_add = hp_strv_view(&args->cap_add);
	spec->cap_drop = hp_strv_view(&args->cap_drop);
	spec->tty = args->tty;
	spec->stdin_open = args->interactive;
	spec->stdin_once = args->stdin_once;
	spec->privileged = args->privileged;
	spec->read_only = args->read_only;
	spec->init = args->init;
	spec->remove = args->remove;
	spec->network = args->network;
	spec->runtime = args->runtime;
	spec->snapshotter = args->snapshotter;
	spec->stop_signal = args->stop_signal;
	spec->log_driver = hp_str_eq(args->log_driver, "none") ? HP_LOG_NONE : HP_LOG_JSON_FILE;
	/* 0 in the spec is the default, so that no grace at all is the least there is. */
	spec->stop_timeout_ms = args->stop_timeout_s < 0 ? 0
				: args->stop_timeout_s == 0
					? 1
					: (uint32_t)args->stop_timeout_s * 1000;
	if (args->entrypoint) {
		c->entrypoint[0] = args->entrypoint;
		spec->entrypoint = c->entrypoint;
	}
}

int hp_create_build(const struct hp_create_args *args, const char *const *operands,
		    struct hp_create *c, struct hp_error *err)
{
	int number = 0;

	copy_plain(args, c);
	c->spec.image = operands[0];
	c->spec.args = operands[1] ? operands + 1 : NULL;
	if (args->stop_signal && hp_signal_parse(args->stop_signal, &number, err) < 0)
		return hp_wrap(err, "--stop-signal");
	if (check_mode("pid", args->pid_mode, &c->spec.pid_mode, err) < 0 ||
	    check_mode("ipc", args->ipc_mode, &c->spec.ipc_mode, err) < 0 ||
	    check_mode("uts", args->uts_mode, &c->spec.uts_mode, err) < 0 ||
	    check_sysctls(&args->sysctls, err) < 0 ||
	    hp_limit_resources(&args->limits, &c->spec.resources, err) < 0 ||
	    add_security(&args->security, &c->spec, err) < 0 || add_env(args, c, err) < 0 ||
	    add_labels(args, c, err) < 0 || add_mounts(args, c, err) < 0)
		return -1;
	return add_devices(args, c, err);
}

void hp_create_clear(struct hp_create *c)
{
	for (size_t i = 0; i < c->spec.n_mounts; i++)
		hp_mount_clear(&c->mounts[i]);
	for (size_t i = 0; i < c->spec.n_devices; i++)
		hp_device_clear(&c->devices[i]);
	for (size_t i = 0; i < c->spec.n_ulimits; i++)
		hp_ulimit_clear(&c->ulimits[i]);
	free(c->mounts);
	free(c->devices);
	free(c->ulimits);
	hp_strv_free(&c->env);
	hp_labels_clear(&c->labels);
	*c = (struct hp_create){0};
}

/* Make it; an image that is missing may come first. */
static int make(struct hp_engine *engine, const struct hp_create_args *args,
		const struct hp_container_spec *spec, char **ret_id, struct hp_error *err)
{
	if (hp_pull_always(engine, args->pull, spec->image, err) < 0)
		return -1;
	if (hp_engine_create(engine, spec, ret_id, err) == 0)
		return 0;
	if (hp_pull_missing(engine, args->pull, spec->image, err) <= 0)
		return -1;
	return hp_engine_create(engine, spec, ret_id, err);
}

int hp_create_make(struct hp_engine *engine, const struct hp_create_args *args,
		   const char *const *operands, char **ret_id, struct hp_error *err)
{
	AUTO(hp_create_clear) struct hp_create create = {0};
	AUTO_FREE char *id = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (args->cidfile && access(args->cidfile, F_OK) == 0)
		return hp_fail(err, HP_EEXISTS,
			       "--cidfile '%s' is there already; remove it or name another",
			       args->cidfile);
	if (hp_create_build(args, operands, &create, err) < 0 ||
	    make(engine, args, &create.spec, &id, err) < 0)
		return -1;
	if (args->cidfile && hp_file_write(args->cidfile, id, strlen(id), 0644, err) < 0) {
		if (hp_engine_remove(engine, id, true, true, &ignored) < 0)
			return hp_wrap(err, "--cidfile (the container %s stays)", id);
		return hp_wrap(err, "--cidfile");
	}
	*ret_id = TAKE(id);
	return 0;
}
