/* SPDX-License-Identifier: Apache-2.0 */
/* net-mux.c - tests of src/net/mux.c. */
#include "net/mux.h"

#include "mux-world.h"
#include "torture.h"

static void carries_streams(void **state)
{
	struct world w;
	struct end a[3];
	struct end b[3];

	(void)state;
	world_open(&w, false);
	for (uint32_t i = 0; i < 3; i++) {
		end_open(&a[i], &w, 0, i * 256); /* all in one bucket */
		end_open(&b[i], &w, 1, i * 256);
		a[i].to_send = 1000 * (i + 1);
		b[i].to_send = 3 * i;
		pour(&a[i]);
		pour(&b[i]);
	}
	links_settle(w.loop);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(b[i].got, 1000 * (i + 1));
		assert_int_equal(a[i].got, 3 * i);
		assert_int_equal(a[i].rooms + b[i].rooms + b[i].ends, 0);
		hp_mux_stream_end(a[i].s);
	}
	links_settle(w.loop);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(b[i].ends, 1);
		assert_int_equal(a[i].ends, 0);
	}
	world_close(&w);
	assert_int_equal(w.broken[0] + w.broken[1], 0);
}

/* Many megabytes both ways on many streams at once, taken in pieces of odd sizes. */
static void carries_much(void **state)
{
	enum { MANY = 5 };
	static const size_t takes[MANY] = {SIZE_MAX, 1000, 65537, 100000, 4096};
	const size_t total = 8 * 1024 * 1024 + 7;
	const int64_t deadline = hp_deadline_in(PATIENCE_MS);
	struct world w;
	struct end e[2][MANY];
	size_t left = 1;

	(void)state;
	world_open(&w, false);
	for (size_t side = 0; side < 2; side++) {
		for (uint32_t i = 0; i < MANY; i++) {
			end_open(&e[side][i], &w, side, i);
			e[side][i].take = takes[i];
			e[side][i].to_send = total;
		}
	}
	for (size_t i = 0; i < (size_t)2 * MANY; i++)
		pour(&e[i / MANY][i % MANY]);
	while (left > 0) {
		struct hp_error err = HP_ERROR_INIT;

		assert_true(hp_deadline_left_ms(deadline) > 0);
		assert_true(hp_loop_once(w.loop, 0, &err) >= 0);
		left = 0;
		for (size_t i = 0; i < (size_t)2 * MANY; i++) {
			left += total - e[i / MANY][i % MANY].got;
			hp_mux_stream_resume(e[i / MANY][i % MANY].s);
		}
	}
	world_close(&w);
	assert_int_equal(w.broken[0] + w.broken[1], 0);
}

/* A reader that takes nothing stops its own stream, after a window, and no other. */
static void stops_for_a_slow_reader_alone(void **state)
{
	struct world w;
	struct end a[2];
	struct end b[2];

	(void)state;
	world_open(&w, false);
	for (uint32_t i = 0; i < 2; i++) {
		end_open(&a[i], &w, 0, i);
		end_open(&b[i], &w, 1, i);
		a[i].to_send = 3000000;
	}
	b[0].lazy = true;
	pour(&a[0]);
	pour(&a[1]);
	links_settle(w.loop);
	assert_int_equal(b[1].got, 3000000);
	assert_int_equal(b[0].got, 0);
	assert_int_equal(a[0].sent, HP_MUX_WINDOW);
	assert_int_equal(hp_mux_stream_room(a[0].s), 0);

	b[0].lazy = false;
	hp_mux_stream_resume(b[0].s);
	links_settle(w.loop);
	assert_int_equal(b[0].got, 3000000);
	assert_true(a[0].rooms > 0);
	world_close(&w);
}

/* Marks and ends stand behind what was sent before them, however late it is taken. */
static void keeps_marks_and_ends_in_place(void **state)
{
	struct world w;
	struct end a;
	struct end b;

	(void)state;
	world_open(&w, false);
	end_open(&a, &w, 0, 1);
	end_open(&b, &w, 1, 1);
	b.lazy = true;
	a.to_send = 1000;
	pour(&a);
	hp_mux_stream_mark(a.s);
	a.to_send = 1500;
	pour(&a);
	hp_mux_stream_end(a.s);
	links_settle(w.loop);
	assert_int_equal(b.marks + b.ends, 0);
	b.lazy = false;
	b.take = 600;
	hp_mux_stream_resume(b.s);
	assert_int_equal(b.got, 600);
	assert_int_equal(b.marks, 0);
	hp_mux_stream_resume(b.s);
	assert_int_equal(b.marks, 1);
	assert_int_equal(b.got_at_mark, 1000);
	assert_int_equal(b.got, 1500);
	assert_int_equal(b.ends, 1);
	hp_mux_stream_resume(b.s);
	assert_int_equal(b.marks + b.ends, 2);

	/* With nothing before it, a mark is told at once; data may follow. */
	hp_mux_stream_mark(b.s);
	links_settle(w.loop);
	assert_int_equal(a.marks, 1);
	b.to_send = 10;
	pour(&b);
	links_settle(w.loop);
	assert_int_equal(a.got, 10);
	world_close(&w);
}

static void closes_streams(void **state)
{
	struct world w;
	struct end a;
	struct end b;

	(void)state;
	world_open(&w, false);
	end_open(&a, &w, 0, 1);
	end_open(&b, &w, 1, 1);
	a.to_send = 1000000;
	b.lazy = true;
	pour(&a);
	links_settle(w.loop);
	hp_mux_stream_close(TAKE(b.s));
	links_settle(w.loop);
	assert_int_equal(a.resets, 1);
	assert_int_equal(a.ends, 1);
	assert_true(hp_mux_stream_room(a.s) > 0);
	a.to_send += 1000000; /* all of it is dropped */
	pour(&a);
	assert_int_equal(a.sent, a.to_send);
	hp_mux_stream_mark(a.s);
	hp_mux_stream_end(a.s);
	links_settle(w.loop);
	hp_mux_stream_close(a.s);
	hp_mux_stream_close(NULL);

	/* What ended on both sides is closed without a word of it. */
	end_open(&a, &w, 0, 2);
	end_open(&b, &w, 1, 2);
	hp_mux_stream_end(a.s);
	hp_mux_stream_end(b.s);
	links_settle(w.loop);
	hp_mux_stream_close(a.s);
	links_settle(w.loop);
	assert_int_equal(b.resets, 0);
	world_close(&w);
	assert_int_equal(w.broken[0] + w.broken[1], 0);
}

static void may_be_closed_by_callbacks(void **state)
{
	struct world w;
	struct end a;
	struct end b;

	(void)state;
	world_open(&w, false);
	end_open(&a, &w, 0, 1);
	end_open(&b, &w, 1, 1);
	b.close_in_data = true;
	a.to_send = 200000;
	pour(&a);
	links_settle(w.loop);
	assert_null(b.s);
	assert_int_equal(a.resets, 1);

	end_open(&a, &w, 0, 2);
	end_open(&b, &w, 1, 2);
	b.close_in_end = true;
	b.lazy = true;
	a.to_send = 100;
	pour(&a);
	hp_mux_stream_end(a.s);
	links_settle(w.loop);
	b.lazy = false;
	hp_mux_stream_resume(b.s);
	assert_null(b.s);

	end_open(&a, &w, 0, 3);
	end_open(&b, &w, 1, 3);
	b.lazy = true;
	a.to_send = 100;
	pour(&a);
	links_settle(w.loop);
	b.lazy = false;
	b.close_in_data = true;
	hp_mux_stream_resume(b.s);
	assert_null(b.s);

	end_open(&a, &w, 0, 4);
	end_open(&b, &w, 1, 4);
	b.free_in_data = true;
	a.to_send = 200000;
	pour(&a);
	links_settle(w.loop);
	assert_null(w.ends[1]);
	assert_int_equal(w.broken[0], 1);
	assert_int_equal(w.broken[1], 0);
	world_close(&w);
}

/* Read what has been sent to the raw end, a socket full of it, and give credit for it. */
static void drain(const struct world *w, struct hp_buf *in, size_t *got, size_t n)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_mux_frame f;
	uint8_t *into = hp_buf_reserve(in, 300000, &err);
	const ssize_t len = recv(w->raw, into, 300000, MSG_DONTWAIT);
	ssize_t used;

	assert_true(len > 0);
	in->len += (size_t)len;
	while ((used = hp_mux_frame_next(hp_buf_bytes(in), &f, &err)) > 0) {
		assert_true(f.type == HP_MUX_DATA && f.stream < n);
		got[f.stream] += f.payload.len;
		say(w, f.stream, HP_MUX_CREDIT, (uint32_t)f.payload.len, (struct hp_bytes){0});
		hp_buf_drop(in, (size_t)used);
	}
	assert_int_equal(used, 0);
	links_settle(w->loop);
}

/* All send without end: none gets ahead of the others by more than it had queued at first. */
static void takes_turns(void **state)
{
	enum { MANY = 4 };
	AUTO(hp_buf_free) struct hp_buf in;
	size_t got[MANY] = {0};
	struct world w;
	struct end a[MANY];

	(void)state;
	hp_buf_init(&in, 1000000);
	world_open(&w, true);
	for (uint32_t i = 0; i < MANY; i++) {
		end_open(&a[i], &w, 0, i);
		a[i].to_send = SIZE_MAX;
		pour(&a[i]);
	}
	for (int round = 0; round < 200; round++) {
		size_t least = SIZE_MAX;
		size_t most = 0;

		drain(&w, &in, got, MANY);
		for (size_t i = 0; i < MANY; i++) {
			least = got[i] < least ? got[i] : least;
			most = got[i] > most ? got[i] : most;
		}
		assert_true(most - least <= HP_MUX_WINDOW + HP_MUX_PAYLOAD);
	}
	assert_true(got[MANY - 1] > 4000000);
	assert_int_equal(w.broken[0], 0);
	world_close(&w);
}

/* The queue is bounded, and control frames get past it. */
static void bounds_its_queue(void **state)
{
	enum { MANY = 64 };
	struct world w;
	struct end a[MANY];
	struct end quiet;
	size_t total = 0;
	size_t sum;

	(void)state;
	world_open(&w, true);
	end_open(&quiet, &w, 0, 1000);
	for (uint32_t i = 0; i < MANY; i++) {
		end_open(&a[i], &w, 0, i);
		a[i].to_send = 100000;
		pour(&a[i]);
	}
	links_settle(w.loop);
	for (size_t i = 0; i < MANY; i++)
		total += a[i].sent;
	assert_true(total < 1500000); /* the socket's own buffer is in it */

	/* Nothing goes, but what comes is heard, and an end is queued though no data would be. */
	say(&w, 1000, HP_MUX_DATA, 0, HP_BYTES("", 1));
	hp_mux_stream_end(quiet.s);
	links_settle(w.loop);
	assert_int_equal(quiet.got, 1);
	assert_int_equal(hear(&w, 1000, HP_MUX_END, &sum), 1);
	hear(&w, 99, HP_MUX_DATA, &sum);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(a[i].sent, 100000);
	world_close(&w);
}

static void gives_credit_for_what_is_taken(void **state)
{
	uint8_t bytes[HP_MUX_PAYLOAD];
	struct world w;
	struct end a;
	size_t sum;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = byte_at(i);
	world_open(&w, true);
	end_open(&a, &w, 0, 5);
	a.take = 1000;
	say(&w, 5, HP_MUX_DATA, 0, HP_BYTES(bytes, sizeof(bytes)));
	links_settle(w.loop);
	assert_int_equal(hear(&w, 5, HP_MUX_CREDIT, &sum), 0);
	a.take = SIZE_MAX;
	hp_mux_stream_resume(a.s);
	assert_int_equal(hear(&w, 5, HP_MUX_CREDIT, &sum), 1);
	assert_int_equal(sum, sizeof(bytes));
	world_close(&w);
}

/* One row a crime; each breaks the channel, once. */
static void breaks_off_a_hostile_peer(void **state)
{
	static const uint8_t bytes[HP_MUX_PAYLOAD];
	const struct hp_bytes full = HP_BYTES(bytes, sizeof(bytes));
	const struct hp_bytes one = HP_BYTES(bytes, 1);
	const struct hp_bytes none = {0};

	(void)state;
	for (int crime = 0; crime < 9; crime++) {
		struct world w;
		struct end a;

		world_open(&w, true);
		end_open(&a, &w, 0, 5);
		a.lazy = true;
		if (crime == 0) { /* more than it has credit for */
			for (int i = 0; i < 4; i++) {
				say(&w, 5, HP_MUX_DATA, 0, full);
				links_settle(w.loop);
			}
			assert_int_equal(w.broken[0], 0);
			say(&w, 5, HP_MUX_DATA, 0, one);
		} else if (crime == 1) { /* credit that we cannot have used */
			say(&w, 5, HP_MUX_CREDIT, 1, none);
		} else if (crime == 2) {
			a.to_send = 100;
			pour(&a);
			say(&w, 5, HP_MUX_CREDIT, 100, none);
			links_settle(w.loop);
			assert_int_equal(w.broken[0], 0);
			say(&w, 5, HP_MUX_CREDIT, UINT32_MAX, none);
		} else if (crime <= 5) { /* anything behind the end */
			static const enum hp_mux_type types[] = {HP_MUX_DATA, HP_MUX_END,
								 HP_MUX_MARK};
			say(&w, 5, HP_MUX_END, 0, none);
			say(&w, 5, types[crime - 3], 0, one);
		} else if (crime == 6) {
			say(&w, 5, HP_MUX_MARK, 0, none);
			say(&w, 5, HP_MUX_MARK, 0, none);
		} else if (crime == 7) {
			assert_int_equal(write(w.raw, "no frame at all", 15), 15);
		} else { /* it goes */
			close(TAKE_FD(w.raw));
		}
		links_settle(w.loop);
		assert_int_equal(w.broken[0], 1);
		assert_int_equal(hp_mux_stream_room(a.s), 0);
		assert_int_equal(hp_mux_stream_write(a.s, one), 0);
		hp_mux_stream_mark(a.s);
		links_settle(w.loop);
		assert_int_equal(a.rooms, 0);
		world_close(&w);
	}
}

/* What hurts nobody is passed over: streams that are not there, resets and credit of nothing. */
static void passes_over_what_is_harmless(void **state)
{
	const struct hp_bytes none = {0};
	struct world w;
	struct end a;

	(void)state;
	world_open(&w, true);
	end_open(&a, &w, 0, 5);
	say(&w, 6, HP_MUX_DATA, 0, hp_bytes_str("for nobody"));
	say(&w, 6, HP_MUX_CREDIT, UINT32_MAX, none);
	say(&w, 6, HP_MUX_END, 0, none);
	say(&w, 6, HP_MUX_END, 0, none);
	say(&w, 5, HP_MUX_DATA, 0, none);
	say(&w, 5, HP_MUX_CREDIT, 0, none);
	say(&w, 5, HP_MUX_RESET, 0, none);
	say(&w, 5, HP_MUX_RESET, 0, none);
	links_settle(w.loop);
	assert_int_equal(w.broken[0], 0);
	assert_int_equal(a.resets, 1);
	assert_int_equal(a.got, 0);
	world_close(&w);
}

/* What came before the channel broke can still be had. */
static void offers_what_is_left(void **state)
{
	struct world w;
	struct end a;

	(void)state;
	world_open(&w, true);
	end_open(&a, &w, 0, 5);
	a.lazy = true;
	say(&w, 5, HP_MUX_DATA, 0, HP_BYTES("\0\1\2\3", 4));
	say(&w, 5, HP_MUX_MARK, 0, (struct hp_bytes){0});
	say(&w, 5, HP_MUX_END, 0, (struct hp_bytes){0});
	close(TAKE_FD(w.raw));
	links_settle(w.loop);
	assert_int_equal(w.broken[0], 1);
	a.lazy = false;
	hp_mux_stream_resume(a.s);
	assert_int_equal(a.got, 4);
	assert_int_equal(a.marks, 1);
	assert_int_equal(a.ends, 1);
	world_close(&w);
}

static void needs_no_callbacks(void **state)
{
	static const struct hp_mux_events none = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_mux_stream *s = NULL;
	struct world w;
	struct end b;

	(void)state;
	world_open(&w, false);
	assert_int_equal(hp_mux_stream_open(w.ends[0], 1, &none, NULL, &s, &err), 0);
	end_open(&b, &w, 1, 1);
	b.to_send = 1000000;
	pour(&b);
	links_settle(w.loop);
	assert_int_equal(b.sent, 1000000);
	hp_mux_stream_mark(b.s);
	hp_mux_stream_close(b.s);
	links_settle(w.loop);
	assert_int_equal(w.broken[0], 0);
	world_close(&w);
}

static void limits_streams(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_mux_stream *s = NULL;
	struct hp_mux_stream *first = NULL;
	struct world w;

	(void)state;
	world_open(&w, false);
	assert_int_equal(hp_mux_stream_open(w.ends[0], 0, &all_events, NULL, &first, &err), 0);
	assert_int_equal(hp_mux_stream_open(w.ends[0], 0, &all_events, NULL, &s, &err), -1);
	assert_int_equal(err.code, HP_EEXISTS);
	hp_error_clear(&err);
	for (uint32_t i = 1; i < 4096; i++)
		assert_int_equal(
			hp_mux_stream_open(w.ends[0], i * 3, &all_events, NULL, &s, &err), 0);
	assert_int_equal(hp_mux_stream_open(w.ends[0], 1, &all_events, NULL, &s, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	hp_error_clear(&err);
	hp_mux_stream_close(first);
	assert_int_equal(hp_mux_stream_open(w.ends[0], 1, &all_events, NULL, &s, &err), 0);
	world_close(&w);
}

static int begin(void *arg, struct hp_error *err)
{
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	AUTO(hp_mux_free) struct hp_mux *m = NULL;
	int fds[2];

	(void)arg;
	if (hp_loop_new(&l, err) < 0)
		return -1;
	links_pair(fds);
	close(fds[1]);
	return hp_mux_new(l, fds[0], NULL, NULL, &m, err);
}

static void reports_calls_that_fail(void **state)
{
	(void)state;
	torture_all(begin, NULL, 5);
	hp_mux_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(carries_streams),
		FDS_TEST(carries_much),
		FDS_TEST(stops_for_a_slow_reader_alone),
		FDS_TEST(keeps_marks_and_ends_in_place),
		FDS_TEST(closes_streams),
		FDS_TEST(may_be_closed_by_callbacks),
		FDS_TEST(takes_turns),
		FDS_TEST(bounds_its_queue),
		FDS_TEST(gives_credit_for_what_is_taken),
		FDS_TEST(breaks_off_a_hostile_peer),
		FDS_TEST(passes_over_what_is_harmless),
		FDS_TEST(offers_what_is_left),
		FDS_TEST(needs_no_callbacks),
		FDS_TEST(limits_streams),
		FDS_TEST(reports_calls_that_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
