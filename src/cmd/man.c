/* SPDX-License-Identifier: Apache-2.0 */
/* man.c - harpoon man: the sections of harpoon(1) that the tables know, as scdoc(5). A group of
 * commands has a page of its own. */
#include "cmd/commands.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/cli.h"
#include "cmd/help.h"

void hp_help_man_text(FILE *out, const char *text)
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
			hp_help_man_text(out, o->arg);
			fputc('_', out);
		}
		fputs("\n\t", out);
		hp_help_man_text(out, o->help);
		fputs("\n\n", out);
	}
}

static void print_command(FILE *out, const struct hp_cmd *cmd)
{
	/* Headings are no markup, so nothing is quoted there. */
	fprintf(out, "## harpoon %s%s%s%s\n\n%c", cmd->name, cmd->opts ? " [options]" : "",
		cmd->operands || cmd->subs ? " " : "",
		cmd->subs ? "COMMAND" : (cmd->operands ? cmd->operands : ""),
		toupper((unsigned char)cmd->summary[0]));
	hp_help_man_text(out, cmd->summary + 1);
	fputs(".\n\n", out);
	if (cmd->about) {
		hp_help_man_text(out, cmd->about);
		fputs("\n\n", out);
	}
	print_options(out, cmd->opts);
}

static void print_commands(FILE *out, const struct hp_cmd *const *cmds)
{
	for (const struct hp_cmd *const *c = cmds; *c; c++) {
		if ((*c)->flags & HP_CMD_HIDDEN)
			continue;
		print_command(out, *c);
		if ((*c)->subs || (*c)->man)
			fprintf(out, "See *harpoon-%s*(1).\n\n", (*c)->name);
	}
}

static int man_run(const struct hp_use *use, struct hp_error *err)
{
	const struct hp_cmd *group = NULL;

	if (use->n_operands > 0) {
		group = hp_cmd_need(use->operands[0], err);
		if (!group)
			return -1;
		if (group->man) {
			group->man(stdout,
				   use->n_operands > 1 ? use->operands[1] : group->name);
			return 0;
		}
		if (!group->subs)
			return hp_fail(err, HP_EUSAGE, "'%s' is no group of commands",
				       group->name);
	} else {
		printf("# GLOBAL OPTIONS\n\n");
		print_options(stdout, hp_cli_opts);
	}
	printf("# COMMANDS\n\n");
	print_commands(stdout, group ? group->subs : hp_cmds);
	return 0;
}

const struct hp_cmd hp_cmd_man = {
	.name = "man",
	.summary = "print the sections of a man page that come from tables",
	.operands = "[GROUP [CALLED]]",
	.max_operands = 2,
	.flags = HP_CMD_HIDDEN,
	.run = man_run,
};
