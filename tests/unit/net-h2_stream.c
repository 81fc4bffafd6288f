/* SPDX-License-Identifier: Apache-2.0 */
/* net-h2_stream.c - tests of src/net/h2_stream.c: streams, windows and their ends. */
#include "net/h2.h"

#include "peer.h"

/* A stream that counts. */
struct tally {
	struct hp_h2_stream stream;
	size_t headers;
	size_t bytes;
	size_t ends;
	bool hold; /* give no window back */
};

static void count_header(struct hp_h2_stream *s, struct hp_bytes name, struct hp_bytes value)
{
	struct tally *t = container_of(s, struct tally, stream);

	assert_true(name.len > 0);
	(void)value;
	t->headers++;
}

static void count_data(struct hp_h2_stream *s, struct hp_bytes data)
{
	struct tally *t = container_of(s, struct tally, stream);

	t->bytes += data.len;
	if (!t->hold)
		hp_h2__credit(s, data.len);
}

static void count_end(struct hp_h2_stream *s)
{
	container_of(s, struct tally, stream)->ends++;
}

static const struct hp_h2_events tally_events = {count_header, count_data, count_end};

/* Open a stream on the pair's connection, which is made when needed. */
static void tally_open(struct pair *p, struct tally *t, const char *method)
{
	const struct hp_grpc_header headers[] = {{":method", "POST"},
						 {":scheme", "http"},
						 {":path", method},
						 {":authority", "x"}};
	struct hp_error err = HP_ERROR_INIT;

	*t = (struct tally){.stream.events = &tally_events};
	assert_int_equal(hp_grpc__connect(p->g, &err), 0);
	assert_int_equal(hp_h2__open(p->g->h2, &t->stream, headers, 4, &err), 0);
}

static void pump_until_ended(struct pair *p, struct tally *t)
{
	int64_t deadline = hp_deadline_in(PATIENCE_MS);

	while (t->stream.end == HP_H2_OPEN)
		if (!hp_h2__pump(p->g->h2, hp_deadline_left_ms(deadline)))
			fail_msg("the stream does not end");
}

static void write_script(struct tally *t, const char *script, uint8_t prefix[5])
{
	memset(prefix, 0, 5);
	prefix[4] = (uint8_t)strlen(script);
	hp_h2__write(&t->stream, HP_BYTES(prefix, 5), hp_bytes_str(script), true);
}

static void counts_what_comes(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	struct tally t;
	uint8_t prefix[5];

	(void)state;
	tally_open(&p, &t, SCRIPT);
	write_script(&t, "big 3000000;status 0", prefix);
	assert_false(hp_h2__sent(&t.stream));
	pump_until_ended(&p, &t);
	assert_true(hp_h2__sent(&t.stream));
	assert_false(t.stream.cut);
	assert_int_equal(t.stream.end, HP_H2_FINISHED);
	assert_int_equal(t.bytes, 3000005);
	assert_int_equal(t.headers, 4);
	assert_int_equal(t.ends, 1);
	hp_h2__let_go(&t.stream);
	hp_h2__let_go(&t.stream);
}

static void holds_back_one_stream_only(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	struct tally held;
	struct tally other;
	uint8_t prefix[5];
	uint8_t other_prefix[5];

	(void)state;
	tally_open(&p, &held, SCRIPT);
	held.hold = true;
	write_script(&held, "big 30000000;status 0", prefix);
	for (int i = 0; i < 5000 && held.bytes < (1 << 20); i++)
		(void)hp_h2__pump(p.g->h2, 100);
	assert_int_equal(held.bytes, 1 << 20);

	tally_open(&p, &other, SCRIPT);
	write_script(&other, "big 20000000;status 0", other_prefix);
	pump_until_ended(&p, &other);
	assert_int_equal(other.bytes, 20000005);
	assert_int_equal(held.bytes, 1 << 20);
	assert_int_equal(held.stream.end, HP_H2_OPEN);

	held.hold = false;
	hp_h2__credit(&held.stream, held.bytes);
	pump_until_ended(&p, &held);
	assert_int_equal(held.bytes, 30000005);
	hp_h2__let_go(&held.stream);
	hp_h2__let_go(&other.stream);
}

static void stops_at_a_full_window(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO_FREE char *data = hp_alloc(200000);
	struct tally t;

	(void)state;
	tally_open(&p, &t, STUCK);
	hp_h2__write(&t.stream, HP_BYTES(NULL, 0), HP_BYTES(data, 200000), true);
	for (int i = 0; i < 100 && hp_h2__pump(p.g->h2, 50); i++)
		continue;
	assert_false(hp_h2__sent(&t.stream));
	/* From: RFC 9113 section 6.9.2, the first window is 65,535 bytes. */
	assert_int_equal(t.stream.body.len, 200000 - 65535);
	hp_h2__let_go(&t.stream);
	/* A neighbour hears the answer after the peer has seen the reset. */
	expect_answer(&p, "msg x;status 0", "x");
	assert_int_equal(h2_peer_cancels(p.peer), 1);
}

static void knows_a_cut_write(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	struct tally t;
	uint8_t prefix[5];

	(void)state;
	tally_open(&p, &t, SCRIPT);
	write_script(&t, "reset 2", prefix);
	pump_until_ended(&p, &t);
	assert_int_equal(t.stream.end, HP_H2_RESET);
	assert_int_equal(t.stream.reset, 2);
	assert_false(t.stream.cut);
	assert_false(t.stream.refused);
	hp_h2__let_go(&t.stream);

	tally_open(&p, &t, SCRIPT);
	write_script(&t, "msg x", prefix);
	hp_h2__unwrite(&t.stream);
	assert_true(t.stream.cut);
	hp_h2__let_go(&t.stream);
}

static void knows_a_refused_stream(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	struct tally t;
	uint8_t prefix[5];

	(void)state;
	tally_open(&p, &t, SCRIPT);
	write_script(&t, "reset 7", prefix);
	pump_until_ended(&p, &t);
	assert_true(t.stream.refused);
	hp_h2__let_go(&t.stream);

	tally_open(&p, &t, SCRIPT);
	write_script(&t, "goaway 0", prefix);
	pump_until_ended(&p, &t);
	assert_true(t.stream.refused);
	assert_false(hp_h2__usable(p.g->h2));
	hp_h2__let_go(&t.stream);
}

static void leaves_nothing_of_an_unsent_stream(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	struct tally t;

	(void)state;
	tally_open(&p, &t, SCRIPT);
	hp_h2__let_go(&t.stream);
	assert_int_equal(t.ends, 0);
	expect_answer(&p, "msg x;status 0", "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(counts_what_comes),      FDS_TEST(holds_back_one_stream_only),
		FDS_TEST(stops_at_a_full_window), FDS_TEST(knows_a_cut_write),
		FDS_TEST(knows_a_refused_stream), FDS_TEST(leaves_nothing_of_an_unsent_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
