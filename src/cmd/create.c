/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - harpoon create: make a container without starting it. */
#include "cmd/commands.h"

#include <stdio.h>

#include "base/alloc.h"
#include "cmd/create_args.h"

struct create_args {
	struct hp_create_args create;
};

/* clang-format off: one row an option */
static const struct hp_opt create_opts[] = {
	HP_CREATE_OPTS(struct create_args, create),
	HP_OPT_END,
};
/* clang-format on */

static int create_run(const struct hp_use *use, struct hp_error *err)
{
	const struct create_args *args = use->args;
	struct hp_engine *engine = NULL;
	AUTO_FREE char *id = NULL;

	if (hp_cli_engine(use->cli, &engine, err) < 0 ||
	    hp_create_make(engine, &args->create, use->operands, &id, err) < 0)
		return -1;
	printf("%s\n", id);
	return 0;
}

const struct hp_cmd hp_cmd_create = {
	.name = "create",
	.summary = "make a container from an image",
	.operands = "IMAGE [COMMAND [ARGUMENT...]]",
	.opts = create_opts,
	.args_size = sizeof(struct create_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_IMAGE,
	.flags = HP_CMD_VERBATIM | HP_CMD_STATUS,
	.run = create_run,
};
