/* SPDX-License-Identifier: Apache-2.0 */
/* restart.c - harpoon restart: stop, then start. */
#include "cmd/commands.h"

#include "cmd/cli.h"

struct restart_args {
	int64_t grace_ms;
};

/* clang-format off: one row an option */
static const struct hp_opt restart_opts[] = {
	HP_OPT_MS('t', "time", struct restart_args, grace_ms, "TIME",
		  "how long to wait before SIGKILL (the container's own, 10s)", -1),
	HP_OPT_END,
};
/* clang-format on */

static int restart_one(const struct hp_use *use, struct hp_engine *engine, const char *ref,
		       struct hp_error *err)
{
	const struct restart_args *args = use->args;
	return hp_engine_restart(engine, ref, args->grace_ms, err);
}

static int restart_run(const struct hp_use *use, struct hp_error *err)
{
	return hp_cli_each(use, false, restart_one, err);
}

const struct hp_cmd hp_cmd_restart = {
	.name = "restart",
	.summary = "stop containers and start them again",
	.operands = "CONTAINER...",
	.opts = restart_opts,
	.args_size = sizeof(struct restart_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.run = restart_run,
};
