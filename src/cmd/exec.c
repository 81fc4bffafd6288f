/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - harpoon exec: run one more process in a container. */
#include "cmd/commands.h"

#include <unistd.h>

#include "cmd/foreground.h"
#include "cmd/own.h"
#include "cmd/tty.h"
#include "cmd/words.h"

struct exec_args {
	struct hp_foreground_args foreground;
	struct hp_strv env, env_files;
	const char *workdir;
	const char *user;
	bool detach, interactive, tty, privileged;
};

/* clang-format off: one row an option */
static const struct hp_opt exec_opts[] = {
	HP_OPT_FLAG('d', "detach", struct exec_args, detach, "do not stay"),
	HP_OPT_LIST('e', "env", struct exec_args, env, "KEY[=VALUE]",
		    "an environment variable; without a value, ours"),
	HP_OPT_LIST(0, "env-file", struct exec_args, env_files, "FILE",
		    "environment variables from a file"),
	HP_FOREGROUND_OPTS(struct exec_args, foreground),
	HP_OPT_FLAG('i', "interactive", struct exec_args, interactive,
		    "our stdin is its stdin"),
	HP_OPT_FLAG(0, "privileged", struct exec_args, privileged, "with all capabilities"),
	HP_OPT_FLAG('t', "tty", struct exec_args, tty, "give it a terminal"),
	HP_OPT_STR('u', "user", struct exec_args, user, "USER[:GROUP]",
		   "who runs it, by name or number"),
	HP_OPT_STR('w', "workdir", struct exec_args, workdir, "DIR", "where it starts"),
	HP_OPT_END,
};
/* clang-format on */

static int read_env(const struct exec_args *args, struct hp_strv *env, struct hp_error *err)
{
	for (size_t i = 0; i < args->env_files.count; i++)
		if (hp_words_read_file("--env-file", args->env_files.items[i], true, env, err) <
		    0)
			return -1;
	for (size_t i = 0; i < args->env.count; i++)
		if (hp_words_add_env(args->env.items[i], env, err) < 0)
			return -1;
	return 0;
}

/* Everything from here on happens with the signals taken. */
static int exec_taken(struct hp_console *console, const struct hp_exec_spec *spec,
		      struct hp_error *err)
{
	struct hp_exec *exec = NULL;
	struct hp_console_end end = {0};
	int rc = 0;

	if (hp_engine_exec(console->engine, console->ref, spec, &exec, err) < 0)
		return -1;
	if (!spec->detach) {
		console->exec_id = exec->id;
		console->stream = exec->stream;
		console->waiter = exec->waiter;
		rc = hp_console_run(console, &end, err);
	}
	hp_exec_free(console->engine, exec);
	return rc < 0 || spec->detach ? rc : hp_console_status(&end);
}

static int exec_run(const struct hp_use *use, struct hp_error *err)
{
	const struct exec_args *args = use->args;
	AUTO(hp_strv_free) struct hp_strv env = {0};
	struct hp_exec_spec spec = {
		.args = use->operands + 1,
		.workdir = args->workdir,
		.user = args->user,
		.tty = args->tty,
		.stdin_open = args->interactive && !args->detach,
		.detach = args->detach,
		.privileged = args->privileged,
	};
	struct hp_console console = {
		.ref = use->operands[0],
		.tty = args->tty,
		.use_stdin = spec.stdin_open,
		.signal_fd = -1,
	};

	if (hp_foreground_check(&args->foreground, spec.tty, spec.stdin_open, &console.keys,
				err) < 0 ||
	    read_env(args, &env, err) < 0 ||
	    hp_cli_engine(use->cli, &console.engine, err) < 0 ||
	    hp_console_signals(&console.signal_fd, err) < 0)
		return -1;
	spec.env = hp_strv_view(&env);
	console.sig_proxy = args->foreground.sig_proxy &&
			    (hp_engine_can(console.engine) & HP_CAN_EXEC_KILL);
	if (args->tty)
		hp_tty_size(STDIN_FILENO, &spec.cols, &spec.rows);
	int status = exec_taken(&console, &spec, err);
	hp_console_release(console.signal_fd);
	return status;
}

const struct hp_cmd hp_cmd_exec = {
	.name = "exec",
	.summary = "run a process in a running container",
	.operands = "CONTAINER COMMAND [ARGUMENT...]",
	.about =
		"Without -d it stays with the process, and exits with its exit status; 125, 126\n"
		"and 127 are as for 'harpoon run'.",
	.opts = exec_opts,
	.args_size = sizeof(struct exec_args),
	.min_operands = 2,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_CONTAINER,
	.flags = HP_CMD_VERBATIM | HP_CMD_STATUS,
	.run = exec_run,
};
