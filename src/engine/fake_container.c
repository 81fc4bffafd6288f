/* SPDX-License-Identifier: Apache-2.0 */
/* fake_container.c - container records of the fake engine: made, looked at, changed, removed. */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "engine/fake.h"
#include "engine/shared.h"
#include "wire/json.h"

#define DEFAULT_STOP_MS 10000

/* From: the same variable of the containers that docker makes. */
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

bool hp_fake__container_runs(const struct hp_fake_container *c)
{
	return c->process && !c->process->ended;
}

/* Called when its first process ends; what exec started ends with it. */
static void on_end(void *owner, struct hp_fake_process *p)
{
	struct hp_fake_container *c = owner;
	AUTO_FREE char *code = hp_sprintf("%d", p->exit.code);
	const struct hp_label attribute = {.key = (char *)"exitCode", .value = code};

	c->info->state = HP_STATE_EXITED;
	c->info->pid = 0;
	c->info->exit_code = p->exit.code;
	c->info->finished_ns = p->exit.exited_ns;
	hp_field_set(&c->info->netns_path, "");
	for (size_t i = 0; i < c->n_execs; i++) {
		c->execs[i]->process->frozen = false;
		hp_fake__process_signal(c->execs[i]->process, SIGKILL);
	}
	hp_fake__event(c->engine, "container", "die", c->info->id, &attribute);
}

void hp_fake__container_look(struct hp_fake_container *c)
{
	if (c->process)
		hp_fake__process_run(c->process);
	for (size_t i = 0; i < c->n_execs; i++)
		hp_fake__process_run(c->execs[i]->process);
}

int hp_fake__container_find(struct hp_fake *f, const char *ref, struct hp_fake_container **ret,
			    struct hp_error *err)
{
	AUTO_FREE struct hp_container **items =
		hp_alloc_array(f->n_containers + 1, sizeof(*items));
	struct hp_container_list list = {.items = items, .count = f->n_containers};
	const struct hp_container *found = NULL;

	for (size_t i = 0; i < f->n_containers; i++) {
		hp_fake__container_look(f->containers[i]);
		items[i] = f->containers[i]->info;
	}
	if (hp_container_list_find(&list, ref, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < f->n_containers; i++)
		if (f->containers[i]->info == found)
			*ret = f->containers[i];
	return 0;
}

static void disown(struct hp_fake_process *p)
{
	if (!p)
		return;
	hp_fake__process_disown(p);
	hp_fake__process_unref(p);
}

void hp_fake__container_free(struct hp_fake_container *c)
{
	disown(c->process);
	for (size_t i = 0; i < c->n_execs; i++) {
		disown(c->execs[i]->process);
		free(c->execs[i]->id);
		free(c->execs[i]);
	}
	free(c->execs);
	hp_fake__output_unref(c->output);
	hp_container_free(c->info);
	hp_strv_free(&c->args);
	hp_strv_free(&c->env);
	free(c->cpuset_cpus);
	free(c);
}

static char *detail_of(const struct hp_fake_container *c)
{
	AUTO(hp_json_free) struct hp_json *json = hp_json_object();
	struct hp_json *limits = hp_json_object();

	hp_json_set_str(json, "Id", c->info->id);
	hp_json_set_str(json, "Name", c->info->name);
	hp_json_set_str(json, "Image", c->info->image);
	hp_json_set_str(json, "State", hp_state_name(c->info->state));
	hp_json_set_strs(json, "Args", hp_strv_view(&c->args));
	hp_json_set_strs(json, "Env", hp_strv_view(&c->env));
	hp_json_set_bool(json, "Tty", c->tty);
	hp_json_set_i64(limits, "Memory", c->resources.memory_bytes);
	hp_json_set_i64(limits, "MemorySwap", c->resources.memory_swap_bytes);
	hp_json_set_i64(limits, "NanoCpus", c->resources.cpu_nano);
	hp_json_set_u64(limits, "CpuShares", c->resources.cpu_shares);
	hp_json_set_str(limits, "CpusetCpus", c->cpuset_cpus ? c->cpuset_cpus : "");
	hp_json_set_i64(limits, "PidsLimit", c->resources.pids_limit);
	hp_json_set(json, "Resources", limits);
	return hp_json_text(json, false);
}

struct hp_container *hp_fake__container_copy(const struct hp_fake_container *c, bool detail)
{
	const struct hp_container *from = c->info;
	struct hp_container *to = hp_container_new();

	hp_field_set(&to->id, from->id);
	hp_field_set(&to->name, from->name);
	hp_field_set(&to->ns, from->ns);
	hp_field_set(&to->image, from->image);
	hp_field_set(&to->image_id, from->image_id);
	hp_field_set(&to->engine, from->engine);
	hp_field_set(&to->runtime, from->runtime);
	hp_field_set(&to->command, from->command);
	hp_field_set(&to->network_mode, from->network_mode);
	hp_field_set(&to->netns_path, from->netns_path);
	to->state = from->state;
	to->pid = from->pid;
	to->exit_code = from->exit_code;
	to->created_ns = from->created_ns;
	to->finished_ns = from->finished_ns;
	hp_labels_copy(&to->labels, &from->labels);
	to->detail_json = detail ? detail_of(c) : NULL;
	to->tty = detail && c->tty;
	to->stdin_open = detail && c->stdin_open;
	return to;
}

/* Only limits that are given change. */
static void set_resources(struct hp_fake_container *c, const struct hp_resources *r)
{
	if (r->memory_bytes)
		c->resources.memory_bytes = r->memory_bytes;
	if (r->memory_swap_bytes)
		c->resources.memory_swap_bytes = r->memory_swap_bytes;
	if (r->cpu_nano)
		c->resources.cpu_nano = r->cpu_nano;
	if (r->cpu_shares)
		c->resources.cpu_shares = r->cpu_shares;
	if (r->pids_limit)
		c->resources.pids_limit = r->pids_limit;
	if (hp_str_empty(r->cpuset_cpus))
		return;
	free(c->cpuset_cpus);
	c->resources.cpuset_cpus = c->cpuset_cpus = hp_strdup(r->cpuset_cpus);
}

int hp_fake__update(struct hp_engine *e, const char *ref, const struct hp_resources *resources,
		    struct hp_error *err)
{
	struct hp_fake *f = hp_fake__of(e);
	struct hp_fake_container *c = NULL;

	if (hp_fake__container_find(f, ref, &c, err) < 0)
		return -1;
	if (c->process && !hp_fake__container_runs(c))
		return hp_fail(err, HP_ESTATE, "container '%s' is not running", ref);
	set_resources(c, resources);
	hp_fake__event(f, "container", "update", c->info->id, NULL);
	return 0;
}

/* As docker joins them: an entrypoint hides the image's cmd. The image's is "sh". */
static int set_args(struct hp_fake_container *c, const struct hp_container_spec *spec,
		    struct hp_error *err)
{
	const char *const *entry = spec->entrypoint;
	bool cleared = entry && entry[0] && !entry[0][0];

	for (size_t i = 0; entry && !cleared && entry[i]; i++)
		hp_strv_add(&c->args, entry[i]);
	for (size_t i = 0; spec->args && spec->args[i]; i++)
		hp_strv_add(&c->args, spec->args[i]);
	if (!c->args.count && !entry)
		hp_strv_add(&c->args, "sh");
	if (!c->args.count || !c->args.items[0][0])
		return hp_fail(err, HP_EINVALID, "no command is given, and the image has none");
	free(c->info->command);
	c->info->command = hp_strv_join(hp_strv_view(&c->args), " ");
	return 0;
}

/* Does the image's only user database know @user ("name|uid[:group|gid]")? */
static int check_user(const char *user, struct hp_error *err)
{
	static const char *const names[] = {"root", "nobody", "daemon"};
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO_FREE char *name = hp_strndup(user, strcspn(user, ":"));
	uint64_t number = 0;

	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++)
		if (hp_str_eq(names[i], name))
			return 0;
	if (hp_str_u64(name, &number, &ignored) == 0 && number <= UINT32_MAX)
		return 0;
	return hp_fail(err, HP_ENOTFOUND, "no user '%s' in the image", name);
}

static int check_path(const char *what, const char *path, struct hp_error *err)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return 0;
	return hp_fail_errno(err, errno, "%s '%s'", what, path);
}

/* What a real engine would look for on the host and in the image. */
static int check_spec(const struct hp_container_spec *spec, struct hp_error *err)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct hp_mount *m = &spec->mounts[i];
		if (hp_str_empty(m->target) || m->target[0] != '/')
			return hp_fail(err, HP_EINVALID, "mount target '%s' is not absolute",
				       m->target ? m->target : "");
		if (m->type == HP_MOUNT_BIND && !m->create_source &&
		    check_path("mount source", m->source, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < spec->n_devices; i++)
		if (check_path("device", spec->devices[i].host_path, err) < 0)
			return -1;
	if (spec->user && check_user(spec->user, err) < 0)
		return -1;
	if (spec->network && !hp_str_eq(spec->network, "none") &&
	    !hp_str_eq(spec->network, "host") && !hp_str_starts(spec->network, "container:"))
		return hp_fail(err, HP_EUNSUPPORTED, "network '%s' is not supported by fake",
			       spec->network);
	if (spec->runtime && !hp_str_eq(spec->runtime, "runc") &&
	    !hp_str_eq(spec->runtime, "crun"))
		return hp_fail(err, HP_ENOTFOUND, "no runtime '%s'", spec->runtime);
	return 0;
}

static int check_name(const struct hp_fake *f, const char *name, struct hp_error *err)
{
	for (size_t i = 0; name && i < f->n_containers; i++)
		if (hp_str_eq(f->containers[i]->info->name, name))
			return hp_fail(err, HP_EEXISTS,
				       "the name '%s' is taken by container '%s'", name,
				       f->containers[i]->info->id);
	return 0;
}

static void set_info(struct hp_fake_container *c, const struct hp_container_spec *spec,
		     const struct hp_image *image)
{
	struct hp_container *info = c->info;

	free(info->id);
	info->id = hp_engine__random_hex(32);
	hp_field_set(&info->name, info->id);
	info->name[12] = '\0';
	if (spec->name)
		hp_field_set(&info->name, spec->name);
	hp_field_set(&info->ns, c->engine->base.ns);
	hp_field_set(&info->image, image->name);
	hp_field_set(&info->image_id, image->id);
	hp_field_set(&info->engine, "fake");
	hp_field_set(&info->runtime, spec->runtime ? spec->runtime : "runc");
	hp_field_set(&info->network_mode, spec->network ? spec->network : "none");
	info->state = HP_STATE_CREATED;
	info->created_ns = hp_clock_unix_ns();
	for (size_t i = 0; i < spec->n_labels; i++)
		hp_labels_add(&info->labels, spec->labels[i].key, spec->labels[i].value);
}

static int fill_container(struct hp_fake_container *c, const struct hp_container_spec *spec,
			  struct hp_error *err)
{
	c->stop_signal = SIGTERM;
	if (spec->stop_signal && hp_signal_parse(spec->stop_signal, &c->stop_signal, err) < 0)
		return -1;
	/* With an init of ours before it, the program is a process like any other, too. */
	c->shared_pids = spec->init || (spec->pid_mode && hp_str_eq(spec->pid_mode, "host"));
	if (set_args(c, spec, err) < 0)
		return -1;
	hp_strv_add(&c->env, DEFAULT_PATH);
	for (size_t i = 0; spec->env && spec->env[i]; i++)
		hp_strv_add(&c->env, spec->env[i]);
	set_resources(c, &spec->resources);
	c->tty = spec->tty;
	c->stdin_open = spec->stdin_open;
	c->keeps_log = spec->log_driver == HP_LOG_JSON_FILE;
	c->stop_timeout_ms = spec->stop_timeout_ms ? spec->stop_timeout_ms : DEFAULT_STOP_MS;
	return 0;
}

int hp_fake__create(struct hp_engine *e, const struct hp_container_spec *spec, char **ret_id,
		    struct hp_error *err)
{
	struct hp_fake *f = hp_fake__of(e);
	const struct hp_image *image = NULL;

	if (hp_fake__image_find(f, spec->image, &image, err) < 0 ||
	    check_name(f, spec->name, err) < 0 || check_spec(spec, err) < 0)
		return hp_wrap(err, "create from '%s'", spec->image);
	struct hp_fake_container *c = hp_alloc(sizeof(*c));
	c->engine = f;
	c->info = hp_container_new();
	c->output = hp_fake__output_new();
	if (fill_container(c, spec, err) < 0) {
		hp_fake__container_free(c);
		return hp_wrap(err, "create from '%s'", spec->image);
	}
	set_info(c, spec, image);
	f->containers = hp_realloc_array(f->containers, f->n_containers + 1,
					 sizeof(struct hp_fake_container *));
	f->containers[f->n_containers++] = c;
	hp_fake__event(f, "container", "create", c->info->id, NULL);
	*ret_id = hp_strdup(c->info->id);
	return 0;
}

int hp_fake__remove(struct hp_engine *e, const char *ref, bool force, bool volumes,
		    struct hp_error *err)
{
	struct hp_fake *f = hp_fake__of(e);
	struct hp_fake_container *c = NULL;

	(void)volumes;
	if (hp_fake__container_find(f, ref, &c, err) < 0)
		return -1;
	if (hp_fake__container_runs(c)) {
		if (!force)
			return hp_fail(err, HP_ESTATE,
				       "container '%s' is running: stop it first, or remove it "
				       "with force",
				       ref);
		hp_fake__process_freeze(c->process, false);
		hp_fake__process_signal(c->process, SIGKILL);
	}
	for (size_t i = 0; i < f->n_containers; i++)
		if (f->containers[i] == c)
			f->containers[i] = f->containers[--f->n_containers];
	hp_fake__event(f, "container", "destroy", c->info->id, NULL);
	hp_fake__container_free(c);
	return 0;
}

void hp_fake__container_start(struct hp_fake_container *c, struct hp_fake_start *ret_how)
{
	*ret_how = (struct hp_fake_start){
		.argv = hp_strv_view(&c->args),
		.env = hp_strv_view(&c->env),
		.output = c->output,
		.stdin_open = c->stdin_open,
		.tty = c->tty,
		.init = !c->shared_pids,
		.pid = ++c->engine->last_pid,
		.on_end = on_end,
		.owner = c,
	};
}
