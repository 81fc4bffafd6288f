/* SPDX-License-Identifier: Apache-2.0 */
/* start.c - harpoon start: start containers, and stay with one if asked. */
#include "cmd/commands.h"

#include <unistd.h>

#include "cmd/foreground.h"
#include "cmd/own.h"
#include "cmd/tty.h"

struct start_args {
	struct hp_foreground_args foreground;
	bool attach;
	bool interactive;
};

/* clang-format off: one row an option */
static const struct hp_opt start_opts[] = {
	HP_OPT_FLAG('a', "attach", struct start_args, attach,
		    "stay with it: its output and, by default, signals"),
	HP_OPT_FLAG('i', "interactive", struct start_args, interactive,
		    "stay with it and its stdin too"),
	HP_FOREGROUND_OPTS(struct start_args, foreground),
	HP_OPT_END,
};
/* clang-format on */

static int traits_of(struct hp_engine *engine, const char *ref, struct hp_traits *ret,
		     struct hp_error *err)
{
	AUTO(hp_container_free) struct hp_container *container = NULL;

	if (hp_engine_inspect(engine, ref, &container, err) < 0)
		return -1;
	hp_foreground_traits(container, ret);
	return 0;
}

static int start_one(const struct hp_use *use, struct hp_engine *engine, const char *ref,
		     struct hp_error *err)
{
	AUTO(hp_container_free) struct hp_container *container = NULL;
	AUTO_CLOSE int guard = -1; /* closed when we return: then it takes over */
	struct hp_traits traits = {0};

	if (hp_engine_inspect(engine, ref, &container, err) < 0)
		return -1;
	/* As docker: whoever starts wants it to run, and it does. */
	if (container->state == HP_STATE_RUNNING)
		return 0;
	if (container->state == HP_STATE_PAUSED)
		return hp_fail(err, HP_ESTATE, "container '%s' is paused: unpause it", ref);
	hp_foreground_traits(container, &traits);
	if (hp_engine_start(engine, ref, 0, 0, NULL, err) < 0)
		return -1;
	return traits.remove ? hp_foreground_guard(use->cli, ref, &guard, err) : 0;
}

static int stay(const struct hp_use *use, struct hp_console *console, bool remove,
		struct hp_error *err)
{
	AUTO(hp_stream_free) struct hp_stream *stream = NULL;
	AUTO(hp_waiter_free) struct hp_waiter *waiter = NULL;
	AUTO_CLOSE int guard = -1;
	struct hp_console_end end = {0};
	uint16_t cols = 0;
	uint16_t rows = 0;

	if (console->tty)
		hp_tty_size(STDIN_FILENO, &cols, &rows);
	if (hp_engine_start(console->engine, console->ref, cols, rows, &stream, err) < 0 ||
	    hp_engine_waiter(console->engine, console->ref, &waiter, err) < 0)
		return -1;
	console->stream = stream;
	console->waiter = waiter;
	if ((remove && hp_foreground_guard(use->cli, console->ref, &guard, err) < 0) ||
	    hp_console_run(console, &end, err) < 0)
		return -1;
	if (remove &&
	    hp_foreground_remove(console->engine, console->ref, TAKE_FD(guard), &end, err) < 0)
		return -1;
	return hp_console_status(&end);
}

static int start_attached(const struct hp_use *use, struct hp_error *err)
{
	const struct start_args *args = use->args;
	struct hp_traits traits = {0};
	struct hp_console console = {
		.ref = use->operands[0],
		.sig_proxy = args->foreground.sig_proxy,
		.signal_fd = -1,
	};

	if (use->n_operands > 1)
		return hp_fail(err, HP_EUSAGE, "-a and -i are for one container at a time");
	if (hp_cli_engine(use->cli, &console.engine, err) < 0 ||
	    traits_of(console.engine, console.ref, &traits, err) < 0)
		return -1;
	console.tty = traits.tty;
	console.use_stdin = args->interactive && traits.use_stdin;
	if (hp_foreground_check(&args->foreground, console.tty, console.use_stdin,
				&console.keys, err) < 0 ||
	    hp_console_signals(&console.signal_fd, err) < 0)
		return -1;
	int status = stay(use, &console, traits.remove, err);
	hp_console_release(console.signal_fd);
	return status;
}

static int start_run(const struct hp_use *use, struct hp_error *err)
{
	const struct start_args *args = use->args;

	if (args->attach || args->interactive)
		return start_attached(use, err);
	return hp_cli_each(use, false, start_one, err);
}

const struct hp_cmd hp_cmd_start = {
	.name = "start",
	.summary = "start containers",
	.operands = "CONTAINER...",
	.opts = start_opts,
	.args_size = sizeof(struct start_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.flags = HP_CMD_STATUS,
	.run = start_run,
};
