/* SPDX-License-Identifier: Apache-2.0 */
/* net-ttrpc_server.c - tests of src/net/ttrpc_server.c. */
#include "net/ttrpc_server.h"

#include "torture.h"
#include "ttrpc-world.h"

static void answers_calls(void **state)
{
	struct hp_ttrpc_response r;
	struct world w;

	(void)state;
	world_open(&w);
	peer_ask(&w.peer, 1, "a.B", "Echo", "hello");
	peer_hear_answer(&w.peer, w.loop, 1, &r);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.payload.len, 5);
	assert_memory_equal(r.payload.data, "hello", 5);

	peer_ask(&w.peer, 3, "c.D", "Echo", "");
	peer_hear_answer(&w.peer, w.loop, 3, &r);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.payload.len, 0);

	peer_ask(&w.peer, 9, "a.B", "Refuse", "x");
	peer_hear_answer(&w.peer, w.loop, 9, &r);
	assert_int_equal(r.code, 5);
	assert_int_equal(r.message.len, strlen("no container 'c1'"));
	assert_memory_equal(r.message.data, "no container 'c1'", r.message.len);
	assert_false(hp_ttrpc_server_busy(w.server));
	world_close(&w);
}

/* Calls that wait block nobody, and are answered in any order. */
static void answers_in_any_order(void **state)
{
	struct hp_ttrpc_response r;
	struct world w;

	(void)state;
	world_open(&w);
	for (uint32_t i = 0; i < 3; i++)
		peer_ask(&w.peer, 1 + 2 * i, "a.B", "Wait", "w");
	peer_ask(&w.peer, 7, "a.B", "Echo", "x");
	expect_status(&w, 7, 0);
	assert_int_equal(w.n_waiting, 3);
	assert_memory_equal(hp_ttrpc_call_payload(w.waiting[2]).data, "w", 1);
	hp_ttrpc_reply(w.waiting[2], hp_bytes_str("c"));
	hp_ttrpc_reply(w.waiting[0], hp_bytes_str("a"));
	peer_hear_answer(&w.peer, w.loop, 5, &r);
	assert_memory_equal(r.payload.data, "c", 1);
	expect_status(&w, 1, 0);
	hp_ttrpc_reply(w.waiting[1], hp_bytes_str("b"));
	expect_status(&w, 3, 0);
	assert_int_equal(w.gone, 0);
	world_close(&w);
}

static void refuses_what_is_wrong(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	peer_ask(&w.peer, 2, "a.B", "Echo", "x"); /* even */
	expect_status(&w, 2, 3);
	peer_ask(&w.peer, 0, "a.B", "Echo", "x");
	expect_status(&w, 0, 3);
	peer_ask(&w.peer, 5, "a.B", "Echo", "x");
	expect_status(&w, 5, 0);
	peer_ask(&w.peer, 5, "a.B", "Echo", "x"); /* used */
	expect_status(&w, 5, 3);
	peer_ask(&w.peer, 3, "a.B", "Echo", "x"); /* lower */
	expect_status(&w, 3, 3);
	peer_ask(&w.peer, 7, "a.B", "Nothing", "x");
	expect_status(&w, 7, 12);
	peer_ask(&w.peer, 9, "x.Y", "Echo", "x");
	expect_status(&w, 9, 12);
	peer_say(&w.peer, 11, HP_TTRPC_REQUEST, hp_bytes_str("\377\377"));
	expect_status(&w, 11, 3);
	peer_say(&w.peer, 13, HP_TTRPC_DATA, hp_bytes_str("data"));
	expect_status(&w, 13, 3);
	/* Nobody knows these: they are passed over. */
	peer_say(&w.peer, 15, 77, hp_bytes_str("?"));
	peer_say(&w.peer, 17, HP_TTRPC_RESPONSE, hp_bytes_str("?"));
	peer_ask(&w.peer, 0xffffffff, "a.B", "Echo", "x"); /* the last one that there is */
	expect_status(&w, 0xffffffff, 0);
	assert_int_equal(w.calls, 2);
	world_close(&w);
}

static void begins_anew_with_a_new_peer(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	for (int i = 0; i < 2; i++) {
		peer_ask(&w.peer, 1, "a.B", "Echo", "x");
		expect_status(&w, 1, 0);
		peer_ask(&w.peer, 3, "a.B", "Echo", "x");
		expect_status(&w, 3, 0);
		peer_ask(&w.peer, 3, "a.B", "Echo", "x");
		expect_status(&w, 3, 3);
	}
	world_close(&w);
}

/* Data of a call that is no stream, such as the note that there is none, changes nothing. */
static void passes_over_data_of_a_call(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	peer_ask(&w.peer, 1, "a.B", "Wait", "w");
	peer_say(&w.peer, 1, HP_TTRPC_DATA, hp_bytes_str("data"));
	peer_ask(&w.peer, 3, "a.B", "Echo", "x");
	expect_status(&w, 3, 0);
	hp_ttrpc_reply(w.waiting[0], hp_bytes_str("w"));
	expect_status(&w, 1, 0);
	world_close(&w);
}

static void drops_what_is_too_large(void **state)
{
	static const uint8_t types[] = {HP_TTRPC_REQUEST, HP_TTRPC_DATA, 77};
	enum { OVER = HP_TTRPC_PAYLOAD + 100000, PIECE = 50000 };
	static const uint8_t piece[PIECE];
	struct hp_ttrpc_response r;
	struct world w;

	(void)state;
	world_open(&w);
	for (size_t i = 0; i < sizeof(types); i++) {
		const uint8_t head[] = {OVER >> 24,
					(OVER >> 16) & 0xff,
					(OVER >> 8) & 0xff,
					OVER & 0xff,
					0,
					0,
					0,
					(uint8_t)(1 + 2 * i),
					types[i],
					0};
		peer_say_bytes(&w.peer, head, sizeof(head));
		for (size_t left = OVER; left > 0;) {
			const size_t len = left < PIECE ? left : PIECE;
			peer_say_bytes(&w.peer, piece, len);
			left -= len;
			links_settle(w.loop);
		}
	}
	peer_ask(&w.peer, 9, "a.B", "Echo", "after it");
	expect_status(&w, 1, 8);
	expect_status(&w, 3, 3);
	peer_hear_answer(&w.peer, w.loop, 9, &r);
	assert_memory_equal(r.payload.data, "after it", 8);
	world_close(&w);
}

/* The largest request that there may be, a piece at a time. */
static void takes_the_largest_request(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf body;
	AUTO(hp_buf_free) struct hp_buf frame;
	AUTO_FREE uint8_t *bytes = hp_alloc(HP_TTRPC_PAYLOAD);
	struct hp_ttrpc_request q = {.service = "a.B", .method = "Echo"};
	struct hp_ttrpc_response r;
	struct world w;

	(void)state;
	world_open(&w);
	hp_buf_init(&body, HP_TTRPC_PAYLOAD);
	hp_buf_init(&frame, HP_TTRPC_PAYLOAD + HP_TTRPC_HEADER);
	memset(bytes, 'z', HP_TTRPC_PAYLOAD);
	q.payload = HP_BYTES(bytes, HP_TTRPC_PAYLOAD - 5 - 6 - 5);
	assert_int_equal(hp_ttrpc_request_put(&body, &q, &err), 0);
	assert_int_equal(body.len, HP_TTRPC_PAYLOAD);
	const struct hp_ttrpc_frame f = {
		.stream = 1, .type = HP_TTRPC_REQUEST, .payload = hp_buf_bytes(&body)};
	assert_int_equal(hp_ttrpc_frame_put(&frame, &f, &err), 0);
	for (size_t at = 0; at < frame.len; at += 60000) {
		const size_t left = frame.len - at;
		peer_say_bytes(&w.peer, frame.data + at, left < 60000 ? left : 60000);
		links_settle(w.loop);
	}
	peer_hear_answer(&w.peer, w.loop, 1, &r);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.payload.len, q.payload.len);
	assert_memory_equal(r.payload.data, bytes, q.payload.len);

	peer_ask(&w.peer, 3, "a.B", "Large", "x");
	expect_status(&w, 3, 8);
	world_close(&w);
}

static void tells_who_is_to_answer_that_the_peer_is_gone(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	peer_ask(&w.peer, 1, "a.B", "Wait", "");
	peer_ask(&w.peer, 3, "a.B", "Wait", "");
	peer_ask(&w.peer, 5, "a.B", "Echo", "half a request follows");
	peer_say_bytes(&w.peer, "\0\0\0\7", 4);
	peer_close(&w.peer);
	links_until(w.loop, is_gone, &w);
	assert_int_equal(w.calls, 1);
	assert_int_equal(w.gone, 2);
	assert_int_equal(w.peers, 1);
	links_settle(w.loop);
	assert_int_equal(w.peers, 1);
	world_close(&w);
}

static void takes_a_half_closed_peer_as_gone(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	peer_ask(&w.peer, 1, "a.B", "Wait", "");
	assert_int_equal(shutdown(w.peer.fd, SHUT_WR), 0);
	links_until(w.loop, is_gone, &w);
	assert_int_equal(w.gone, 1);
	world_close(&w);
}

/* A peer that takes no answers is heard of by answering, and not by a signal. */
static void survives_a_peer_that_takes_nothing(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	peer_ask(&w.peer, 1, "a.B", "Wait", "");
	peer_ask(&w.peer, 3, "a.B", "Wait", "");
	links_until(w.loop, is_waiting, &w);
	assert_int_equal(shutdown(w.peer.fd, SHUT_RD), 0);
	hp_ttrpc_reply(w.waiting[0], hp_bytes_str("a"));
	assert_int_equal(w.gone, 0); /* nothing is called back from inside */
	links_until(w.loop, is_gone, &w);
	assert_int_equal(w.gone, 1);
	world_close(&w);
}

/* Answers that are not read are no reason to take in more calls, and are limited. */
static void stops_listening_to_who_does_not_read(void **state)
{
	unsigned calls = 0;
	struct world w;

	(void)state;
	world_open(&w);
	for (uint32_t i = 0; i < 200; i++)
		peer_ask(&w.peer, 1 + 2 * i, "a.B", "Large", "");
	links_settle(w.loop);
	assert_true(hp_ttrpc_server_busy(w.server));
	for (struct hp_ttrpc_response r; calls < 200; calls++) {
		peer_hear_answer(&w.peer, w.loop, 1 + 2 * calls, &r);
		assert_int_equal(r.payload.len, 1024 * 1024);
	}
	links_settle(w.loop);
	assert_false(hp_ttrpc_server_busy(w.server));
	assert_int_equal(w.peers, 0);
	world_close(&w);
}

static void cuts_off_who_lets_too_much_lie(void **state)
{
	enum { BIG = 3 * 1024 * 1024 };
	AUTO_FREE uint8_t *bytes = hp_alloc(BIG);
	struct world w;

	(void)state;
	world_open(&w);
	for (uint32_t i = 0; i < 8; i++)
		peer_ask(&w.peer, 1 + 2 * i, "a.B", "Wait", "");
	links_settle(w.loop);
	assert_int_equal(w.n_waiting, 8);
	for (size_t i = 0; i < 7; i++)
		hp_ttrpc_reply(w.waiting[i], HP_BYTES(bytes, BIG));
	assert_int_equal(w.gone, 0);
	links_until(w.loop, is_gone, &w);
	assert_int_equal(w.gone, 1);
	world_close(&w);
}

static void limits_calls_that_wait(void **state)
{
	struct hp_ttrpc_response r;
	struct world w;
	uint32_t stream = 1;

	(void)state;
	world_open(&w);
	for (; stream < 2 * 4096; stream += 2) {
		peer_ask(&w.peer, stream, "a.B", "Wait", "");
		if (stream % 64 == 1)
			links_settle(w.loop);
	}
	peer_ask(&w.peer, stream, "a.B", "Wait", "");
	expect_status(&w, stream, 8);
	assert_int_equal(w.n_waiting, 4096);
	hp_ttrpc_reply(w.waiting[7], hp_bytes_str("x"));
	peer_hear_answer(&w.peer, w.loop, 15, &r);
	peer_ask(&w.peer, stream + 2, "a.B", "Wait", "");
	links_settle(w.loop);
	assert_int_equal(w.n_waiting, 4097);
	world_close(&w);
	assert_int_equal(w.gone, 4096);
}

static void limits_what_waiting_calls_hold(void **state)
{
	enum { BIG = 4000000 };
	AUTO_FREE char *big = hp_alloc(BIG + 1);
	struct world w;
	uint32_t stream = 1;

	(void)state;
	memset(big, 'z', BIG);
	world_open(&w);
	/* Sent by another process, for the socket does not hold them. */
	const pid_t pid = fork();
	if (pid == 0) {
		for (; stream <= 9; stream += 2)
			peer_ask(&w.peer, stream, "a.B", "Wait", big);
		_exit(0);
	}
	expect_status(&w, 9, 8);
	assert_int_equal(w.n_waiting, 4);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	world_close(&w);
}

static void keeps_the_time_that_was_given(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_ttrpc_request q = {
		.service = "a.B", .method = "Wait", .timeout_ns = 20000000};
	const int64_t start = hp_clock_ms();
	struct world w;

	(void)state;
	hp_buf_init(&out, 1000);
	assert_int_equal(hp_ttrpc_request_put(&out, &q, &err), 0);
	world_open(&w);
	peer_say(&w.peer, 1, HP_TTRPC_REQUEST, hp_buf_bytes(&out));
	peer_say(&w.peer, 3, HP_TTRPC_REQUEST, hp_buf_bytes(&out));
	links_until(w.loop, is_waiting, &w);
	hp_ttrpc_reply(w.waiting[1], hp_bytes_str("in time"));
	expect_status(&w, 3, 0);
	expect_status(&w, 1, 4);
	assert_true(hp_clock_ms() - start >= 20);
	assert_int_equal(w.gone, 1);
	world_close(&w);
}

static void can_be_freed_by_a_call(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	peer_ask(&w.peer, 1, "a.B", "Wait", "");
	peer_ask(&w.peer, 3, "a.B", "Free", "");
	peer_ask(&w.peer, 5, "a.B", "Echo", "");
	links_settle(w.loop);
	assert_null(w.server);
	assert_int_equal(w.gone, 2);
	assert_int_equal(w.calls, 0);
	assert_int_equal(w.peers, 0);
	world_close(&w);
}

static void finished(void *data, uint32_t events)
{
	struct world *w = data;

	(void)events;
	w->finished++;
}

static void finishes_what_was_answered(void **state)
{
	struct hp_ttrpc_response r;
	struct world w;

	(void)state;
	world_open(&w);
	peer_ask(&w.peer, 1, "a.B", "Wait", "");
	peer_ask(&w.peer, 3, "a.B", "Large", "");
	links_until(w.loop, is_waiting, &w);
	links_settle(w.loop);
	hp_ttrpc_server_finish(w.server, 60000, finished, &w);
	hp_ttrpc_reply(w.waiting[0], hp_bytes_str("last"));
	peer_ask(&w.peer, 5, "a.B", "Echo", "too late");
	links_settle(w.loop);
	assert_int_equal(w.finished, 0);
	peer_hear_answer(&w.peer, w.loop, 3, &r);
	peer_hear_answer(&w.peer, w.loop, 1, &r);
	links_until(w.loop, is_finished, &w);
	links_settle(w.loop);
	assert_int_equal(w.finished, 1);
	assert_int_equal(w.calls, 0);
	world_close(&w);
}

static void finishes_in_time(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	hp_ttrpc_server_finish(w.server, 60000, finished, &w); /* nothing waits */
	assert_int_equal(w.finished, 0);
	links_until(w.loop, is_finished, &w);
	world_close(&w);

	world_open(&w);
	peer_ask(&w.peer, 1, "a.B", "Large", "");
	links_settle(w.loop);
	hp_ttrpc_server_finish(w.server, 10, finished, &w); /* it is not read */
	links_until(w.loop, is_finished, &w);
	assert_true(hp_ttrpc_server_busy(w.server));
	world_close(&w);

	world_open(&w);
	peer_ask(&w.peer, 1, "a.B", "Large", "");
	links_settle(w.loop);
	hp_ttrpc_server_finish(w.server, 60000, finished, &w);
	peer_close(&w.peer); /* it never will be */
	links_until(w.loop, is_finished, &w);
	assert_int_equal(w.peers, 1);
	world_close(&w);
}

/* A listening socket with a server behind it. */
struct door {
	struct world w;
	char *dir;
	char *path;
};

static void door_open(struct door *d)
{
	struct hp_error err = HP_ERROR_INIT;
	int fd = -1;

	world_open(&d->w);
	d->dir = scratch_new();
	d->path = hp_path_join(d->dir, "s");
	assert_int_equal(hp_unix_listen(d->path, 0600, &fd, &err), 0);
	assert_int_equal(hp_ttrpc_server_listen(d->w.server, fd, &err), 0);
}

static void door_close(struct door *d)
{
	world_close(&d->w);
	scratch_free(d->dir);
	free(d->path);
}

static int knock(const struct door *d)
{
	struct hp_error err = HP_ERROR_INIT;
	int fd = -1;

	assert_int_equal(hp_unix_connect(d->path, &fd, &err), 0);
	return fd;
}

static void takes_in_who_connects(void **state)
{
	enum { MANY = 40 };
	struct peer peers[MANY];
	struct hp_ttrpc_response r;
	struct door d;

	(void)state;
	door_open(&d);
	for (size_t i = 0; i < MANY; i++) {
		peer_init(&peers[i], knock(&d));
		peer_ask(&peers[i], 1, "a.B", "Echo", "x");
	}
	for (size_t i = 0; i < MANY; i++)
		peer_hear_answer(&peers[i], d.w.loop, 1, &r);
	assert_int_equal(d.w.calls, MANY);
	for (size_t i = 0; i < MANY; i++)
		peer_close(&peers[i]);
	links_settle(d.w.loop);
	hp_ttrpc_server_finish(d.w.server, 0, finished, &d.w);
	links_until(d.w.loop, is_finished, &d.w);

	struct hp_error err = HP_ERROR_INIT;
	int fd = -1;
	assert_int_equal(hp_unix_connect(d.path, &fd, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	door_close(&d);
}

static void limits_connections(void **state)
{
	enum { MANY = 300 };
	int fds[MANY];
	unsigned refused = 0;
	struct door d;

	(void)state;
	door_open(&d);
	for (size_t i = 0; i < MANY; i++) {
		fds[i] = knock(&d);
		links_settle(d.w.loop);
	}
	for (size_t i = 0; i < MANY; i++) {
		char byte;
		const ssize_t n = recv(fds[i], &byte, 1, MSG_DONTWAIT);

		refused += n == 0;
		close(fds[i]);
	}
	assert_int_equal(refused, MANY - 255); /* one is there from the beginning */
	links_settle(d.w.loop);

	/* All those are gone: there is room again. */
	struct hp_ttrpc_response r;
	struct peer p;
	peer_init(&p, knock(&d));
	peer_ask(&p, 1, "a.B", "Echo", "x");
	peer_hear_answer(&p, d.w.loop, 1, &r);
	peer_close(&p);
	door_close(&d);
}

/* Another user, who may connect as far as the socket's mode goes, is refused. */
static void refuses_other_users(void **state)
{
	struct door d;
	int status = -1;

	(void)state;
	if (geteuid() != 0)
		return; /* nobody else can be had */
	door_open(&d);
	assert_int_equal(chmod(d.dir, 0755), 0);
	assert_int_equal(chmod(d.path, 0666), 0);
	const pid_t pid = fork();
	if (pid == 0) {
		char byte;
		if (setuid(65534) < 0)
			_exit(2);
		_exit(read(knock(&d), &byte, 1) == 0 ? 0 : 1);
	}
	for (int i = 0; i < 2000 && waitpid(pid, &status, WNOHANG) == 0; i++) {
		struct hp_error err = HP_ERROR_INIT;
		assert_true(hp_loop_once(d.w.loop, 10, &err) >= 0);
	}
	assert_int_equal(status, 0);
	door_close(&d);
}

/* When there are no descriptors, who connects waits until there are. */
static void waits_for_descriptors(void **state)
{
	struct hp_ttrpc_response r;
	struct door d;
	struct peer p;

	(void)state;
	if (!HP_FAULTS_ON)
		return;
	door_open(&d);
	peer_init(&p, knock(&d));
	peer_ask(&p, 1, "a.B", "Echo", "x");
	hp_fault_arm(2, EMFILE); /* after the wait */
	links_settle(d.w.loop);
	assert_true(hp_fault_fired());
	hp_fault_arm(0, 0);
	assert_int_equal(d.w.calls, 0);
	peer_hear_answer(&p, d.w.loop, 1, &r);
	assert_int_equal(d.w.calls, 1);
	peer_close(&p);
	door_close(&d);
}

static int begin(void *arg, struct hp_error *err)
{
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	AUTO(hp_ttrpc_server_free) struct hp_ttrpc_server *s = NULL;
	AUTO_CLOSE int kept = -1;
	const char *path = arg;
	int fds[2];
	int fd = -1;

	if (hp_loop_new(&l, err) < 0 || hp_unix_listen(path, 0600, &fd, err) < 0)
		return -1;
	s = hp_ttrpc_server_new(l, methods, NULL);
	if (hp_ttrpc_server_listen(s, fd, err) < 0)
		return -1;
	links_pair(fds);
	kept = fds[1];
	return hp_ttrpc_server_serve(s, fds[0], NULL, NULL, err);
}

static void reports_calls_that_fail(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "s");

	(void)state;
	torture_all(begin, path, 5);
	hp_ttrpc_server_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(answers_calls),
		FDS_TEST(answers_in_any_order),
		FDS_TEST(refuses_what_is_wrong),
		FDS_TEST(begins_anew_with_a_new_peer),
		FDS_TEST(passes_over_data_of_a_call),
		FDS_TEST(drops_what_is_too_large),
		FDS_TEST(takes_the_largest_request),
		FDS_TEST(tells_who_is_to_answer_that_the_peer_is_gone),
		FDS_TEST(takes_a_half_closed_peer_as_gone),
		FDS_TEST(survives_a_peer_that_takes_nothing),
		FDS_TEST(stops_listening_to_who_does_not_read),
		FDS_TEST(cuts_off_who_lets_too_much_lie),
		FDS_TEST(limits_calls_that_wait),
		FDS_TEST(limits_what_waiting_calls_hold),
		FDS_TEST(keeps_the_time_that_was_given),
		FDS_TEST(can_be_freed_by_a_call),
		FDS_TEST(finishes_what_was_answered),
		FDS_TEST(finishes_in_time),
		FDS_TEST(takes_in_who_connects),
		FDS_TEST(limits_connections),
		FDS_TEST(refuses_other_users),
		FDS_TEST(waits_for_descriptors),
		FDS_TEST(reports_calls_that_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
