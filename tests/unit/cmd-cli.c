/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-cli.c - tests of src/cmd/cli.c and of the commands, by running the program on the fake engine. */
#include "cmd/commands.h"

#include "base/alloc.h"
#include "cmd-world.h"
#include "wire/json.h"

static void test_help(void **state)
{
	(void)state;
	const struct said *said = SAY("--help");

	assert_int_equal(said->status, 0);
	for (const struct hp_cmd *const *c = hp_cmds; *c; c++) {
		AUTO_FREE char *row = hp_sprintf("\n  %s ", (*c)->name);
		if ((*c)->flags & HP_CMD_HIDDEN)
			assert_null(strstr(said->out, row));
		else
			assert_has(said->out, row);
	}
	assert_has(SAY("help", "run")->out, "--cap-add CAP");
	assert_has(SAY("run", "--help")->out, "--cap-add CAP");
	assert_int_equal(SAY("help", "nope")->status, 2);
}

static void test_nothing_to_do(void **state)
{
	(void)state;
	const struct said *said = say_input("", (const char *const[]){"harpoon", NULL});

	assert_int_equal(said->status, 2);
	assert_string_equal(said->out, "");
	assert_has(said->err, "Usage:");
}

static void test_version(void **state)
{
	(void)state;
	assert_string_equal(SAY("--version")->out, "harpoon " HP_VERSION "\n");
	assert_has(SAY("version")->out, "Server:\n Name:      fake");
	assert_string_equal(SAY("version", "-f", "{{.Client.Version}}")->out, HP_VERSION "\n");
	assert_null(strstr(SAY("version", "--client")->out, "Server"));
}

/* Ours is printed also when the engine cannot be reached. */
static void test_version_without_engine(void **state)
{
	(void)state;
	const struct said *said =
		SAY("--engine", "containerd", "-a", "/no/such.sock", "version");

	assert_int_equal(said->status, 1);
	assert_has(said->out, "Client:");
	assert_has(said->err, "harpoon: version: ");
	assert_has(said->err, "/no/such.sock");
}

static void test_unknown(void **state)
{
	(void)state;
	const struct said *said = SAY("satrt");

	assert_int_equal(said->status, 2);
	assert_has(said->err, "did you mean 'start'?");
	assert_int_equal(SAY("ps", "--nope")->status, 2);
	assert_int_equal(SAY("--nope", "ps")->status, 2);
	assert_has(SAY("--nope", "ps")->err, "(see 'harpoon help')");
	assert_has(SAY("help", "satrt")->err, "did you mean 'start'?");
	said = SAY("rm", "-f", "nobody");
	assert_int_equal(said->status, 0);
	assert_string_equal(said->out, "");
	assert_has(said->err, "nobody");
	assert_int_equal(SAY("ps", "--filter", "status=nope")->status, 2);
	assert_has(SAY("ps", "--format", "table {{.ID}}\t{{.CreatedAt}}")->out,
		   "CONTAINER ID   CREATED AT");
	assert_int_equal(SAY("run", "--nope", "busybox")->status, 125);
	assert_int_equal(SAY("exec", "--nope", "c", "true")->status, 125);
	assert_has(SAY("ps", "--namespace", "x")->err, "goes before the command's name");
	assert_has(SAY("tag", "one")->err, "too few operands");
	assert_has(SAY("ps", "one")->err, "no operands");
	assert_int_equal(SAY("--timeout", "0", "ps")->status, 2);
	assert_int_equal(SAY("--engine", "nope", "ps")->status, 1);
}

static void test_json_errors(void **state)
{
	(void)state;
	AUTO(hp_json_free) struct hp_json *line = NULL;
	struct hp_error err = HP_ERROR_INIT;
	const struct said *said = SAY("--log-format", "json", "inspect", "nope");

	assert_int_equal(said->status, 1);
	const char *end = strchr(said->err, '\n');
	assert_non_null(end);
	assert_int_equal(
		hp_json_parse(HP_BYTES(said->err, (size_t)(end - said->err)), &line, &err), 0);
	assert_string_equal(hp_json_get_str(line, "level"), "error");
	assert_string_equal(hp_json_get_str(line, "command"), "inspect");
	assert_string_equal(hp_json_get_str(line, "code"), "HP_ENOTFOUND");
}

static void test_images(void **state)
{
	(void)state;
	const struct said *said = SAY("images");

	assert_int_equal(said->status, 0);
	assert_has(said->out, "REPOSITORY");
	assert_has(said->out, "busybox");
	assert_string_equal(SAY("images", "-q", "--filter", "reference=no-such")->out, "");
	assert_int_equal(SAY("images", "--filter", "nope=1")->status, 2);
}

static void test_ps_empty(void **state)
{
	(void)state;
	assert_string_equal(SAY("ps")->out,
			    "CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   NAMES\n");
	assert_string_equal(SAY("ps", "-q")->out, "");
	assert_string_equal(SAY("ps", "--format", "json")->out, "");
}

static void test_run(void **state)
{
	(void)state;
	assert_string_equal(SAY("run", "--rm", "busybox", "echo", "-n", "two words")->out,
			    SAY("run", "busybox", "echo", "-n", "two words")->out);
	assert_string_equal(SAY("run", "busybox", "echo", "hi")->out, "hi\n");
	assert_int_equal(SAY("run", "busybox", "false")->status, 1);
	assert_int_equal(SAY("run", "busybox", "sh", "-c", "exit 42")->status, 42);
	assert_int_equal(SAY("run", "nowhere/none", "true")->status, 125);
	assert_string_equal(SAY_INPUT("a\nb\n", "run", "-i", "busybox", "cat")->out, "a\nb\n");
	assert_string_equal(SAY_INPUT("a\n", "run", "busybox", "cat")->out, "");
	assert_int_equal(SAY("run", "busybox", "no-such-program")->status, 127);
}

/* Both at once need a terminal, and stdin is a file here. */
static void test_run_terminal(void **state)
{
	(void)state;
	const struct said *said = SAY("run", "-it", "busybox", "true");

	assert_int_equal(said->status, 125);
	assert_has(said->err, "terminal");
	assert_has(SAY("run", "--detach-keys", "nope", "busybox", "true")->err,
		   "--detach-keys");
}

static void test_run_detached(void **state)
{
	(void)state;
	const struct said *said = SAY("run", "-d", "busybox", "true");

	assert_int_equal(said->status, 0);
	assert_true(strlen(said->out) > 1);
	assert_int_equal(said->out[strlen(said->out) - 1], '\n');
}

/* Go on after a failure, name each, and fail in the end. */
static void test_several(void **state)
{
	(void)state;
	const struct said *said = SAY("stop", "one", "two");

	assert_int_equal(said->status, 1);
	assert_has(said->err, "'one'");
	assert_has(said->err, "'two'");
	assert_int_equal(SAY("rm", "one")->status, 1);
	assert_int_equal(SAY("rm", "-f", "one")->status, 0);
	said = SAY("inspect", "busybox", "nope");
	assert_int_equal(said->status, 1);
	assert_has(said->out, "\"RepoTags\"");
	assert_has(said->err, "nope");
}

static void test_bad_values(void **state)
{
	(void)state;
	assert_has(SAY("logs", "--since", "whenever", "c")->err, "--since");
	assert_has(SAY("logs", "--tail", "few", "c")->err, "--tail");
	assert_has(SAY("kill", "-s", "NOPE", "c")->err, "--signal");
	assert_has(SAY("update", "c")->err, "no limit");
	assert_int_equal(SAY("update", "c")->status, 2);
	assert_has(SAY("import", "--cmd", "[1]", "x", "y")->err, "--cmd");
	assert_has(SAY("version", "-f", "{{.Nope}}")->err, ".Nope");
}

/* A program that is started with its descriptors closed does not write into its own files. */
static void test_closed_descriptors(void **state)
{
	(void)state;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		close(0);
		close(1);
		close(2);
		setenv("HARPOON_ENGINE", "fake", 1);
		_exit(hp_cli_main(
			(const char *const[]){"harpoon", "run", "-i", "busybox", "cat", NULL},
			"/bin/true"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_help),         FDS_TEST(test_nothing_to_do),
		FDS_TEST(test_version),      FDS_TEST(test_version_without_engine),
		FDS_TEST(test_unknown),      FDS_TEST(test_json_errors),
		FDS_TEST(test_images),       FDS_TEST(test_ps_empty),
		FDS_TEST(test_run),          FDS_TEST(test_run_terminal),
		FDS_TEST(test_run_detached), FDS_TEST(test_several),
		FDS_TEST(test_bad_values),   FDS_TEST(test_closed_descriptors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
