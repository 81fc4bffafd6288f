/* SPDX-License-Identifier: Apache-2.0 */
/* export.c - harpoon export: write images to an archive. */
#include "cmd/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmd/cli.h"

struct export_args {
	const char *output;
};

/* clang-format off: one row an option */
static const struct hp_opt export_opts[] = {
	HP_OPT_STR('o', "output", struct export_args, output, "FILE",
		   "write here, not to stdout"),
	HP_OPT_END,
};
/* clang-format on */

/* A pipe or device is written to as it is. */
static int export_special(const struct hp_use *use, struct hp_engine *engine, const char *path,
			  struct hp_error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", path);
	return hp_engine_export(engine, use->operands, fd, err);
}

/* The file appears under its name only once it is whole. */
static int export_file(const struct hp_use *use, struct hp_engine *engine, const char *path,
		       struct hp_error *err)
{
	AUTO_FREE char *partial = hp_sprintf("%s.%lld.partial", path, (long long)getpid());
	AUTO_CLOSE int fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return hp_fail_errno(err, errno, "create '%s'", partial);
	int rc = hp_engine_export(engine, use->operands, fd, err);
	if (rc == 0 && (fsync(fd) < 0 || rename(partial, path) < 0))
		rc = hp_fail_errno(err, errno, "write '%s'", path);
	if (rc < 0)
		unlink(partial);
	return rc;
}

static int export_run(const struct hp_use *use, struct hp_error *err)
{
	const struct export_args *args = use->args;
	struct hp_engine *engine = NULL;
	struct stat st;

	if (!args->output && isatty(STDOUT_FILENO))
		return hp_fail(err, HP_EUSAGE,
			       "an archive is not for a terminal: give -o FILE or redirect it");
	if (hp_cli_engine(use->cli, &engine, err) < 0)
		return -1;
	if (!args->output || hp_str_eq(args->output, "-"))
		return hp_engine_export(engine, use->operands, STDOUT_FILENO, err);
	if (stat(args->output, &st) == 0 && !S_ISREG(st.st_mode))
		return export_special(use, engine, args->output, err);
	return export_file(use, engine, args->output, err);
}

const struct hp_cmd hp_cmd_export = {
	.name = "export",
	.summary = "write images to an archive (an OCI layout that docker load takes too)",
	.operands = "IMAGE...",
	.opts = export_opts,
	.args_size = sizeof(struct export_args),
	.min_operands = 1,
	.max_operands = HP_OPERANDS_ANY,
	.kind = HP_OPERAND_IMAGE,
	.run = export_run,
};
