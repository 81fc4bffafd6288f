/* SPDX-License-Identifier: Apache-2.0 */
/* wire-cri_log.c - tests of src/wire/cri_log.c. */
#include "wire/cri_log.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "fds.h"

#define NOON 1795953600000000000 /* 2026-11-29T12:00:00Z */

static void reads_lines(void **state)
{
	static const struct {
		const char *line; /* with its newline */
		enum hp_channel channel;
		int64_t time_ns;
		const char *text;
	} rows[] = {
		{"2026-11-29T12:00:00.000000007Z stdout F whole line\n", HP_CHANNEL_STDOUT,
		 NOON + 7, "whole line\n"},
		{"2026-11-29T13:00:00+01:00 stderr P begin\n", HP_CHANNEL_STDERR, NOON,
		 "begin"},
		{"2026-11-29T12:00:00Z stdout F \n", HP_CHANNEL_STDOUT, NOON, "\n"},
		{"2026-11-29T12:00:00Z stdout P \n", HP_CHANNEL_STDOUT, NOON, ""},
		{"2026-11-29T12:00:00Z stdout F  two  blanks \n", HP_CHANNEL_STDOUT, NOON,
		 " two  blanks \n"},
		{"2026-11-29T12:00:00Z stdout P:tag x\n", HP_CHANNEL_STDOUT, NOON, "x"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *line = hp_strdup(rows[i].line);
		struct hp_error err = HP_ERROR_INIT;
		struct hp_chunk chunk = {0};

		if (hp_cri_log_parse(line, strlen(line) - 1, &chunk, &err) < 0)
			fail_msg("%s%s", line, err.msg);
		assert_int_equal(chunk.channel, rows[i].channel);
		assert_int_equal(chunk.time_ns, rows[i].time_ns);
		assert_int_equal(chunk.len, strlen(rows[i].text));
		assert_memory_equal(chunk.data, rows[i].text, chunk.len);
	}
}

static void refuses_what_is_no_line(void **state)
{
	static const char *const rows[] = {
		"\n",
		"x\n",
		" stdout F x\n",
		"yesterday stdout F x\n",
		"2026-11-29T12:00:00Z\n",
		"2026-11-29T12:00:00Z stdout\n",
		"2026-11-29T12:00:00Z stdout F\n",
		"2026-11-29T12:00:00Z stdin F x\n",
		"2026-11-29T12:00:00Z stdout X x\n",
		"2026-11-29T12:00:00Z stdout FULL x\n",
		"2026-11-29T12:00:00Z stdout  x\n",
		"{\"log\":\"text\"}\n",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO_FREE char *line = hp_strdup(rows[i]);
		struct hp_error err = HP_ERROR_INIT;
		struct hp_chunk chunk = {.len = 42};

		assert_int_equal(hp_cri_log_parse(line, strlen(line) - 1, &chunk, &err), -1);
		assert_int_equal(err.code, HP_ECORRUPT);
		assert_int_equal(chunk.len, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_lines),
		FDS_TEST(refuses_what_is_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
