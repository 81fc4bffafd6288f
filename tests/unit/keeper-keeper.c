/* SPDX-License-Identifier: Apache-2.0 */
/* keeper-keeper.c - tests of harpoon-keeper, the program: output, clients, and its end. */
#include "keeper-world.h"

#include "keeper/clients.h"

static void passes_output_to_log_and_client(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output live = {0};
	AUTO(output_free) struct output kept = {0};
	int fds[2];

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log);
	assert_true(world_attach(&w, fds));
	world_write_end(&w, 0);
	world_write_end(&w, 1);
	world_say(&w, 0, "one\ntwo\n", 8);
	world_say(&w, 1, "warn\n", 5);
	world_say(&w, 0, "no end", 6);
	world_end(&w, 0);
	world_end(&w, 1);
	output_of_fds(fds, 0, &live);
	assert_int_equal(world_wait(&w), 0);
	assert_output(&live, 0, "one\ntwo\nno end");
	assert_output(&live, 1, "warn\n");
	output_of_log(w.log, false, &kept);
	assert_output(&kept, 0, "one\ntwo\nno end");
	assert_output(&kept, 1, "warn\n");

	AUTO_FREE char *socket_path = hp_path_join(w.dir, HP_KEEPER_SOCKET);
	assert_false(scratch_has(socket_path));
}

static void serves_two_clients_and_one_that_comes_late(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output first = {0};
	AUTO(output_free) struct output second = {0};
	AUTO(output_free) struct output third = {0};
	int fds[3][2];

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log);
	assert_true(world_attach(&w, fds[0]));
	assert_true(world_attach(&w, fds[1]));
	world_write_end(&w, 0);
	world_write_end(&w, 1);
	world_say(&w, 0, "early\n", 6);
	output_of_fds(fds[0], 6, &first);
	assert_output(&first, 0, "early\n");
	assert_true(world_attach(&w, fds[2]));
	world_end(&w, 1);
	world_say(&w, 0, "late\n", 5);
	world_end(&w, 0);
	output_of_fds(fds[1], 0, &second);
	output_of_fds(fds[2], 0, &third);
	assert_output(&second, 0, "early\nlate\n");
	assert_output(&third, 0, "late\n");
	assert_int_equal(world_wait(&w), 0);
}

/* Byte @i of a long output in which every place can be told from the next ones. */
static char pattern(size_t i)
{
	return (char)((i * 2654435761u) >> 11);
}

#define MANY_BYTES (10u << 20)

/* Write as much of the pattern from @at as goes within @wait_ms. Returns: the new place. */
static size_t write_pattern(int fd, size_t at, int wait_ms)
{
	struct hp_error err = HP_ERROR_INIT;
	char block[4096];

	while (at < MANY_BYTES && hp_fd_poll(fd, POLLOUT, wait_ms, &err) > 0) {
		for (size_t i = 0; i < sizeof(block); i++)
			block[i] = pattern(at + i);
		ssize_t n = write(fd, block, sizeof(block));
		assert_true(n > 0);
		at += (size_t)n;
	}
	return at;
}

static void waits_for_a_slow_client_and_loses_nothing(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output live = {0};
	AUTO(output_free) struct output kept = {0};
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log);
	assert_true(world_attach(&w, fds));
	world_write_end(&w, 0);
	world_write_end(&w, 1);
	assert_int_equal(hp_fd_set_nonblock(w.writers[0], true, &err), 0);

	/* The client's pipe, what the keeper holds for it, one read more, and our own pipe. */
	size_t at = write_pattern(w.writers[0], 0, 300);
	assert_true(at > HP_KEEPER_PENDING_MAX);
	assert_true(at <= HP_KEEPER_PENDING_MAX + 3 * 65536);

	/* The other channel is not held up, and neither is somebody who attaches. */
	world_say(&w, 1, "still here\n", 11);
	char text[11];
	assert_int_equal(read(fds[1], text, sizeof(text)), 11);

	pid_t writer = fork();
	assert_true(writer >= 0);
	if (writer == 0)
		_exit(write_pattern(w.writers[0], at, PATIENCE_MS) == MANY_BYTES ? 0 : 1);
	world_end(&w, 0);
	world_end(&w, 1);
	output_of_fds(fds, 0, &live);
	int status = -1;
	assert_int_equal(hp_child_wait(writer, PATIENCE_MS, &status, &err), 0);
	assert_int_equal(status, 0);
	assert_int_equal(world_wait(&w), 0);
	output_of_log(w.log, false, &kept);
	assert_int_equal(live.text[0].len, MANY_BYTES);
	assert_int_equal(kept.text[0].len, MANY_BYTES);
	for (size_t i = 0; i < MANY_BYTES; i++)
		if ((char)live.text[0].data[i] != pattern(i))
			fail_msg("byte %zu of the output is wrong", i);
	assert_memory_equal(live.text[0].data, kept.text[0].data, MANY_BYTES);
}

static void forgets_a_client_that_has_gone(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output kept = {0};
	struct hp_error err = HP_ERROR_INIT;
	char block[4096];
	int fds[2];

	(void)state;
	memset(block, 'x', sizeof(block));
	block[sizeof(block) - 1] = '\n';
	world_make(&w);
	WORLD_START(&w, "--log", w.log);
	assert_true(world_attach(&w, fds));
	world_write_end(&w, 0);
	world_write_end(&w, 1);
	assert_int_equal(hp_fd_set_nonblock(w.writers[0], true, &err), 0);
	/* It does not read, so that much waits for it when it goes. */
	size_t at = 0;
	while (hp_fd_poll(w.writers[0], POLLOUT, 100, &err) > 0 && at < 1u << 20)
		at += (size_t)write(w.writers[0], block, sizeof(block));
	assert_true(at < 1u << 20);
	close(fds[0]);
	close(fds[1]);
	for (int i = 0; i < 256; i++, at += sizeof(block))
		world_say(&w, 0, block, sizeof(block));
	world_end(&w, 0);
	world_end(&w, 1);
	assert_int_equal(world_wait(&w), 0);
	output_of_log(w.log, false, &kept);
	assert_int_equal(kept.text[0].len, at);
}

static void waits_for_the_first_writer_without_work(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output kept = {0};

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log, "--wait-ms", "10000");
	hp_clock_sleep_ms(200);
	assert_int_equal(kill(w.pid, 0), 0);

	/* Fields 14 and 15 of stat are ticks of 10 ms. From: proc(5). */
	AUTO_FREE char *path = hp_sprintf("/proc/%d/stat", (int)w.pid);
	AUTO(hp_buf_free) struct hp_buf stat_text;
	struct hp_error err = HP_ERROR_INIT;
	unsigned long user = 0;
	unsigned long sys = 0;
	assert_int_equal(hp_file_read(path, 4096, &stat_text, &err), 0);
	AUTO_FREE char *text = hp_buf_take_str(&stat_text);
	assert_int_equal(sscanf(strrchr(text, ')'),
				") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
				&sys),
			 2);
	assert_true(user + sys < 10);

	world_write_end(&w, 0);
	world_write_end(&w, 1);
	world_say(&w, 0, "at last\n", 8);
	world_end(&w, 0);
	world_end(&w, 1);
	assert_int_equal(world_wait(&w), 0);
	output_of_log(w.log, false, &kept);
	assert_output(&kept, 0, "at last\n");
}

static void gives_up_without_a_writer(void **state)
{
	AUTO(world_free) struct world w;

	(void)state;
	world_make(&w);
	int64_t start = hp_clock_ms();
	WORLD_START(&w, "--wait-ms", "100");
	assert_int_equal(world_wait(&w), 0);
	assert_true(hp_clock_ms() - start >= 100);
}

static void a_silent_writer_is_a_writer(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output kept = {0};

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log, "--wait-ms", "50");
	world_write_end(&w, 0);
	world_write_end(&w, 1);
	hp_clock_sleep_ms(200);
	world_say(&w, 0, "slowly\n", 7);
	world_end(&w, 0);
	world_end(&w, 1);
	assert_int_equal(world_wait(&w), 0);
	output_of_log(w.log, false, &kept);
	assert_output(&kept, 0, "slowly\n");
}

static void takes_what_is_there_on_sigterm(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output live = {0};
	AUTO(output_free) struct output kept = {0};
	int fds[2];

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log);
	assert_true(world_attach(&w, fds));
	world_write_end(&w, 0);
	world_write_end(&w, 1);
	/* Stopped, so that both the output and the signal are there when it goes on. */
	kill(w.pid, SIGSTOP);
	world_say(&w, 0, "last words", 10);
	world_say(&w, 1, "and more\n", 9);
	kill(w.pid, SIGTERM);
	kill(w.pid, SIGCONT);
	assert_int_equal(world_wait(&w), 0);
	output_of_fds(fds, 0, &live);
	assert_output(&live, 0, "last words");
	assert_output(&live, 1, "and more\n");
	output_of_log(w.log, false, &kept);
	assert_output(&kept, 0, "last words");
	assert_output(&kept, 1, "and more\n");
}

static void ends_on_sigterm_though_a_client_does_not_read(void **state)
{
	AUTO(world_free) struct world w;
	struct hp_error err = HP_ERROR_INIT;
	char block[4096] = "";
	int fds[2];

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log);
	assert_true(world_attach(&w, fds));
	world_write_end(&w, 0);
	assert_int_equal(hp_fd_set_nonblock(w.writers[0], true, &err), 0);
	for (int i = 0; i < 1000 && hp_fd_poll(w.writers[0], POLLOUT, 100, &err) > 0; i++)
		assert_true(write(w.writers[0], block, sizeof(block)) > 0);
	kill(w.pid, SIGTERM);
	assert_int_equal(world_wait(&w), 0);
	close(fds[0]);
	close(fds[1]);
}

static void a_terminal_has_one_output(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output live = {0};
	AUTO(output_free) struct output kept = {0};
	int fds[2];

	(void)state;
	world_make(&w);
	AUTO_FREE char *errors = hp_path_join(w.dir, "stderr");
	assert_int_equal(unlink(errors), 0);
	WORLD_START(&w, "--log", w.log, "--tty");
	assert_true(world_attach(&w, fds));
	world_write_end(&w, 0);
	world_say(&w, 0, "\033[1mbold\033[0m\r\n$ ", 16);
	world_end(&w, 0);
	output_of_fds(fds, 0, &live);
	assert_int_equal(world_wait(&w), 0);
	assert_output(&live, 0, "\033[1mbold\033[0m\r\n$ ");
	assert_output(&live, 1, "");
	output_of_log(w.log, false, &kept);
	assert_output(&kept, 0, "\033[1mbold\033[0m\r\n$ ");
}

static void opens_the_fifos_for_the_first_client(void **state)
{
	AUTO(world_free) struct world w;
	AUTO(output_free) struct output live = {0};
	int fds[2];

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log, "--wait-attach");
	AUTO_FREE char *path = hp_path_join(w.dir, "stdout");
	/* Nobody has it open for reading yet. From: fifo(7), ENXIO. */
	assert_int_equal(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
	assert_int_equal(errno, ENXIO);
	assert_true(world_attach(&w, fds));
	world_write_end(&w, 0);
	world_write_end(&w, 1);
	world_say(&w, 0, "all of it\n", 10);
	world_end(&w, 0);
	world_end(&w, 1);
	output_of_fds(fds, 0, &live);
	assert_int_equal(world_wait(&w), 0);
	assert_output(&live, 0, "all of it\n");
}

static void does_not_wait_for_a_first_client_for_ever(void **state)
{
	AUTO(world_free) struct world w;

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--wait-attach", "--wait-ms", "100");
	assert_int_equal(world_wait(&w), 0);
}

static void refuses_what_is_no_request(void **state)
{
	AUTO(world_free) struct world w;
	struct hp_error err = HP_ERROR_INIT;
	char answer = 0;
	int fds[2];

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--log", w.log);
	assert_int_equal(hp_pipe(fds, &err), 0);
	AUTO_CLOSE int wrong = world_ask(&w, 'Z', fds + 1, 1);
	AUTO_CLOSE int empty = world_ask(&w, HP_KEEPER_ATTACH, NULL, 0);
	close(fds[1]);
	assert_int_equal(read(wrong, &answer, 1), 0);
	assert_int_equal(read(empty, &answer, 1), 0);
	/* The keeper has closed the end that came with the wrong word. */
	assert_int_equal(read(fds[0], &answer, 1), 0);
	close(fds[0]);

	/* Callers that never speak do not keep others out. */
	AUTO_FREE char *path = hp_path_join(w.dir, HP_KEEPER_SOCKET);
	int silent[12];
	for (int i = 0; i < 12; i++)
		assert_int_equal(hp_unix_connect(path, &silent[i], &err), 0);
	assert_true(world_attach(&w, fds));
	for (int i = 0; i < 12; i++)
		close(silent[i]);
	close(fds[0]);
	close(fds[1]);
}

static void has_room_for_so_many_clients(void **state)
{
	AUTO(world_free) struct world w;
	int fds[HP_KEEPER_CLIENTS_MAX + 1][2];

	(void)state;
	world_make(&w);
	WORLD_START(&w, "--wait-ms", "10000");
	for (int i = 0; i < HP_KEEPER_CLIENTS_MAX; i++)
		assert_true(world_attach(&w, fds[i]));
	assert_false(world_attach(&w, fds[HP_KEEPER_CLIENTS_MAX]));
	for (int i = 0; i <= HP_KEEPER_CLIENTS_MAX; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
	/* They were forgotten, so there is room again. */
	bool again = false;
	for (int i = 0; i < 100 && !again; i++) {
		again = world_attach(&w, fds[0]);
		close(fds[0][0]);
		close(fds[0][1]);
	}
	assert_true(again);
}

static void says_why_it_cannot_work(void **state)
{
	AUTO(world_free) struct world w;

	(void)state;
	world_make(&w);
	AUTO_FREE char *fifo = hp_path_join(w.dir, "stderr");
	assert_int_equal(unlink(fifo), 0);
	AUTO_FREE char *missing = world_start(&w, (const char *const[]){NULL});
	assert_non_null(strstr(missing, "stderr"));
	assert_int_equal(world_wait(&w), 1);

	AUTO_FREE char *usage = world_start(&w, (const char *const[]){"--what", NULL});
	assert_non_null(strstr(usage, "usage"));
	assert_int_equal(world_wait(&w), 2);

	AUTO_FREE char *file = scratch_file(w.dir, "stderr", "");
	AUTO_FREE char *no_fifo = world_start(&w, (const char *const[]){NULL});
	assert_non_null(strstr(no_fifo, "not a FIFO"));
	assert_int_equal(world_wait(&w), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(passes_output_to_log_and_client),
		FDS_TEST(serves_two_clients_and_one_that_comes_late),
		FDS_TEST(waits_for_a_slow_client_and_loses_nothing),
		FDS_TEST(forgets_a_client_that_has_gone),
		FDS_TEST(waits_for_the_first_writer_without_work),
		FDS_TEST(gives_up_without_a_writer),
		FDS_TEST(a_silent_writer_is_a_writer),
		FDS_TEST(takes_what_is_there_on_sigterm),
		FDS_TEST(ends_on_sigterm_though_a_client_does_not_read),
		FDS_TEST(a_terminal_has_one_output),
		FDS_TEST(opens_the_fifos_for_the_first_client),
		FDS_TEST(does_not_wait_for_a_first_client_for_ever),
		FDS_TEST(refuses_what_is_no_request),
		FDS_TEST(has_room_for_so_many_clients),
		FDS_TEST(says_why_it_cannot_work),
	};

	return cmocka_run_group_tests_name("keeper-keeper", tests, NULL, NULL);
}
