/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - owns the form of a journal's entry. */
#include "chaos/fault.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/proc.h"
#include "chaos/journal.h"

/* Raised when an older program could not undo what a newer one wrote down. */
#define FORM 1

#define CGROUP_MAX (64u << 10)

/* The strings of a client's configuration that say how an engine is reached. */
static const struct {
	const char *key;
	size_t at;
} config_fields[] = {
	{"address", offsetof(struct hp_client_config, address)},
	{"namespace", offsetof(struct hp_client_config, ns)},
	{"tls_ca", offsetof(struct hp_client_config, tls_ca)},
	{"tls_cert", offsetof(struct hp_client_config, tls_cert)},
	{"tls_key", offsetof(struct hp_client_config, tls_key)},
	{"data_root", offsetof(struct hp_client_config, data_root)},
	{"state_root", offsetof(struct hp_client_config, state_root)},
	{"libexec_dir", offsetof(struct hp_client_config, libexec_dir)},
};

static const char **config_field(struct hp_client_config *config, size_t i)
{
	return (const char **)(void *)((char *)config + config_fields[i].at);
}

static void keep_config_field(struct hp_fault_reach *r, size_t i, const char *value)
{
	if (!value)
		return;
	hp_strv_add(&r->config_strings, value);
	*config_field(&r->config, i) = r->config_strings.items[r->config_strings.count - 1];
}

static struct hp_fault_reach *reach_new(const char *engine_name, const char *journal)
{
	struct hp_fault_reach *r = hp_alloc(sizeof(*r));

	r->engine_name = hp_strdup(engine_name);
	r->journal = hp_strdup(journal);
	r->netns_fd = r->pidfd = r->entry_fd = -1;
	return r;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void reach_free(struct hp_fault_reach *r)
{
	if (!r)
		return;
	hp_engine_free(r->engine);
	hp_strv_free(&r->config_strings);
	free(r->engine_name);
	free(r->journal);
	close_fd(r->netns_fd);
	close_fd(r->pidfd);
	close_fd(r->entry_fd);
	free(r);
}

/* A copy of what a fault and those who tell about it need. */
static struct hp_container *copy_container(const struct hp_container *from)
{
	struct hp_container *c = hp_container_new();

	hp_field_set(&c->id, from->id);
	hp_field_set(&c->name, from->name);
	hp_field_set(&c->ns, from->ns);
	hp_field_set(&c->image, from->image);
	hp_field_set(&c->engine, from->engine);
	hp_field_set(&c->runtime, from->runtime);
	hp_field_set(&c->network_mode, from->network_mode);
	hp_field_set(&c->netns_path, from->netns_path);
	hp_labels_copy(&c->labels, &from->labels);
	c->state = from->state;
	c->pid = from->pid;
	return c;
}

/* An engine that is reached over a network may be anywhere. */
static bool may_be_remote(const char *address)
{
	static const char *const schemes[] = {"tcp:", "http:", "https:", "ssh:"};

	for (size_t i = 0; i < HP_ARRAY_LEN(schemes); i++)
		if (address && hp_str_starts(address, schemes[i]))
			return true;
	return false;
}

/* Is @pid, here, a process of the container @id? Every engine puts the id into its cgroup's path. */
static bool is_here(pid_t pid, const char *id)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%lld/cgroup", (long long)pid);
	AUTO(hp_buf_free) struct hp_buf text = {0};
	struct hp_error ignored = HP_ERROR_INIT;

	return pid > 0 && hp_file_read(path, CGROUP_MAX, &text, &ignored) == 0 && text.len &&
	       memmem(text.data, text.len, id, strlen(id));
}

/* The inode number of the namespace that @pid is in; 0 when that cannot be told. */
static uint64_t netns_inode_of(pid_t pid)
{
	AUTO_FREE char *path = hp_sprintf("/proc/%lld/ns/net", (long long)pid);
	struct stat st;

	return pid > 0 && stat(path, &st) == 0 ? st.st_ino : 0;
}

struct hp_fault *hp_fault_new(const struct hp_fault_world *world, const char *id,
			      const struct hp_action *action,
			      const struct hp_container *container, const struct hp_json *args)
{
	struct hp_fault *f = hp_alloc(sizeof(*f));
	struct hp_client_config config = *world->config;

	if (!hp_str_empty(world->address))
		config.address = world->address;
	if (!hp_str_empty(world->ns))
		config.ns = world->ns;
	f->action = action;
	f->id = hp_strdup(id);
	f->container = copy_container(container);
	if (may_be_remote(world->address) && !is_here(container->pid, container->id))
		f->container->pid = 0;
	f->args = args ? hp_json_copy(args) : hp_json_object();
	f->reach = reach_new(world->engine_name, world->journal);
	f->reach->config.timeout_ms = config.timeout_ms;
	f->reach->config.tls_verify = config.tls_verify;
	for (size_t i = 0; i < HP_ARRAY_LEN(config_fields); i++)
		keep_config_field(f->reach, i, *config_field(&config, i));
	f->reach->started = hp_proc_start_ticks(f->container->pid);
	f->reach->netns_inode = netns_inode_of(f->container->pid);
	return f;
}

void hp_fault_free(struct hp_fault *f)
{
	if (!f)
		return;
	reach_free(f->reach);
	hp_container_free(f->container);
	hp_json_free(f->args);
	free(f->output);
	free(f->id);
	free(f);
}

static struct hp_json *engine_to_json(struct hp_fault_reach *r)
{
	struct hp_json *o = hp_json_object();

	hp_json_set_str(o, "name", r->engine_name);
	hp_json_set_u64(o, "timeout_ms", r->config.timeout_ms);
	hp_json_set_bool(o, "tls_verify", r->config.tls_verify);
	for (size_t i = 0; i < HP_ARRAY_LEN(config_fields); i++) {
		const char *value = *config_field(&r->config, i);
		if (value)
			hp_json_set_str(o, config_fields[i].key, value);
	}
	return o;
}

static struct hp_json *container_to_json(const struct hp_fault *f)
{
	const struct hp_container *c = f->container;
	struct hp_json *o = hp_json_object();

	hp_json_set_str(o, "id", c->id);
	hp_json_set_str(o, "name", c->name);
	hp_json_set_str(o, "namespace", c->ns);
	hp_json_set_str(o, "image", c->image);
	hp_json_set_str(o, "runtime", c->runtime);
	hp_json_set_str(o, "network_mode", c->network_mode);
	hp_json_set_i64(o, "pid", c->pid);
	hp_json_set_u64(o, "started", f->reach->started);
	hp_json_set_u64(o, "netns_inode", f->reach->netns_inode);
	return o;
}

struct hp_json *hp_fault_to_json(const struct hp_fault *f)
{
	struct hp_json *o = hp_json_object();

	hp_json_set_i64(o, "form", FORM);
	hp_json_set_str(o, "id", f->id);
	hp_json_set_str(o, "action", f->action->name);
	hp_json_set(o, "args", hp_json_copy(f->args));
	hp_json_set_bool(o, "allow_host", f->allow_host);
	hp_json_set_i64(o, "duration_ns", f->duration_ns);
	hp_json_set_i64(o, "began_ns", f->began_ns);
	hp_json_set_bool(o, "confirmed", f->confirmed);
	hp_json_set_i64(o, "guard", getpid());
	hp_json_set(o, "engine", engine_to_json(f->reach));
	hp_json_set(o, "container", container_to_json(f));
	return o;
}

static void engine_from_json(const struct hp_json *o, struct hp_fault_reach *r)
{
	r->config.timeout_ms = (uint32_t)hp_json_u64(hp_json_get(o, "timeout_ms"), 0);
	r->config.tls_verify = hp_json_bool(hp_json_get(o, "tls_verify"), false);
	for (size_t i = 0; i < HP_ARRAY_LEN(config_fields); i++)
		keep_config_field(r, i, hp_json_get_str(o, config_fields[i].key));
}

static struct hp_container *container_from_json(const struct hp_json *o, const char *engine)
{
	struct hp_container *c = hp_container_new();
	int64_t pid = hp_json_i64(hp_json_get(o, "pid"), 0);

	hp_field_set(&c->id, hp_json_get_str(o, "id"));
	hp_field_set(&c->name, hp_json_get_str(o, "name"));
	hp_field_set(&c->ns, hp_json_get_str(o, "namespace"));
	hp_field_set(&c->image, hp_json_get_str(o, "image"));
	hp_field_set(&c->runtime, hp_json_get_str(o, "runtime"));
	hp_field_set(&c->network_mode, hp_json_get_str(o, "network_mode"));
	hp_field_set(&c->engine, engine);
	/* Never our own group, nor every process, whatever the file says. */
	c->pid = pid > 1 && pid <= INT_MAX ? (pid_t)pid : 0;
	return c;
}

int hp_fault_from_json(const struct hp_json *doc, const char *journal, struct hp_fault **ret,
		       struct hp_error *err)
{
	const char *name = hp_json_get_str(doc, "action");
	const char *id = hp_json_get_str(doc, "id");
	const struct hp_json *args = hp_json_get(doc, "args");
	const struct hp_json *container = hp_json_get(doc, "container");
	const struct hp_json *engine = hp_json_get(doc, "engine");
	const char *engine_name = hp_json_get_str(engine, "name");
	const struct hp_action *action = name ? hp_action_find(name) : NULL;

	if (hp_json_i64(hp_json_get(doc, "form"), 0) != FORM)
		return hp_fail(err, HP_ECORRUPT,
			       "it is no entry of a journal that this harpoon can read");
	if (!action || !action->undo)
		return hp_fail(err, HP_ECORRUPT, "it names no action that can be undone");
	if (!engine_name || !hp_json_is_object(args) || !id ||
	    hp_str_empty(hp_json_get_str(container, "id")))
		return hp_fail(err, HP_ECORRUPT, "it names no engine, no container, or no id");
	if (hp_journal_check_id(id, err) < 0)
		return -1;

	struct hp_fault *f = hp_alloc(sizeof(*f));
	f->action = action;
	f->id = hp_strdup(id);
	f->args = hp_json_copy(args);
	f->allow_host = hp_json_bool(hp_json_get(doc, "allow_host"), false);
	f->duration_ns = hp_json_i64(hp_json_get(doc, "duration_ns"), 0);
	f->began_ns = hp_json_i64(hp_json_get(doc, "began_ns"), 0);
	f->confirmed = hp_json_bool(hp_json_get(doc, "confirmed"), false);
	f->guard = (pid_t)hp_json_i64(hp_json_get(doc, "guard"), 0);
	f->container = container_from_json(container, engine_name);
	f->reach = reach_new(engine_name, journal);
	engine_from_json(engine, f->reach);
	f->reach->started = hp_json_u64(hp_json_get(container, "started"), 0);
	f->reach->netns_inode = hp_json_u64(hp_json_get(container, "netns_inode"), 0);
	*ret = f;
	return 0;
}
