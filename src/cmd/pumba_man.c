/* SPDX-License-Identifier: Apache-2.0 */
/* pumba_man.c - the sections of pumba(1) and harpoon-chaos(1) that come from the tables of chaos. */
#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/help.h"
#include "cmd/pumba_help.h"

static void print_flags(FILE *out, const struct hp_pflag *flags)
{
	for (const struct hp_pflag *f = flags; f && f->type != HP_PFLAG_END; f++) {
		AUTO(hp_strv_free) struct hp_strv names = {0};
		AUTO_FREE char *text = hp_pflag_text(f);

		hp_pflag_names(f, &names);
		for (size_t i = 0; i < names.count; i++)
			fprintf(out, "%s*%s*%s", i > 0 ? ", " : "", names.items[i],
				f->type == HP_PFLAG_BOOL ? "" : " _value_");
		fputs("\n\t", out);
		hp_help_man_text(out, text);
		fputs("\n\n", out);
	}
}

static void print_command(FILE *out, const char *called, const struct hp_chaos_cmd *group,
			  const struct hp_chaos_cmd *cmd)
{
	const char *operands = cmd->operands ? cmd->operands : "[containers...]";

	/* Headings are no markup, so nothing is quoted there. */
	fprintf(out, "## %s %s%s%s%s%s%s\n\n%c", called, group ? group->name : "",
		group ? " " : "", cmd->name, cmd->flags ? " [options]" : "",
		operands[0] || cmd->subs ? " " : "", cmd->subs ? "COMMAND" : operands,
		toupper((unsigned char)cmd->usage[0]));
	hp_help_man_text(out, cmd->usage + 1);
	fputs(".\n\n", out);
	if (cmd->about) {
		hp_help_man_text(out, cmd->about);
		fputs("\n\n", out);
	}
	print_flags(out, cmd->flags);
	for (const struct hp_chaos_cmd *const *s = cmd->subs; s && *s; s++)
		print_command(out, called, cmd, *s);
}

void hp_pumba_man(FILE *out, const char *called)
{
	fputs("# GLOBAL OPTIONS\n\n", out);
	print_flags(out, hp_chaos_flags);
	fputs("# COMMANDS\n\n", out);
	for (const struct hp_chaos_cmd *const *c = hp_chaos_cmds; *c; c++)
		print_command(out, called, NULL, *c);
}
