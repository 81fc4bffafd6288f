/* SPDX-License-Identifier: Apache-2.0 */
/* completion.c - harpoon completion: scripts for shells, printed from the tables. */
#include "cmd/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/cli.h"

/* The shell command that lists what operands of a kind may be; "" is files, NULL is nothing. */
static const char *lister(enum hp_operand_kind kind)
{
	switch (kind) {
	case HP_OPERAND_CONTAINER:
		return "harpoon ps -a --format '{{.Names}}' 2>/dev/null";
	case HP_OPERAND_MACHINE:
		return "harpoon vm ls --format '{{.ID}}' 2>/dev/null";
	case HP_OPERAND_TEMPLATE:
		return "harpoon vm template ls 2>/dev/null | sed 1d | cut -c 1-16";
	case HP_OPERAND_IMAGE:
		return "harpoon images --format '{{.Name}}' 2>/dev/null";
	case HP_OPERAND_FILE:
		return "";
	case HP_OPERAND_COMMAND:
	case HP_OPERAND_SHELL:
	case HP_OPERAND_OTHER:
		break;
	}
	return NULL;
}

/* The names of all commands with a blank between. Owns: the caller. */
static char *command_names(void)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};

	for (const struct hp_cmd *const *c = hp_cmds; *c; c++)
		if (!((*c)->flags & HP_CMD_HIDDEN))
			hp_strv_add(&names, (*c)->name);
	return hp_strv_join(hp_strv_view(&names), " ");
}

/* The words that names of commands in a group begin with and that are no command themselves, such as
 * "vm" and "vm template". */
static void add_groups(struct hp_strv *groups, const struct hp_cmd *group)
{
	hp_strv_add(groups, group->name);
	for (const struct hp_cmd *const *c = group->subs; *c; c++) {
		const char *blank = strchr((*c)->name + strlen(group->name) + 1, ' ');

		for (; blank; blank = strchr(blank + 1, ' ')) {
			AUTO_FREE char *name =
				hp_sprintf("%.*s", (int)(blank - (*c)->name), (*c)->name);

			if (!hp_strv_has(groups, name))
				hp_strv_add(groups, name);
		}
	}
}

/* What may come after @group in the names of @cmds, with a blank between. Owns: the caller. */
static char *words_after(const char *group, const struct hp_cmd *const *cmds)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	const size_t len = strlen(group);

	for (; *cmds; cmds++) {
		const char *name = (*cmds)->name;

		if (strncmp(name, group, len) != 0 || name[len] != ' ')
			continue;
		AUTO_FREE char *word =
			hp_sprintf("%.*s", (int)strcspn(name + len + 1, " "), name + len + 1);
		if (!hp_strv_has(&words, word))
			hp_strv_add(&words, word);
	}
	return hp_strv_join(hp_strv_view(&words), " ");
}

/* All groups, as a pattern of bash and zsh. Owns: the caller. */
static char *groups_pattern(void)
{
	AUTO(hp_strv_free) struct hp_strv groups = {0};

	for (const struct hp_cmd *const *c = hp_cmds; *c; c++)
		if ((*c)->subs)
			add_groups(&groups, *c);
	AUTO_FREE char *list = hp_strv_join(hp_strv_view(&groups), "'|'");
	return hp_sprintf("'%s'", list);
}

/* The operands that are known beforehand, NULL when there are none. Owns: the caller. */
static char *fixed_words(enum hp_operand_kind kind)
{
	if (kind == HP_OPERAND_COMMAND)
		return command_names();
	return kind == HP_OPERAND_SHELL ? hp_strdup("bash zsh fish") : NULL;
}

/* "--all --filter" of a table; with @only_args those that take an argument. Owns: the caller. */
static char *option_names(const struct hp_opt *opts, bool only_args, const char *sep)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};

	for (const struct hp_opt *o = opts; o && o->type != HP_OPT_END_TYPE; o++) {
		if (only_args && o->type == HP_OPT_FLAG_TYPE)
			continue;
		hp_strv_addf(&names, "--%s", o->name);
		if (only_args && o->letter)
			hp_strv_addf(&names, "-%c", o->letter);
	}
	if (!only_args)
		hp_strv_add(&names, "--help");
	return hp_strv_join(hp_strv_view(&names), sep);
}

/* Options with a choice of words: one case of the shell each. */
static void print_bash_words(FILE *out, const char *name, const struct hp_opt *opts)
{
	for (const struct hp_opt *o = opts; o && o->type != HP_OPT_END_TYPE; o++) {
		if (!o->words)
			continue;
		AUTO(hp_strv_free) struct hp_strv words = {0};
		hp_strv_split(&words, o->words, '|');
		AUTO_FREE char *list = hp_strv_join(hp_strv_view(&words), " ");
		fprintf(out, "\t'%s:--%s') words='%s' ;;\n", name, o->name, list);
	}
}

/* A command with a grammar of its own is asked itself. */
static void print_bash_raw(FILE *out, const struct hp_cmd *cmd)
{
	fprintf(out,
		"\t'%s')\n"
		"\t\toperands=$(harpoon %s \"${COMP_WORDS[@]:i+1:COMP_CWORD-i}\" "
		"--generate-bash-completion 2>/dev/null)\n"
		"\t\topts=$operands\n"
		"\t\t[ -n \"$operands\" ] || operands=$(%s)\n"
		"\t\t;;\n",
		cmd->name, cmd->name, lister(HP_OPERAND_CONTAINER));
}

static void print_bash_command(FILE *out, const struct hp_cmd *cmd)
{
	if (cmd->flags & HP_CMD_RAW) {
		print_bash_raw(out, cmd);
		return;
	}
	AUTO_FREE char *names = option_names(cmd->opts, false, " ");
	AUTO_FREE char *valued = option_names(cmd->opts, true, "|");
	AUTO_FREE char *fixed = fixed_words(cmd->kind);
	const char *list = lister(cmd->kind);

	fprintf(out, "\t'%s')\n\t\topts='%s'\n", cmd->name, names);
	if (valued[0])
		fprintf(out, "\t\tcase \"$prev\" in %s) valued=1 ;; esac\n", valued);
	if (fixed)
		fprintf(out, "\t\toperands='%s'\n", fixed);
	else if (list && list[0])
		fprintf(out, "\t\toperands=$(%s)\n", list);
	fprintf(out, "\t\t;;\n");
}

static void print_bash_commands(FILE *out, const struct hp_cmd *const *cmds)
{
	for (; *cmds; cmds++) {
		AUTO(hp_strv_free) struct hp_strv groups = {0};

		if ((*cmds)->flags & HP_CMD_HIDDEN)
			continue;
		if (!(*cmds)->subs) {
			print_bash_command(out, *cmds);
			continue;
		}
		add_groups(&groups, *cmds);
		for (size_t i = 0; i < groups.count; i++) {
			AUTO_FREE char *words = words_after(groups.items[i], (*cmds)->subs);
			fprintf(out, "\t'%s')\n\t\topts='--help'\n\t\toperands='%s'\n\t\t;;\n",
				groups.items[i], words);
		}
		print_bash_commands(out, (*cmds)->subs);
	}
}

static void print_bash_choices(FILE *out, const struct hp_cmd *const *cmds)
{
	for (; *cmds; cmds++) {
		if ((*cmds)->flags & HP_CMD_HIDDEN)
			continue;
		print_bash_words(out, (*cmds)->name, (*cmds)->opts);
		if ((*cmds)->subs)
			print_bash_choices(out, (*cmds)->subs);
	}
}

static void print_bash(FILE *out)
{
	AUTO_FREE char *groups = groups_pattern();
	AUTO_FREE char *commands = command_names();
	AUTO_FREE char *globals = option_names(hp_cli_opts, false, " ");
	AUTO_FREE char *valued = option_names(hp_cli_opts, true, "|");

	fprintf(out,
		"# bash completion for harpoon: source <(harpoon completion bash)\n"
		"_harpoon() {\n"
		"\tlocal cur=\"${COMP_LINE:0:COMP_POINT}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
		"\tlocal cmd='' opts='' operands='' words='' valued='' kept='' i\n"
		"\t# Readline ends words at ':' and '=', which images and options have in them.\n"
		"\tcur=${cur##*[[:space:]]}\n"
		"\t[[ $cur != *[:=]* ]] || kept=${cur%%\"${cur##*[:=]}\"}\n"
		"\tif [[ $cur == --*=* ]]; then prev=${cur%%%%=*} cur=${cur#*=} kept=''; fi\n"
		"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		"\t\tcase \"${COMP_WORDS[i]}\" in\n"
		"\t\t%s) i=$((i + 1)); [ \"${COMP_WORDS[i]}\" != = ] || i=$((i + 1)) ;;\n"
		"\t\t-*) ;;\n"
		"\t\t*)\n"
		"\t\t\tcmd=\"${cmd:+$cmd }${COMP_WORDS[i]}\"\n"
		"\t\t\tcase \"$cmd\" in %s) ;; *) break ;; esac ;;\n"
		"\t\tesac\n"
		"\tdone\n"
		"\tcase \"$cmd\" in\n"
		"\t'')\n\t\topts='%s'\n\t\toperands='%s'\n"
		"\t\tcase \"$prev\" in %s) valued=1 ;; esac\n\t\t;;\n",
		valued, groups, globals, commands, valued);
	print_bash_commands(out, hp_cmds);
	fprintf(out, "\tesac\n\tcase \"$cmd:$prev\" in\n");
	print_bash_words(out, "", hp_cli_opts);
	print_bash_choices(out, hp_cmds);
	fprintf(out, "\tesac\n"
		     "\tif [ -n \"$words\" ]; then\n"
		     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		     "\telif [ -n \"$valued\" ]; then\n"
		     "\t\tcompopt -o filenames 2>/dev/null\n"
		     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		     "\telif [[ $cur == -* ]]; then\n"
		     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$opts\" -- \"$cur\")\n"
		     "\telif [ -n \"$operands\" ]; then\n"
		     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$operands\" -- \"$cur\")\n"
		     "\telse\n"
		     "\t\tcompopt -o filenames 2>/dev/null\n"
		     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		     "\tfi\n"
		     "\tCOMPREPLY=(\"${COMPREPLY[@]#\"$kept\"}\")\n"
		     "}\n"
		     "complete -F _harpoon harpoon\n"
		     "# The same program called as pumba.\n"
		     "_pumba() {\n"
		     "\tlocal words\n"
		     "\twords=$(\"${COMP_WORDS[@]:0:COMP_CWORD+1}\" "
		     "--generate-bash-completion 2>/dev/null)\n"
		     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
		     "\"${COMP_WORDS[COMP_CWORD]}\")\n"
		     "}\n"
		     "complete -F _pumba pumba\n");
}

/* @text within single quotes, with what _arguments reads as syntax quoted. */
static void print_zsh_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:\\", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void print_zsh_option(FILE *out, const struct hp_opt *o)
{
	bool many = o->type == HP_OPT_LIST_TYPE || o->type == HP_OPT_PAIRS_TYPE;

	fprintf(out, "\t\t\t'%s--%s%s[", many ? "*" : "", o->name, o->arg ? "=" : "");
	print_zsh_text(out, o->help);
	fputc(']', out);
	if (o->words) {
		AUTO(hp_strv_free) struct hp_strv words = {0};
		hp_strv_split(&words, o->words, '|');
		AUTO_FREE char *list = hp_strv_join(hp_strv_view(&words), " ");
		fprintf(out, ":%s:(%s)", o->name, list);
	} else if (o->arg) {
		fputc(':', out);
		print_zsh_text(out, o->arg);
		fputs(":_files", out);
	}
	fputs("' \\\n", out);
}

static void print_zsh_command(FILE *out, const struct hp_cmd *cmd)
{
	if (cmd->flags & HP_CMD_RAW) {
		fprintf(out,
			"\t\t'%s')\n\t\tcompadd -- ${(f)\"$(harpoon %s ${words[2,CURRENT]} "
			"--generate-bash-completion 2>/dev/null)\"} ;;\n",
			cmd->name, cmd->name);
		return;
	}
	AUTO_FREE char *fixed = fixed_words(cmd->kind);
	const char *list = lister(cmd->kind);

	fprintf(out, "\t\t'%s')\n\t\t_arguments \\\n", cmd->name);
	for (const struct hp_opt *o = cmd->opts; o && o->type != HP_OPT_END_TYPE; o++)
		print_zsh_option(out, o);
	fputs("\t\t\t'--help[explain the command]' \\\n", out);
	if (fixed)
		fprintf(out, "\t\t\t'*:operand:(%s)' ;;\n", fixed);
	else if (list && list[0])
		fprintf(out, "\t\t\t\"*:operand:(${(f)$(%s)})\" ;;\n", list);
	else
		fprintf(out, "\t\t\t'*:operand:_files' ;;\n");
}

static void print_zsh_commands(FILE *out, const struct hp_cmd *const *cmds)
{
	for (; *cmds; cmds++) {
		AUTO(hp_strv_free) struct hp_strv groups = {0};

		if ((*cmds)->flags & HP_CMD_HIDDEN)
			continue;
		if (!(*cmds)->subs) {
			print_zsh_command(out, *cmds);
			continue;
		}
		add_groups(&groups, *cmds);
		for (size_t i = 0; i < groups.count; i++) {
			AUTO_FREE char *words = words_after(groups.items[i], (*cmds)->subs);
			fprintf(out, "\t\t'%s')\n\t\tcompadd -- %s ;;\n", groups.items[i],
				words);
		}
		print_zsh_commands(out, (*cmds)->subs);
	}
}

static void print_zsh(FILE *out)
{
	AUTO_FREE char *groups = groups_pattern();

	fprintf(out,
		"#compdef harpoon pumba\n"
		"# zsh completion for harpoon: harpoon completion zsh > a directory of $fpath\n"
		"_harpoon() {\n\tlocal curcontext=\"$curcontext\" state line\n"
		"\tif [[ $service == pumba ]]; then\n"
		"\t\tcompadd -- ${(f)\"$(${words[1,CURRENT]} --generate-bash-completion "
		"2>/dev/null)\"}\n"
		"\t\treturn\n"
		"\tfi\n"
		"\tlocal -a commands=(\n");
	for (const struct hp_cmd *const *c = hp_cmds; *c; c++) {
		if ((*c)->flags & HP_CMD_HIDDEN)
			continue;
		fprintf(out, "\t\t'%s:", (*c)->name);
		print_zsh_text(out, (*c)->summary);
		fputs("'\n", out);
	}
	fprintf(out, "\t)\n\t_arguments -C \\\n");
	for (const struct hp_opt *o = hp_cli_opts; o->type != HP_OPT_END_TYPE; o++)
		print_zsh_option(out, o);
	fprintf(out,
		"\t\t'1:command:->command' '*::operand:->operands'\n"
		"\tcase $state in\n"
		"\tcommand) _describe command commands ;;\n"
		"\toperands)\n"
		"\t\tlocal name=$line[1]\n"
		"\t\twhile [[ CURRENT -gt 2 && $name == (%s) ]]; do\n"
		"\t\t\tshift words\n"
		"\t\t\t(( CURRENT-- ))\n"
		"\t\t\tname=\"$name $words[1]\"\n"
		"\t\tdone\n"
		"\t\tcase $name in\n",
		groups);
	print_zsh_commands(out, hp_cmds);
	fprintf(out, "\t\tesac ;;\n\tesac\n}\n_harpoon \"$@\"\n");
}

/* @text within single quotes of fish. */
static void print_fish_text(FILE *out, const char *text)
{
	for (; *text; text++)
		fprintf(out, strchr("'\\", *text) ? "\\%c" : "%c", *text);
}

static void print_fish_options(FILE *out, const char *condition, const struct hp_opt *opts)
{
	for (const struct hp_opt *o = opts; o && o->type != HP_OPT_END_TYPE; o++) {
		fprintf(out, "complete -c harpoon -n '%s' -l %s", condition, o->name);
		if (o->letter)
			fprintf(out, " -s %c", o->letter);
		if (o->words) {
			AUTO(hp_strv_free) struct hp_strv words = {0};
			hp_strv_split(&words, o->words, '|');
			AUTO_FREE char *list = hp_strv_join(hp_strv_view(&words), " ");
			fprintf(out, " -x -a '%s'", list);
		} else if (o->arg) {
			fputs(" -r", out);
		}
		fputs(" -d '", out);
		print_fish_text(out, o->help);
		fputs("'\n", out);
	}
}

static void print_fish_command(FILE *out, const struct hp_cmd *cmd, const char *seen)
{
	AUTO_FREE char *fixed = fixed_words(cmd->kind);
	const char *list = lister(cmd->kind);

	if (cmd->flags & HP_CMD_RAW) {
		fprintf(out, "complete -c harpoon -f -n '%s' -a '(__harpoon_itself)'\n", seen);
		return;
	}
	print_fish_options(out, seen, cmd->opts);
	if (fixed)
		fprintf(out, "complete -c harpoon -f -n '%s' -a '%s'\n", seen, fixed);
	else if (list && list[0])
		fprintf(out, "complete -c harpoon -f -n '%s' -a \"(%s)\"\n", seen, list);
}

static void print_fish_group(FILE *out, const struct hp_cmd *group)
{
	AUTO(hp_strv_free) struct hp_strv groups = {0};

	add_groups(&groups, group);
	for (size_t i = 0; i < groups.count; i++) {
		AUTO_FREE char *words = words_after(groups.items[i], group->subs);
		fprintf(out, "complete -c harpoon -f -n '__harpoon_ends \"%s\"' -a '%s'\n",
			groups.items[i], words);
	}
	for (const struct hp_cmd *const *c = group->subs; *c; c++) {
		AUTO_FREE char *seen = hp_sprintf("__harpoon_has \"%s\"", (*c)->name);
		print_fish_command(out, *c, seen);
	}
}

static void print_fish(FILE *out)
{
	fprintf(out,
		"# fish completion for harpoon: harpoon completion fish | source\n"
		"# The words so far but options have this in them, or at their end.\n"
		"function __harpoon_words\n"
		"\techo \" \"(commandline -opc | string match -v -- '-*' |"
		" string join ' ')\" \"\n"
		"end\n"
		"function __harpoon_has\n"
		"\tstring match -q -- \"* $argv *\" (__harpoon_words)\n"
		"end\n"
		"function __harpoon_ends\n"
		"\tstring match -q -- \"* $argv \" (__harpoon_words)\n"
		"end\n"
		"# What has a grammar of its own is asked itself; pumba is the same program.\n"
		"function __harpoon_itself\n"
		"\tset -l words (commandline -opc) (commandline -ct)\n"
		"\t$words --generate-bash-completion 2>/dev/null\n"
		"end\n"
		"complete -c pumba -f -a '(__harpoon_itself)'\n");
	print_fish_options(out, "__fish_use_subcommand", hp_cli_opts);
	for (const struct hp_cmd *const *c = hp_cmds; *c; c++) {
		if ((*c)->flags & HP_CMD_HIDDEN)
			continue;
		AUTO_FREE char *seen = hp_sprintf("__fish_seen_subcommand_from %s", (*c)->name);
		fprintf(out, "complete -c harpoon -f -n __fish_use_subcommand -a %s -d '",
			(*c)->name);
		print_fish_text(out, (*c)->summary);
		fputs("'\n", out);
		if ((*c)->subs)
			print_fish_group(out, *c);
		else
			print_fish_command(out, *c, seen);
	}
}

static int completion_run(const struct hp_use *use, struct hp_error *err)
{
	const char *shell = use->operands[0];

	if (hp_str_eq(shell, "bash"))
		print_bash(stdout);
	else if (hp_str_eq(shell, "zsh"))
		print_zsh(stdout);
	else if (hp_str_eq(shell, "fish"))
		print_fish(stdout);
	else
		return hp_fail(err, HP_EUSAGE, "'%s' is none of bash, zsh and fish", shell);
	return 0;
}

const struct hp_cmd hp_cmd_completion = {
	.name = "completion",
	.summary = "print a completion script for a shell",
	.operands = "bash|zsh|fish",
	.min_operands = 1,
	.max_operands = 1,
	.kind = HP_OPERAND_SHELL,
	.run = completion_run,
};
