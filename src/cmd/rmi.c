/* SPDX-License-Identifier: Apache-2.0 */
/* rmi.c - harpoon rmi: remove images. */
#include "cmd/commands.h"

#include <stdio.h>

#include "cmd/cli.h"

struct rmi_args {
	bool force;
};

/* clang-format off: one row an option */
static const struct hp_opt rmi_opts[] = {
	HP_OPT_FLAG(
		'f', "force", struct rmi_args, force,
		"also those that containers were made from; what is not there is no failure"),
	HP_OPT_END,
};
/* clang-format on */

static int rmi_one(const struct hp_use *use, struct hp_engine *engine, const char *ref,
		   struct hp_error *err)
{
	const struct rmi_args *args = use->args;

	if (hp_engine_remove_image(engine, ref, args->force, err) == 0) {
		printf("Untagged: %s\n", ref);
		return 0;
	}
	if (!args->force || err->code != HP_ENOTFOUND)
		return -1;
	hp_cli_report(use->cli, use->cmd->name, err);
	hp_error_clear(err);
	return 0;
}

static int rmi_run(const struct hp_use *use, struct hp_error *err)
{
	return hp_cli_each(use, true, rmi_one, err);
}

const struct hp_cmd hp_cmd_rmi = {
	.name = "rmi",
	.summary = "remove images",
	.operands = "IMAGE...",
	.opts = rmi_opts,
	.args_size = sizeof(struct rmi_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_IMAGE,
	.run = rmi_run,
};
