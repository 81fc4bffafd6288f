/* SPDX-License-Identifier: Apache-2.0 */
/* net-conn.c - tests of src/net/conn.c. */
#include "net/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "daemon-world.h"

static void carries_bytes_both_ways(void **state)
{
	AUTO(daemon_free) struct daemon_world w = daemon_new();
	struct hp_error err = HP_ERROR_INIT;
	char data[16];
	size_t n = 0;

	(void)state;
	assert_int_equal(hp_conn_read(w.conn, data, sizeof(data), &n, &err), HP_NEXT_WAIT);
	daemon_says(&w, "hello");
	assert_int_equal(hp_conn_read(w.conn, data, sizeof(data), &n, &err), HP_NEXT_ITEM);
	assert_int_equal(n, 5);
	assert_memory_equal(data, "hello", 5);
	assert_int_equal(hp_conn_write(w.conn, "abc", 3, &err), 3);
	AUTO_FREE char *heard = daemon_heard(&w);
	assert_string_equal(heard, "abc");
	/* An end in one direction leaves the other. */
	assert_int_equal(hp_conn_end(w.conn, &err), 0);
	assert_int_equal(recv(w.fd, data, sizeof(data), 0), 0);
	daemon_says(&w, "more");
	assert_int_equal(hp_conn_read(w.conn, data, sizeof(data), &n, &err), HP_NEXT_ITEM);
	daemon_hang_up(&w);
	assert_int_equal(hp_conn_read(w.conn, data, sizeof(data), &n, &err), HP_NEXT_END);
}

static void writes_what_fits(void **state)
{
	AUTO(daemon_free) struct daemon_world w = daemon_new();
	AUTO_FREE char *data = hp_alloc(1 << 20);
	struct hp_error err = HP_ERROR_INIT;
	ssize_t n = 1;

	(void)state;
	for (int i = 0; i < 1000 && n > 0; i++)
		n = hp_conn_write(w.conn, data, 1 << 20, &err);
	assert_int_equal(n, 0);
	daemon_hang_up(&w);
	assert_int_equal(hp_conn_write(w.conn, data, 1, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
}

static void says_that_nobody_is_there(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "sock");
	struct hp_conn *conn = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_conn_unix(path, &conn, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	hp_error_clear(&err);
	/* From: RFC 6335: port 1 is tcpmux, which nobody has. */
	assert_int_equal(hp_conn_tcp("127.0.0.1", "1", hp_deadline_in(5000), &conn, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	assert_non_null(strstr(err.msg, "127.0.0.1 port 1"));
	hp_error_clear(&err);
	assert_int_equal(hp_conn_tcp("no such host", "1", hp_deadline_in(5000), &conn, &err),
			 -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	assert_null(conn);
	hp_conn_free(NULL);
}

static void reaches_a_port(void **state)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO(hp_conn_free) struct hp_conn *conn = NULL;
	struct hp_error err = HP_ERROR_INIT;
	char port[8];

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	snprintf(port, sizeof(port), "%u", ntohs(addr.sin_port));
	assert_int_equal(hp_conn_tcp("127.0.0.1", port, hp_deadline_in(10000), &conn, &err), 0);
	assert_int_equal(hp_conn_write(conn, "x", 1, &err), 1);
	AUTO_CLOSE int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	char c = 0;
	assert_int_equal(recv(peer, &c, 1, 0), 1);
	assert_int_equal(c, 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(carries_bytes_both_ways),
		FDS_TEST(writes_what_fits),
		FDS_TEST(says_that_nobody_is_there),
		FDS_TEST(reaches_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
