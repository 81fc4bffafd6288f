/* SPDX-License-Identifier: Apache-2.0 */
/* engine-log_entry.c - tests of src/engine/log_entry.c. */
#include "engine/log_entry.h"

#include <string.h>

#include "base/alloc.h"
#include "fds.h"

#define TIME "\"time\":\"2026-11-21T10:00:00.123456789Z\""

/* Parse a copy of @line, in memory of just its size, so that reading beyond it is seen. */
static int parse(const char *line, size_t len, char **ret_copy, struct hp_chunk *ret)
{
	struct hp_error err = HP_ERROR_INIT;
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, line, len);
	int result = hp_log_entry__parse(copy, len, ret, &err);
	assert_int_equal(err.code, result < 0 ? HP_ECORRUPT : HP_OK);
	*ret_copy = copy;
	return result;
}

static void check(const char *line, enum hp_channel channel, const char *text, size_t len)
{
	AUTO_FREE char *copy = NULL;
	struct hp_chunk chunk = {0};

	if (parse(line, strlen(line), &copy, &chunk) < 0)
		fail_msg("refused: %s", line);
	assert_int_equal(chunk.channel, channel);
	assert_int_equal(chunk.time_ns, 1795255200123456789);
	assert_int_equal(chunk.len, len);
	assert_memory_equal(chunk.data, text, len);
}

static void reads_what_docker_writes(void **state)
{
	(void)state;
	check("{\"log\":\"hello\\n\",\"stream\":\"stdout\"," TIME "}", HP_CHANNEL_STDOUT,
	      "hello\n", 6);
	check("{\"log\":\"\",\"stream\":\"stderr\"," TIME "}", HP_CHANNEL_STDERR, "", 0);
	check(" { \"stream\" : \"stderr\" , " TIME " , \"log\" : \"x\" } \r", HP_CHANNEL_STDERR,
	      "x", 1);
	/* With --log-opt labels docker adds attributes. */
	check("{\"log\":\"a\",\"stream\":\"stdout\",\"attrs\":{\"k\":\"v\\\"}\",\"l\":[1,"
	      "-2.5e3,true,null,{}]}," TIME "}",
	      HP_CHANNEL_STDOUT, "a", 1);
}

static void decodes_every_escape(void **state)
{
	(void)state;
	check("{\"log\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"stream\":\"stdout\"," TIME "}",
	      HP_CHANNEL_STDOUT, "\"\\/\b\f\n\r\t", 8);
	check("{\"log\":\"\\u0000\\u001f\\u003c\\u00E9\\u20ac\",\"stream\":\"stdout\"," TIME
	      "}",
	      HP_CHANNEL_STDOUT, "\0\x1f<\xc3\xa9\xe2\x82\xac", 8);
	check("{\"log\":\"\\ud83d\\ude00\xf0\x9f\x98\x80\",\"stream\":\"stdout\"," TIME "}",
	      HP_CHANNEL_STDOUT, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 8);
}

static void lone_surrogates_are_bytes(void **state)
{
	(void)state;
	check("{\"log\":\"\\udc80\\udcff\",\"stream\":\"stdout\"," TIME "}", HP_CHANNEL_STDOUT,
	      "\x80\xff", 2);
	/* Halves that no byte is written as are what every reader makes of them. */
	check("{\"log\":\"\\ud800x\\udc00\\udfff\",\"stream\":\"stdout\"," TIME "}",
	      HP_CHANNEL_STDOUT, "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd", 10);
	/* A pair is a character, though its second half could be a byte. */
	check("{\"log\":\"\\ud83d\\udc80\",\"stream\":\"stdout\"," TIME "}", HP_CHANNEL_STDOUT,
	      "\xf0\x9f\x92\x80", 4);
	check("{\"log\":\"\\ud83d\",\"stream\":\"stdout\"," TIME "}", HP_CHANNEL_STDOUT,
	      "\xef\xbf\xbd", 3);
}

static void refuses_anything_else(void **state)
{
	static const char *const lines[] = {
		"",
		"{}",
		"[]",
		"null",
		"hello",
		"{\"log\":\"a\",\"stream\":\"stdout\"}",
		"{\"log\":\"a\"," TIME "}",
		"{\"stream\":\"stdout\"," TIME "}",
		"{\"log\":\"a\",\"stream\":\"stdin\"," TIME "}",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"yesterday\"}",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:00:00Z\\u0000\"}",
		"{\"log\":1,\"stream\":\"stdout\"," TIME "}",
		"{\"log\":\"a\",\"stream\":\"stdout\"," TIME "}x",
		"{\"log\":\"a\",\"stream\":\"stdout\"," TIME,
		"{\"log\":\"a\",\"stream\":\"stdout\"," TIME ",}",
		"{\"log\":\"a\\x\",\"stream\":\"stdout\"," TIME "}",
		"{\"log\":\"a\\u12g4\",\"stream\":\"stdout\"," TIME "}",
		"{\"log\":\"a\tb\",\"stream\":\"stdout\"," TIME "}",
		"{\"log\":\"a\\\",\"stream\":\"stdout\"," TIME "}",
		"{\"x\":[[[[[[[[[[[[1]]]]]]]]]]]],\"log\":\"a\",\"stream\":\"stdout\"," TIME
		"}",
		"{\"x\":,\"log\":\"a\",\"stream\":\"stdout\"," TIME "}",
		"{\"log\":\"a\",\"stream\":\"stdout\"," TIME "}{}",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(lines); i++) {
		AUTO_FREE char *copy = NULL;
		struct hp_chunk chunk;
		if (parse(lines[i], strlen(lines[i]), &copy, &chunk) == 0)
			fail_msg("taken: %s", lines[i]);
	}
}

static void every_beginning_of_a_line_is_refused(void **state)
{
	static const char line[] = "{\"log\":\"\\ud83d\\ude00\\n\",\"stream\":\"stdout\"," TIME
				   ",\"attrs\":{\"a\":[true]}}";

	(void)state;
	for (size_t len = 0; len < sizeof(line) - 1; len++) {
		AUTO_FREE char *copy = NULL;
		struct hp_chunk chunk;
		assert_int_equal(parse(line, len, &copy, &chunk), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_what_docker_writes),
		FDS_TEST(decodes_every_escape),
		FDS_TEST(lone_surrogates_are_bytes),
		FDS_TEST(refuses_anything_else),
		FDS_TEST(every_beginning_of_a_line_is_refused),
	};

	return cmocka_run_group_tests_name("engine-log_entry", tests, NULL, NULL);
}
