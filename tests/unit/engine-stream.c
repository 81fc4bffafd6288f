/* SPDX-License-Identifier: Apache-2.0 */
/* engine-stream.c - tests of src/engine/stream.c. */
#include "keeper-output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/clock.h"

static void pipe_pair(int fds[2])
{
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_pipe(fds, &err), 0);
}

static bool readable(const struct hp_stream *s)
{
	struct pollfd fd = {.fd = hp_stream_fd(s), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static void one_descriptor_polls_for_both(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_chunk chunk;
	int out[2];
	int errors[2];

	(void)state;
	pipe_pair(out);
	pipe_pair(errors);
	AUTO(hp_stream_free)
	struct hp_stream *s = hp_stream_from_fds(-1, out[0], errors[0], NULL);
	assert_false(readable(s));
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);
	assert_int_equal(write(errors[1], "err", 3), 3);
	assert_true(readable(s));
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_ITEM);
	assert_int_equal(chunk.channel, HP_CHANNEL_STDERR);
	assert_memory_equal(chunk.data, "err", 3);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);
	close(errors[1]);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);
	assert_false(readable(s));
	assert_int_equal(write(out[1], "out", 3), 3);
	close(out[1]);
	assert_true(readable(s));
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_ITEM);
	assert_int_equal(chunk.channel, HP_CHANNEL_STDOUT);
	assert_true(readable(s));
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_END);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_END);
}

static void a_busy_channel_does_not_starve_the_other(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_chunk chunk = {0};
	char block[65536];
	int out[2];
	int errors[2];
	bool seen = false;

	(void)state;
	memset(block, 'x', sizeof(block));
	pipe_pair(out);
	pipe_pair(errors);
	AUTO(hp_stream_free)
	struct hp_stream *s = hp_stream_from_fds(-1, out[0], errors[0], NULL);
	assert_int_equal(write(out[1], block, sizeof(block)), sizeof(block));
	assert_int_equal(write(errors[1], "!", 1), 1);
	for (int i = 0; i < 5 && !seen; i++) {
		assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_ITEM);
		seen = chunk.channel == HP_CHANNEL_STDERR;
		if (!seen)
			assert_true(write(out[1], block, chunk.len) > 0);
	}
	assert_true(seen);
	close(out[1]);
	close(errors[1]);
}

static void a_fifo_without_a_writer_has_not_ended(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "fifo");
	struct hp_error err = HP_ERROR_INIT;
	struct hp_chunk chunk;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	AUTO(hp_stream_free) struct hp_stream *s = hp_stream_from_fds(-1, fd, -1, NULL);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);
	int writer = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_WAIT);
	assert_int_equal(write(writer, "x", 1), 1);
	close(writer);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_ITEM);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_END);
}

static void files_and_nothing_end_at_once(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "file", "from a file");
	struct hp_error err = HP_ERROR_INIT;
	struct hp_chunk chunk;

	(void)state;
	AUTO(hp_stream_free) struct hp_stream *none = hp_stream_from_fds(-1, -1, -1, NULL);
	assert_true(readable(none));
	assert_int_equal(hp_stream_next(none, &chunk, &err), HP_NEXT_END);

	int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO(hp_stream_free) struct hp_stream *file = hp_stream_from_fds(-1, fd, -1, NULL);
	assert_true(readable(file));
	assert_int_equal(hp_stream_next(file, &chunk, &err), HP_NEXT_ITEM);
	assert_memory_equal(chunk.data, "from a file", chunk.len);
	assert_int_equal(hp_stream_next(file, &chunk, &err), HP_NEXT_END);
}

static void a_broken_descriptor_is_an_error(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	struct hp_error err = HP_ERROR_INIT;
	struct hp_chunk chunk;

	(void)state;
	/* A directory cannot be read. */
	int fd = open(dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	AUTO(hp_stream_free) struct hp_stream *s = hp_stream_from_fds(-1, fd, -1, NULL);
	assert_int_equal(hp_stream_next(s, &chunk, &err), -1);
	assert_int_equal(err.code, HP_EIO);
	hp_error_clear(&err);
	assert_int_equal(hp_stream_next(s, &chunk, &err), HP_NEXT_END);
}

/* What a closer was asked to do. */
struct told {
	int closed;
	int freed;
	bool fails;
};

static int tell_closed(void *arg, struct hp_error *err)
{
	struct told *told = arg;

	told->closed++;
	return told->fails ? hp_fail(err, HP_EUNAVAILABLE, "nobody listens") : 0;
}

static void tell_freed(void *arg)
{
	((struct told *)arg)->freed++;
}

static void stdin_takes_what_fits_and_tells_its_end(void **state)
{
	struct told told = {0};
	const struct hp_stdin_closer closer = {tell_closed, tell_freed, &told};
	struct hp_error err = HP_ERROR_INIT;
	char block[65536] = "";
	int in[2];

	(void)state;
	pipe_pair(in);
	struct hp_stream *s = hp_stream_from_fds(in[1], -1, -1, &closer);
	assert_int_equal(hp_stream_stdin_fd(s), in[1]);
	assert_int_equal(hp_stream_write(s, "x", 0, &err), 0);
	assert_int_equal(hp_stream_write(s, block, sizeof(block), &err), sizeof(block));
	assert_int_equal(hp_stream_write(s, block, 1, &err), 0);
	assert_int_equal(read(in[0], block, sizeof(block)), sizeof(block));
	assert_int_equal(hp_stream_write(s, "y", 1, &err), 1);
	assert_int_equal(hp_stream_close_stdin(s, &err), 0);
	assert_int_equal(hp_stream_close_stdin(s, &err), 0);
	assert_int_equal(told.closed, 1);
	assert_int_equal(hp_stream_stdin_fd(s), -1);
	assert_int_equal(hp_stream_write(s, "z", 1, &err), -1);
	assert_int_equal(err.code, HP_ESTATE);
	assert_int_equal(read(in[0], block, sizeof(block)), 1);
	assert_int_equal(read(in[0], block, sizeof(block)), 0);
	assert_int_equal(told.freed, 0);
	hp_stream_free(s);
	assert_int_equal(told.freed, 1);
	close(in[0]);
}

static void a_closer_may_fail(void **state)
{
	struct told told = {.fails = true};
	const struct hp_stdin_closer closer = {tell_closed, tell_freed, &told};
	struct hp_error err = HP_ERROR_INIT;
	int in[2];

	(void)state;
	pipe_pair(in);
	AUTO(hp_stream_free) struct hp_stream *s = hp_stream_from_fds(in[1], -1, -1, &closer);
	assert_int_equal(hp_stream_close_stdin(s, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	hp_error_clear(&err);
	assert_int_equal(hp_stream_close_stdin(s, &err), 0);
	close(in[0]);
}

static void a_closed_reader_is_an_error_and_no_signal(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	int in[2];

	(void)state;
	/* The default, which would end this test. */
	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	pipe_pair(in);
	AUTO(hp_stream_free) struct hp_stream *s = hp_stream_from_fds(in[1], -1, -1, NULL);
	close(in[0]);
	assert_int_equal(hp_stream_write(s, "x", 1, &err), -1);
	assert_int_equal(err.code, HP_EIO);
}

static void detaching_closes_and_tells_nobody(void **state)
{
	struct told told = {0};
	const struct hp_stdin_closer closer = {tell_closed, tell_freed, &told};
	int in[2];
	int out[2];

	(void)state;
	pipe_pair(in);
	pipe_pair(out);
	hp_stream_free(hp_stream_from_fds(in[1], out[0], -1, &closer));
	hp_stream_free(NULL);
	assert_int_equal(told.closed, 0);
	assert_int_equal(told.freed, 1);
	close(in[0]);
	close(out[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(one_descriptor_polls_for_both),
		FDS_TEST(a_busy_channel_does_not_starve_the_other),
		FDS_TEST(a_fifo_without_a_writer_has_not_ended),
		FDS_TEST(files_and_nothing_end_at_once),
		FDS_TEST(a_broken_descriptor_is_an_error),
		FDS_TEST(stdin_takes_what_fits_and_tells_its_end),
		FDS_TEST(a_closer_may_fail),
		FDS_TEST(a_closed_reader_is_an_error_and_no_signal),
		FDS_TEST(detaching_closes_and_tells_nobody),
	};

	return cmocka_run_group_tests_name("engine-stream", tests, NULL, NULL);
}
