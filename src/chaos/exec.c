/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - run a program in a container. args: {"command": ["kill", "1"]}. */
#include "base/alloc.h"
#include "chaos/action.h"
#include "chaos/run_in.h"

static void command_of(const struct hp_json *args, struct hp_strv *ret)
{
	const struct hp_json *words = hp_json_get(args, "command");

	for (size_t i = 0; i < hp_json_count(words); i++)
		hp_strv_add(ret, hp_json_str(hp_json_at(words, i)));
}

static int exec_apply(struct hp_fault *f, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv command = {0};
	struct hp_exec_spec spec = {0};
	struct hp_engine *engine = NULL;
	int code = 0;

	command_of(f->args, &command);
	spec.args = hp_strv_view(&command);
	spec.user = "0";
	if (hp_fault_engine(f, &engine, err) < 0)
		return -1;
	code = hp_run_in(engine, f->container->id, &spec, &f->output, err);
	if (code <= 0)
		return code;
	AUTO_FREE char *line = hp_strv_join(hp_strv_view(&command), " ");
	return hp_fail(err, HP_EFAILED, "exec failed %s: exit code %d", line, code);
}

static void exec_describe(const struct hp_json *args, struct hp_labels *ret_fields)
{
	AUTO(hp_strv_free) struct hp_strv command = {0};

	command_of(args, &command);
	AUTO_FREE char *line = hp_strv_join(hp_strv_view(&command), " ");
	hp_labels_add(ret_fields, "command", line);
}

const struct hp_action hp_action_exec = {
	.name = "exec",
	.doing = "exec container",
	.flags = HP_ACTION_BLOCKS,
	.apply = exec_apply,
	.describe = exec_describe,
};
