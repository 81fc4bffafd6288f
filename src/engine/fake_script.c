/* SPDX-License-Identifier: Apache-2.0 */
/* fake_script.c - argument vectors and shell texts of the fake engine, made into steps. */
#include "engine/fake_script.h"

#include <ctype.h>
#include <harpoon/container.h>
#include <harpoon/stream.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/path.h"
#include "base/str.h"

#define MAX_TEXT  65536u
#define MAX_LOOPS 4

/* A simple command: its words, and where its output goes. */
struct command {
	struct hp_strv words;
	int channel;
};

static void command_clear(struct command *c)
{
	hp_strv_free(&c->words);
	c->channel = HP_CHANNEL_STDOUT;
}
HP_AUTO_VALUE(struct command, command_clear);

/* A shell's text on its way into a script. loops: the steps that loops begin with. */
struct parser {
	const char *at;
	const char *const *env;
	struct hp_fake_script *script;
	int loops[MAX_LOOPS];
	size_t n_loops;
};

void hp_fake__script_clear(struct hp_fake_script *script)
{
	for (size_t i = 0; i < script->count; i++)
		free(script->steps[i].text);
	free(script->steps);
	*script = (struct hp_fake_script){0};
}

static struct hp_fake_step *add_step(struct hp_fake_script *s, enum hp_fake_verb verb,
				     int number)
{
	s->steps = hp_realloc_array(s->steps, s->count + 1, sizeof(*s->steps));
	s->steps[s->count] = (struct hp_fake_step){.verb = verb, .number = number};
	return &s->steps[s->count++];
}

/* The last one of a name counts. */
static const char *env_get(const char *const *env, const char *name, size_t len)
{
	const char *value = "";

	for (; env && *env; env++)
		if (!strncmp(*env, name, len) && (*env)[len] == '=')
			value = *env + len + 1;
	return value;
}

/* "$NAME" at p->at: put its value at the end of @word. */
static int take_variable(struct parser *p, struct hp_buf *word, struct hp_error *err)
{
	size_t len = 0;

	p->at++;
	while (isalnum((unsigned char)p->at[len]) || p->at[len] == '_')
		len++;
	if (!len)
		return hp_fail(err, HP_EINVALID, "the fake shell knows no '$%c'", *p->at);
	const char *value = env_get(p->env, p->at, len);
	p->at += len;
	return hp_buf_add(word, value, strlen(value), err);
}

/* What stands between quotes. */
static int take_quoted(struct parser *p, struct hp_buf *word, struct hp_error *err)
{
	char quote = *p->at++;

	while (*p->at && *p->at != quote) {
		if (quote == '"' && *p->at == '$') {
			if (take_variable(p, word, err) < 0)
				return -1;
		} else if (hp_buf_add(word, p->at++, 1, err) < 0) {
			return -1;
		}
	}
	if (!*p->at)
		return hp_fail(err, HP_EINVALID, "a quote that is not closed");
	p->at++;
	return 0;
}

static int take_word(struct parser *p, struct command *c, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf word;
	int failed = 0;

	hp_buf_init(&word, MAX_TEXT);
	while (!failed && *p->at && !strchr(" \t\n;", *p->at)) {
		if (*p->at == '\'' || *p->at == '"')
			failed = take_quoted(p, &word, err);
		else if (*p->at == '$')
			failed = take_variable(p, &word, err);
		else if (strchr("&|<>()`*?{}\\", *p->at))
			failed = hp_fail(err, HP_EINVALID, "the fake shell knows no '%c'",
					 *p->at);
		else
			failed = hp_buf_add(&word, p->at++, 1, err);
	}
	if (!failed)
		hp_strv_take(&c->words, hp_buf_take_str(&word));
	return failed;
}

/* The words up to the end of the command. */
static int take_command(struct parser *p, struct command *c, struct hp_error *err)
{
	for (;;) {
		while (*p->at == ' ' || *p->at == '\t')
			p->at++;
		if (!*p->at || *p->at == ';' || *p->at == '\n')
			break;
		if (hp_str_starts(p->at, ">&2")) {
			c->channel = HP_CHANNEL_STDERR;
			p->at += 3;
		} else if (take_word(p, c, err) < 0) {
			return -1;
		}
	}
	if (*p->at)
		p->at++;
	return 0;
}

static void add_echo(struct hp_fake_script *s, const char *const *words, int channel)
{
	bool newline = !words[0] || !hp_str_eq(words[0], "-n");
	AUTO_FREE char *text = hp_strv_join(newline ? words : words + 1, " ");

	add_step(s, HP_FAKE_SAY, channel)->text = hp_sprintf("%s%s", text, newline ? "\n" : "");
	add_step(s, HP_FAKE_STATUS, 0);
}

static int add_sleep(struct hp_fake_script *s, const char *text, struct hp_error *err)
{
	int64_t nano = 0;

	if (!text || hp_str_nano(text, &nano, err) < 0)
		return text ? -1 : hp_fail(err, HP_EINVALID, "sleep: how long?");
	add_step(s, HP_FAKE_SLEEP, 0)->ns = nano;
	return 0;
}

static int add_exit(struct hp_fake_script *s, const char *text, struct hp_error *err)
{
	uint64_t status = 0;

	if (text && hp_str_u64(text, &status, err) < 0)
		return hp_wrap(err, "exit");
	add_step(s, HP_FAKE_EXIT, text ? (int)(status & 0xff) : -1);
	return 0;
}

static int add_trap(struct hp_fake_script *s, const char *const *words, struct hp_error *err)
{
	uint64_t signals = 0;

	if (!words[0] || !words[1])
		return hp_fail(err, HP_EINVALID, "trap: a text and a signal are needed");
	for (size_t i = 1; words[i]; i++) {
		int number = 0;
		if (hp_signal_parse(words[i], &number, err) < 0)
			return hp_wrap(err, "trap");
		signals |= (uint64_t)1 << (number - 1);
	}
	struct hp_fake_step *step = add_step(s, HP_FAKE_TRAP, 0);
	step->signals = signals;
	step->text = hp_str_eq(words[0], "-") ? NULL : hp_strdup(words[0]);
	return 0;
}

/* The programs that there are, with or without a directory. Returns: 0, 1 when there is no such
 * program, -1. */
static int add_program(struct hp_fake_script *s, const char *const *words, int channel,
		       struct hp_error *err)
{
	const char *name = words[0];

	if (hp_str_starts(name, "/bin/"))
		name += strlen("/bin/");
	if (hp_str_eq(name, "true"))
		add_step(s, HP_FAKE_STATUS, 0);
	else if (hp_str_eq(name, "false"))
		add_step(s, HP_FAKE_STATUS, 1);
	else if (hp_str_eq(name, "cat"))
		add_step(s, HP_FAKE_CAT, 0);
	else if (hp_str_eq(name, "echo"))
		add_echo(s, words + 1, channel);
	else if (hp_str_eq(name, "sleep"))
		return add_sleep(s, words[1], err);
	else
		return 1;
	return 0;
}

/* A command of the shell: its own words first, then programs. */
static int add_command(struct parser *p, const struct command *c, struct hp_error *err)
{
	const char *const *words = hp_strv_view(&c->words);
	struct hp_fake_script *s = p->script;

	if (words[0] && hp_str_eq(words[0], "do"))
		words++;
	if (!words[0])
		return 0;
	if (hp_str_eq(words[0], "exit"))
		return add_exit(s, words[1], err);
	if (hp_str_eq(words[0], "trap"))
		return add_trap(s, words + 1, err);
	if (hp_str_eq(words[0], ":")) {
		add_step(s, HP_FAKE_STATUS, 0);
		return 0;
	}
	if (hp_str_eq(words[0], "while")) {
		if (p->n_loops == MAX_LOOPS || !words[1] ||
		    (!hp_str_eq(words[1], "true") && !hp_str_eq(words[1], ":")))
			return hp_fail(err, HP_EINVALID,
				       "the fake shell only knows 'while true'");
		p->loops[p->n_loops++] = (int)s->count;
		return 0;
	}
	if (hp_str_eq(words[0], "done")) {
		if (!p->n_loops)
			return hp_fail(err, HP_EINVALID, "done: there is no loop");
		add_step(s, HP_FAKE_GO, p->loops[--p->n_loops]);
		return 0;
	}
	int found = add_program(s, words, c->channel, err);
	if (found <= 0)
		return found;
	add_step(s, HP_FAKE_SAY, HP_CHANNEL_STDERR)->text =
		hp_sprintf("sh: %s: not found\n", words[0]);
	add_step(s, HP_FAKE_STATUS, 127);
	return 0;
}

int hp_fake__script_parse(const char *text, const char *const *env, struct hp_fake_script *ret,
			  struct hp_error *err)
{
	AUTO(hp_fake__script_clear) struct hp_fake_script script = {0};
	struct parser p = {.at = text, .env = env, .script = &script};

	if (strlen(text) > MAX_TEXT)
		return hp_fail(err, HP_EINVALID, "a shell text of over %u bytes", MAX_TEXT);
	while (*p.at) {
		AUTO(command_clear) struct command c = {.channel = HP_CHANNEL_STDOUT};
		if (take_command(&p, &c, err) < 0 || add_command(&p, &c, err) < 0)
			return hp_wrap(err, "sh -c");
	}
	if (p.n_loops)
		return hp_fail(err, HP_EINVALID, "sh -c: a loop that is not done");
	*ret = script;
	script = (struct hp_fake_script){0};
	return 0;
}

/* A shell without a text reads its commands from stdin; this one takes none from there. */
static int make_shell(const char *const *argv, const char *const *env,
		      struct hp_fake_script *ret, struct hp_error *err)
{
	if (argv[1] && hp_str_eq(argv[1], "-c") && argv[2])
		return hp_fake__script_parse(argv[2], env, ret, err);
	if (argv[1])
		return hp_fail(err, HP_EINVALID, "the fake shell only knows 'sh' and 'sh -c'");
	add_step(ret, HP_FAKE_CAT, 0);
	return 0;
}

int hp_fake__script_make(const char *const *argv, const char *const *env,
			 struct hp_fake_script *ret, struct hp_error *err)
{
	static const char *const dirs[] = {"/",     "/bin", "/dev", "/etc",
					   "/proc", "/sys", "/tmp"};
	AUTO_FREE char *path = hp_path_clean(argv[0]);
	struct hp_fake_script script = {0};

	for (size_t i = 0; argv[0][0] == '/' && i < HP_ARRAY_LEN(dirs); i++)
		if (hp_str_eq(path, dirs[i]))
			return hp_fail(err, HP_ENOEXEC, "exec: \"%s\": permission denied",
				       argv[0]);
	if (hp_str_eq(argv[0], "sh") || hp_str_eq(argv[0], "/bin/sh"))
		return make_shell(argv, env, ret, err);
	int found = add_program(&script, argv, HP_CHANNEL_STDOUT, err);
	if (found < 0)
		return -1;
	if (found > 0)
		return hp_fail(err, HP_ENOCMD,
			       strchr(argv[0], '/')
				       ? "exec: \"%s\": no such file or directory"
				       : "exec: \"%s\": executable file not found in $PATH",
			       argv[0]);
	*ret = script;
	return 0;
}
