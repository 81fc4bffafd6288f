/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c - harpoon inspect: all that is known of containers and images. */
#include "cmd/commands.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/cli.h"
#include "cmd/out.h"
#include "cmd/own.h"
#include "image/reference.h"

struct inspect_args {
	const char *format;
	const char *type;
};

/* clang-format off: one row an option */
static const struct hp_opt inspect_opts[] = {
	HP_OPT_STR('f', "format", struct inspect_args, format, "FORMAT",
		   "json (the default) or a template such as '{{.State.Pid}}'"),
	HP_OPT_WORD(0, "type", struct inspect_args, type, "container|image",
		    "look for these only"),
	HP_OPT_END,
};
/* clang-format on */

static void set_time(struct hp_json *object, const char *key, int64_t unix_ns)
{
	char text[HP_TIME_TEXT];

	hp_time_format(unix_ns, text);
	hp_json_set_str(object, key, unix_ns ? text : "");
}

static struct hp_json *labels_of(const struct hp_labels *labels)
{
	struct hp_json *object = hp_json_object();

	for (size_t i = 0; i < labels->count; i++)
		hp_json_set_str(object, labels->items[i].key, labels->items[i].value);
	return object;
}

static struct hp_json *state_of(const struct hp_container *c)
{
	struct hp_json *state = hp_json_object();

	hp_json_set_str(state, "Status", hp_state_name(c->state));
	hp_json_set_bool(state, "Running",
			 c->state == HP_STATE_RUNNING || c->state == HP_STATE_PAUSED);
	hp_json_set_bool(state, "Paused", c->state == HP_STATE_PAUSED);
	hp_json_set_bool(state, "Restarting", c->state == HP_STATE_RESTARTING);
	hp_json_set_bool(state, "Dead", c->state == HP_STATE_DEAD);
	hp_json_set_i64(state, "Pid", c->pid);
	hp_json_set_bool(state, "OOMKilled", c->oom_killed);
	hp_json_set_i64(state, "ExitCode", c->exit_code);
	set_time(state, "FinishedAt", c->finished_ns);
	return state;
}

/* Docker's keys where docker has them; "Detail" is the engine's own document. */
static struct hp_json *container_json(const struct hp_container *c)
{
	struct hp_error ignored = HP_ERROR_INIT;
	struct hp_json *top = hp_json_object();
	struct hp_json *config = hp_json_object();
	struct hp_json *host = hp_json_object();
	struct hp_json *network = hp_json_object();
	struct hp_json *detail = NULL;

	hp_json_set_str(top, "Id", c->id);
	hp_json_set_str(top, "Name", c->name);
	set_time(top, "Created", c->created_ns);
	hp_json_set(top, "State", state_of(c));
	hp_json_set_str(top, "Image", c->image_id);
	hp_json_set_str(config, "Image", c->image);
	hp_json_set_str(config, "Command", c->command);
	hp_json_set(config, "Labels", labels_of(&c->labels));
	hp_json_set(top, "Config", config);
	hp_json_set_str(host, "NetworkMode", c->network_mode);
	hp_json_set_str(host, "Runtime", c->runtime);
	hp_json_set(top, "HostConfig", host);
	hp_json_set_str(network, "SandboxKey", c->netns_path);
	hp_json_set(top, "NetworkSettings", network);
	hp_json_set_str(top, "Engine", c->engine);
	hp_json_set_str(top, "Namespace", c->ns);
	if (c->detail_json &&
	    hp_json_parse(hp_bytes_str(c->detail_json), &detail, &ignored) == 0)
		hp_json_set(top, "Detail", detail);
	return top;
}

static struct hp_json *image_json(const struct hp_image *image)
{
	struct hp_json *top = hp_json_object();
	struct hp_json *tags = hp_json_array();
	struct hp_json *config = hp_json_object();

	hp_json_set_str(top, "Id", image->id);
	hp_json_add(tags, hp_json_new_str(image->name));
	hp_json_set(top, "RepoTags", tags);
	hp_json_set_str(top, "Digest", image->digest);
	hp_json_set_str(top, "Platform", image->platform);
	set_time(top, "Created", image->created_ns);
	hp_json_set_i64(top, "Size", image->size_bytes);
	hp_json_set(config, "Labels", labels_of(&image->labels));
	hp_json_set(top, "Config", config);
	return top;
}

/* By name as it is, by name as docker expands it, or by the beginning of its id. */
static bool image_is(const struct hp_image *image, const char *ref, const char *full)
{
	return hp_str_eq(image->name, ref) || hp_str_eq(image->name, full) ||
	       hp_str_eq(image->id, ref) ||
	       (hp_str_starts(image->id, "sha256:") && ref[0] &&
		hp_str_starts(image->id + 7, ref));
}

static int find_image(struct hp_engine *engine, const char *ref, struct hp_json **ret,
		      struct hp_error *err)
{
	AUTO(hp_image_list_free) struct hp_image_list *list = NULL;
	AUTO_FREE char *full = NULL;
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_engine_images(engine, &list, err) < 0)
		return -1;
	if (hp_reference_expand(ref, &full, &ignored) < 0)
		full = NULL;
	for (size_t i = 0; i < list->count; i++) {
		if (!image_is(list->items[i], ref, full))
			continue;
		*ret = image_json(list->items[i]);
		return 0;
	}
	return hp_fail(err, HP_ENOTFOUND, "no such image '%s'", ref);
}

static int find(struct hp_engine *engine, const char *ref, const char *type,
		struct hp_json **ret, struct hp_error *err)
{
	AUTO(hp_container_free) struct hp_container *container = NULL;

	if (hp_str_eq(type, "image"))
		return find_image(engine, ref, ret, err);
	if (hp_engine_inspect(engine, ref, &container, err) == 0) {
		*ret = container_json(container);
		return 0;
	}
	if (type || err->code != HP_ENOTFOUND)
		return -1;
	hp_error_clear(err);
	if (find_image(engine, ref, ret, err) == 0)
		return 0;
	if (err->code != HP_ENOTFOUND)
		return -1;
	hp_error_clear(err);
	return hp_fail(err, HP_ENOTFOUND, "there is no container and no image '%s'", ref);
}

static int print(const struct hp_json *found, const char *format, struct hp_error *err)
{
	if (format && !hp_str_eq(format, "json"))
		return hp_out_rows(stdout, found, NULL, format, err);
	AUTO_FREE char *text = hp_json_text(found, true);
	printf("%s\n", text);
	return 0;
}

static int inspect_run(const struct hp_use *use, struct hp_error *err)
{
	const struct inspect_args *args = use->args;
	AUTO(hp_json_free) struct hp_json *found = hp_json_array();
	struct hp_engine *engine = NULL;
	int status = 0;

	if (hp_cli_engine(use->cli, &engine, err) < 0)
		return -1;
	for (size_t i = 0; i < use->n_operands; i++) {
		struct hp_error failure = HP_ERROR_INIT;
		struct hp_json *one = NULL;
		if (find(engine, use->operands[i], args->type, &one, &failure) == 0) {
			hp_json_add(found, one);
			continue;
		}
		hp_cli_report(use->cli, use->cmd->name, &failure);
		status = 1;
	}
	return print(found, args->format, err) < 0 ? -1 : status;
}

const struct hp_cmd hp_cmd_inspect = {
	.name = "inspect",
	.summary = "print all that is known of containers and images, as JSON",
	.operands = "CONTAINER|IMAGE...",
	.opts = inspect_opts,
	.args_size = sizeof(struct inspect_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.run = inspect_run,
};
