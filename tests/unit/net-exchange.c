/* SPDX-License-Identifier: Apache-2.0 */
/* net-exchange.c - tests of src/net/exchange.c. */
#include "net/exchange.h"

#include <poll.h>

#include "base/clock.h"
#include "daemon-world.h"

static const struct hp_http1_request get = {
	.method = "GET", .target = "/a", .host = "h", .body = HP_HTTP1_NO_BODY};

/* Ask @r of a daemon that has answered with @answer already. Owns: the caller. */
static struct hp_exchange *asked(struct daemon_world *w, const struct hp_http1_request *r,
				 const char *answer)
{
	struct hp_exchange *x = hp_exchange_new(TAKE(w->conn));
	struct hp_error err = HP_ERROR_INIT;

	daemon_says(w, answer);
	if (hp_exchange_ask(x, r, HP_BYTES(NULL, 0), hp_deadline_in(5000), &err) < 0 ||
	    hp_exchange_head(x, hp_deadline_in(5000), &err) < 0)
		fail_msg("%s", err.msg);
	return x;
}

/* The rest of the answer. Owns: the caller. */
static char *body_of(struct hp_exchange *x)
{
	AUTO(hp_buf_free) struct hp_buf body;
	struct hp_error err = HP_ERROR_INIT;

	hp_buf_init(&body, 1 << 20);
	if (hp_exchange_body(x, hp_deadline_in(5000), &body, &err) < 0)
		fail_msg("%s", err.msg);
	return hp_buf_take_str(&body);
}

static void one_follows_the_other(void **state)
{
	AUTO(daemon_free) struct daemon_world w = daemon_new();
	AUTO(hp_exchange_free)
	struct hp_exchange *x =
		asked(&w, &get, "HTTP/1.1 200 OK\r\nX-Y: z\r\nContent-Length: 3\r\n\r\none");
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_exchange_status(x), 200);
	assert_string_equal(hp_exchange_header(x, "x-y"), "z");
	assert_null(hp_exchange_header(x, "z"));
	assert_false(hp_exchange_is_free(x));
	AUTO_FREE char *one = body_of(x);
	assert_string_equal(one, "one");
	assert_true(hp_exchange_is_free(x));
	daemon_says(&w, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(hp_exchange_ask(x, &get, HP_BYTES("abc", 3), 0, &err), 0);
	assert_int_equal(hp_exchange_head(x, 0, &err), 0);
	assert_int_equal(hp_exchange_status(x), 404);
	assert_null(hp_exchange_header(x, "x-y"));
	AUTO_FREE char *two = body_of(x);
	assert_string_equal(two, "");
	AUTO_FREE char *heard = daemon_heard(&w);
	assert_string_equal(heard, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
				   "GET /a HTTP/1.1\r\nHost: h\r\n\r\nabc");
}

static void sends_a_body_in_pieces(void **state)
{
	AUTO(daemon_free) struct daemon_world w = daemon_new();
	AUTO(hp_exchange_free) struct hp_exchange *x = hp_exchange_new(TAKE(w.conn));
	const struct hp_http1_request put = {
		.method = "PUT", .target = "/b", .host = "h", .body = HP_HTTP1_CHUNKED};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_exchange_ask(x, &put, HP_BYTES(NULL, 0), 0, &err), 0);
	assert_int_equal(hp_exchange_send(x, hp_bytes_str("abc"), 0, &err), 0);
	assert_int_equal(hp_exchange_send(x, HP_BYTES(NULL, 0), 0, &err), 0);
	AUTO_FREE char *heard = daemon_heard(&w);
	assert_non_null(strstr(heard, "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
	/* Who answers before the end has heard enough. */
	assert_int_equal(hp_exchange_ask(x, &put, HP_BYTES(NULL, 0), 0, &err), 0);
	daemon_says(&w, "HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nfull");
	assert_int_equal(hp_exchange_send(x, hp_bytes_str("abc"), 0, &err), 1);
	assert_int_equal(hp_exchange_head(x, 0, &err), 0);
	AUTO_FREE char *why = body_of(x);
	assert_string_equal(why, "full");
}

static void tells_why_it_was_cut_off(void **state)
{
	AUTO(daemon_free) struct daemon_world w = daemon_new();
	AUTO(hp_exchange_free) struct hp_exchange *x = hp_exchange_new(TAKE(w.conn));
	AUTO_FREE char *big = hp_alloc(8 << 20);
	const struct hp_http1_request post = {
		.method = "POST", .target = "/b", .host = "h", .body = 8 << 20};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	daemon_says(&w, "HTTP/1.1 413 Too Large\r\nConnection: close\r\n"
			"Content-Length: 2\r\n\r\nno");
	daemon_hang_up(&w);
	assert_int_equal(
		hp_exchange_ask(x, &post, HP_BYTES(big, 8 << 20), hp_deadline_in(5000), &err),
		0);
	assert_int_equal(hp_exchange_head(x, hp_deadline_in(5000), &err), 0);
	assert_int_equal(hp_exchange_status(x), 413);
	AUTO_FREE char *why = body_of(x);
	assert_string_equal(why, "no");
	assert_false(hp_exchange_is_free(x));
}

static void a_poll_sees_what_was_read_ahead(void **state)
{
	AUTO(daemon_free) struct daemon_world w = daemon_new();
	AUTO(hp_exchange_free)
	struct hp_exchange *x = asked(&w, &get,
				      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				      "1\r\na\r\n1\r\nb\r\n");
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes piece;
	int fd = -1;

	(void)state;
	assert_int_equal(hp_exchange_watch(x, &fd, &err), 0);
	for (const char *want = "ab"; *want; want++) {
		assert_int_equal(hp_fd_poll(fd, POLLIN, 0, &err), POLLIN);
		assert_int_equal(hp_exchange_next(x, &piece, &err), HP_NEXT_ITEM);
		assert_int_equal(piece.len, 1);
		assert_int_equal(piece.data[0], *want);
	}
	assert_int_equal(hp_exchange_next(x, &piece, &err), HP_NEXT_WAIT);
	assert_int_equal(hp_fd_poll(fd, POLLIN, 0, &err), 0);
	daemon_says(&w, "0\r\n\r\n");
	assert_int_equal(hp_fd_poll(fd, POLLIN, 5000, &err), POLLIN);
	assert_int_equal(hp_exchange_next(x, &piece, &err), HP_NEXT_END);
	assert_int_equal(hp_fd_poll(fd, POLLIN, 0, &err), POLLIN);
	assert_true(hp_exchange_is_free(x));
}

static void an_upgrade_leaves_the_connection(void **state)
{
	AUTO(daemon_free) struct daemon_world w = daemon_new();
	AUTO(hp_exchange_free)
	struct hp_exchange *x = asked(&w, &get, "HTTP/1.1 101 UPGRADED\r\n\r\nraw");
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes piece;

	(void)state;
	free(daemon_heard(&w));
	assert_int_equal(hp_exchange_next(x, &piece, &err), HP_NEXT_ITEM);
	assert_int_equal(piece.len, 3);
	assert_int_equal(hp_conn_write(hp_exchange_conn(x), "up", 2, &err), 2);
	AUTO_FREE char *heard = daemon_heard(&w);
	assert_string_equal(heard, "up");
	daemon_hang_up(&w);
	assert_int_equal(hp_exchange_next(x, &piece, &err), HP_NEXT_END);
	assert_false(hp_exchange_is_free(x));
}

static void says_how_it_was_lost(void **state)
{
	static const struct {
		const char *answer;
		bool unheard;
		enum hp_code code;
	} rows[] = {
		{"", true, HP_EUNAVAILABLE},
		{"HTTP/1.1 200", false, HP_EUNAVAILABLE},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", false, HP_EUNAVAILABLE},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345", false,
		 HP_EUNAVAILABLE},
		{"220 ftp.example\r\n", false, HP_EPROTO},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(daemon_free) struct daemon_world w = daemon_new();
		AUTO(hp_exchange_free) struct hp_exchange *x = hp_exchange_new(TAKE(w.conn));
		AUTO(hp_buf_free) struct hp_buf body;
		struct hp_error err = HP_ERROR_INIT;
		hp_buf_init(&body, 1000);
		daemon_says(&w, rows[i].answer);
		daemon_hang_up(&w);
		assert_int_equal(hp_exchange_ask(x, &get, HP_BYTES(NULL, 0), 0, &err), 0);
		assert_true(hp_exchange_head(x, 0, &err) < 0 ||
			    hp_exchange_body(x, 0, &body, &err) < 0);
		assert_int_equal(err.code, rows[i].code);
		assert_int_equal(hp_exchange_was_unheard(x), rows[i].unheard);
	}
}

static void waits_no_longer_than_it_may(void **state)
{
	AUTO(daemon_free) struct daemon_world w = daemon_new();
	AUTO(hp_exchange_free) struct hp_exchange *x = hp_exchange_new(TAKE(w.conn));
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_exchange_ask(x, &get, HP_BYTES(NULL, 0), 0, &err), 0);
	assert_int_equal(hp_exchange_head(x, hp_deadline_in(20), &err), -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
	hp_exchange_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(one_follows_the_other),
		FDS_TEST(sends_a_body_in_pieces),
		FDS_TEST(tells_why_it_was_cut_off),
		FDS_TEST(a_poll_sees_what_was_read_ahead),
		FDS_TEST(an_upgrade_leaves_the_connection),
		FDS_TEST(says_how_it_was_lost),
		FDS_TEST(waits_no_longer_than_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
