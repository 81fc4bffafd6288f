/* SPDX-License-Identifier: Apache-2.0 */
/* base-unix.c - tests of src/base/unix.c. */
#include <fcntl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "scratch.h"
#include "torture.h"

/* A path in @dir that is too long for a socket address. */
static char *long_path(const char *dir, const char *name)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *sub = hp_sprintf("%s/%0100d", dir, 0);

	assert_int_equal(hp_mkdirs(sub, 0755, &err), 0);
	return hp_path_join(sub, name);
}

static void meet(const char *path)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int listener = -1;
	AUTO_CLOSE int client = -1;
	AUTO_CLOSE int served = -1;
	struct stat st;
	char text[4] = "";

	assert_int_equal(hp_unix_listen(path, 0660, &listener, &err), 0);
	assert_int_equal(fcntl(listener, F_GETFD), FD_CLOEXEC);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(hp_unix_connect(path, &client, &err), 0);
	assert_int_equal(fcntl(client, F_GETFD), FD_CLOEXEC);
	served = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(served >= 0);
	assert_int_equal(hp_fd_write_all(client, "abc", 3, &err), 0);
	assert_int_equal(read(served, text, 3), 3);
	assert_string_equal(text, "abc");
}

static void connects_by_path(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *near = hp_path_join(dir, "s");
	AUTO_FREE char *far = long_path(dir, "s");

	(void)state;
	meet(near);
	meet(far);
	/* The sockets are stale now, and are replaced. */
	meet(near);
	meet(far);
}

static void says_why_nobody_is_there(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *none = hp_path_join(dir, "none");
	AUTO_FREE char *file = scratch_file(dir, "file", "");
	AUTO_FREE char *huge = hp_sprintf("%s/%0120d", dir, 0);
	int fd = -7;

	(void)state;
	assert_int_equal(hp_unix_connect(none, &fd, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	assert_int_equal(err.sys, ENOENT);
	assert_non_null(strstr(err.msg, none));
	hp_error_clear(&err);
	assert_int_equal(hp_unix_connect(file, &fd, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	assert_int_equal(err.sys, ECONNREFUSED);
	hp_error_clear(&err);
	assert_int_equal(hp_unix_connect("", &fd, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	assert_int_equal(hp_unix_connect(huge, &fd, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_int_equal(fd, -7);
}

static void replaces_nothing_that_lives(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "s");
	AUTO_FREE char *file = scratch_file(dir, "file", "precious");
	AUTO_CLOSE int first = -1;
	int second = -7;

	(void)state;
	assert_int_equal(hp_unix_listen(path, 0600, &first, &err), 0);
	assert_int_equal(hp_unix_listen(path, 0600, &second, &err), -1);
	assert_int_equal(err.code, HP_EEXISTS);
	assert_true(scratch_has(path));
	hp_error_clear(&err);
	assert_int_equal(hp_unix_listen(file, 0600, &second, &err), -1);
	assert_int_equal(err.code, HP_EEXISTS);
	assert_true(scratch_has(file));
	assert_int_equal(second, -7);
}

static void make_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

static void passes_descriptors(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char data[10] = "";
	int pair[2];
	int pipe_fds[2];
	int got[4] = {-1, -1, -1, -1};
	size_t n_got = 4;

	(void)state;
	make_pair(pair);
	assert_int_equal(hp_pipe(pipe_fds, &err), 0);
	assert_int_equal(hp_fd_send(pair[0], "hey", 3, pipe_fds, 2, &err), 0);
	assert_int_equal(hp_fd_recv(pair[1], data, sizeof(data), got, &n_got, &err), 3);
	assert_int_equal(n_got, 2);
	assert_string_equal(data, "hey");
	assert_int_equal(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(got[1], "x", 1), 1);
	assert_int_equal(read(pipe_fds[0], data, 1), 1);

	/* None at all, then the end. */
	assert_int_equal(hp_fd_send(pair[0], "yo", 2, NULL, 0, &err), 0);
	assert_int_equal(hp_fd_recv(pair[1], data, sizeof(data), got + 2, &n_got, &err), 2);
	assert_int_equal(n_got, 0);
	close(pair[0]);
	assert_int_equal(hp_fd_recv(pair[1], data, sizeof(data), got + 2, &n_got, &err), 0);
	close(pair[1]);
	for (int i = 0; i < 2; i++) {
		close(got[i]);
		close(pipe_fds[i]);
	}
}

static void closes_descriptors_it_did_not_ask_for(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char byte;
	int pair[2];
	int many[253];
	int got[1] = {-1};
	size_t n_got = 1;
	int before;

	(void)state;
	make_pair(pair);
	for (size_t i = 0; i < HP_ARRAY_LEN(many); i++)
		many[i] = pair[0];
	before = fds_count();
	assert_int_equal(hp_fd_send(pair[0], "x", 1, many, 253, &err), 0);
	assert_int_equal(hp_fd_recv(pair[1], &byte, 1, got, &n_got, &err), 1);
	assert_int_equal(n_got, 1);
	assert_int_equal(fds_count(), before + 1);
	close(got[0]);
	assert_int_equal(hp_fd_send(pair[0], "x", 1, many, 253, &err), 0);
	n_got = 0;
	assert_int_equal(hp_fd_recv(pair[1], &byte, 1, NULL, &n_got, &err), 1);
	assert_int_equal(n_got, 0);
	assert_int_equal(fds_count(), before);

	assert_int_equal(hp_fd_send(pair[0], "x", 1, many, 254, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	close(pair[0]);
	close(pair[1]);
}

static void tells_of_a_peer_that_went(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	size_t n_got = 7;
	char byte;
	int pair[2];

	(void)state;
	make_pair(pair);
	close(pair[1]);
	assert_int_equal(hp_fd_send(pair[0], "x", 1, NULL, 0, &err), -1);
	assert_int_equal(err.sys, EPIPE);
	hp_error_clear(&err);
	close(pair[0]);
	assert_int_equal(hp_fd_recv(pair[0], &byte, 1, NULL, &n_got, &err), -1);
	assert_int_equal(err.sys, EBADF);
	assert_int_equal(n_got, 7);
}

static int listen_and_connect(void *arg, struct hp_error *err)
{
	static const char *const names[] = {"s", "t"};
	int rc = 0;

	for (size_t i = 0; i < HP_ARRAY_LEN(names) && rc == 0; i++) {
		AUTO_FREE char *path = NULL;
		AUTO_CLOSE int stale = -1;
		AUTO_CLOSE int listener = -1;
		AUTO_CLOSE int client = -1;

		hp_fault_pause(true);
		path = i == 0 ? hp_path_join(arg, names[i]) : long_path(arg, names[i]);
		assert_int_equal(hp_unix_listen(path, 0600, &stale, err), 0);
		close(TAKE_FD(stale));
		hp_fault_pause(false);
		rc = hp_unix_listen(path, 0600, &listener, err);
		if (rc == 0)
			rc = hp_unix_connect(path, &client, err);
	}
	return rc;
}

static int send_and_receive(void *arg, struct hp_error *err)
{
	AUTO_CLOSE int a = -1;
	AUTO_CLOSE int b = -1;
	AUTO_CLOSE int got = -1;
	int pair[2];
	size_t n_got = 1;
	char byte;

	(void)arg;
	make_pair(pair);
	a = pair[0];
	b = pair[1];
	if (hp_fd_send(a, "x", 1, &b, 1, err) < 0)
		return -1;
	return hp_fd_recv(b, &byte, 1, &got, &n_got, err) < 0 ? -1 : 0;
}

static void survives_any_call_failing(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();

	(void)state;
	torture_all(listen_and_connect, dir, 20);
	torture_all(send_and_receive, NULL, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(connects_by_path),
		FDS_TEST(says_why_nobody_is_there),
		FDS_TEST(replaces_nothing_that_lives),
		FDS_TEST(passes_descriptors),
		FDS_TEST(closes_descriptors_it_did_not_ask_for),
		FDS_TEST(tells_of_a_peer_that_went),
		FDS_TEST(survives_any_call_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
