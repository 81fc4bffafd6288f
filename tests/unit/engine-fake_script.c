/* SPDX-License-Identifier: Apache-2.0 */
/* engine-fake_script.c - tests of src/engine/fake_script.c. */
#include "engine/fake_script.h"

#include <harpoon/stream.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "fds.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ENV       ARGS("ONE=1", "TWO=a b", "ONE=last")

static void check_steps(const char *text, const struct hp_fake_step *want, size_t count)
{
	AUTO(hp_fake__script_clear) struct hp_fake_script script = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_fake__script_parse(text, ENV, &script, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(script.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(script.steps[i].verb, want[i].verb);
		assert_int_equal(script.steps[i].number, want[i].number);
		assert_int_equal(script.steps[i].ns, want[i].ns);
		assert_int_equal(script.steps[i].signals, want[i].signals);
		if (want[i].text)
			assert_string_equal(script.steps[i].text, want[i].text);
	}
}

#define CHECK(text, ...)                                                                       \
	do {                                                                                   \
		const struct hp_fake_step want_[] = {__VA_ARGS__};                             \
		check_steps(text, want_, HP_ARRAY_LEN(want_));                                 \
	} while (0)

static void understands_simple_commands(void **state)
{
	(void)state;
	CHECK("true", {HP_FAKE_STATUS, 0});
	CHECK("exit 42", {HP_FAKE_EXIT, 42});
	CHECK("exit", {HP_FAKE_EXIT, -1});
	CHECK("exit 300", {HP_FAKE_EXIT, 44});
	CHECK(" ; ;false\n:", {HP_FAKE_STATUS, 1}, {HP_FAKE_STATUS, 0});
	CHECK("sleep 1.5", {HP_FAKE_SLEEP, 0, 1500000000});
	CHECK("/bin/cat", {HP_FAKE_CAT, 0});
	CHECK("nothing here",
	      {HP_FAKE_SAY, HP_CHANNEL_STDERR, 0, 0, "sh: nothing: not found\n"},
	      {HP_FAKE_STATUS, 127});
}

static void understands_words(void **state)
{
	(void)state;
	CHECK("echo a  'b  c' \"d e\"f",
	      {HP_FAKE_SAY, HP_CHANNEL_STDOUT, 0, 0, "a b  c d ef\n"}, {HP_FAKE_STATUS, 0});
	CHECK("echo -n x >&2", {HP_FAKE_SAY, HP_CHANNEL_STDERR, 0, 0, "x"},
	      {HP_FAKE_STATUS, 0});
	CHECK("echo $ONE '$ONE' \"$TWO$NONE\"",
	      {HP_FAKE_SAY, HP_CHANNEL_STDOUT, 0, 0, "last $ONE a b\n"}, {HP_FAKE_STATUS, 0});
	CHECK("echo", {HP_FAKE_SAY, HP_CHANNEL_STDOUT, 0, 0, "\n"}, {HP_FAKE_STATUS, 0});
}

static void understands_traps_and_loops(void **state)
{
	(void)state;
	CHECK("trap 'exit 3' TERM INT",
	      {HP_FAKE_TRAP, 0, 0, 1u << (SIGTERM - 1) | 1u << (SIGINT - 1), "exit 3"});
	CHECK("trap '' 1", {HP_FAKE_TRAP, 0, 0, 1, ""});
	CHECK("trap - 1", {HP_FAKE_TRAP, 0, 0, 1, NULL});
	CHECK("true; while true; do sleep 1; echo x; done; exit 1", {HP_FAKE_STATUS, 0},
	      {HP_FAKE_SLEEP, 0, 1000000000}, {HP_FAKE_SAY, HP_CHANNEL_STDOUT, 0, 0, "x\n"},
	      {HP_FAKE_STATUS, 0}, {HP_FAKE_GO, 1}, {HP_FAKE_EXIT, 1});
}

static void refuses_what_it_does_not_understand(void **state)
{
	static const char *const texts[] = {
		"echo 'open",
		"echo \"open",
		"a | b",
		"a && b",
		"echo $(date)",
		"echo `date`",
		"echo *",
		"cat < file",
		"echo > file",
		"trap 'x'",
		"trap x NOSIGNAL",
		"sleep",
		"sleep long",
		"exit many",
		"while false; do true; done",
		"while true; do true",
		"done",
		"echo $",
		"sleep -1",
		"while true;while true;while true;while true;while true;done",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++) {
		struct hp_fake_script script = {0};
		struct hp_error err = HP_ERROR_INIT;
		if (hp_fake__script_parse(texts[i], ENV, &script, &err) == 0)
			fail_msg("taken: %s", texts[i]);
		assert_true(err.code == HP_EINVALID || err.code == HP_ERANGE);
		assert_null(script.steps);
	}
}

static void a_text_has_an_end(void **state)
{
	struct hp_fake_script script = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *text = hp_alloc(70000);

	(void)state;
	memset(text, ';', 69999);
	assert_int_equal(hp_fake__script_parse(text, ENV, &script, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
}

static void programs_are_there_or_not(void **state)
{
	static const struct {
		const char *const args[4];
		enum hp_code code;
	} rows[] = {
		{{"true"}, HP_OK},
		{{"/bin/sleep", "1"}, HP_OK},
		{{"sh"}, HP_OK},
		{{"sh", "-c", "exit 1"}, HP_OK},
		{{"sh", "-x"}, HP_EINVALID},
		{{"sh", "-c", "echo 'open"}, HP_EINVALID},
		{{"nothing"}, HP_ENOCMD},
		{{"/bin/nothing"}, HP_ENOCMD},
		{{"/usr/bin/true"}, HP_ENOCMD},
		{{"/"}, HP_ENOEXEC},
		{{"/bin/"}, HP_ENOEXEC},
		{{"sleep"}, HP_EINVALID},
		/* The shell's own words are no programs. */
		{{"exit", "1"}, HP_ENOCMD},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_fake__script_clear) struct hp_fake_script script = {0};
		struct hp_error err = HP_ERROR_INIT;
		int result = hp_fake__script_make(rows[i].args, ENV, &script, &err);
		assert_int_equal(err.code, rows[i].code);
		assert_int_equal(result, rows[i].code == HP_OK ? 0 : -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(understands_simple_commands),
		FDS_TEST(understands_words),
		FDS_TEST(understands_traps_and_loops),
		FDS_TEST(refuses_what_it_does_not_understand),
		FDS_TEST(a_text_has_an_end),
		FDS_TEST(programs_are_there_or_not),
	};

	return cmocka_run_group_tests_name("engine-fake_script", tests, NULL, NULL);
}
