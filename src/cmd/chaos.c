/* SPDX-License-Identifier: Apache-2.0 */
/* chaos.c - the way of one run of chaos: flags, command, exit status.
 * From: urfave/cli v1.22, App.Run, App.RunAsSubcommand and Command.Run. */
#include "cmd/chaos.h"

#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/out.h"
#include "cmd/pumba_help.h"

/* From: Pumba 1.1, what scripts know its failures by. */
enum { EXIT_FAILED = 1, EXIT_NO_TOPIC = 3 };

#define COMPLETE "--generate-bash-completion"

const char *hp_pumba_version(void)
{
	/* The release whose command line this is, and what it is in truth. */
	return "1.6.0 - [harpoon:" HP_VERSION "]";
}

/* A group while its command is looked for; zeroed for the program itself. */
struct level {
	const struct hp_chaos_cmd *group;
	const void *args;
};

static const struct hp_chaos_cmd *find(const struct hp_chaos_cmd *const *cmds, const char *name)
{
	for (; *cmds; cmds++)
		if (hp_str_eq((*cmds)->name, name))
			return *cmds;
	return NULL;
}

static bool is_help(const char *word)
{
	return hp_str_eq(word, "help") || hp_str_eq(word, "h");
}

static int no_topic(const char *name)
{
	fprintf(stderr, "No help topic for '%s'\n", name);
	return EXIT_NO_TOPIC;
}

/* "help", or "help TOPIC", on one level. */
static int help_on(const struct hp_chaos *c, const struct level *level, const char *topic)
{
	const struct hp_chaos_cmd *cmd =
		topic ? find(level->group ? level->group->subs : hp_chaos_cmds, topic) : NULL;

	if (topic && !cmd && !is_help(topic))
		return no_topic(topic);
	if (cmd)
		hp_pumba_help_command(stdout, c->called, level->group, cmd);
	else if (level->group)
		hp_pumba_help_command(stdout, c->called, NULL, level->group);
	else
		hp_pumba_help(stdout, c->called);
	return 0;
}

/* Run a command whose flags are parsed. */
static int perform(const struct hp_chaos_use *use, const struct hp_chaos_cmd *cmd,
		   struct hp_error *err)
{
	if (cmd->operands && !cmd->operands[0] && use->operands[0])
		return hp_fail(err, HP_EUSAGE, "%s takes no arguments, and got '%s'", cmd->name,
			       use->operands[0]);
	return cmd->run ? cmd->run(use, err) : hp_chaos_execute(use, cmd, err);
}

static int run_word(struct hp_chaos *c, const struct level *level, const char *const *words,
		    struct hp_error *err);

/* Parse what belongs to @cmd and go on with it. */
static int parse_command(struct hp_chaos *c, const struct level *level,
			 const struct hp_chaos_cmd *cmd, const char *const *words, void *args,
			 struct hp_error *err)
{
	const struct hp_pflags_base *base = args;
	AUTO(hp_strv_free) struct hp_strv operands = {0};
	int rc = hp_pflags_preset(cmd->flags, args, err);

	if (rc == 0)
		rc = hp_pflags_parse(cmd->flags, !cmd->subs, words, args, &operands, err);
	if (rc < 0) {
		printf("Incorrect Usage%c %s\n\n", cmd->subs ? '.' : ':', err->msg);
		hp_pumba_help_command(stdout, c->called, level->group, cmd);
		return -1;
	}
	if (base->help) {
		hp_pumba_help_command(stdout, c->called, level->group, cmd);
		return 0;
	}
	const char *const *rest = hp_strv_view(&operands);
	if (cmd->subs)
		return run_word(c, &(struct level){.group = cmd, .args = args}, rest, err);
	struct hp_chaos_use use = {
		.chaos = c, .args = args, .parent = level->args, .operands = rest};
	return perform(&use, cmd, err);
}

/* Run the command that the first of @words names. */
static int run_word(struct hp_chaos *c, const struct level *level, const char *const *words,
		    struct hp_error *err)
{
	const struct hp_chaos_cmd *cmd;

	if (!words[0] || is_help(words[0]))
		return help_on(c, level, words[0] ? words[1] : NULL);
	cmd = find(level->group ? level->group->subs : hp_chaos_cmds, words[0]);
	if (!cmd)
		return no_topic(words[0]);
	/* Without flags nothing that follows is understood. */
	if (!cmd->flags)
		return cmd->run(&(struct hp_chaos_use){.chaos = c, .operands = words + 1}, err);

	AUTO_FREE void *args = hp_alloc(cmd->args_size);
	int status = parse_command(c, level, cmd, words + 1, args, err);
	hp_pflags_clear(cmd->flags, args);
	return status;
}

/* What the log shall be like counts also for what is wrong with the other flags. What harpoon's own
 * options say counts where those of chaos say nothing. */
static void set_up_log(struct hp_chaos *c)
{
	const struct hp_globals *own = &c->cli->globals;
	const char *level = c->globals.log_level;

	if (own->log_level && !hp_pflags_given(hp_chaos_flags, &c->globals,
					       offsetof(struct hp_chaos_globals, log_level)))
		level = hp_str_eq(own->log_level, "warn") ? "warning" : own->log_level;
	c->log.level = hp_chaos_level_parse(level);
	c->log.json = c->globals.json || hp_str_eq(own->log_format, "json");
}

static int run_program(struct hp_chaos *c, const char *const *argv, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	if (hp_pflags_preset(hp_chaos_flags, &c->globals, err) < 0)
		return -1;
	int rc = hp_pflags_parse(hp_chaos_flags, false, argv, &c->globals, &words, err);
	set_up_log(c);
	if (rc < 0) {
		printf("Incorrect Usage. %s\n\n", err->msg);
		hp_pumba_help(stdout, c->called);
		return -1;
	}
	if (c->globals.base.help)
		return help_on(c, &(struct level){0}, NULL);
	if (c->globals.version) {
		printf("%s version %s\n", hp_str_eq(c->called, "pumba") ? "Pumba" : c->called,
		       hp_pumba_version());
		return 0;
	}
	if (hp_chaos_check(&c->globals, err) < 0)
		return -1;
	return run_word(c, &(struct level){0}, hp_strv_view(&words), err);
}

/* Is completion asked for, which is the last word then? If so, do it. */
static bool complete(const char *const *argv)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	for (; *argv && (argv[1] || !hp_str_eq(*argv, COMPLETE)); argv++)
		hp_strv_add(&words, *argv);
	if (*argv)
		hp_pumba_complete(stdout, hp_strv_view(&words));
	return *argv;
}

int hp_chaos_main(struct hp_cli *cli, const char *called, const char *const *argv)
{
	struct hp_chaos c = {
		.cli = cli,
		.called = called,
		.log = {.level = HP_CHAOS_WARNING,
			.terminal = isatty(STDERR_FILENO),
			.began_ns = hp_clock_ns()},
	};
	struct hp_error err = HP_ERROR_INIT;
	int status = 0;

	if (!complete(argv))
		status = run_program(&c, argv, &err);
	/* A text that did not reach its reader is a failure. */
	if (status == 0 && hp_out_flush(true, &err) < 0)
		status = -1;
	if (status < 0) {
		fflush(stdout);
		hp_chaos_log(&c.log, HP_CHAOS_FATAL, err.msg, NULL);
		status = EXIT_FAILED;
	}
	hp_pflags_clear(hp_chaos_flags, &c.globals);
	hp_strv_free(&c.owned);
	return status;
}
