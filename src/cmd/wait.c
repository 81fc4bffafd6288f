/* SPDX-License-Identifier: Apache-2.0 */
/* wait.c - harpoon wait: wait for the end of containers and print their exit statuses. */
#include "cmd/commands.h"

#include <stdio.h>

#include "cmd/cli.h"

static int wait_one(const struct hp_use *use, struct hp_engine *engine, const char *ref,
		    struct hp_error *err)
{
	struct hp_exit end = {0};

	(void)use;
	if (hp_engine_wait(engine, ref, 0, &end, err) < 0)
		return -1;
	printf("%d\n", end.code);
	fflush(stdout);
	return 0;
}

static int wait_run(const struct hp_use *use, struct hp_error *err)
{
	return hp_cli_each(use, true, wait_one, err);
}

const struct hp_cmd hp_cmd_wait = {
	.name = "wait",
	.summary = "wait for the end of containers and print their exit statuses",
	.operands = "CONTAINER...",
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.run = wait_run,
};
