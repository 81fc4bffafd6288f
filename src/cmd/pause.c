/* SPDX-License-Identifier: Apache-2.0 */
/* pause.c - harpoon pause and unpause: freeze and thaw containers. */
#include "cmd/commands.h"

#include "cmd/cli.h"

static int pause_one(const struct hp_use *use, struct hp_engine *engine, const char *ref,
		     struct hp_error *err)
{
	(void)use;
	return hp_engine_pause(engine, ref, err);
}

static int unpause_one(const struct hp_use *use, struct hp_engine *engine, const char *ref,
		       struct hp_error *err)
{
	(void)use;
	return hp_engine_unpause(engine, ref, err);
}

static int pause_run(const struct hp_use *use, struct hp_error *err)
{
	return hp_cli_each(use, false, pause_one, err);
}

static int unpause_run(const struct hp_use *use, struct hp_error *err)
{
	return hp_cli_each(use, false, unpause_one, err);
}

const struct hp_cmd hp_cmd_pause = {
	.name = "pause",
	.summary = "freeze all processes of containers",
	.operands = "CONTAINER...",
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.run = pause_run,
};

const struct hp_cmd hp_cmd_unpause = {
	.name = "unpause",
	.summary = "let the processes of paused containers go on",
	.operands = "CONTAINER...",
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.run = unpause_run,
};
