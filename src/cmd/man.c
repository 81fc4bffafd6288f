/* SPDX-License-Identifier: Apache-2.0 */
/* man.c - harpoon man: the sections of harpoon(1) that the tables know, as scdoc(5). */
#include "cmd/commands.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/cli.h"

/* @text with what scdoc reads as markup quoted. From: scdoc(5). */
static void print_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("*_\\<>#`[]|~", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void print_options(FILE *out, const struct hp_opt *opts)
{
	for (const struct hp_opt *o = opts; o && o->type != HP_OPT_END_TYPE; o++) {
		if (o->letter)
			fprintf(out, "*-%c*, ", o->letter);
		fprintf(out, "*--%s*", o->name);
		if (o->arg) {
			fputs(" _", out);
			print_text(out, o->arg);
			fputc('_', out);
		}
		fputs("\n\t", out);
		print_text(out, o->help);
		fputs("\n\n", out);
	}
}

static void print_command(FILE *out, const struct hp_cmd *cmd)
{
	/* Headings are no markup, so nothing is quoted there. */
	fprintf(out, "## harpoon %s%s%s%s\n\n%c", cmd->name, cmd->opts ? " [options]" : "",
		cmd->operands ? " " : "", cmd->operands ? cmd->operands : "",
		toupper((unsigned char)cmd->summary[0]));
	print_text(out, cmd->summary + 1);
	fputs(".\n\n", out);
	if (cmd->about) {
		print_text(out, cmd->about);
		fputs("\n\n", out);
	}
	print_options(out, cmd->opts);
}

static void print_commands(FILE *out, const struct hp_cmd *const *cmds)
{
	for (const struct hp_cmd *const *c = cmds; *c; c++) {
		if ((*c)->flags & HP_CMD_HIDDEN)
			continue;
		if ((*c)->subs)
			print_commands(out, (*c)->subs);
		else
			print_command(out, *c);
	}
}

static int man_run(const struct hp_use *use, struct hp_error *err)
{
	(void)use;
	(void)err;
	printf("# GLOBAL OPTIONS\n\n");
	print_options(stdout, hp_cli_opts);
	printf("# COMMANDS\n\n");
	print_commands(stdout, hp_cmds);
	return 0;
}

const struct hp_cmd hp_cmd_man = {
	.name = "man",
	.summary = "print the sections of the man page that come from tables",
	.flags = HP_CMD_HIDDEN,
	.run = man_run,
};
