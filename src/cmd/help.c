/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - usage and help, and the command that prints them. */
#include "cmd/help.h"

#include <string.h>

#include "base/alloc.h"
#include "cmd/cli.h"
#include "cmd/commands.h"

char *hp_help_form(const struct hp_opt *opt)
{
	char letter[] = {'-', opt->letter, ',', ' ', '\0'};
	const char *arg = opt->arg ? opt->arg : "";

	return hp_sprintf("%s--%s%s%s", opt->letter ? letter : "    ", opt->name,
			  opt->arg ? " " : "", arg);
}

static void print_options(FILE *out, const char *title, const struct hp_opt *opts)
{
	size_t widest = 0;

	if (!opts)
		return;
	for (const struct hp_opt *o = opts; o->type != HP_OPT_END_TYPE; o++) {
		AUTO_FREE char *form = hp_help_form(o);
		size_t len = strlen(form);
		if (len > widest && len <= 36)
			widest = len;
	}
	fprintf(out, "\n%s:\n", title);
	for (const struct hp_opt *o = opts; o->type != HP_OPT_END_TYPE; o++) {
		AUTO_FREE char *form = hp_help_form(o);
		if (strlen(form) > widest)
			fprintf(out, "  %s\n  %*s  %s\n", form, (int)widest, "", o->help);
		else
			fprintf(out, "  %-*s  %s\n", (int)widest, form, o->help);
	}
}

static void print_command(FILE *out, const struct hp_cmd *cmd)
{
	fprintf(out, "harpoon %s - %s\n\nUsage: harpoon [GLOBAL OPTIONS] %s%s%s%s\n", cmd->name,
		cmd->summary, cmd->name, cmd->opts ? " [OPTIONS]" : "",
		cmd->operands ? " " : "", cmd->operands ? cmd->operands : "");
	if (cmd->about)
		fprintf(out, "\n%s\n", cmd->about);
	print_options(out, "Options", cmd->opts);
}

static void print_table(FILE *out, const struct hp_cmd *const *cmds)
{
	size_t widest = 0;

	for (const struct hp_cmd *const *c = cmds; *c; c++)
		if (!((*c)->flags & HP_CMD_HIDDEN) && strlen((*c)->name) > widest)
			widest = strlen((*c)->name);
	for (const struct hp_cmd *const *c = cmds; *c; c++)
		if (!((*c)->flags & HP_CMD_HIDDEN))
			fprintf(out, "  %-*s  %s\n", (int)widest, (*c)->name, (*c)->summary);
}

static void print_group(FILE *out, const struct hp_cmd *cmd)
{
	fprintf(out, "harpoon %s - %s\n\n", cmd->name, cmd->summary);
	if (cmd->about)
		fprintf(out, "%s\n\n", cmd->about);
	fprintf(out, "Commands:\n");
	print_table(out, cmd->subs);
}

static void print_program(FILE *out)
{
	fprintf(out, "harpoon - containers under control\n\n"
		     "Usage: harpoon [GLOBAL OPTIONS] COMMAND [OPTIONS] [OPERANDS]\n\n"
		     "Commands:\n");
	print_table(out, hp_cmds);
	print_options(out, "Global options", hp_cli_opts);
	fprintf(out, "\n'harpoon help COMMAND' and 'harpoon COMMAND --help' tell more.\n");
}

int hp_help_print(FILE *out, const struct hp_cmd *cmd)
{
	if (cmd && cmd->subs)
		print_group(out, cmd);
	else if (cmd)
		print_command(out, cmd);
	else
		print_program(out);
	return 0;
}

/* A command with a grammar of its own knows what its words mean. */
static int ask_itself(const struct hp_use *use, const struct hp_cmd *cmd, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	hp_strv_add(&words, "help");
	for (size_t i = 1; i < use->n_operands; i++)
		hp_strv_add(&words, use->operands[i]);
	return cmd->run(&(struct hp_use){.cli = use->cli,
					 .cmd = cmd,
					 .operands = hp_strv_view(&words),
					 .n_operands = words.count},
			err);
}

static int help_run(const struct hp_use *use, struct hp_error *err)
{
	if (use->n_operands == 0)
		return hp_help_print(stdout, NULL);
	const struct hp_cmd *cmd = hp_cmd_need(use->operands[0], err);
	size_t used = 0;
	if (!cmd)
		return -1;
	if (cmd->flags & HP_CMD_RAW)
		return ask_itself(use, cmd, err);
	const struct hp_cmd *sub = hp_cmd_descend(cmd, use->operands + 1, &used);
	if (use->n_operands > used + 1)
		return hp_fail(err, HP_EUSAGE, "there is no command '%s %s'", cmd->name,
			       use->operands[used + 1]);
	return hp_help_print(stdout, sub ? sub : cmd);
}

const struct hp_cmd hp_cmd_help = {
	.name = "help",
	.summary = "explain a command",
	.operands = "[COMMAND...]",
	.max_operands = 3,
	.kind = HP_OPERAND_COMMAND,
	.run = help_run,
};
