/* SPDX-License-Identifier: Apache-2.0 */
/* rm.c - harpoon rm: remove containers. */
#include "cmd/commands.h"

#include "cmd/cli.h"

struct rm_args {
	bool force;
	bool volumes;
};

/* clang-format off: one row an option */
static const struct hp_opt rm_opts[] = {
	HP_OPT_FLAG('f', "force", struct rm_args, force,
		    "kill what runs; what is not there is no failure"),
	HP_OPT_FLAG('v', "volumes", struct rm_args, volumes, "their anonymous volumes too"),
	HP_OPT_END,
};
/* clang-format on */

static int rm_one(const struct hp_use *use, struct hp_engine *engine, const char *ref,
		  struct hp_error *err)
{
	const struct rm_args *args = use->args;

	if (hp_engine_remove(engine, ref, args->force, args->volumes, err) == 0)
		return 0;
	if (!args->force || err->code != HP_ENOTFOUND)
		return -1;
	/* As docker: whoever forces wants it gone, and it is. */
	hp_cli_report(use->cli, use->cmd->name, err);
	hp_error_clear(err);
	return 1;
}

static int rm_run(const struct hp_use *use, struct hp_error *err)
{
	return hp_cli_each(use, false, rm_one, err);
}

const struct hp_cmd hp_cmd_rm = {
	.name = "rm",
	.summary = "remove containers",
	.operands = "CONTAINER...",
	.opts = rm_opts,
	.args_size = sizeof(struct rm_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.run = rm_run,
};
