/* SPDX-License-Identifier: Apache-2.0 */
/* net-grpc.c - tests of src/net/grpc.c: the client, its headers, and connections that go away. */
#include "net/grpc.h"

#include <sys/resource.h>

#include "peer.h"

static void answers_unary_calls(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);

	(void)state;
	assert_int_equal(hp_grpc_fd(p.g), -1);
	expect_answer(&p, "msg hello;status 0", "hello");
	expect_answer(&p, "msg ;status 0", "");
	for (int i = 0; i < 200; i++)
		expect_answer(&p, "msg again;status 0", "again");
	assert_int_equal(h2_peer_connections(p.peer), 1);
	assert_true(hp_grpc_fd(p.g) >= 0);
	assert_false(fd_rings(hp_grpc_fd(p.g), 0));
}

static void writes_the_answer_on_success_only(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_buf_free) struct hp_buf reply;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes script = hp_bytes_str("msg abc;status 3 no");

	(void)state;
	hp_buf_init(&reply, 100);
	assert_int_equal(
		hp_grpc_unary(p.g, SCRIPT, hp_deadline_in(PATIENCE_MS), script, &reply, &err),
		-1);
	assert_int_equal(reply.len, 0);
	assert_null(reply.data);
	hp_error_clear(&err);

	/* The caller's own limit holds too. */
	script = hp_bytes_str("big 101;status 0");
	assert_int_equal(
		hp_grpc_unary(p.g, SCRIPT, hp_deadline_in(PATIENCE_MS), script, &reply, &err),
		-1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_null(reply.data);
	hp_error_clear(&err);
	script = hp_bytes_str("big 100;status 0");
	assert_int_equal(
		hp_grpc_unary(p.g, SCRIPT, hp_deadline_in(PATIENCE_MS), script, &reply, &err),
		0);
	assert_int_equal(reply.len, 100);
	assert_int_equal(reply.max, 100);
}

static void sends_its_headers(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_grpc_set_header(p.g, "Containerd-Namespace", "first");
	hp_grpc_set_header(p.g, "containerd-namespace", "second");
	hp_grpc_set_header(p.g, "containerd-lease", "gone");
	hp_grpc_set_header(p.g, "containerd-lease", NULL);
	hp_grpc_set_header(p.g, "never-there", NULL);
	AUTO_FREE char *text = ask(&p, "headers;status 0", &err);
	assert_non_null(text);
	assert_non_null(strstr(text, ":method: POST\n"));
	assert_non_null(strstr(text, ":scheme: http\n"));
	assert_non_null(strstr(text, ":path: " SCRIPT "\n"));
	assert_non_null(strstr(text, "content-type: application/grpc\n"));
	assert_non_null(strstr(text, "te: trailers\n"));
	assert_non_null(strstr(text, "containerd-namespace: second\n"));
	assert_non_null(strstr(text, "grpc-timeout: "));
	assert_null(strstr(text, "first"));
	assert_null(strstr(text, "containerd-lease"));

	hp_grpc_set_header(p.g, "containerd-namespace", "a\nb");
	assert_null(ask(&p, "headers;status 0", &err));
	assert_int_equal(err.code, HP_EINVALID);
	assert_non_null(strstr(err.msg, "containerd-namespace"));
}

static void takes_urls(void **state)
{
	static const char *const prefixes[] = {"unix://", "unix:", ""};
	AUTO(pair_free) struct pair p = pair_new(0);

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(prefixes); i++) {
		AUTO_FREE char *url = hp_sprintf("%s%s", prefixes[i], p.path);

		hp_grpc_free(p.g);
		p.g = hp_grpc_new(url, 0);
		expect_answer(&p, "msg x;status 0", "x");
	}
}

static void connects_again_after_a_restart(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	expect_answer(&p, "msg one;status 0", "one");
	h2_peer_stop(p.peer);
	p.peer = NULL;
	assert_null(ask(&p, "msg x;status 0", &err));
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	assert_non_null(strstr(err.msg, "no socket"));

	p.peer = h2_peer_start(p.path);
	expect_answer(&p, "msg two;status 0", "two");
	h2_peer_stop(p.peer);
	p.peer = h2_peer_start(p.path);
	expect_answer(&p, "msg three;status 0", "three");
	assert_int_equal(h2_peer_connections(p.peer), 1);
}

static void says_that_the_daemon_went(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);

	(void)state;
	expect_failure(&p, "drop", HP_EUNAVAILABLE, 0, "was lost");
	expect_failure(&p, "msg x;drop", HP_EUNAVAILABLE, 0, "was lost");
	expect_failure(&p, "raw 0000000008616263;drop", HP_EUNAVAILABLE, 0, "was lost");
	expect_answer(&p, "msg x;status 0;drop", "x");
	expect_answer(&p, "msg y;status 0", "y");
	assert_int_equal(h2_peer_connections(p.peer), 5);
}

static void asks_again_when_it_was_refused(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);

	(void)state;
	expect_answer(&p, "refuse-once;msg x;status 0", "x");
	assert_int_equal(h2_peer_connections(p.peer), 1);
	expect_answer(&p, "goaway-once 0;msg y;status 0", "y");
	assert_int_equal(h2_peer_connections(p.peer), 2);
	/* Twice in a row is an answer. */
	expect_failure(&p, "goaway 0", HP_EUNAVAILABLE, 14, "REFUSED");
}

static void finishes_what_a_leaving_daemon_took(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);

	(void)state;
	expect_answer(&p, "goaway 1;msg x;status 0", "x");
	expect_answer(&p, "msg y;status 0", "y");
	assert_int_equal(h2_peer_connections(p.peer), 2);
}

static void explains_strangers(void **state)
{
	static const char http1[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	AUTO(pair_free) struct pair web = pair_raw(http1, sizeof(http1) - 1, false);
	AUTO(pair_free) struct pair shy = pair_raw("", 0, false);

	(void)state;
	for (int i = 0; i < 3; i++)
		expect_failure(&web, "msg x", HP_EUNAVAILABLE, 0, "HTTP/1.1 400 Bad Request");
	for (int i = 0; i < 3; i++)
		expect_failure(&shy, "msg x", HP_EUNAVAILABLE, 0, "without a word");
}

/* A whole answer "hi" to the first call: SETTINGS, HEADERS, DATA and trailers, the header names
 * spelled out. From: RFC 9113 section 6, RFC 7541 section 6. */
static const char whole_answer[] = "\0\0\0\4\0\0\0\0\0"
				   "\0\0\40\1\4\0\0\0\1\210\0\14content-type\20"
				   "application/grpc"
				   "\0\0\7\0\0\0\0\0\1\0\0\0\0\2hi"
				   "\0\0\17\1\5\0\0\0\1\0\13grpc-status\0010";

static void survives_a_cut_at_each_byte(void **state)
{
	size_t whole = sizeof(whole_answer) - 1;

	(void)state;
	for (size_t len = 0; len < whole; len++) {
		AUTO(pair_free) struct pair p = pair_raw(whole_answer, len, false);
		struct hp_error err = HP_ERROR_INIT;

		assert_null(ask(&p, "anything", &err));
		if (err.code != HP_EUNAVAILABLE)
			fail_msg("cut at %zu: code %d: %s", len, (int)err.code, err.msg);
	}
	AUTO(pair_free) struct pair p = pair_raw(whole_answer, whole, false);
	expect_answer(&p, "anything", "hi");
}

static void leaves_a_leaving_daemon_for_a_new_call(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_call_free) struct hp_call *old = begin(&p, CHAT, "a");

	(void)state;
	expect_message(old, "a");
	expect_answer(&p, "goaway 101;msg x;status 0", "x");
	expect_answer(&p, "msg y;status 0", "y");
	assert_int_equal(h2_peer_connections(p.peer), 2);
	expect_broken(old, HP_EUNAVAILABLE, "wants it closed");
}

static void refuses_a_passed_deadline(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_buf_free) struct hp_buf reply;
	struct hp_error err = HP_ERROR_INIT;
	int64_t deadline = hp_deadline_in(1);

	(void)state;
	hp_clock_sleep_ms(5);
	hp_buf_init(&reply, 100);
	assert_int_equal(hp_grpc_unary(p.g, SCRIPT, deadline, hp_bytes_str("msg x;status 0"),
				       &reply, &err),
			 -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
}

static void stays_small(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	struct rusage before;
	struct rusage after;

	(void)state;
	for (int i = 0; i < 200; i++)
		expect_answer(&p, "msg warm;status 0", "warm");
	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 2000; i++)
		expect_answer(&p, "msg more;status 0", "more");
	getrusage(RUSAGE_SELF, &after);
	/* Kilobytes, and wide enough for a sanitizer's quarantine. */
	assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 32 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(answers_unary_calls),
		FDS_TEST(writes_the_answer_on_success_only),
		FDS_TEST(sends_its_headers),
		FDS_TEST(takes_urls),
		FDS_TEST(connects_again_after_a_restart),
		FDS_TEST(says_that_the_daemon_went),
		FDS_TEST(asks_again_when_it_was_refused),
		FDS_TEST(finishes_what_a_leaving_daemon_took),
		FDS_TEST(explains_strangers),
		FDS_TEST(survives_a_cut_at_each_byte),
		FDS_TEST(leaves_a_leaving_daemon_for_a_new_call),
		FDS_TEST(refuses_a_passed_deadline),
		FDS_TEST(stays_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
