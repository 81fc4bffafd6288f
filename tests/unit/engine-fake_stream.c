/* SPDX-License-Identifier: Apache-2.0 */
/* engine-fake_stream.c - tests of src/engine/fake_stream.c. */
#include "fake-engine.h"

#include <signal.h>

#include "base/clock.h"

static bool writable(const struct hp_stream *s)
{
	struct pollfd fd = {.fd = hp_stream_stdin_fd(s), .events = POLLOUT};

	return poll(&fd, 1, 0) == 1;
}

static void stdin_has_an_end_to_its_room(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	struct hp_error err = HP_ERROR_INIT;
	char block[50000] = "";

	(void)state;
	/* It does not read while it sleeps. */
	AUTO_FREE char *id = fake_start(e, ARGS("sh", "-c", "sleep 0.2; cat"), &s);
	assert_true(writable(s));
	assert_int_equal(hp_stream_write(s, block, sizeof(block), &err), sizeof(block));
	assert_int_equal(hp_stream_write(s, block, sizeof(block), &err), 15536);
	assert_int_equal(hp_stream_write(s, block, sizeof(block), &err), 0);
	assert_false(writable(s));
	int64_t start = hp_clock_ms();
	struct hp_chunk chunk;
	while (!writable(s) && hp_clock_ms() - start < PATIENCE_MS) {
		assert_true(hp_fd_poll(hp_stream_fd(s), POLLIN, PATIENCE_MS, &err) > 0);
		assert_true(hp_stream_next(s, &chunk, &err) > 0);
	}
	assert_true(writable(s));
}

static void writing_to_the_dead_fails(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("cat"), &s);
	assert_int_equal(hp_engine_kill(e, id, NULL, SIGKILL, &err), 0);
	assert_int_equal(hp_stream_write(s, "x", 1, &err), -1);
	assert_int_equal(err.code, HP_EIO);
}

static void output_of_a_later_run_is_not_shown(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	AUTO(output_free) struct output o = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_stream *s = NULL;

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("echo", "run"), &s);
	assert_int_equal(hp_engine_start(e, id, 0, 0, NULL, &err), 0);
	output_collect(s, 0, &o);
	assert_output(&o, 0, "run\n");
}

static void a_sleeping_process_wakes_its_watchers(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	AUTO(hp_stream_free) struct hp_stream *s = NULL;
	AUTO(hp_waiter_free) struct hp_waiter *w = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_exit exit;

	(void)state;
	AUTO_FREE char *id = fake_start(e, ARGS("sleep", "0.05"), &s);
	assert_int_equal(hp_engine_waiter(e, id, &w, &err), 0);
	assert_int_equal(hp_fd_poll(hp_waiter_fd(w), POLLIN, PATIENCE_MS, &err), POLLIN);
	assert_int_equal(hp_fd_poll(hp_stream_fd(s), POLLIN, PATIENCE_MS, &err), POLLIN);
	assert_int_equal(hp_waiter_next(w, &exit, &err), HP_NEXT_ITEM);
	assert_int_equal(exit.code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(stdin_has_an_end_to_its_room),
		FDS_TEST(writing_to_the_dead_fails),
		FDS_TEST(output_of_a_later_run_is_not_shown),
		FDS_TEST(a_sleeping_process_wakes_its_watchers),
	};

	return cmocka_run_group_tests_name("engine-fake_stream", tests, NULL, NULL);
}
