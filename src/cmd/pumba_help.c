/* SPDX-License-Identifier: Apache-2.0 */
/* pumba_help.c - texts printed from the tables of chaos. From: the headings of urfave/cli v1.22. */
#include "cmd/pumba_help.h"

#include <string.h>

#include "base/alloc.h"

#define CONTAINERS "containers (name, list of names, or RE2 regex if prefixed with \"re2:\")"

static void print_flags(FILE *out, const char *title, const struct hp_pflag *flags)
{
	size_t widest = 0;

	for (const struct hp_pflag *f = flags; f->type != HP_PFLAG_END; f++) {
		AUTO_FREE char *form = hp_pflag_form(f);
		if (strlen(form) > widest)
			widest = strlen(form);
	}
	fprintf(out, "\n%s:\n", title);
	for (const struct hp_pflag *f = flags; f->type != HP_PFLAG_END; f++) {
		AUTO_FREE char *form = hp_pflag_form(f);
		AUTO_FREE char *text = hp_pflag_text(f);
		fprintf(out, "   %-*s  %s\n", (int)widest, form, text);
	}
}

static void print_commands(FILE *out, const struct hp_chaos_cmd *const *cmds, bool with_help)
{
	size_t widest = with_help ? strlen("help, h") : 0;

	for (const struct hp_chaos_cmd *const *c = cmds; *c; c++)
		if (strlen((*c)->name) > widest)
			widest = strlen((*c)->name);
	fputs("\nCOMMANDS:\n", out);
	for (const struct hp_chaos_cmd *const *c = cmds; *c; c++)
		fprintf(out, "   %-*s  %s\n", (int)widest, (*c)->name, (*c)->usage);
	if (with_help)
		fprintf(out, "   %-*s  list the commands, or explain one\n", (int)widest,
			"help, h");
}

void hp_pumba_help(FILE *out, const char *called)
{
	bool pumba = hp_str_eq(called, "pumba");

	fprintf(out,
		"NAME:\n   %s - break containers on purpose, and put them back\n\n"
		"USAGE:\n   %s [global options] command [command options] " CONTAINERS "\n\n"
		"VERSION:\n   %s\n",
		pumba ? "Pumba" : called, called, hp_pumba_version());
	print_commands(out, hp_chaos_cmds, true);
	print_flags(out, "GLOBAL OPTIONS", hp_chaos_flags);
}

void hp_pumba_help_command(FILE *out, const char *called, const struct hp_chaos_cmd *group,
			   const struct hp_chaos_cmd *cmd)
{
	const char *operands = cmd->operands ? cmd->operands : CONTAINERS;
	AUTO_FREE char *name = hp_sprintf("%s%s%s %s", called, group ? " " : "",
					  group ? group->name : "", cmd->name);

	fprintf(out, "NAME:\n   %s - %s\n\nUSAGE:\n   %s%s [command options]%s%s\n", name,
		cmd->usage, name, cmd->subs ? " command" : "", operands[0] ? " " : "",
		operands);
	if (cmd->about)
		fprintf(out, "\nDESCRIPTION:\n   %s\n", cmd->about);
	if (cmd->subs)
		print_commands(out, cmd->subs, false);
	if (cmd->flags)
		print_flags(out, "OPTIONS", cmd->flags);
}

/* The command called @name among @cmds, NULL when there is none. */
static const struct hp_chaos_cmd *find(const struct hp_chaos_cmd *const *cmds, const char *name)
{
	for (; *cmds; cmds++)
		if (hp_str_eq((*cmds)->name, name))
			return *cmds;
	return NULL;
}

/* The first word of *@words that is no flag nor a flag's value; *@words is put behind it. */
static const char *next_operand(const struct hp_pflag *flags, const char *const **words)
{
	AUTO(hp_strv_free) struct hp_strv valued = {0};

	for (const struct hp_pflag *f = flags; f && f->type != HP_PFLAG_END; f++)
		if (f->type != HP_PFLAG_BOOL)
			hp_pflag_names(f, &valued);
	while (**words) {
		const char *word = *(*words)++;
		/* Whether one dash or two makes no difference. */
		AUTO_FREE char *other = hp_sprintf("-%s", word);
		const char *shorter = word[0] == '-' && word[1] == '-' ? word + 1 : word;

		if (word[0] != '-')
			return word;
		if ((hp_strv_has(&valued, word) || hp_strv_has(&valued, other) ||
		     hp_strv_has(&valued, shorter)) &&
		    **words)
			(*words)++;
	}
	return NULL;
}

static void complete_flags(FILE *out, const struct hp_pflag *flags)
{
	for (const struct hp_pflag *f = flags; f && f->type != HP_PFLAG_END; f++) {
		AUTO(hp_strv_free) struct hp_strv names = {0};
		hp_pflag_names(f, &names);
		for (size_t i = 0; i < names.count; i++)
			fprintf(out, "%s\n", names.items[i]);
	}
}

void hp_pumba_complete(FILE *out, const char *const *words)
{
	const struct hp_chaos_cmd *const *cmds = hp_chaos_cmds;
	const struct hp_pflag *flags = hp_chaos_flags;
	const char *last = "";

	for (const char *const *w = words; *w; w++)
		last = *w;
	while (cmds) {
		const char *name = next_operand(flags, &words);
		const struct hp_chaos_cmd *cmd = name ? find(cmds, name) : NULL;

		/* What is being typed may be the beginning of a command, and of no other. */
		if (!cmd)
			break;
		flags = cmd->flags;
		cmds = cmd->subs;
	}
	if (last[0] == '-') {
		complete_flags(out, flags);
		return;
	}
	for (; cmds && *cmds; cmds++)
		fprintf(out, "%s\n", (*cmds)->name);
	if (flags == hp_chaos_flags)
		fputs("help\nh\n", out);
}
