/* SPDX-License-Identifier: Apache-2.0 */
/* net-http.c - requests to a server of the test's: answers, limits, broken connections. */
#include "net/http.h"

#include "base/alloc.h"
#include "fake/http_peer.h"
#include "fds.h"

#define WAIT_MS 5000

static int append(void *arg, const struct hp_http_transfer *t, struct hp_bytes data,
		  struct hp_error *err)
{
	(void)t;
	return hp_buf_add(arg, data.data, data.len, err);
}

static int refuse(void *arg, const struct hp_http_transfer *t, struct hp_bytes data,
		  struct hp_error *err)
{
	(void)arg;
	(void)t;
	(void)data;
	return hp_fail(err, HP_EEXHAUSTED, "no room");
}

static struct hp_http *http_new(void)
{
	const struct hp_http_config config = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_http *h = NULL;

	if (hp_http_new(&config, &h, &err) < 0)
		fail_msg("%s", err.msg);
	return h;
}

static struct hp_http_transfer *begin(struct hp_http *h, const char *base, const char *path,
				      struct hp_http_request request)
{
	AUTO_FREE char *url = hp_sprintf("%s%s", base, path);
	struct hp_http_transfer *t = NULL;
	struct hp_error err = HP_ERROR_INIT;

	request.url = url;
	if (!request.method)
		request.method = "GET";
	if (!request.max)
		request.max = 1000;
	if (hp_http_start(h, &request, &t, &err) < 0)
		fail_msg("%s", err.msg);
	return t;
}

/* Ask and wait until it is done. Owns: the caller. */
static struct hp_http_transfer *ask(struct hp_http *h, const char *base, const char *path,
				    struct hp_http_request request)
{
	struct hp_http_transfer *t = begin(h, base, path, request), *done = NULL;
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_http_next(h, WAIT_MS, &done, &err), 1);
	assert_ptr_equal(t, done);
	return t;
}

static void tells_answers(void **state)
{
	const struct http_answer answers[] = {
		{.path = "/a",
		 .status = "200 OK",
		 .headers = "X-One: first \r\nX-One: second\r\n",
		 .body = "hello"},
		{.path = "/r",
		 .status = "307 Temporary Redirect",
		 .headers = "Location: a\r\n"},
	};
	struct http_peer peer;
	AUTO(hp_http_free) struct hp_http *h = http_new();
	AUTO(hp_buf_free) struct hp_buf body;
	const char *headers[] = {"X-Mine: yes", NULL};

	(void)state;
	hp_buf_init(&body, 1000);
	http_peer_start(&peer, answers, HP_ARRAY_LEN(answers));
	struct hp_http_transfer *t =
		ask(h, peer.url, "/a",
		    (struct hp_http_request){.headers = headers, .data = append, .arg = &body});
	assert_null(hp_http_failure(t));
	assert_int_equal(hp_http_status(t), 200);
	assert_string_equal(hp_http_header(t, "x-one"), "first");
	assert_null(hp_http_header(t, "x-two"));
	assert_null(hp_http_location(t));
	assert_memory_equal(body.data, "hello", 5);
	assert_int_equal(http_peer_saw(&peer, "X-Mine: yes\r\n"), 1);
	hp_http_transfer_free(t);

	t = ask(h, peer.url, "/r", (struct hp_http_request){.method = "HEAD"});
	AUTO_FREE char *to = hp_sprintf("%s/a", peer.url);
	assert_int_equal(hp_http_status(t), 307);
	assert_string_equal(hp_http_location(t), to);
	hp_http_transfer_free(t);

	t = ask(h, peer.url, "/none", (struct hp_http_request){.body = "x=1"});
	assert_null(hp_http_failure(t));
	assert_int_equal(hp_http_status(t), 404);
	assert_int_equal(http_peer_saw(&peer, "POST /none"), 1);
	hp_http_transfer_free(t);
	http_peer_stop(&peer);
}

static void limits_hold(void **state)
{
	const struct http_answer answers[] = {
		{.path = "/endless", .status = "200 OK", .body = "0123456789", .endless = true},
		{.path = "/cut", .status = "200 OK", .body = "0123456789", .cut = 4},
		{.path = "/a", .status = "200 OK", .body = "0123456789"},
	};
	struct http_peer peer;
	AUTO(hp_http_free) struct hp_http *h = http_new();

	(void)state;
	http_peer_start(&peer, answers, HP_ARRAY_LEN(answers));
	struct hp_http_transfer *t =
		ask(h, peer.url, "/endless", (struct hp_http_request){.max = 100});
	assert_int_equal(hp_http_failure(t)->code, HP_ECORRUPT);
	assert_false(hp_http_may_retry(t));
	hp_http_transfer_free(t);
	t = ask(h, peer.url, "/cut", (struct hp_http_request){0});
	assert_int_equal(hp_http_failure(t)->code, HP_EIO);
	assert_true(hp_http_may_retry(t));
	hp_http_transfer_free(t);
	t = ask(h, peer.url, "/a", (struct hp_http_request){.data = refuse});
	assert_int_equal(hp_http_failure(t)->code, HP_EEXHAUSTED);
	assert_string_equal(hp_http_failure(t)->msg, "no room");
	assert_false(hp_http_may_retry(t));
	hp_http_transfer_free(t);
	http_peer_stop(&peer);
	t = ask(h, peer.url, "/a", (struct hp_http_request){0});
	assert_int_equal(hp_http_failure(t)->code, HP_EUNAVAILABLE);
	hp_http_transfer_free(t);
}

static void several_at_once(void **state)
{
	const struct http_answer answers[] = {
		{.path = "/a", .status = "200 OK", .body = "a"},
		{.path = "/b", .status = "200 OK", .body = "b"},
	};
	struct http_peer peer;
	AUTO(hp_http_free) struct hp_http *h = http_new();
	struct hp_error err = HP_ERROR_INIT;
	struct hp_http_transfer *done = NULL;
	int a = 1, b = 2, sum = 0;

	(void)state;
	http_peer_start(&peer, answers, HP_ARRAY_LEN(answers));
	struct hp_http_transfer *all[] = {
		begin(h, peer.url, "/a", (struct hp_http_request){.arg = &a}),
		begin(h, peer.url, "/b", (struct hp_http_request){.arg = &b}),
		/* Given up before it is done. */
		begin(h, peer.url, "/a", (struct hp_http_request){.arg = &a}),
	};
	hp_http_transfer_free(all[2]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hp_http_next(h, WAIT_MS, &done, &err), 1);
		assert_null(hp_http_failure(done));
		sum += *(const int *)hp_http_arg(done);
	}
	assert_int_equal(sum, 3);
	assert_int_equal(hp_http_next(h, 0, &done, &err), 0);
	hp_http_transfer_free(all[0]);
	hp_http_transfer_free(all[1]);
	http_peer_stop(&peer);
}

static void bad_ones_are_refused(void **state)
{
	const struct hp_http_config config = {.tls_ca = "/no/such/file"};
	AUTO(hp_http_free) struct hp_http *h = http_new();
	struct hp_http *none = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_http_new(&config, &none, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	struct hp_http_transfer *t =
		ask(h, "file:///etc", "/passwd", (struct hp_http_request){0});
	assert_int_equal(hp_http_failure(t)->code, HP_EINVALID);
	hp_http_transfer_free(t);
}

static void knows_loopback(void **state)
{
	(void)state;
	assert_true(hp_http_is_loopback("localhost"));
	assert_true(hp_http_is_loopback("127.0.0.1"));
	assert_true(hp_http_is_loopback("127.9.9.9"));
	assert_true(hp_http_is_loopback("::1"));
	assert_false(hp_http_is_loopback("127.0.0.1.example.com"));
	assert_false(hp_http_is_loopback("localhost.example.com"));
	assert_false(hp_http_is_loopback("10.0.0.1"));
	assert_false(hp_http_is_loopback(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(tells_answers),          FDS_TEST(limits_hold),
		FDS_TEST(several_at_once),        FDS_TEST(bad_ones_are_refused),
		cmocka_unit_test(knows_loopback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
