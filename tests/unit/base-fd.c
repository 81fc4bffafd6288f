/* SPDX-License-Identifier: Apache-2.0 */
/* base-fd.c - tests of src/base/fd.c. */
#include "base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "scratch.h"
#include "torture.h"

#define BIG ((size_t)3 << 20)

static void makes_pipes_that_are_not_inherited(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	(void)state;
	assert_int_equal(hp_pipe(fds, &err), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
		assert_int_equal(fcntl(fds[i], F_GETFL) & O_NONBLOCK, 0);
		close(fds[i]);
	}
}

static void sets_and_unsets_nonblock(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	(void)state;
	assert_int_equal(hp_pipe(fds, &err), 0);
	assert_int_equal(hp_fd_set_nonblock(fds[0], true, &err), 0);
	assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(hp_fd_set_nonblock(fds[0], false, &err), 0);
	assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(hp_fd_set_nonblock(fds[0], true, &err), -1);
	assert_int_equal(err.sys, EBADF);
}

/* Write BIG bytes into @fd from a process of its own. */
static pid_t start_writer(int fd, int other_end)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO_FREE char *data = hp_alloc(BIG);

		close(other_end);
		for (size_t i = 0; i < BIG; i++)
			data[i] = (char)(i * 7);
		_exit(hp_fd_write_all(fd, data, BIG, &err) < 0);
	}
	close(fd);
	return pid;
}

/* Both ends do not block, so both sides must poll on EAGAIN. */
static void moves_much_through_a_narrow_pipe(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf buf;
	int fds[2];
	int status;
	pid_t pid;

	(void)state;
	hp_buf_init(&buf, BIG);
	assert_int_equal(hp_pipe(fds, &err), 0);
	assert_int_equal(hp_fd_set_nonblock(fds[0], true, &err), 0);
	assert_int_equal(hp_fd_set_nonblock(fds[1], true, &err), 0);
	pid = start_writer(fds[1], fds[0]);
	assert_int_equal(hp_fd_read_all(fds[0], &buf, &err), 0);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(buf.len, BIG);
	for (size_t i = 0; i < BIG; i += 4099)
		assert_int_equal((char)buf.data[i], (char)(i * 7));
}

static void stops_reading_at_the_limit(void **state)
{
	for (size_t extra = 0; extra < 2; extra++) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO(hp_buf_free) struct hp_buf buf;
		int fds[2];

		(void)state;
		hp_buf_init(&buf, 10);
		assert_int_equal(hp_pipe(fds, &err), 0);
		assert_int_equal(hp_fd_write_all(fds[1], "0123456789x", 10 + extra, &err), 0);
		close(fds[1]);
		assert_int_equal(hp_fd_read_all(fds[0], &buf, &err), extra ? -1 : 0);
		assert_int_equal(err.code, extra ? HP_EEXHAUSTED : HP_OK);
		assert_int_equal(buf.len, 10);
		close(fds[0]);
	}
}

static void tells_why_it_could_not(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf buf;
	int fds[2];

	(void)state;
	hp_buf_init(&buf, 10);
	assert_int_equal(hp_fd_read_all(-1, &buf, &err), -1);
	assert_int_equal(err.sys, EBADF);
	hp_error_clear(&err);

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(hp_pipe(fds, &err), 0);
	close(fds[0]);
	assert_int_equal(hp_fd_write_all(fds[1], "x", 1, &err), -1);
	assert_int_equal(err.sys, EPIPE);
	assert_int_equal(err.code, HP_EIO);
	close(fds[1]);
	signal(SIGPIPE, SIG_DFL);
}

static void polls(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	int64_t start = hp_clock_ms();
	int fds[2];

	(void)state;
	assert_int_equal(hp_pipe(fds, &err), 0);
	assert_int_equal(hp_fd_poll(fds[0], POLLIN, 0, &err), 0);
	assert_int_equal(hp_fd_poll(fds[0], POLLIN, 30, &err), 0);
	assert_true(hp_clock_ms() - start >= 29);
	assert_int_equal(hp_fd_poll(fds[1], POLLOUT, -1, &err), POLLOUT);
	assert_int_equal(hp_fd_write_all(fds[1], "x", 1, &err), 0);
	assert_int_equal(hp_fd_poll(fds[0], POLLIN, -1, &err), POLLIN);
	close(fds[1]);
	assert_int_equal(hp_fd_poll(fds[0], POLLIN, 1000, &err), POLLIN | POLLHUP);
	close(fds[0]);
	assert_int_equal(hp_fd_poll(fds[0], POLLIN, 1000, &err), POLLNVAL);
}

static void ignore_alarm(int sig)
{
	(void)sig;
}

/* Signals every 5 ms must neither end the wait nor make it longer. */
static void polls_on_through_signals(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct sigaction action = {.sa_handler = ignore_alarm};
	const struct itimerspec often = {.it_value.tv_nsec = 5000000,
					 .it_interval.tv_nsec = 5000000};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	int64_t start = hp_clock_ms();
	timer_t timer;
	int fds[2];

	(void)state;
	assert_int_equal(hp_pipe(fds, &err), 0);
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &often, NULL), 0);
	assert_int_equal(hp_fd_poll(fds[0], POLLIN, 60, &err), 0);
	assert_int_equal(timer_delete(timer), 0);
	assert_true(hp_clock_ms() - start >= 59);
	assert_true(hp_clock_ms() - start < 5000);
	close(fds[0]);
	close(fds[1]);
}

static int pass_through_pipe(void *arg, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf buf;
	AUTO_CLOSE int in = -1;
	AUTO_CLOSE int out = -1;
	int fds[2];

	(void)arg;
	hp_buf_init(&buf, 100);
	if (hp_pipe(fds, err) < 0)
		return -1;
	in = fds[0];
	out = fds[1];
	if (hp_fd_set_nonblock(in, true, err) < 0 || hp_fd_write_all(out, "abc", 3, err) < 0 ||
	    hp_fd_poll(in, POLLIN, 100, err) < 0)
		return -1;
	close(TAKE_FD(out));
	if (hp_fd_read_all(in, &buf, err) < 0)
		return -1;
	assert_int_equal(buf.len, 3);
	return 0;
}

static void survives_any_call_failing(void **state)
{
	(void)state;
	torture_all(pass_through_pipe, NULL, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(makes_pipes_that_are_not_inherited),
		FDS_TEST(sets_and_unsets_nonblock),
		FDS_TEST(moves_much_through_a_narrow_pipe),
		FDS_TEST(stops_reading_at_the_limit),
		FDS_TEST(tells_why_it_could_not),
		FDS_TEST(polls),
		FDS_TEST(polls_on_through_signals),
		FDS_TEST(survives_any_call_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
