/* SPDX-License-Identifier: Apache-2.0 */
/* stop.c - harpoon stop: ask containers to end, then make them. */
#include "cmd/commands.h"

#include "cmd/cli.h"

struct stop_args {
	const char *signal;
	int64_t grace_ms;
};

/* clang-format off: one row an option */
static const struct hp_opt stop_opts[] = {
	HP_OPT_STR('s', "signal", struct stop_args, signal, "SIGNAL",
		   "what to ask with (the container's own stop signal)"),
	HP_OPT_MS('t', "time", struct stop_args, grace_ms, "TIME",
		  "how long to wait before SIGKILL (the container's own, 10s)", -1),
	HP_OPT_END,
};
/* clang-format on */

static int stop_one(const struct hp_use *use, struct hp_engine *engine, const char *ref,
		    struct hp_error *err)
{
	const struct stop_args *args = use->args;
	int signal = 0;

	if (args->signal && hp_signal_parse(args->signal, &signal, err) < 0)
		return hp_wrap(err, "--signal");
	return hp_engine_stop(engine, ref, signal, args->grace_ms, err);
}

static int stop_run(const struct hp_use *use, struct hp_error *err)
{
	return hp_cli_each(use, false, stop_one, err);
}

const struct hp_cmd hp_cmd_stop = {
	.name = "stop",
	.summary = "ask containers to end, and kill those that do not",
	.operands = "CONTAINER...",
	.opts = stop_opts,
	.args_size = sizeof(struct stop_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.run = stop_run,
};
