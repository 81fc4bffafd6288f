/* SPDX-License-Identifier: Apache-2.0 */
/* container.c - docker's containers as engine-neutral container values. */
#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "engine/docker/docker.h"
#include "engine/docker/ops.h"

/* The longest name or id; docker itself names no limit. */
#define REF_MAX 255U

/* From: moby daemon/names/names.go, RestrictedNameChars. A slash before it is the form in which
 * docker's API gives names. */
static bool can_be_called(const char *ref)
{
	if (!isalnum((unsigned char)ref[0]) || strlen(ref) > REF_MAX)
		return false;
	for (const char *c = ref; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
			return false;
	return true;
}

int hp_docker__container_path(const char *ref, const char *verb, char **ret_path,
			      struct hp_error *err)
{
	const char *name = ref[0] == '/' ? ref + 1 : ref;

	if (!can_be_called(name))
		return hp_fail(err, HP_ENOTFOUND, "no such container: '%s'", ref);
	*ret_path = hp_sprintf("/containers/%s%s%s", name, verb[0] ? "/" : "", verb);
	return 0;
}

int hp_docker__look(struct docker *d, const char *ref, struct hp_json **ret_reply,
		    struct hp_error *err)
{
	AUTO_FREE char *path = NULL;
	AUTO(hp_json_free) struct hp_json *reply = NULL;

	if (hp_docker__container_path(ref, "json", &path, err) < 0 ||
	    hp_docker__get(d, path, &reply, err) < 0)
		return -1;
	if (!hp_json_get_str(reply, "Id"))
		return hp_fail(err, HP_EPROTO, "container '%s': the answer holds no container",
			       ref);
	*ret_reply = TAKE(reply);
	return 0;
}

/* From: moby container/state.go, StateString(). */
enum hp_state hp_docker__state(const char *word)
{
	static const struct {
		const char *word;
		enum hp_state state;
	} rows[] = {
		{"created", HP_STATE_CREATED},  {"running", HP_STATE_RUNNING},
		{"paused", HP_STATE_PAUSED},    {"restarting", HP_STATE_RESTARTING},
		{"removing", HP_STATE_STOPPED}, {"exited", HP_STATE_EXITED},
		{"dead", HP_STATE_DEAD},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		if (hp_str_eq(rows[i].word, word))
			return rows[i].state;
	return HP_STATE_UNKNOWN;
}

int64_t hp_docker__time(const char *text)
{
	struct hp_error ignored = HP_ERROR_INIT;
	int64_t ns = 0;

	/* Go's zero time is the year 1, which the parser knows. */
	if (hp_str_empty(text) || hp_time_parse(text, &ns, &ignored) < 0)
		return 0;
	return ns > 0 ? ns : 0;
}

static void read_labels(const struct hp_json *from, struct hp_labels *to)
{
	for (size_t i = 0; i < hp_json_count(from); i++) {
		const char *key = hp_json_key_at(from, i);
		const char *value = hp_json_str(hp_json_value_at(from, i));

		if (key)
			hp_labels_add(to, key, value ? value : "");
	}
	hp_labels_sort(to);
}

/* From: docker API, ContainerList: links of others to it are "/other/alias". */
static const char *name_of(const struct hp_json *names)
{
	for (size_t i = 0; i < hp_json_count(names); i++) {
		const char *name = hp_json_str(hp_json_at(names, i));

		if (name && name[0] == '/' && !strchr(name + 1, '/'))
			return name + 1;
	}
	return NULL;
}

/* "Exited (137) 3 minutes ago" is all that a list tells of an exit. */
static int exit_code_of(const char *status)
{
	const char *open = status ? strchr(status, '(') : NULL;

	return open && isdigit((unsigned char)open[1]) ? (int)strtol(open + 1, NULL, 10) : 0;
}

struct hp_container *hp_docker__container_from_row(const char *engine,
						   const struct hp_json *row)
{
	struct hp_container *c = hp_container_new();
	const char *name = name_of(hp_json_get(row, "Names"));
	const int64_t created = hp_json_i64(hp_json_get(row, "Created"), 0);

	hp_field_set(&c->id, hp_json_get_str(row, "Id"));
	hp_field_set(&c->name, name ? name : c->id);
	hp_field_set(&c->image, hp_json_get_str(row, "Image"));
	hp_field_set(&c->image_id, hp_json_get_str(row, "ImageID"));
	hp_field_set(&c->engine, engine);
	hp_field_set(&c->command, hp_json_get_str(row, "Command"));
	hp_field_set(&c->network_mode,
		     hp_json_str(hp_json_path(row, "HostConfig.NetworkMode")));
	c->state = hp_docker__state(hp_json_get_str(row, "State"));
	if (c->state == HP_STATE_EXITED)
		c->exit_code = exit_code_of(hp_json_get_str(row, "Status"));
	if (created > 0 && created < INT64_MAX / 1000000000)
		c->created_ns = created * 1000000000;
	read_labels(hp_json_get(row, "Labels"), &c->labels);
	return c;
}

static void read_state(const struct hp_json *document, struct hp_container *c)
{
	const struct hp_json *state = hp_json_get(document, "State");
	const int64_t pid = hp_json_i64(hp_json_get(state, "Pid"), 0);
	const char *netns = hp_json_str(hp_json_path(document, "NetworkSettings.SandboxKey"));

	c->state = hp_docker__state(hp_json_get_str(state, "Status"));
	if (c->state == HP_STATE_EXITED) {
		c->exit_code = (int)hp_json_i64(hp_json_get(state, "ExitCode"), 0);
		c->oom_killed = hp_json_bool(hp_json_get(state, "OOMKilled"), false);
		c->finished_ns = hp_docker__time(hp_json_get_str(state, "FinishedAt"));
	}
	if (c->state != HP_STATE_RUNNING && c->state != HP_STATE_PAUSED)
		return;
	if (pid > 0 && pid <= INT32_MAX)
		c->pid = (pid_t)pid;
	/* The daemon may have its mounts to itself, and then its file of the namespace is not
	 * there for others; the process always is. */
	free(c->netns_path);
	c->netns_path = c->pid ? hp_sprintf("/proc/%d/ns/net", (int)c->pid)
			       : hp_strdup(netns ? netns : "");
}

static char *command_of(const struct hp_json *document)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	const struct hp_json *args = hp_json_get(document, "Args");
	const char *program = hp_json_get_str(document, "Path");

	if (!hp_str_empty(program))
		hp_strv_add(&words, program);
	for (size_t i = 0; i < hp_json_count(args); i++) {
		const char *arg = hp_json_str(hp_json_at(args, i));

		hp_strv_add(&words, arg ? arg : "");
	}
	return hp_strv_join(hp_strv_view(&words), " ");
}

struct hp_container *hp_docker__container_from_document(const char *engine,
							const struct hp_json *document)
{
	struct hp_container *c = hp_container_new();
	const char *name = hp_json_get_str(document, "Name");

	hp_field_set(&c->id, hp_json_get_str(document, "Id"));
	hp_field_set(&c->name, hp_str_empty(name) ? c->id : name + (name[0] == '/' ? 1 : 0));
	hp_field_set(&c->image, hp_json_str(hp_json_path(document, "Config.Image")));
	hp_field_set(&c->image_id, hp_json_get_str(document, "Image"));
	hp_field_set(&c->engine, engine);
	hp_field_set(&c->runtime, hp_json_str(hp_json_path(document, "HostConfig.Runtime")));
	hp_field_set(&c->network_mode,
		     hp_json_str(hp_json_path(document, "HostConfig.NetworkMode")));
	free(c->command);
	c->command = command_of(document);
	c->created_ns = hp_docker__time(hp_json_get_str(document, "Created"));
	c->tty = hp_json_bool(hp_json_path(document, "Config.Tty"), false);
	c->stdin_open = hp_json_bool(hp_json_path(document, "Config.OpenStdin"), false);
	read_labels(hp_json_path(document, "Config.Labels"), &c->labels);
	read_state(document, c);
	c->detail_json = hp_json_text(document, false);
	return c;
}

/* The filters of a list as docker has them. Owns: the caller.
 * From: docker API, ContainerList, "filters". */
static char *list_path(const struct hp_list_filter *filter)
{
	AUTO(hp_json_free) struct hp_json *filters = hp_json_object();

	hp_json_set_strs(filters, "label", filter->labels);
	AUTO_FREE char *text = hp_json_text(filters, false);
	AUTO_FREE char *escaped = hp_http1_escape(text);
	const bool any = filter->labels && filter->labels[0];
	return hp_sprintf("/containers/json?all=%d%s%s", filter->all, any ? "&filters=" : "",
			  any ? escaped : "");
}

/* Rows come newest first, by the nanosecond, which they do not tell. */
int hp_docker__list_some(struct hp_engine *e, const struct hp_list_filter *filter,
			 struct hp_container_list **ret, struct hp_error *err)
{
	AUTO(hp_container_list_free) struct hp_container_list *list = hp_alloc(sizeof(*list));
	AUTO(hp_json_free) struct hp_json *reply = NULL;
	AUTO_FREE char *path = list_path(filter);

	if (hp_docker__get(hp_docker__of(e), path, &reply, err) < 0)
		return hp_wrap(err, "list containers");
	for (size_t i = 0; i < hp_json_count(reply); i++) {
		const struct hp_json *row = hp_json_at(reply, i);

		if (!hp_json_get_str(row, "Id"))
			return hp_fail(err, HP_EPROTO, "list containers: entry %zu has no id",
				       i);
		hp_container_list_add(list, hp_docker__container_from_row(e->ops->name, row));
	}
	*ret = TAKE(list);
	return 0;
}

int hp_docker__list(struct hp_engine *e, struct hp_container_list **ret, struct hp_error *err)
{
	static const struct hp_list_filter all = {.all = true};

	return hp_docker__list_some(e, &all, ret, err);
}

int hp_docker__inspect(struct hp_engine *e, const char *ref, struct hp_container **ret,
		       struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *reply = NULL;

	if (hp_docker__look(hp_docker__of(e), ref, &reply, err) < 0)
		return -1;
	*ret = hp_docker__container_from_document(e->ops->name, reply);
	return 0;
}
