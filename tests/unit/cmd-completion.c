/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-completion.c - tests of src/cmd/completion.c and man.c: all is printed from the tables. */
#include "cmd/commands.h"

#include "base/alloc.h"
#include "cmd-world.h"
#include "cmd/chaos.h"

/* Every command that people see, and every option of it, is in what is printed. */
static void assert_has_all(const char *text, const char *option_form,
			   const struct hp_cmd *const *cmds)
{
	for (const struct hp_cmd *const *c = cmds; *c; c++) {
		if ((*c)->flags & HP_CMD_HIDDEN)
			continue;
		assert_has(text, (*c)->name);
		for (const struct hp_opt *o = (*c)->opts; o && o->type != HP_OPT_END_TYPE;
		     o++) {
			AUTO_FREE char *form = hp_sprintf("%s%s", option_form, o->name);
			assert_has(text, form);
		}
	}
}

static void assert_complete(const char *text, const char *option_form)
{
	for (const struct hp_cmd *const *c = hp_cmds; *c; c++)
		if ((*c)->subs)
			assert_has_all(text, option_form, (*c)->subs);
	assert_has_all(text, option_form, hp_cmds);
}

static void test_bash(void **state)
{
	(void)state;
	const struct said *said = SAY("completion", "bash");

	assert_int_equal(said->status, 0);
	assert_complete(said->out, "--");
	assert_has(said->out, "words='json-file none'");
}

/* What bash does with it, where there is a bash: asked as a user asks, by a word half typed. */
static void ask_bash(const char *line, const char *wanted)
{
	const struct said *said = SAY("completion", "bash");
	/* Readline makes words of their own of ':' and '='. */
	AUTO_FREE char *script = hp_sprintf(
		"%s\nharpoon() { echo localhost/box:1; }\n"
		"COMP_LINE='%s'; COMP_POINT=${#COMP_LINE}; words=${COMP_LINE//:/ : }\n"
		"read -ra COMP_WORDS <<<\"${words//=/ = }\"\n"
		"[[ $COMP_LINE != *[[:space:]:=] ]] || COMP_WORDS+=('')\n"
		"COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _harpoon\n"
		"test \"${COMPREPLY[*]}\" = '%s' || echo \"got ${COMPREPLY[*]}\" >&2",
		said->out, line, wanted);
	char said_wrong[512] = "";
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], 2);
		execlp("bash", "bash", "--norc", "-c", script, NULL);
		_exit(0);
	}
	close(fds[1]);
	ssize_t n = read(fds[0], said_wrong, sizeof(said_wrong) - 1);
	close(fds[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	if (n != 0)
		fail_msg("completion of '%s': %s", line, said_wrong);
}

static void test_bash_answers(void **state)
{
	(void)state;
	ask_bash("harpoon unp", "unpause");
	ask_bash("harpoon rest", "restart");
	/* What has a grammar of its own is asked; a function of this test answers. */
	ask_bash("harpoon chaos loc", "localhost/box:1");
	ask_bash("harpoon run --read", "--read-only");
	ask_bash("harpoon run --log-driver j", "json-file");
	ask_bash("harpoon --log-level error create --log-driver n", "none");
	ask_bash("harpoon completion z", "zsh");
	ask_bash("harpoon --log-f", "--log-format");
	ask_bash("harpoon --log-format=j", "json");
	ask_bash("harpoon --log-format=json unp", "unpause");
	ask_bash("harpoon run --rm loc", "localhost/box:1");
	ask_bash("harpoon run --rm localhost/box:", "1");
	ask_bash("harpoon rmi localhost/b", "localhost/box:1");
	ask_bash("harpoon vm ", "ls timings console debug template pool");
	ask_bash("harpoon --log-level error vm t", "timings template");
	ask_bash("harpoon vm template ", "build ls rm");
	ask_bash("harpoon vm template build --n", "--net");
	ask_bash("harpoon vm template build --q", "--quiet");
	ask_bash("harpoon vm console --k", "--kernel");
	ask_bash("harpoon vm timings loc", "localhost/box:1");
	ask_bash("harpoon vm -", "--help");
}

static void test_zsh_and_fish(void **state)
{
	(void)state;
	const struct said *said = SAY("completion", "zsh");

	assert_int_equal(said->status, 0);
	assert_complete(said->out, "--");
	assert_has(said->out, "#compdef harpoon");
	said = SAY("completion", "fish");
	assert_int_equal(said->status, 0);
	assert_complete(said->out, "-l ");
}

static void test_other_shell(void **state)
{
	(void)state;
	const struct said *said = SAY("completion", "csh");

	assert_int_equal(said->status, 2);
	assert_has(said->err, "csh");
	assert_int_equal(SAY("completion")->status, 2);
}

static void test_man(void **state)
{
	(void)state;
	const struct said *said = SAY("man", "vm");

	assert_int_equal(said->status, 0);
	assert_has_all(said->out, "*--", hp_cmd_find("vm")->subs);
	assert_has(said->out, "## harpoon vm debug [options] CONTAINER [COMMAND [ARG...]]\n");
	assert_null(strstr(said->out, "GLOBAL OPTIONS"));
	assert_int_equal(SAY("man", "run")->status, 2);
	assert_int_equal(SAY("man", "nothing")->status, 2);

	said = SAY("man");
	assert_int_equal(said->status, 0);
	assert_has_all(said->out, "*--", hp_cmds);
	assert_has(said->out, "## harpoon vm COMMAND\n");
	assert_has(said->out, "See *harpoon-vm*(1).\n");
	assert_null(strstr(said->out, "## harpoon vm debug"));
	assert_has(said->out, "## harpoon run [options] IMAGE [COMMAND [ARGUMENT...]]\n");
	assert_null(strstr(said->out, "## harpoon reap"));
}

/* The pages of chaos, by either name, have every command and every flag. */
static void test_man_of_chaos(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *called = i == 0 ? "pumba" : "harpoon chaos";
		const struct said *said = SAY("man", "chaos", called);

		assert_int_equal(said->status, 0);
		assert_has(said->out, "# GLOBAL OPTIONS\n");
		for (const struct hp_chaos_cmd *const *c = hp_chaos_cmds; *c; c++) {
			AUTO_FREE char *heading = hp_sprintf("## %s %s", called, (*c)->name);
			assert_has(said->out, heading);
		}
		for (const struct hp_pflag *f = hp_chaos_flags; f->type != HP_PFLAG_END; f++) {
			AUTO(hp_strv_free) struct hp_strv names = {0};
			hp_pflag_names(f, &names);
			AUTO_FREE char *bold = hp_sprintf("*%s*", names.items[0]);
			assert_has(said->out, bold);
		}
		assert_has(said->out, "*--probability* _value_\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_bash),         FDS_TEST(test_bash_answers),
		FDS_TEST(test_zsh_and_fish), FDS_TEST(test_other_shell),
		FDS_TEST(test_man),          FDS_TEST(test_man_of_chaos),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
