/* SPDX-License-Identifier: Apache-2.0 */
/* import.c - harpoon import: bring images in from an archive. */
#include "cmd/commands.h"

#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/cli.h"
#include "cmd/out.h"
#include "cmd/own.h"
#include "cmd/stopping.h"
#include "wire/json.h"

enum { PROGRESS_EVERY_MS = 100, MAX_WORDS = 1024 };

struct import_args {
	struct hp_strv env;
	const char *cmd, *entrypoint, *workdir, *user;
	bool no_unpack, quiet;
};

/* clang-format off: one row an option */
static const struct hp_opt import_opts[] = {
	HP_OPT_STR(0, "cmd", struct import_args, cmd, "COMMAND",
		   "what its containers run: words, or a JSON array"),
	HP_OPT_STR(0, "entrypoint", struct import_args, entrypoint, "COMMAND",
		   "what their command is given to: words, or a JSON array"),
	HP_OPT_LIST('e', "env", struct import_args, env, "KEY=VALUE",
		    "an environment variable of its containers"),
	HP_OPT_FLAG(0, "no-unpack", struct import_args, no_unpack,
		    "make its snapshots at its first use"),
	HP_OPT_FLAG('q', "quiet", struct import_args, quiet, "no progress"),
	HP_OPT_STR('u', "user", struct import_args, user, "USER[:GROUP]",
		   "who runs its containers"),
	HP_OPT_STR('w', "workdir", struct import_args, workdir, "DIR", "where they start"),
	HP_OPT_END,
};
/* clang-format on */

/* "sh -c" or ["sh","-c"]. */
static int read_command(const char *option, const char *text, struct hp_strv *ret,
			struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *array = NULL;

	if (text[0] != '[') {
		AUTO(hp_strv_free) struct hp_strv words = {0};
		hp_strv_split(&words, text, ' ');
		for (size_t i = 0; i < words.count; i++)
			if (words.items[i][0])
				hp_strv_add(ret, words.items[i]);
		return 0;
	}
	if (hp_json_parse(hp_bytes_str(text), &array, err) < 0)
		return hp_wrap(err, "%s '%s'", option, text);
	for (size_t i = 0; i < hp_json_count(array) && i < MAX_WORDS; i++) {
		const char *word = hp_json_str(hp_json_at(array, i));
		if (!word)
			return hp_fail(err, HP_EUSAGE, "%s '%s': not only strings", option,
				       text);
		hp_strv_add(ret, word);
	}
	return 0;
}

struct progress {
	int64_t last_ms;
	bool shown;
};

/* From: ECMA-48, EL: clear to the end of the line. */
static void show_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct progress *p = arg;
	int64_t now = hp_clock_ms();

	if (now - p->last_ms < PROGRESS_EVERY_MS && done != total)
		return;
	p->last_ms = now;
	p->shown = true;
	AUTO_FREE char *name = hp_out_short_id(what);
	AUTO_FREE char *so_far = hp_out_size((int64_t)done);
	AUTO_FREE char *all = hp_out_size((int64_t)total);
	fprintf(stderr, "\r%s: %s%s%s\033[K", name, so_far, total ? " / " : "",
		total ? all : "");
}

static int do_import(struct hp_engine *engine, struct hp_import *what, bool quiet,
		     struct hp_error *err)
{
	AUTO(hp_names_free) char **names = NULL;
	struct progress progress = {0};

	if (!quiet && isatty(STDERR_FILENO)) {
		what->progress = show_progress;
		what->progress_arg = &progress;
	}
	hp_stopping_block();
	what->stop = hp_stopping_asked;
	int rc = hp_engine_import(engine, what, &names, err);
	if (progress.shown)
		fprintf(stderr, "\r\033[K");
	for (size_t i = 0; rc == 0 && names && names[i]; i++)
		printf("%s\n", names[i]);
	return rc;
}

static int import_run(const struct hp_use *use, struct hp_error *err)
{
	const struct import_args *args = use->args;
	AUTO(hp_strv_free) struct hp_strv cmd = {0};
	AUTO(hp_strv_free) struct hp_strv entrypoint = {0};
	struct hp_engine *engine = NULL;
	struct hp_import what = {
		.path = use->operands[0],
		.fd = STDIN_FILENO,
		.name = use->n_operands > 1 ? use->operands[1] : NULL,
		.env = args->env.count ? hp_strv_view(&args->env) : NULL,
		.workdir = args->workdir,
		.user = args->user,
		.no_unpack = args->no_unpack,
	};

	if ((args->cmd && read_command("--cmd", args->cmd, &cmd, err) < 0) ||
	    (args->entrypoint &&
	     read_command("--entrypoint", args->entrypoint, &entrypoint, err) < 0))
		return -1;
	what.cmd = cmd.count ? hp_strv_view(&cmd) : NULL;
	what.entrypoint = entrypoint.count ? hp_strv_view(&entrypoint) : NULL;
	if (hp_str_eq(what.path, "-") && isatty(STDIN_FILENO))
		return hp_fail(err, HP_EUSAGE, "'-' reads an archive, and stdin is a terminal");
	if (hp_cli_engine(use->cli, &engine, err) < 0)
		return -1;
	return do_import(engine, &what, args->quiet, err);
}

const struct hp_cmd hp_cmd_import = {
	.name = "import",
	.summary = "bring images in from an archive",
	.operands = "FILE|DIRECTORY|- [NAME]",
	.about =
		"It takes OCI layouts (directory or tar), docker archives, and tars of root\n"
		"filesystems, plain or compressed with gzip or zstd, and prints the names of the\n"
		"images. A root filesystem needs a NAME; --cmd and the options after it say what\n"
		"its containers run.",
	.opts = import_opts,
	.args_size = sizeof(struct import_args),
	.min_operands = 1,
	.max_operands = 2,
	.kind = HP_OPERAND_FILE,
	.run = import_run,
};
