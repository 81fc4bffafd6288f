/* SPDX-License-Identifier: Apache-2.0 */
/* kill.c - harpoon kill: send a signal to containers. */
#include "cmd/commands.h"

#include "cmd/cli.h"

struct kill_args {
	const char *signal;
};

/* clang-format off: one row an option */
static const struct hp_opt kill_opts[] = {
	HP_OPT_STR('s', "signal", struct kill_args, signal, "SIGNAL",
		   "name or number of the signal (KILL)"),
	HP_OPT_END,
};
/* clang-format on */

static int kill_one(const struct hp_use *use, struct hp_engine *engine, const char *ref,
		    struct hp_error *err)
{
	const struct kill_args *args = use->args;
	int signal = 0;

	if (hp_signal_parse(args->signal ? args->signal : "KILL", &signal, err) < 0)
		return hp_wrap(err, "--signal");
	return hp_engine_kill(engine, ref, NULL, signal, err);
}

static int kill_run(const struct hp_use *use, struct hp_error *err)
{
	return hp_cli_each(use, false, kill_one, err);
}

const struct hp_cmd hp_cmd_kill = {
	.name = "kill",
	.summary = "send a signal to containers",
	.operands = "CONTAINER...",
	.opts = kill_opts,
	.args_size = sizeof(struct kill_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.run = kill_run,
};
