/* SPDX-License-Identifier: Apache-2.0 */
/* net-h2.c - tests of src/net/h2.c: peers that are no HTTP/2 servers, or stop being one. */
#include "net/h2.h"

#include <sys/socket.h>

#include "peer.h"

/* An empty SETTINGS frame: the greeting of a server. From: RFC 9113 section 6.5. */
#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define ACK      "\0\0\0\4\1\0\0\0\0"

static void ignore(struct hp_h2_stream *s)
{
	(void)s;
}

static void ignore_header(struct hp_h2_stream *s, struct hp_bytes name, struct hp_bytes value)
{
	(void)s;
	(void)name;
	(void)value;
}

static void ignore_data(struct hp_h2_stream *s, struct hp_bytes data)
{
	(void)s;
	(void)data;
}

static const struct hp_h2_events deaf = {ignore_header, ignore_data, ignore};

/* A connection whose other end we hold. */
struct wire {
	struct hp_bell bell;
	struct hp_h2 *h2;
	struct hp_h2_stream stream;
	int far_fd;
};

static struct wire *wire_new(void)
{
	static const struct hp_grpc_header headers[] = {{":method", "POST"},
							{":scheme", "http"},
							{":path", "/a/B"},
							{":authority", "x"}};
	struct hp_error err = HP_ERROR_INIT;
	struct wire *w = hp_alloc(sizeof(*w));
	int socks[2];

	w->bell = (struct hp_bell)HP_BELL_INIT;
	w->stream.events = &deaf;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), 0);
	assert_int_equal(hp_bell__open(&w->bell, &err), 0);
	assert_int_equal(hp_h2__new(socks[0], "/the/peer", &w->bell, &w->h2, &err), 0);
	w->far_fd = socks[1];
	assert_int_equal(hp_h2__open(w->h2, &w->stream, headers, 4, &err), 0);
	return w;
}

static void wire_free(struct wire *w)
{
	hp_h2__release(w->h2);
	hp_h2__let_go(&w->stream);
	hp_bell__close(&w->bell);
	if (w->far_fd >= 0)
		close(w->far_fd);
	free(w);
}
HP_AUTO_PTR(struct wire, wire_free);

static void far_says(struct wire *w, const char *bytes, size_t len)
{
	assert_int_equal(write(w->far_fd, bytes, len), (ssize_t)len);
}

static void far_closes(struct wire *w)
{
	close(w->far_fd);
	w->far_fd = -1;
}

/* Pump until the connection has broken, as it must. */
static void expect_loss(struct wire *w, enum hp_code code, const char *part)
{
	for (int i = 0; i < 20 && hp_h2__alive(w->h2); i++)
		(void)hp_h2__pump(w->h2, PATIENCE_MS);

	const struct hp_error *why = hp_h2__failure(w->h2);
	assert_false(hp_h2__alive(w->h2));
	assert_false(hp_h2__usable(w->h2));
	assert_false(hp_h2__pump(w->h2, 0));
	hp_h2__flush(w->h2);
	assert_int_equal(w->stream.end, HP_H2_LOST);
	if (why->code != code || !strstr(why->msg, part) || !strstr(why->msg, "/the/peer"))
		fail_msg("code %d: %s", (int)why->code, why->msg);
}

static void names_what_is_no_http2(void **state)
{
	static const struct {
		const char *says;
		const char *part;
	} rows[] = {
		{"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
		 "\"HTTP/1.1 400 Bad Request\""},
		{"SSH-2.0-OpenSSH_9.2\r\n", "\"SSH-2.0-OpenSSH_9.2\""},
		{"\033[2J\001\002 garbage \377\376 and more of it", "\".[2J.. garbage .. and"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(wire_free) struct wire *w = wire_new();

		far_says(w, rows[i].says, strlen(rows[i].says));
		expect_loss(w, HP_EUNAVAILABLE, "does not speak gRPC");
		assert_non_null(strstr(hp_h2__failure(w->h2)->msg, rows[i].part));
		assert_false(hp_h2__greeted(w->h2));
	}
}

static void notices_a_close(void **state)
{
	AUTO(wire_free) struct wire *mute = wire_new();
	AUTO(wire_free) struct wire *polite = wire_new();
	AUTO(wire_free) struct wire *half = wire_new();

	(void)state;
	far_closes(mute);
	expect_loss(mute, HP_EUNAVAILABLE, "without a word of HTTP/2");

	far_says(polite, SETTINGS, 9);
	far_closes(polite);
	expect_loss(polite, HP_EUNAVAILABLE, "was lost");
	assert_true(hp_h2__greeted(polite->h2));

	far_says(half, SETTINGS, 5);
	far_closes(half);
	expect_loss(half, HP_EUNAVAILABLE, "without a word of HTTP/2");
}

static void takes_the_farewell(void **state)
{
	/* From: RFC 9113 section 6.8: last stream id 1, NO_ERROR. */
	static const char goaway[] = "\0\0\10\7\0\0\0\0\0\0\0\0\1\0\0\0\0";
	AUTO(wire_free) struct wire *w = wire_new();

	(void)state;
	assert_true(hp_h2__usable(w->h2));
	far_says(w, SETTINGS, 9);
	assert_true(hp_h2__usable(w->h2));
	/* The stream must have been sent to be one that the peer still answers. */
	hp_h2__send(w->h2);
	far_says(w, goaway, 17);
	assert_false(hp_h2__usable(w->h2));
	assert_true(hp_h2__alive(w->h2));
	assert_int_equal(w->stream.end, HP_H2_OPEN);
	far_closes(w);
	expect_loss(w, HP_EUNAVAILABLE, "shutting down");
}

static void breaks_off_bad_frames(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{"\0\0\4\10\0\0\0\0\0\0\0\0\0", 13},  /* WINDOW_UPDATE of 0 */
		{"\0\0\3\0\0\0\0\0\0abc", 12},        /* DATA on stream 0 */
		{"\0\0\1\1\4\0\0\0\1\377", 10},       /* headers that end in mid-number */
		{"\177\377\377\0\0\0\0\0\1", 9},      /* a frame of 8 MiB */
		{"\0\0\5\4\0\0\0\0\0\0\0\0\0\0", 14}, /* SETTINGS of 5 bytes */
		{"\0\0\4\5\4\0\0\0\1\0\0\0\2", 13},   /* PUSH_PROMISE, not allowed */
		{"\0\0\0\11\4\0\0\0\1", 9},           /* CONTINUATION of nothing */
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(wire_free) struct wire *w = wire_new();

		hp_h2__send(w->h2);
		far_says(w, SETTINGS ACK, 18);
		far_says(w, rows[i].bytes, rows[i].len);
		expect_loss(w, HP_EPROTO, "broke the rules");
	}
}

static void waits_as_long_as_told(void **state)
{
	AUTO(wire_free) struct wire *w = wire_new();
	int64_t begin_ms = hp_clock_ms();

	(void)state;
	assert_false(hp_h2__pump(w->h2, 0));
	assert_false(hp_h2__pump(w->h2, 50));
	assert_in_range(hp_clock_ms() - begin_ms, 45, 5000);
	assert_true(hp_h2__alive(w->h2));
}

static void survives_a_peer_that_stops_reading(void **state)
{
	AUTO(wire_free) struct wire *w = wire_new();

	(void)state;
	/* What it said before it went must still be heard. */
	far_says(w, SETTINGS "HTTP", 13);
	assert_int_equal(shutdown(w->far_fd, SHUT_RD), 0);
	hp_h2__send(w->h2);
	assert_false(hp_h2__usable(w->h2));
	assert_true(hp_h2__greeted(w->h2));
	far_closes(w);
	expect_loss(w, HP_EUNAVAILABLE, "was lost");
}

static void outlives_its_owner_for_its_streams(void **state)
{
	struct wire *w = wire_new();

	(void)state;
	hp_h2__release(w->h2);
	assert_int_equal(w->stream.end, HP_H2_LOST);
	assert_int_equal(hp_h2__failure(w->stream.h2)->code, HP_ECANCELED);
	w->h2 = NULL;
	wire_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(names_what_is_no_http2),
		FDS_TEST(notices_a_close),
		FDS_TEST(takes_the_farewell),
		FDS_TEST(breaks_off_bad_frames),
		FDS_TEST(waits_as_long_as_told),
		FDS_TEST(survives_a_peer_that_stops_reading),
		FDS_TEST(outlives_its_owner_for_its_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
