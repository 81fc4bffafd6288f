/* SPDX-License-Identifier: Apache-2.0 */
/* net-verdict.c - tests of src/net/verdict.c: each way in which a call can end. */
#include "peer.h"

static void maps_statuses(void **state)
{
	static const struct {
		const char *script;
		enum hp_code code;
		int sys;
		const char *part;
	} rows[] = {
		{"status 5 container x: not found", HP_ENOTFOUND, 5, "container x: not found"},
		{"status 6 there", HP_EEXISTS, 6, "there"},
		{"status 7 no", HP_EDENIED, 7, "no"},
		{"status 9 busy", HP_ESTATE, 9, "busy"},
		{"status 4 late", HP_ETIMEOUT, 4, "in time (it said: late)"},
		{"status 14 locked", HP_EUNAVAILABLE, 14, "locked"},
		{"status 2 50%25 %E2%82%AC", HP_EFAILED, 2, "50% \342\202\254"},
		{"status 13", HP_EINTERNAL, 13, "INTERNAL"},
		{"status 77 odd", HP_EFAILED, 2, "odd"},
		{"status 12 unknown service", HP_EUNSUPPORTED, 12, "too old"},
		{"msg first;status 5 later", HP_ENOTFOUND, 5, "later"},
		{"http 503;status 8 full", HP_EEXHAUSTED, 8, "full"},
	};
	AUTO(pair_free) struct pair p = pair_new(0);

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		expect_failure(&p, rows[i].script, rows[i].code, rows[i].sys, rows[i].part);
	assert_int_equal(h2_peer_connections(p.peer), 1);
}

static void maps_resets(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);

	(void)state;
	expect_failure(&p, "reset 8", HP_ECANCELED, 1, "CANCEL");
	expect_failure(&p, "reset 11", HP_EEXHAUSTED, 8, "ENHANCE_YOUR_CALM");
	expect_failure(&p, "reset 12", HP_EDENIED, 7, "INADEQUATE_SECURITY");
	expect_failure(&p, "reset 7", HP_EUNAVAILABLE, 14, "REFUSED_STREAM");
	expect_failure(&p, "reset 2", HP_EPROTO, 13, "INTERNAL_ERROR");
	expect_failure(&p, "reset 999", HP_EPROTO, 13, SCRIPT);
	expect_failure(&p, "msg x;reset 1", HP_EPROTO, 13, "PROTOCOL_ERROR");
}

static void knows_another_http2_server(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);

	(void)state;
	expect_failure(&p, "http 404;type text/html;raw 3c68746d6c3e;end", HP_EUNAVAILABLE, 0,
		       "HTTP status 404 and content type 'text/html'");
	expect_failure(&p, "type text/plain;msg x;end", HP_EUNAVAILABLE, 0, "text/plain");
	expect_failure(&p, "type application/grpcweb;msg x;end", HP_EUNAVAILABLE, 0,
		       "not gRPC");
	expect_failure(&p, "http 502;big 3000000;end", HP_EUNAVAILABLE, 0, "502");
	expect_answer(&p, "type application/grpc+proto;msg x;status 0", "x");
	expect_answer(&p, "type application/grpc;msg x;status 0", "x");
}

static void wants_a_whole_answer(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);

	(void)state;
	expect_failure(&p, "msg x;end", HP_EPROTO, 0, "without a grpc-status");
	expect_failure(&p, "raw 00000000056162;status 0", HP_EPROTO, 0, "middle of a message");
	expect_failure(&p, "raw 000000;status 0", HP_EPROTO, 0, "middle of a message");
	expect_failure(&p, "status 0", HP_EPROTO, 0, "no message");
	expect_failure(&p, "msg a;msg b;status 0", HP_EPROTO, 0, "second message");
	expect_failure(&p, "msg x;status -3", HP_EPROTO, 0, "is no number");
}

static void tells_silence_apart(void **state)
{
	AUTO(pair_free) struct pair quiet = pair_new(0);
	AUTO(pair_free) struct pair mute = pair_raw("", 0, true);
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf reply;

	(void)state;
	hp_buf_init(&reply, 100);
	assert_int_equal(hp_grpc_unary(quiet.g, STUCK, hp_deadline_in(100), hp_bytes_str("x"),
				       &reply, &err),
			 -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
	assert_int_equal(err.sys, 4);
	assert_non_null(strstr(err.msg, "did not answer " STUCK));

	hp_error_clear(&err);
	assert_int_equal(hp_grpc_unary(mute.g, STUCK, hp_deadline_in(100), hp_bytes_str("x"),
				       &reply, &err),
			 -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
	assert_non_null(strstr(err.msg, "is it containerd"));
	assert_non_null(strstr(err.msg, mute.path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(maps_statuses),
		FDS_TEST(maps_resets),
		FDS_TEST(knows_another_http2_server),
		FDS_TEST(wants_a_whole_answer),
		FDS_TEST(tells_silence_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
