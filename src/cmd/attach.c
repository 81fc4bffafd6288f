/* SPDX-License-Identifier: Apache-2.0 */
/* attach.c - harpoon attach: join a container that runs. */
#include "cmd/commands.h"

#include "cmd/foreground.h"
#include "cmd/own.h"

struct attach_args {
	struct hp_foreground_args foreground;
	bool no_stdin;
};

/* clang-format off: one row an option */
static const struct hp_opt attach_opts[] = {
	HP_FOREGROUND_OPTS(struct attach_args, foreground),
	HP_OPT_FLAG(0, "no-stdin", struct attach_args, no_stdin, "leave its stdin alone"),
	HP_OPT_END,
};
/* clang-format on */

/* Everything from here on happens with the signals taken. */
static int attach_taken(struct hp_console *console, struct hp_error *err)
{
	AUTO(hp_stream_free) struct hp_stream *stream = NULL;
	AUTO(hp_waiter_free) struct hp_waiter *waiter = NULL;
	struct hp_console_end end = {0};

	if (hp_engine_attach(console->engine, console->ref, &stream, err) < 0 ||
	    hp_engine_waiter(console->engine, console->ref, &waiter, err) < 0)
		return -1;
	console->stream = stream;
	console->waiter = waiter;
	if (hp_console_run(console, &end, err) < 0)
		return -1;
	return hp_console_status(&end);
}

static int attach_run(const struct hp_use *use, struct hp_error *err)
{
	const struct attach_args *args = use->args;
	AUTO(hp_container_free) struct hp_container *container = NULL;
	struct hp_traits traits = {0};
	struct hp_console console = {
		.redraw = true,
		.sig_proxy = args->foreground.sig_proxy,
		.signal_fd = -1,
	};

	if (hp_cli_engine(use->cli, &console.engine, err) < 0 ||
	    hp_engine_inspect(console.engine, use->operands[0], &container, err) < 0)
		return -1;
	hp_foreground_traits(container, &traits);
	console.ref = container->id;
	console.tty = traits.tty;
	console.use_stdin = traits.use_stdin && !args->no_stdin;
	if (hp_foreground_check(&args->foreground, console.tty, console.use_stdin,
				&console.keys, err) < 0 ||
	    hp_console_signals(&console.signal_fd, err) < 0)
		return -1;
	int status = attach_taken(&console, err);
	hp_console_release(console.signal_fd);
	return status;
}

const struct hp_cmd hp_cmd_attach = {
	.name = "attach",
	.summary = "join the stdin, output and signals of a running container",
	.operands = "CONTAINER",
	.opts = attach_opts,
	.args_size = sizeof(struct attach_args),
	.min_operands = 1,
	.max_operands = 1,
	.kind = HP_OPERAND_CONTAINER,
	.flags = HP_CMD_STATUS,
	.run = attach_run,
};
