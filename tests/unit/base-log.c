/* SPDX-License-Identifier: Apache-2.0 */
/* base-log.c - tests of src/base/log.c. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>

#include "base/str.h"
#include "scratch.h"

/* Log one message and give back what came out on stderr. Owns: the caller. */
static char *logged(enum hp_log_level level, const char *message)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "log");
	AUTO_CLOSE int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct hp_buf text;

	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	errno = ENOTTY;
	hp_log(level, "net", "%s", message);
	assert_int_equal(errno, ENOTTY);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(hp_file_read(path, 1 << 20, &text, &err), 0);
	return hp_buf_take_str(&text);
}

static void expect(enum hp_log_level level, const char *message, const char *line)
{
	AUTO_FREE char *text = logged(level, message);

	assert_string_equal(text, line);
}

static void writes_text(void **state)
{
	(void)state;
	hp_log_setup(HP_LOG_INFO, false);
	expect(HP_LOG_ERROR, "lost peer=7", "error: net: lost peer=7\n");
	expect(HP_LOG_INFO, "x", "info: net: x\n");
	expect(HP_LOG_DEBUG, "x", "");
	hp_log_setup(HP_LOG_ERROR, false);
	expect(HP_LOG_WARN, "x", "");
	assert_true(hp_log_on(HP_LOG_ERROR));
	assert_false(hp_log_on(HP_LOG_WARN));
}

static void cannot_be_made_to_forge_lines(void **state)
{
	(void)state;
	hp_log_setup(HP_LOG_DEBUG, false);
	expect(HP_LOG_WARN, "a\nerror: b\x1b[0m\x7f", "warn: net: a\\nerror: b\\x1b[0m\\x7f\n");
	expect(HP_LOG_WARN, "\xc3\xa9 \xff \xc3", "warn: net: \xc3\xa9 \\xff \\xc3\n");
}

/* The part of a JSON line after its time, which changes. */
static void expect_json(const char *message, const char *rest)
{
	AUTO_FREE char *text = logged(HP_LOG_WARN, message);
	const char *level = strstr(text, ",\"level\"");

	assert_true(hp_str_starts(text, "{\"time\":\"2"));
	assert_non_null(level);
	assert_string_equal(level, rest);
}

static void writes_json(void **state)
{
	(void)state;
	hp_log_setup(HP_LOG_DEBUG, true);
	expect_json("plain", ",\"level\":\"warn\",\"area\":\"net\",\"msg\":\"plain\"}\n");
	expect_json("q\" b\\ n\n t\t d\x7f", ",\"level\":\"warn\",\"area\":\"net\",\"msg\":"
					     "\"q\\\" b\\\\ n\\n t\\u0009 d\\u007f\"}\n");
	/* Broken, overlong, surrogate and too large UTF-8 are replaced; whole ones stay. */
	expect_json("\xf0\x9f\x90\xb3 \xc0\xaf \xed\xa0\x80 \xf5\x80\x80\x80 \xe2\x82",
		    ",\"level\":\"warn\",\"area\":\"net\",\"msg\":"
		    "\"\xf0\x9f\x90\xb3 \\ufffd\\ufffd \\ufffd\\ufffd\\ufffd "
		    "\\ufffd\\ufffd\\ufffd\\ufffd \\ufffd\\ufffd\"}\n");
}

static void cuts_endless_messages(void **state)
{
	AUTO_FREE char *message = hp_alloc(200001);
	AUTO_FREE char *line = NULL;
	AUTO_FREE char *json = NULL;

	(void)state;
	memset(message, '\n', 200000);
	hp_log_setup(HP_LOG_DEBUG, false);
	line = logged(HP_LOG_INFO, message);
	assert_true(strlen(line) <= 65540);
	assert_true(hp_str_ends(line, "\\n\n"));
	hp_log_setup(HP_LOG_DEBUG, true);
	json = logged(HP_LOG_INFO, message);
	assert_true(hp_str_ends(json, "\\n\"}\n"));
}

static void reads_levels(void **state)
{
	static const char *const words[] = {"error", "warn", "info", "debug"};
	static const char *const bad[] = {"", "ERROR", "warning", "4"};
	enum hp_log_level level;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(words); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_log_level_parse(words[i], &level, &err), 0);
		assert_int_equal(level, i);
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_log_level_parse(bad[i], &level, &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(writes_text),  FDS_TEST(cannot_be_made_to_forge_lines),
		FDS_TEST(writes_json),  FDS_TEST(cuts_endless_messages),
		FDS_TEST(reads_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
