/* SPDX-License-Identifier: Apache-2.0 */
/* net-spdy.c - tests of src/net/spdy.c, against a server that misbehaves as it is told. */
#include "net/spdy.h"

#include "base/str.h"
#include "fds.h"
#include "spdy-peer.h"

#define V4 "v4.channel.k8s.io"

static struct hp_spdy *dial(struct spdy_peer *p)
{
	struct hp_spdy *s = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (hp_spdy_dial(p->url, V4, hp_deadline_in(PATIENCE_MS), &s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

/* The next frame, waiting for it. Returns: enum hp_next. */
static int next(struct hp_spdy *s, struct hp_spdy_frame *f)
{
	struct hp_error err = HP_ERROR_INIT;
	int got;

	while ((got = hp_spdy_next(s, f, &err)) == HP_NEXT_WAIT)
		assert_true(hp_fd_poll(hp_spdy_fd(s), POLLIN, PATIENCE_MS, &err) > 0);
	if (got < 0)
		fail_msg("%s", err.msg);
	return got;
}

/* Send each frame of data back, to the end of its stream. */
static void echo(struct spdy_side *side)
{
	struct hp_spdy_frame f = {0};

	side_opened(side, 1);
	while (!f.fin) {
		AUTO_FREE char *text = NULL;
		if (!side_frame(side, &f, &text))
			return;
		side_data(side, f.stream, text, f.fin);
	}
}

static void upgrades_and_talks(void **state)
{
	AUTO(spdy_peer_free) struct spdy_peer *p = spdy_peer_new(UPGRADED, echo);
	AUTO(hp_spdy_free) struct hp_spdy *s = dial(p);
	const struct hp_spdy_pair pair = {"streamtype", "stdin"};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_spdy_frame f;
	uint32_t id = 0;

	(void)state;
	assert_true(hp_str_starts(p->request, "POST /exec/token HTTP/1.1\r\nHost: 127.0.0.1:"));
	assert_non_null(strstr(p->request, "\r\nUpgrade: SPDY/3.1\r\n"));
	assert_non_null(strstr(p->request, "\r\nX-Stream-Protocol-Version: " V4 "\r\n"));
	assert_int_equal(hp_spdy_open(s, &pair, 1, &id, &err), 0);
	assert_int_equal(id, 1);
	assert_int_equal(hp_spdy_send(s, id, HP_BYTES("hello", 5), false, &err), 0);
	assert_true(hp_spdy_unsent(s) > 0);
	assert_int_equal(hp_spdy_flush(s, &err), 0);
	assert_int_equal(hp_spdy_unsent(s), 0);
	assert_int_equal(next(s, &f), HP_NEXT_ITEM);
	assert_int_equal(f.payload.len, 5);
	assert_memory_equal(f.payload.data, "hello", 5);
	assert_int_equal(hp_spdy_send(s, id, HP_BYTES(NULL, 0), true, &err), 0);
	assert_int_equal(hp_spdy_flush(s, &err), 0);
	assert_int_equal(next(s, &f), HP_NEXT_ITEM);
	assert_true(f.fin);
	assert_int_equal(next(s, &f), HP_NEXT_END);
	assert_int_equal(next(s, &f), HP_NEXT_END);
}

static void ping(struct spdy_side *side)
{
	static const uint8_t pings[] = {0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 3,
					0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 8};
	struct hp_spdy_frame f;
	AUTO_FREE char *text = NULL;

	/* Ours with 3 needs no answer, theirs with 8 does. */
	if (send(side->fd, pings, sizeof(pings), MSG_NOSIGNAL) < 0 ||
	    !side_frame(side, &f, &text) || f.type != HP_SPDY_PING || f.number != 8)
		return;
	side_data(side, 1, "pong", false);
}

static void answers_pings(void **state)
{
	AUTO(spdy_peer_free) struct spdy_peer *p = spdy_peer_new(UPGRADED, ping);
	AUTO(hp_spdy_free) struct hp_spdy *s = dial(p);
	struct hp_spdy_frame f;

	(void)state;
	assert_int_equal(next(s, &f), HP_NEXT_ITEM);
	assert_memory_equal(f.payload.data, "pong", 4);
}

static void talk_nonsense(struct spdy_side *side)
{
	if (send(side->fd, "\x80\x02\0\2\0\0\0\0", 8, MSG_NOSIGNAL) < 0)
		return;
}

static void refuses_nonsense(void **state)
{
	AUTO(spdy_peer_free) struct spdy_peer *p = spdy_peer_new(UPGRADED, talk_nonsense);
	AUTO(hp_spdy_free) struct hp_spdy *s = dial(p);
	struct hp_error err = HP_ERROR_INIT;
	struct hp_spdy_frame f;
	int got;

	(void)state;
	while ((got = hp_spdy_next(s, &f, &err)) == HP_NEXT_WAIT)
		assert_true(hp_fd_poll(hp_spdy_fd(s), POLLIN, PATIENCE_MS, &err) > 0);
	assert_int_equal(got, -1);
	assert_int_equal(err.code, HP_EPROTO);
}

static void says_why_it_is_refused(void **state)
{
	static const struct {
		const char *answer;
		enum hp_code code;
		const char *part;
	} rows[] = {
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 17\r\n\r\ntoken has expired",
		 HP_EFAILED, "token has expired"},
		{"HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\n\r\n", HP_EFAILED, "status 500"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort\n", HP_EFAILED, "short"},
		{"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n", HP_EPROTO, "websocket"},
		{"HTTP/1.1 101 X\r\nUpgrade: SPDY/3.1\r\n\r\n", HP_EPROTO, "SPDY/3.1"},
		{"SSH-2.0-OpenSSH_9.2\r\n\r\n", HP_EPROTO, "HTTP"},
		{"", HP_EUNAVAILABLE, "without an answer"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(spdy_peer_free) struct spdy_peer *p = spdy_peer_new(rows[i].answer, NULL);
		struct hp_error err = HP_ERROR_INIT;
		struct hp_spdy *s = NULL;

		assert_int_equal(
			hp_spdy_dial(p->url, V4, hp_deadline_in(PATIENCE_MS), &s, &err), -1);
		if (err.code != rows[i].code || !strstr(err.msg, rows[i].part))
			fail_msg("row %zu: code %d: %s", i, (int)err.code, err.msg);
		assert_null(s);
	}
}

static void wait_long(struct spdy_side *side)
{
	(void)side_read(side); /* until the client goes */
}

static void does_not_wait_for_ever(void **state)
{
	AUTO(spdy_peer_free) struct spdy_peer *p = spdy_peer_new("HTTP/1.1 101", wait_long);
	struct hp_error err = HP_ERROR_INIT;
	struct hp_spdy *s = NULL;

	(void)state;
	assert_int_equal(hp_spdy_dial(p->url, V4, hp_deadline_in(50), &s, &err), -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
}

static void knows_urls(void **state)
{
	static const struct {
		const char *url;
		enum hp_code code;
	} rows[] = {
		{"https://127.0.0.1:1/exec/x", HP_EUNSUPPORTED},
		{"unix:///run/x", HP_EUNSUPPORTED},
		{"http://127.0.0.1/exec/x", HP_EPROTO},
		{"http://:1/exec/x", HP_EPROTO},
		{"http://127.0.0.1:/exec/x", HP_EPROTO},
		{"http://127.0.0.1:1/exec/x", HP_EUNAVAILABLE},
		{"http://localhost:1", HP_EUNAVAILABLE},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_spdy *s = NULL;

		assert_int_equal(
			hp_spdy_dial(rows[i].url, V4, hp_deadline_in(PATIENCE_MS), &s, &err),
			-1);
		if (err.code != rows[i].code)
			fail_msg("%s: code %d: %s", rows[i].url, (int)err.code, err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(upgrades_and_talks),     FDS_TEST(answers_pings),
		FDS_TEST(refuses_nonsense),       FDS_TEST(says_why_it_is_refused),
		FDS_TEST(does_not_wait_for_ever), FDS_TEST(knows_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
