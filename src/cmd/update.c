/* SPDX-License-Identifier: Apache-2.0 */
/* update.c - harpoon update: change the limits of containers. */
#include "cmd/commands.h"

#include "cmd/cli.h"
#include "cmd/limit_args.h"

struct update_args {
	struct hp_limit_args limits;
};

/* clang-format off: one row an option */
static const struct hp_opt update_opts[] = {
	HP_LIMIT_OPTS(struct update_args, limits),
	HP_OPT_END,
};
/* clang-format on */

static int update_one(const struct hp_use *use, struct hp_engine *engine, const char *ref,
		      struct hp_error *err)
{
	const struct update_args *args = use->args;
	struct hp_resources resources = {0};

	if (hp_limit_resources(&args->limits, &resources, err) < 0)
		return -1;
	return hp_engine_update(engine, ref, &resources, err);
}

static int update_run(const struct hp_use *use, struct hp_error *err)
{
	const struct update_args *args = use->args;

	if (hp_limit_none(&args->limits))
		return hp_fail(err, HP_EUSAGE, "there is no limit to change; give an option");
	return hp_cli_each(use, false, update_one, err);
}

const struct hp_cmd hp_cmd_update = {
	.name = "update",
	.summary = "change the limits of containers",
	.operands = "CONTAINER...",
	.opts = update_opts,
	.args_size = sizeof(struct update_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.run = update_run,
};
