/* SPDX-License-Identifier: Apache-2.0 */
/* tag.c - harpoon tag: give an image a further name. */
#include "cmd/commands.h"

#include "cmd/cli.h"

static int tag_run(const struct hp_use *use, struct hp_error *err)
{
	struct hp_engine *engine = NULL;

	if (hp_cli_engine(use->cli, &engine, err) < 0)
		return -1;
	return hp_engine_tag(engine, use->operands[0], use->operands[1], err);
}

const struct hp_cmd hp_cmd_tag = {
	.name = "tag",
	.summary = "give an image a further name",
	.operands = "IMAGE NAME",
	.min_operands = 2,
	.max_operands = 2,
	.kind = HP_OPERAND_IMAGE,
	.run = tag_run,
};
