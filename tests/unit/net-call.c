/* SPDX-License-Identifier: Apache-2.0 */
/* net-call.c - tests of src/net/call.c: streams of messages, many calls at once, hostile bytes. */
#include "net/call.h"

#include "peer.h"

static int next(struct hp_call *c, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf message;

	hp_buf_init(&message, 1000);
	return hp_call_next(c, &message, err);
}

static void chats(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_call_free) struct hp_call *c = begin(&p, CHAT, NULL);
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	for (int i = 0; i < 50; i++) {
		char text[32];

		snprintf(text, sizeof(text), "line %d", i);
		send_text(c, text, false);
		expect_message(c, text);
	}
	send_text(c, "", true);
	expect_message(c, "");
	expect_end(c);
	expect_end(c);
	assert_int_equal(hp_call_send(c, hp_bytes_str("x"), false, &err), -1);
	assert_int_equal(err.code, HP_ESTATE);
}

static void keeps_calls_apart(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	struct hp_call *calls[20];
	char text[32];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "first %d", i);
		calls[i] = begin(&p, CHAT, text);
	}
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "second %d", i);
		send_text(calls[i], text, true);
	}
	for (int i = 19; i >= 0; i--) {
		snprintf(text, sizeof(text), "first %d", i);
		expect_message(calls[i], text);
		snprintf(text, sizeof(text), "second %d", i);
		expect_message(calls[i], text);
		expect_end(calls[i]);
		hp_call_free(calls[i]);
	}
	assert_int_equal(h2_peer_connections(p.peer), 1);
	assert_int_equal(p.g->ready, 0);
}

static void sends_much(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_call_free) struct hp_call *c = begin(&p, SINK, NULL);
	AUTO_FREE char *data = hp_alloc(1 << 20);
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	for (int i = 0; i < 64; i++)
		if (hp_call_send(c, HP_BYTES(data, 1 << 20), i == 63, &err) < 0)
			fail_msg("%s", err.msg);
	expect_message(c, "67109184"); /* 64 MiB and 64 prefixes */
	expect_end(c);
}

static void takes_large_messages(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_call_free)
	struct hp_call *c = begin(&p, SCRIPT, "big 16777216;msg small;big 5000000;status 0");
	AUTO(hp_buf_free) struct hp_buf message;

	(void)state;
	hp_buf_init(&message, 1 << 24);
	assert_int_equal(hp_call_recv(c, &message, &err), HP_NEXT_ITEM);
	assert_int_equal(message.len, 1 << 24);
	for (size_t i = 0; i < message.len; i += 4093)
		assert_int_equal(message.data[i], 'x');
	expect_message(c, "small");
	hp_buf_free(&message);
	assert_int_equal(hp_call_recv(c, &message, &err), HP_NEXT_ITEM);
	assert_int_equal(message.len, 5000000);
	expect_end(c);
}

static void takes_many_small_messages(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_buf_free) struct hp_buf script;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_buf_init(&script, 1 << 22);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(hp_buf_add(&script, "msg a;", 6, &err), 0);
	assert_int_equal(hp_buf_add(&script, "status 0", 9, &err), 0);
	AUTO(hp_call_free) struct hp_call *c = begin(&p, SCRIPT, (char *)script.data);
	for (int i = 0; i < 100000; i++)
		expect_message(c, "a");
	expect_end(c);
}

static void refuses_hostile_messages(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(1000);

	(void)state;
	expect_failure(&p, "raw 0100000001ff;status 0", HP_EPROTO, 0, "compressed");
	expect_failure(&p, "raw 7f00000001ff;status 0", HP_EPROTO, 0, "flag 0x7f");
	expect_failure(&p, "raw 00ffffffff", HP_EEXHAUSTED, 0, "4294967295 bytes");
	expect_failure(&p, "big 1001;status 0", HP_EEXHAUSTED, 0, "limit of 1000");
	expect_answer(&p, "msg fine;status 0", "fine");
}

static void delivers_before_it_fails(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_call_free)
	struct hp_call *status = begin(&p, SCRIPT, "msg a;msg b;status 5 gone");
	AUTO(hp_call_free) struct hp_call *reset = begin(&p, SCRIPT, "msg a;sleep 20;reset 8");

	(void)state;
	expect_message(status, "a");
	expect_message(status, "b");
	expect_broken(status, HP_ENOTFOUND, "gone");
	expect_broken(status, HP_ENOTFOUND, "gone");
	expect_broken(reset, HP_ECANCELED, "CANCEL");
}

static void loses_all_calls_at_once(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_call_free) struct hp_call *first = begin(&p, CHAT, "a");
	AUTO(hp_call_free) struct hp_call *second = begin(&p, CHAT, "b");

	(void)state;
	expect_message(second, "b");
	expect_message(first, "a");
	h2_peer_stop(p.peer);
	p.peer = NULL;
	expect_broken(first, HP_EUNAVAILABLE, "was lost");
	expect_broken(second, HP_EUNAVAILABLE, "was lost");

	/* A new call does not care, nor do the old ones change their story. */
	p.peer = h2_peer_start(p.path);
	expect_answer(&p, "msg x;status 0", "x");
	expect_broken(first, HP_EUNAVAILABLE, "was lost");
}

static void hears_an_early_end(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_call_free) struct hp_call *refused = begin(&p, SCRIPT, "status 6 exists");
	AUTO(hp_call_free) struct hp_call *content = begin(&p, SCRIPT, "msg x;status 0");
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *data = hp_alloc(1 << 20);
	int done = 0;

	(void)state;
	for (int i = 0; i < 100 && done == 0; i++)
		done = hp_call_send(refused, HP_BYTES(data, 1 << 20), false, &err);
	assert_int_equal(done, -1);
	assert_int_equal(err.code, HP_EEXISTS);
	assert_string_equal(err.msg, "exists");

	hp_error_clear(&err);
	done = 0;
	for (int i = 0; i < 100 && done == 0; i++)
		done = hp_call_send(content, HP_BYTES(data, 1 << 20), false, &err);
	assert_int_equal(done, -1);
	assert_int_equal(err.code, HP_ESTATE);
	expect_message(content, "x");
	expect_end(content);
}

static void gives_up_in_time(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO_FREE char *data = hp_alloc(1 << 20);
	struct hp_error err = HP_ERROR_INIT;
	struct hp_call *sender = NULL;
	struct hp_call *waiter = NULL;
	int64_t begin_ms = hp_clock_ms();

	(void)state;
	assert_int_equal(hp_call_begin(p.g, STUCK, hp_deadline_in(100), &sender, &err), 0);
	assert_int_equal(hp_call_send(sender, HP_BYTES(data, 1 << 20), false, &err), -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
	expect_broken(sender, HP_ETIMEOUT, "did not answer");
	hp_call_free(sender);

	hp_error_clear(&err);
	assert_int_equal(hp_call_begin(p.g, STUCK, hp_deadline_in(50), &waiter, &err), 0);
	assert_int_equal(next(waiter, &err), HP_NEXT_WAIT);
	hp_clock_sleep_ms(60);
	assert_int_equal(next(waiter, &err), -1);
	assert_int_equal(err.code, HP_ETIMEOUT);
	hp_call_free(waiter);
	assert_in_range(hp_clock_ms() - begin_ms, 150, 10000);

	/* The peer was told of both. */
	expect_answer(&p, "msg x;status 0", "x");
	assert_int_equal(h2_peer_cancels(p.peer), 2);
}

static void rings_for_what_others_read(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_call_free)
	struct hp_call *c = begin(&p, SCRIPT, "msg a;sleep 50;msg b;status 0");
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	int fd = hp_grpc_fd(p.g);
	/* The other call's wait takes c's messages off the socket. */
	expect_answer(&p, "sleep 100;msg x;status 0", "x");
	assert_int_equal(hp_grpc_fd(p.g), fd);
	assert_true(fd_rings(fd, 0));
	assert_int_equal(next(c, &err), HP_NEXT_ITEM);
	assert_true(fd_rings(fd, 0));
	assert_int_equal(next(c, &err), HP_NEXT_ITEM);
	assert_int_equal(next(c, &err), HP_NEXT_END);
	assert_false(fd_rings(fd, 0));
}

static void waits_without_blocking(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_call_free)
	struct hp_call *c = begin(&p, SCRIPT, "msg a;sleep 30;msg b;sleep 30;status 0");
	int64_t deadline = hp_deadline_in(PATIENCE_MS);
	struct hp_error err = HP_ERROR_INIT;
	int items = 0;
	int found = HP_NEXT_WAIT;

	(void)state;
	while (found != HP_NEXT_END) {
		found = next(c, &err);
		assert_true(found >= 0);
		items += found == HP_NEXT_ITEM ? 1 : 0;
		if (found == HP_NEXT_WAIT)
			assert_true(
				fd_rings(hp_grpc_fd(p.g), (int)hp_deadline_left_ms(deadline)));
	}
	assert_int_equal(items, 2);
}

static void hears_a_loss_by_its_descriptor(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);
	AUTO(hp_call_free) struct hp_call *c = begin(&p, CHAT, NULL);
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(next(c, &err), HP_NEXT_WAIT);
	h2_peer_stop(p.peer);
	p.peer = NULL;
	for (int i = 0; i < 50 && next(c, &err) == HP_NEXT_WAIT; i++)
		assert_true(fd_rings(hp_grpc_fd(p.g), PATIENCE_MS));
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	assert_false(fd_rings(hp_grpc_fd(p.g), 0));
}

static void tells_the_peer_that_it_is_forgotten(void **state)
{
	AUTO(pair_free) struct pair p = pair_new(0);

	(void)state;
	for (int i = 0; i < 10; i++)
		hp_call_free(begin(&p, CHAT, "x"));
	expect_answer(&p, "msg x;status 0", "x");
	assert_int_equal(h2_peer_cancels(p.peer), 10);
	hp_call_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(chats),
		FDS_TEST(keeps_calls_apart),
		FDS_TEST(sends_much),
		FDS_TEST(takes_large_messages),
		FDS_TEST(takes_many_small_messages),
		FDS_TEST(refuses_hostile_messages),
		FDS_TEST(delivers_before_it_fails),
		FDS_TEST(loses_all_calls_at_once),
		FDS_TEST(hears_an_early_end),
		FDS_TEST(gives_up_in_time),
		FDS_TEST(rings_for_what_others_read),
		FDS_TEST(waits_without_blocking),
		FDS_TEST(hears_a_loss_by_its_descriptor),
		FDS_TEST(tells_the_peer_that_it_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
