/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - harpoon run: make a container, start it and stay with it, or let it go. */
#include "cmd/commands.h"

#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmd/create_args.h"
#include "cmd/foreground.h"
#include "cmd/own.h"
#include "cmd/tty.h"

struct run_args {
	struct hp_create_args create;
	struct hp_foreground_args foreground;
	bool detach;
};

/* clang-format off: one row an option */
static const struct hp_opt run_opts[] = {
	HP_OPT_FLAG('d', "detach", struct run_args, detach, "do not stay; print its id"),
	HP_FOREGROUND_OPTS(struct run_args, foreground),
	HP_CREATE_OPTS(struct run_args, create),
	HP_OPT_END,
};
/* clang-format on */

/* A container that could not be started is of no use to whoever asked for one that runs. */
static int discard(struct hp_engine *engine, const char *id, struct hp_error *err)
{
	struct hp_error failure = HP_ERROR_INIT;

	if (hp_engine_remove(engine, id, true, true, &failure) < 0 &&
	    failure.code != HP_ENOTFOUND)
		return hp_wrap(err, "container %s stays (%s)", id, failure.msg);
	return -1;
}

static int run_detached(struct hp_engine *engine, const char *id, struct hp_error *err)
{
	if (hp_engine_start(engine, id, 0, 0, NULL, err) < 0)
		return discard(engine, id, err);
	printf("%s\n", id);
	return 0;
}

/* guard: of --rm, -1 without it. */
static int run_attached(const struct hp_use *use, struct hp_console *console, int *guard,
			struct hp_error *err)
{
	const struct run_args *args = use->args;
	AUTO(hp_stream_free) struct hp_stream *stream = NULL;
	AUTO(hp_waiter_free) struct hp_waiter *waiter = NULL;
	struct hp_engine *engine = console->engine;
	struct hp_console_end end = {0};
	uint16_t cols = 0;
	uint16_t rows = 0;

	if (console->tty)
		hp_tty_size(STDIN_FILENO, &cols, &rows);
	if (hp_engine_start(engine, console->ref, cols, rows, &stream, err) < 0 ||
	    hp_engine_waiter(engine, console->ref, &waiter, err) < 0)
		return discard(engine, console->ref, err);
	console->stream = stream;
	console->waiter = waiter;
	if (hp_console_run(console, &end, err) < 0)
		return args->create.remove ? discard(engine, console->ref, err) : -1;
	if (args->create.remove &&
	    hp_foreground_remove(engine, console->ref, TAKE_FD(*guard), &end, err) < 0) {
		/* What it did counts more than that it could not be removed. */
		hp_cli_report(use->cli, "run", err);
		hp_error_clear(err);
	}
	return hp_console_status(&end);
}

/* Everything from here on happens with the signals taken. */
static int run_taken(const struct hp_use *use, struct hp_console *console, struct hp_error *err)
{
	const struct run_args *args = use->args;
	AUTO_FREE char *id = NULL;
	AUTO_CLOSE int guard = -1;

	if (hp_create_make(console->engine, &args->create, use->operands, &id, err) < 0)
		return -1;
	if (args->create.remove && hp_foreground_guard(use->cli, id, &guard, err) < 0)
		return discard(console->engine, id, err);
	console->ref = id;
	return args->detach ? run_detached(console->engine, id, err)
			    : run_attached(use, console, &guard, err);
}

static int run_run(const struct hp_use *use, struct hp_error *err)
{
	struct run_args *args = use->args;
	struct hp_console console = {
		.tty = args->create.tty,
		.use_stdin = args->create.interactive,
		.sig_proxy = args->foreground.sig_proxy,
		.signal_fd = -1,
	};

	args->create.stdin_once = args->create.interactive && !args->detach;
	if (hp_foreground_check(&args->foreground, args->create.tty,
				args->create.interactive && !args->detach, &console.keys,
				err) < 0 ||
	    hp_cli_engine(use->cli, &console.engine, err) < 0 ||
	    hp_console_signals(&console.signal_fd, err) < 0)
		return -1;
	int status = run_taken(use, &console, err);
	hp_console_release(console.signal_fd);
	return status;
}

const struct hp_cmd hp_cmd_run = {
	.name = "run",
	.summary = "make a container from an image and start it",
	.operands = "IMAGE [COMMAND [ARGUMENT...]]",
	.about =
		"Without -d it stays with the container, and exits with the container's exit\n"
		"status: 125 when harpoon failed, 126 when the program cannot be executed, 127\n"
		"when there is no such program. When nobody reads the output any more, it exits\n"
		"with 141 and the container goes on, or is killed and removed with --rm. The\n"
		"third SIGINT, SIGTERM or SIGQUIT that the container does not heed ends harpoon\n"
		"in the same way.",
	.opts = run_opts,
	.args_size = sizeof(struct run_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_IMAGE,
	.flags = HP_CMD_VERBATIM | HP_CMD_STATUS,
	.run = run_run,
};
