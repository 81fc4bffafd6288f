/* SPDX-License-Identifier: Apache-2.0 */
/* net-ttrpc_client.c - tests of src/net/ttrpc_client.c. */
#include "net/ttrpc_client.h"

#include "torture.h"
#include "ttrpc-peer.h"

struct world {
	struct hp_loop *loop;
	struct hp_ttrpc_client *client;
	struct peer peer;
	unsigned gone;
};

/* One call and how it ended. */
struct asked {
	struct world *w;
	unsigned done;
	struct hp_error why;
	char payload[32];
	size_t len;
	bool then_free; /* the client, when it has ended */
	bool then_ask;  /* once more */
};

static void peer_gone(void *data, uint32_t events)
{
	struct world *w = data;

	(void)events;
	w->gone++;
}

static void world_open(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	*w = (struct world){.loop = links_loop()};
	links_pair(fds);
	peer_init(&w->peer, fds[1]);
	assert_int_equal(hp_ttrpc_client_new(w->loop, fds[0], peer_gone, w, &w->client, &err),
			 0);
}

static void world_close(struct world *w)
{
	hp_ttrpc_client_free(w->client);
	peer_close(&w->peer);
	hp_loop_free(w->loop);
}

static void done(void *data, struct hp_bytes payload, const struct hp_error *why);

static void ask(struct asked *a, const char *payload, int64_t timeout_ms)
{
	const struct hp_ttrpc_outgoing o = {.service = "a.B",
					    .method = "C",
					    .payload = hp_bytes_str(payload),
					    .ns = "tests",
					    .timeout_ms = timeout_ms};

	hp_ttrpc_call(a->w->client, &o, done, a);
}

static void done(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct asked *a = data;

	a->done++;
	if (why)
		a->why = *why;
	assert_true(!why || (why->code != HP_OK && why->msg[0] && payload.len == 0));
	a->len = payload.len;
	if (payload.len > 0)
		memcpy(a->payload, payload.data,
		       payload.len < sizeof(a->payload) ? payload.len : sizeof(a->payload));
	if (a->then_ask) {
		a->then_ask = false;
		ask(a, "again", 0);
		assert_int_equal(a->done, 1); /* never from inside */
	}
	if (a->then_free)
		hp_ttrpc_client_free(TAKE(a->w->client));
}

static bool is_done(void *arg)
{
	const struct asked *a = arg;

	return a->done > 0;
}

static bool is_gone(void *arg)
{
	const struct world *w = arg;

	return w->gone > 0;
}

static void expect_request(struct world *w, uint32_t stream, const char *payload)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_ttrpc_request r;
	struct hp_ttrpc_frame f;

	assert_true(peer_hear(&w->peer, w->loop, &f));
	assert_int_equal(f.type, HP_TTRPC_REQUEST);
	assert_int_equal(f.flags, 0);
	assert_int_equal(f.stream, stream);
	assert_int_equal(hp_ttrpc_request_read(f.payload, &r, &err), 0);
	assert_string_equal(r.service, "a.B");
	assert_string_equal(r.method, "C");
	assert_string_equal(r.ns, "tests");
	assert_int_equal(r.payload.len, strlen(payload));
	if (payload[0])
		assert_memory_equal(r.payload.data, payload, strlen(payload));
}

static void makes_calls(void **state)
{
	struct world w;
	struct asked a = {.w = &w};
	struct asked b = {.w = &w};
	struct asked c = {.w = &w};

	(void)state;
	world_open(&w);
	ask(&a, "one", 0);
	ask(&b, "two", 0);
	ask(&c, "", 0);
	expect_request(&w, 1, "one");
	expect_request(&w, 3, "two");
	expect_request(&w, 5, "");
	peer_answer(&w.peer, 3, 0, NULL, "second");
	links_until(w.loop, is_done, &b);
	assert_int_equal(b.why.code, HP_OK);
	assert_int_equal(b.len, 6);
	assert_memory_equal(b.payload, "second", 6);
	assert_int_equal(a.done, 0);
	peer_answer(&w.peer, 5, 0, NULL, "");
	peer_answer(&w.peer, 1, 5, "no container 'c1': not\nfound", NULL);
	links_until(w.loop, is_done, &a);
	assert_int_equal(c.done, 1);
	assert_int_equal(c.why.code, HP_OK);
	assert_int_equal(a.why.code, HP_ENOTFOUND);
	assert_int_equal(a.why.sys, 5);
	assert_string_equal(a.why.msg, "no container 'c1': not found");
	world_close(&w);
	assert_int_equal(a.done + b.done + c.done, 3);
	assert_int_equal(w.gone, 0);
}

/* A message that a hostile peer has made up is shown in one line, and never empty. */
static void shows_any_words(void **state)
{
	static const char nul[] = "\x0a\x05\x08\x05\x12\x01\0";
	char endless[2000];
	struct world w;
	struct asked a = {.w = &w};
	struct asked b = {.w = &w};

	(void)state;
	world_open(&w);
	ask(&a, "", 0);
	ask(&b, "", 0);
	memset(endless, 'x', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	peer_say(&w.peer, 1, HP_TTRPC_RESPONSE, HP_BYTES(nul, sizeof(nul) - 1));
	peer_answer(&w.peer, 3, 99, endless, NULL);
	links_until(w.loop, is_done, &b);
	assert_string_equal(a.why.msg, "?");
	assert_int_equal(a.why.code, HP_ENOTFOUND);
	assert_int_equal(b.why.code, HP_EFAILED);
	assert_int_equal(strlen(b.why.msg), sizeof(b.why.msg) - 1);
	assert_string_equal(b.why.msg + sizeof(b.why.msg) - 5, "x...");
	world_close(&w);
}

static void says_how_long_it_waits(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_ttrpc_request r;
	struct hp_ttrpc_frame f;
	struct world w;
	struct asked a = {.w = &w};
	struct asked b = {.w = &w};

	(void)state;
	world_open(&w);
	ask(&a, "", 20);
	assert_true(peer_hear(&w.peer, w.loop, &f));
	assert_int_equal(hp_ttrpc_request_read(f.payload, &r, &err), 0);
	assert_int_equal(r.timeout_ns, 20000000);
	links_until(w.loop, is_done, &a);
	assert_int_equal(a.why.code, HP_ETIMEOUT);
	assert_non_null(strstr(a.why.msg, "a.B/C"));

	/* An answer that comes too late is nobody's. */
	peer_answer(&w.peer, 1, 0, NULL, "late");
	ask(&b, "", INT64_MAX);
	expect_request(&w, 3, "");
	peer_answer(&w.peer, 3, 0, NULL, "in time");
	links_until(w.loop, is_done, &b);
	assert_int_equal(b.why.code, HP_OK);
	assert_int_equal(a.done, 1);
	world_close(&w);
}

static void fails_calls_when_the_peer_goes(void **state)
{
	struct world w;
	struct asked a = {.w = &w};
	struct asked b = {.w = &w};
	struct asked later = {.w = &w};

	(void)state;
	world_open(&w);
	ask(&a, "", 0);
	ask(&b, "", 60000);
	peer_answer(&w.peer, 3, 0, NULL, "last words");
	peer_close(&w.peer);
	links_until(w.loop, is_gone, &w);
	assert_int_equal(a.why.code, HP_EUNAVAILABLE);
	assert_int_equal(b.why.code, HP_OK);
	assert_memory_equal(b.payload, "last words", 10);

	ask(&later, "", 60000);
	assert_int_equal(later.done, 0); /* never from inside */
	links_until(w.loop, is_done, &later);
	assert_int_equal(later.why.code, HP_EUNAVAILABLE);
	links_settle(w.loop);
	assert_int_equal(w.gone, 1);
	assert_int_equal(a.done + b.done + later.done, 3);
	world_close(&w);
}

static void survives_a_peer_that_takes_nothing(void **state)
{
	struct world w;
	struct asked a = {.w = &w};

	(void)state;
	world_open(&w);
	assert_int_equal(shutdown(w.peer.fd, SHUT_RD), 0);
	ask(&a, "x", 0);
	assert_int_equal(a.done, 0);
	links_until(w.loop, is_gone, &w);
	assert_int_equal(a.why.code, HP_EUNAVAILABLE);
	world_close(&w);
}

static void refuses_answers_that_are_none(void **state)
{
	static const uint8_t huge[] = {0, 0x40, 0, 1, 0, 0, 0, 5, HP_TTRPC_RESPONSE, 0};
	enum { PIECE = 65536 };
	static const uint8_t piece[PIECE];
	struct world w;
	struct asked a[4];

	(void)state;
	world_open(&w);
	for (size_t i = 0; i < HP_ARRAY_LEN(a); i++) {
		a[i] = (struct asked){.w = &w};
		ask(&a[i], "", 0);
	}
	peer_say(&w.peer, 1, HP_TTRPC_RESPONSE, hp_bytes_str("\377"));
	peer_say(&w.peer, 3, HP_TTRPC_DATA, hp_bytes_str("stream"));
	peer_say(&w.peer, 7, 99, hp_bytes_str("of an unknown type"));
	peer_say(&w.peer, 0, HP_TTRPC_RESPONSE, (struct hp_bytes){0});
	peer_say(&w.peer, 999, HP_TTRPC_RESPONSE, (struct hp_bytes){0});
	peer_say_bytes(&w.peer, huge, sizeof(huge));
	for (size_t sent = 0; sent < HP_TTRPC_PAYLOAD; sent += PIECE) {
		peer_say_bytes(&w.peer, piece, PIECE);
		links_settle(w.loop);
	}
	peer_say_bytes(&w.peer, piece, 1);
	peer_answer(&w.peer, 7, 2, "", NULL);
	links_until(w.loop, is_done, &a[3]);
	assert_int_equal(a[0].why.code, HP_EPROTO);
	assert_int_equal(a[1].why.code, HP_EPROTO);
	assert_int_equal(a[2].why.code, HP_EEXHAUSTED);
	assert_int_equal(a[3].why.code, HP_EFAILED);
	assert_int_equal(a[3].why.sys, 2);
	assert_int_equal(w.gone, 0);
	world_close(&w);
}

static void limits_what_is_sent(void **state)
{
	enum { BIG = HP_TTRPC_PAYLOAD - 1000 };
	AUTO_FREE char *big = hp_alloc(HP_TTRPC_PAYLOAD + 1);
	struct world w;
	struct asked a[6];

	(void)state;
	world_open(&w);
	for (size_t i = 0; i < HP_ARRAY_LEN(a); i++)
		a[i] = (struct asked){.w = &w};
	memset(big, 'z', HP_TTRPC_PAYLOAD);
	ask(&a[0], big, 0); /* over the limit with what goes around it */
	assert_int_equal(a[0].done, 0);
	links_until(w.loop, is_done, &a[0]);
	assert_int_equal(a[0].why.code, HP_EEXHAUSTED);

	big[BIG] = '\0';
	for (size_t i = 1; i < HP_ARRAY_LEN(a); i++)
		ask(&a[i], big, 0);
	links_until(w.loop, is_done, &a[5]);
	assert_int_equal(a[5].why.code, HP_EEXHAUSTED);
	for (uint32_t i = 1; i < 5; i++)
		expect_request(&w, 2 * i - 1, big);
	assert_int_equal(w.gone, 0);
	world_close(&w);
	assert_int_equal(a[1].done, 0); /* forgotten */
}

static void can_be_freed_by_a_call(void **state)
{
	struct world w;
	struct asked a = {.w = &w, .then_free = true};
	struct asked b = {.w = &w};

	(void)state;
	world_open(&w);
	ask(&a, "", 0);
	ask(&b, "", 60000);
	peer_answer(&w.peer, 1, 0, NULL, "x");
	peer_answer(&w.peer, 3, 0, NULL, "y");
	links_until(w.loop, is_done, &a);
	links_settle(w.loop);
	assert_int_equal(b.done, 0);
	world_close(&w);

	world_open(&w); /* as its peer goes */
	a.done = 0;
	ask(&b, "", 0);
	ask(&a, "", 0);
	peer_close(&w.peer);
	links_until(w.loop, is_done, &a);
	links_settle(w.loop);
	assert_int_equal(b.done, 0);
	assert_int_equal(w.gone, 0);
	world_close(&w);

	world_open(&w); /* as the time is over */
	a.done = 0;
	ask(&a, "", 1);
	links_until(w.loop, is_done, &a);
	world_close(&w);
}

static void can_be_asked_again_by_a_call(void **state)
{
	struct world w;
	struct asked a = {.w = &w, .then_ask = true};

	(void)state;
	world_open(&w);
	ask(&a, "once", 0);
	expect_request(&w, 1, "once");
	peer_answer(&w.peer, 1, 0, NULL, "x");
	expect_request(&w, 3, "again");
	peer_close(&w.peer);
	links_until(w.loop, is_gone, &w);
	assert_int_equal(a.done, 2);

	a = (struct asked){.w = &w, .then_ask = true}; /* though nobody is there */
	ask(&a, "once", 0);
	links_settle(w.loop);
	assert_int_equal(a.done, 2);
	world_close(&w);
}

static int begin(void *arg, struct hp_error *err)
{
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	AUTO(hp_ttrpc_client_free) struct hp_ttrpc_client *c = NULL;
	int fds[2];

	(void)arg;
	if (hp_loop_new(&l, err) < 0)
		return -1;
	links_pair(fds);
	close(fds[1]);
	return hp_ttrpc_client_new(l, fds[0], NULL, NULL, &c, err);
}

static void reports_calls_that_fail(void **state)
{
	(void)state;
	torture_all(begin, NULL, 5);
	hp_ttrpc_client_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(makes_calls),
		FDS_TEST(shows_any_words),
		FDS_TEST(says_how_long_it_waits),
		FDS_TEST(fails_calls_when_the_peer_goes),
		FDS_TEST(survives_a_peer_that_takes_nothing),
		FDS_TEST(refuses_answers_that_are_none),
		FDS_TEST(limits_what_is_sent),
		FDS_TEST(can_be_freed_by_a_call),
		FDS_TEST(can_be_asked_again_by_a_call),
		FDS_TEST(reports_calls_that_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
