/* SPDX-License-Identifier: Apache-2.0 */
/* engine-log_tail.c - tests of src/engine/log_tail.c. */
#include "engine/log_tail.h"

#include <fcntl.h>

#include "engine/log_entry.h"
#include "scratch.h"

#define REST ",\"stream\":\"stdout\",\"time\":\"2026-11-21T10:00:00Z\"}\n"

/* Where in @text the last @lines lines begin. */
static size_t tail_of(const char *text, size_t len, uint64_t lines)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "log");
	struct hp_error err = HP_ERROR_INIT;
	uint64_t offset = UINT64_MAX;

	assert_int_equal(hp_file_write(path, text, len, 0600, &err), 0);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (hp_log_tail__find(fd, lines, &hp_log_kind__json, &offset, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(offset <= len);
	return (size_t)offset;
}

static void check(const char *text, uint64_t lines, const char *want)
{
	assert_string_equal(text + tail_of(text, strlen(text), lines), want);
}

#define A "{\"log\":\"a\\n\"" REST
#define B "{\"log\":\"b\\n\"" REST
#define C "{\"log\":\"c\\n\"" REST
#define P "{\"log\":\"part\"" REST

static void counts_from_the_end(void **state)
{
	(void)state;
	check("", 3, "");
	check(A, 0, "");
	check(A, 1, A);
	check(A, 2, A);
	check(A B C, 1, C);
	check(A B C, 2, B C);
	check(A B C, 3, A B C);
	check(A B C, UINT64_MAX, A B C);
}

static void parts_of_a_line_count_once(void **state)
{
	(void)state;
	check(A P P B, 1, P P B);
	check(A P P B, 2, A P P B);
	check(A B P, 1, P);
	check(A B P, 2, B P);
	check(A P P, 1, P P);
	check(P, 1, P);
	/* "\\n" at the end is a backslash and a letter. */
	check(A "{\"log\":\"x\\\\n\"" REST B, 1, "{\"log\":\"x\\\\n\"" REST B);
}

static void a_torn_line_is_left_to_the_reader(void **state)
{
	(void)state;
	check(A B "{\"log\":\"tor", 1, B "{\"log\":\"tor");
	check(A B "{\"log\":\"tor", 0, "{\"log\":\"tor");
	check("torn", 5, "torn");
}

static void what_is_no_entry_is_a_line(void **state)
{
	(void)state;
	check(A "garbage\n" B, 2, "garbage\n" B);
	check("\n\n\n", 2, "\n\n");
}

static void lines_may_cross_blocks_and_be_too_long(void **state)
{
	/* Longer than what is read at once, than a line may be, and several of both. */
	static const size_t lens[] = {65536 - 60, 65536, 100000, HP_LOG_LINE_MAX + 10};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(lens); i++) {
		AUTO_FREE char *fill = hp_alloc(lens[i] + 1);
		memset(fill, 'f', lens[i]);
		AUTO_FREE char *line = hp_sprintf("{\"log\":\"%s\\n\"" REST, fill);
		AUTO_FREE char *text = hp_sprintf("%s%s%s%s", line, A, line, B);
		size_t len = strlen(line);
		size_t a = strlen(A);
		assert_int_equal(tail_of(text, strlen(text), 1), 2 * len + a);
		assert_int_equal(tail_of(text, strlen(text), 2), len + a);
		assert_int_equal(tail_of(text, strlen(text), 3), len);
		assert_int_equal(tail_of(text, strlen(text), 4), 0);
	}
}

static void a_big_log_is_read_from_its_end_only(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "log");
	struct hp_error err = HP_ERROR_INIT;
	uint64_t offset = 0;
	const uint64_t hole = 64ull << 30;

	(void)state;
	/* 64 GiB of hole; reading it would take a minute. */
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, (off_t)hole), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), (off_t)hole);
	assert_int_equal(hp_fd_write_all(fd, "\n" A B, strlen("\n" A B), &err), 0);
	assert_int_equal(hp_log_tail__find(fd, 1, &hp_log_kind__json, &offset, &err), 0);
	assert_int_equal(offset, hole + strlen("\n" A));
}

static void what_cannot_be_read_is_an_error(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	struct hp_error err = HP_ERROR_INIT;
	uint64_t offset = 7;

	(void)state;
	AUTO_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(hp_log_tail__find(fd, 1, &hp_log_kind__json, &offset, &err), -1);
	assert_int_equal(offset, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(counts_from_the_end),
		FDS_TEST(parts_of_a_line_count_once),
		FDS_TEST(a_torn_line_is_left_to_the_reader),
		FDS_TEST(what_is_no_entry_is_a_line),
		FDS_TEST(lines_may_cross_blocks_and_be_too_long),
		FDS_TEST(a_big_log_is_read_from_its_end_only),
		FDS_TEST(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests_name("engine-log_tail", tests, NULL, NULL);
}
