/* SPDX-License-Identifier: Apache-2.0 */
/* engine-log_stream.c - tests of src/engine/log_stream.c. */
#include "keeper-output.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include "base/clock.h"
#include "engine/log_entry.h"
#include "engine/log_kind.h"

/* A line of second @second of 1970. */
static char *entry(const char *text, int second, const char *channel)
{
	return hp_sprintf(
		"{\"log\":\"%s\",\"stream\":\"%s\",\"time\":\"1970-01-01T00:00:%02dZ\"}\n",
		text, channel, second);
}

/* A log, and its writer as far as a test is one. */
struct log {
	char *dir;
	char *path;
	int fd;
};

static void log_make(struct log *l)
{
	l->dir = scratch_new();
	l->path = hp_path_join(l->dir, "log");
	l->fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	assert_true(l->fd >= 0);
	assert_int_equal(flock(l->fd, LOCK_EX), 0);
}

static void log_free(struct log *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	scratch_free(l->dir);
}
HP_AUTO_VALUE(struct log, log_free);

static void log_write(struct log *l, const char *text)
{
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_fd_write_all(l->fd, text, strlen(text), &err), 0);
}

static void log_add(struct log *l, const char *text, int second)
{
	AUTO_FREE char *line = entry(text, second, "stdout");

	log_write(l, line);
}

static struct hp_stream *log_open(struct log *l, const struct hp_logs *what)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_stream *s = NULL;

	if (hp_stream_from_log(l->path, what, &s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static void check(struct log *l, const struct hp_logs *what, const char *want)
{
	AUTO(output_free) struct output o = {0};

	output_collect(log_open(l, what), 0, &o);
	assert_output(&o, 0, want);
}

/* Wait for the next thing, at most for so long as anybody has patience. */
static int next(struct hp_stream *s, struct hp_chunk *ret)
{
	struct hp_error err = HP_ERROR_INIT;
	int found = hp_stream_next(s, ret, &err);

	for (int i = 0; i < 1000 && found == HP_NEXT_WAIT; i++) {
		assert_true(hp_fd_poll(hp_stream_fd(s), POLLIN, PATIENCE_MS, &err) > 0);
		found = hp_stream_next(s, ret, &err);
	}
	if (found < 0)
		fail_msg("%s", err.msg);
	return found;
}

static void reads_all_or_what_is_wanted(void **state)
{
	AUTO(log_free) struct log l;
	AUTO(output_free) struct output o = {0};
	const int64_t s = 1000000000;

	(void)state;
	log_make(&l);
	log_add(&l, "1\\n", 1);
	log_add(&l, "2", 2);
	log_add(&l, "2\\n", 2);
	log_add(&l, "3\\n", 3);
	log_add(&l, "4\\n", 4);
	AUTO_FREE char *other = entry("err\\n", 5, "stderr");
	log_write(&l, other);
	output_of_log(l.path, false, &o);
	assert_output(&o, 0, "1\n22\n3\n4\n");
	assert_output(&o, 1, "err\n");
	check(&l, &(struct hp_logs){.has_tail = true, .tail = 2}, "4\n");
	check(&l, &(struct hp_logs){.has_tail = true, .tail = 4}, "22\n3\n4\n");
	check(&l, &(struct hp_logs){.has_tail = true}, "");
	check(&l, &(struct hp_logs){.since_ns = 3 * s}, "3\n4\n");
	check(&l, &(struct hp_logs){.until_ns = 2 * s}, "1\n22\n");
	check(&l, &(struct hp_logs){.since_ns = 2 * s, .until_ns = 3 * s}, "22\n3\n");
	check(&l, &(struct hp_logs){.since_ns = 4 * s, .has_tail = true, .tail = 4}, "4\n");
	check(&l, &(struct hp_logs){.since_ns = 60 * s}, "");
}

static void a_torn_line_is_not_read(void **state)
{
	AUTO(log_free) struct log l;

	(void)state;
	log_make(&l);
	log_add(&l, "whole\\n", 1);
	log_write(&l, "{\"log\":\"torn");
	check(&l, &(struct hp_logs){0}, "whole\n");
	check(&l, &(struct hp_logs){.has_tail = true, .tail = 9}, "whole\n");
}

static void a_follower_waits_for_the_rest_of_a_line(void **state)
{
	AUTO(log_free) struct log l;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_chunk chunk;

	(void)state;
	log_make(&l);
	AUTO_FREE char *line = entry("late\\n", 1, "stdout");
	AUTO(hp_stream_free)
	struct hp_stream *s = log_open(&l, &(struct hp_logs){.follow = true});
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);
	struct pollfd fd = {.fd = hp_stream_fd(s), .events = POLLIN};
	assert_int_equal(poll(&fd, 1, 0), 0);
	for (size_t i = 0; i < strlen(line); i++) {
		const char one[2] = {line[i], '\0'};
		assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);
		log_write(&l, one);
	}
	assert_int_equal(next(s, &chunk), HP_NEXT_ITEM);
	assert_int_equal(chunk.time_ns, 1000000000);
	assert_memory_equal(chunk.data, "late\n", 5);

	/* A writer whose disk was full takes half a line back. */
	log_write(&l, "{\"log\":\"half");
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);
	assert_int_equal(ftruncate(l.fd, (off_t)strlen(line)), 0);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);
	log_add(&l, "better\\n", 2);
	assert_int_equal(next(s, &chunk), HP_NEXT_ITEM);
	assert_memory_equal(chunk.data, "better\n", 7);
	close(TAKE_FD(l.fd));
	assert_int_equal(next(s, &chunk), HP_NEXT_END);
	assert_int_equal(next(s, &chunk), HP_NEXT_END);
}

static void a_follower_reads_all_before_it_ends(void **state)
{
	AUTO(log_free) struct log l;
	AUTO(output_free) struct output o = {0};
	size_t total = 0;

	(void)state;
	log_make(&l);
	struct hp_stream *s = log_open(&l, &(struct hp_logs){.follow = true});
	pid_t writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		for (int i = 0; i < 2000; i++)
			log_add(&l, "many lines\\n", 1);
		_exit(0);
	}
	/* The lock is gone when the last holder has closed it, which is the writer. */
	close(TAKE_FD(l.fd));
	output_collect(s, 0, &o);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	total = o.text[0].len;
	assert_int_equal(total, 2000 * strlen("many lines\n"));
}

static void a_log_without_a_writer_ends(void **state)
{
	AUTO(log_free) struct log l;
	AUTO(output_free) struct output o = {0};

	(void)state;
	log_make(&l);
	log_add(&l, "old\\n", 1);
	close(TAKE_FD(l.fd));
	int64_t start = hp_clock_ms();
	output_of_log(l.path, true, &o);
	assert_output(&o, 0, "old\n");
	assert_true(hp_clock_ms() - start < 5000);
}

static void a_log_that_is_emptied_is_read_from_its_beginning(void **state)
{
	AUTO(log_free) struct log l;
	struct hp_chunk chunk;

	(void)state;
	log_make(&l);
	log_add(&l, "before\\n", 1);
	AUTO(hp_stream_free)
	struct hp_stream *s = log_open(&l, &(struct hp_logs){.follow = true});
	assert_int_equal(next(s, &chunk), HP_NEXT_ITEM);
	assert_int_equal(ftruncate(l.fd, 0), 0);
	log_add(&l, "a\\n", 2);
	assert_int_equal(next(s, &chunk), HP_NEXT_ITEM);
	assert_memory_equal(chunk.data, "a\n", 2);
}

static void follows_the_tail(void **state)
{
	AUTO(log_free) struct log l;
	struct hp_chunk chunk;

	(void)state;
	log_make(&l);
	log_add(&l, "old\\n", 1);
	AUTO(hp_stream_free)
	struct hp_stream *s = log_open(&l, &(struct hp_logs){.follow = true, .has_tail = true});
	log_add(&l, "new\\n", 2);
	assert_int_equal(next(s, &chunk), HP_NEXT_ITEM);
	assert_memory_equal(chunk.data, "new\n", 4);
	/* A moment that has passed ends a follower, too. */
	AUTO(hp_stream_free)
	struct hp_stream *until =
		log_open(&l, &(struct hp_logs){.follow = true, .until_ns = 1500000000});
	assert_int_equal(next(until, &chunk), HP_NEXT_ITEM);
	assert_int_equal(next(until, &chunk), HP_NEXT_END);
}

static void bad_lines_are_told_and_passed_over(void **state)
{
	AUTO(log_free) struct log l;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_chunk chunk;
	AUTO_FREE char *huge = hp_alloc(HP_LOG_LINE_MAX * 3 + 1);

	(void)state;
	memset(huge, 'h', HP_LOG_LINE_MAX * 3);
	log_make(&l);
	log_add(&l, "one\\n", 1);
	log_write(&l, "this is no entry\n");
	log_add(&l, "two\\n", 2);
	log_write(&l, huge);
	log_write(&l, "\n");
	log_add(&l, "three\\n", 3);
	AUTO(hp_stream_free) struct hp_stream *s = log_open(&l, &(struct hp_logs){0});
	static const struct {
		int result;
		const char *text;
	} rows[] = {{HP_NEXT_ITEM, "one\n"},   {-1, "byte 64"},
		    {HP_NEXT_ITEM, "two\n"},   {-1, "over 262144 bytes"},
		    {HP_NEXT_ITEM, "three\n"}, {HP_NEXT_END, ""}};
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		hp_error_clear(&err);
		assert_int_equal(hp_stream_next(s, &chunk, &err), rows[i].result);
		if (rows[i].result == HP_NEXT_ITEM)
			assert_memory_equal(chunk.data, rows[i].text, chunk.len);
		if (rows[i].result < 0) {
			assert_int_equal(err.code, HP_ECORRUPT);
			if (!strstr(err.msg, rows[i].text))
				fail_msg("%s", err.msg);
		}
	}
}

static void a_call_does_not_read_for_ever(void **state)
{
	AUTO(log_free) struct log l;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_chunk chunk;
	int waits = 0;
	int found;

	(void)state;
	log_make(&l);
	AUTO_FREE char *line = entry("unwanted\\n", 1, "stdout");
	AUTO(hp_buf_free) struct hp_buf many;
	hp_buf_init(&many, 8u << 20);
	while (many.len < 5u << 20)
		assert_int_equal(hp_buf_add(&many, line, strlen(line), &err), 0);
	assert_int_equal(hp_fd_write_all(l.fd, many.data, many.len, &err), 0);
	AUTO(hp_stream_free)
	struct hp_stream *s = log_open(&l, &(struct hp_logs){.since_ns = 9000000000});
	while ((found = hp_stream_next(s, &chunk, &err)) == HP_NEXT_WAIT && waits < 100) {
		struct pollfd fd = {.fd = hp_stream_fd(s), .events = POLLIN};
		assert_int_equal(poll(&fd, 1, 0), 1);
		waits++;
	}
	assert_int_equal(found, HP_NEXT_END);
	assert_true(waits >= 4);
}

static void what_is_no_log_is_refused(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *fifo = hp_path_join(dir, "fifo");
	AUTO_FREE char *missing = hp_path_join(dir, "missing");
	const struct hp_logs what = {.follow = true, .has_tail = true, .tail = 3};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_stream *s = NULL;

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(hp_stream_from_log(missing, &what, &s, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	assert_int_equal(hp_stream_from_log(fifo, &what, &s, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	hp_error_clear(&err);
	assert_int_equal(hp_stream_from_log(dir, &what, &s, &err), -1);
	assert_null(s);
}

/* Wait for the next text of @s; NULL: for its end. */
static void expect_next(struct hp_stream *s, const char *text)
{
	struct hp_chunk chunk;
	int found = next(s, &chunk);

	assert_int_equal(found, text ? HP_NEXT_ITEM : HP_NEXT_END);
	if (text) {
		assert_int_equal(chunk.len, strlen(text));
		assert_memory_equal(chunk.data, text, chunk.len);
	}
}

static void follows_a_log_that_is_rotated(void **state)
{
	AUTO(log_free) struct log l = {0};
	const struct hp_logs what = {.follow = true};
	struct hp_log_kind kind = hp_log_kind__json;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_stream *s = NULL;

	(void)state;
	kind.rotates = true;
	log_make(&l);
	log_add(&l, "one\\n", 1);
	assert_int_equal(hp_stream__from_log(l.path, &what, &kind, NULL, &s, &err), 0);
	expect_next(s, "one\n");
	AUTO_FREE char *old = hp_sprintf("%s.1", l.path);
	assert_int_equal(rename(l.path, old), 0);
	log_add(&l, "two\\n", 2);
	AUTO_CLOSE int old_fd = l.fd;
	l.fd = open(l.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(l.fd, LOCK_EX), 0);
	log_add(&l, "three\\n", 3);
	expect_next(s, "two\n");
	expect_next(s, "three\n");
	log_add(&l, "four\\n", 4);
	expect_next(s, "four\n");
	close(TAKE_FD(l.fd));
	expect_next(s, NULL);
	hp_stream_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_all_or_what_is_wanted),
		FDS_TEST(a_torn_line_is_not_read),
		FDS_TEST(a_follower_waits_for_the_rest_of_a_line),
		FDS_TEST(a_follower_reads_all_before_it_ends),
		FDS_TEST(a_log_without_a_writer_ends),
		FDS_TEST(a_log_that_is_emptied_is_read_from_its_beginning),
		FDS_TEST(follows_the_tail),
		FDS_TEST(bad_lines_are_told_and_passed_over),
		FDS_TEST(a_call_does_not_read_for_ever),
		FDS_TEST(what_is_no_log_is_refused),
		FDS_TEST(follows_a_log_that_is_rotated),
	};

	return cmocka_run_group_tests_name("engine-log_stream", tests, NULL, NULL);
}
