/* SPDX-License-Identifier: Apache-2.0 */
/* guest-streams.c - tests of src/guest/streams.c, with this test as process and as host. */
#include "guest/streams.h"

#include <errno.h>

#include "guest-world.h"
#include "guest/terminal.h"

/* The streams of process 1. */
struct sample {
	struct guest_world w;
	struct hp_guest_streams s;
	struct guest_heard heard[HP_GUEST_STREAMS];
	int mine[HP_GUEST_STREAMS]; /* the process's ends */
};

static void sample_open(struct sample *t, const Hp__Guest__Process *p)
{
	struct hp_error err = HP_ERROR_INIT;

	guest_world_open(&t->w);
	hp_guest_streams_init(&t->s);
	assert_false(hp_guest_streams_busy(&t->s));
	for (uint32_t i = 0; i < HP_GUEST_STREAMS; i++)
		guest_hear(&t->w, &t->heard[i], 4 + i);
	if (hp_guest_streams_open(&t->s, t->w.g.loop, t->w.g.mux, 1, p, &err) < 0)
		fail_msg("%s", err.msg);
	for (int i = 0; i < HP_GUEST_STREAMS; i++)
		t->mine[i] = t->s.child_fds[i] < 0 ? -1 : dup(t->s.child_fds[i]);
	hp_guest_streams_forked(&t->s);
	assert_int_equal(t->s.child_fds[1], -1);
}

static void sample_close(struct sample *t)
{
	hp_guest_streams_close(&t->s);
	for (int i = 0; i < HP_GUEST_STREAMS; i++) {
		if (t->mine[i] >= 0)
			close(t->mine[i]);
		hp_buf_free(&t->heard[i].got);
	}
	guest_world_close(&t->w);
}

static void put(const struct sample *t, int i, const char *text)
{
	assert_int_equal(write(t->mine[i], text, strlen(text)), strlen(text));
}

static void relays_output(void **state)
{
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	struct sample t;

	(void)state;
	p.stdout = p.stderr = true;
	sample_open(&t, &p);
	assert_int_equal(t.mine[0], -1);
	put(&t, 1, "out");
	put(&t, 2, "err");
	assert_true(hp_guest_streams_busy(&t.s));
	close(TAKE_FD(t.mine[1]));
	close(TAKE_FD(t.mine[2]));
	guest_until(&t.w.host, &t.heard[1].ended);
	guest_until(&t.w.host, &t.heard[2].ended);
	guest_heard_text(&t.heard[1], "out");
	guest_heard_text(&t.heard[2], "err");
	assert_false(hp_guest_streams_busy(&t.s));
	sample_close(&t);
}

static void relays_input_until_its_end(void **state)
{
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	struct sample t;
	char got[8];

	(void)state;
	p.stdin = true;
	sample_open(&t, &p);
	assert_int_equal(hp_mux_stream_write(t.heard[0].stream, HP_BYTES("hello", 5)), 5);
	links_settle(t.w.g.loop);
	assert_int_equal(read(t.mine[0], got, sizeof(got)), 5);
	assert_memory_equal(got, "hello", 5);
	hp_mux_stream_end(t.heard[0].stream);
	links_settle(t.w.g.loop);
	assert_int_equal(read(t.mine[0], got, sizeof(got)), 0);
	assert_false(hp_guest_streams_busy(&t.s));
	sample_close(&t);
}

/* What the pipe does not take waits, and goes on when there is room. */
static void input_waits_for_its_reader(void **state)
{
	static uint8_t block[200000];
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	struct sample t;
	size_t sent = 0;
	size_t got = 0;

	(void)state;
	p.stdin = true;
	sample_open(&t, &p);
	while (got < sizeof(block)) {
		char some[65536];

		sent += hp_mux_stream_write(t.heard[0].stream,
					    HP_BYTES(block + sent, sizeof(block) - sent));
		links_settle(t.w.g.loop);
		ssize_t n = read(t.mine[0], some, sizeof(some));

		assert_true(n > 0);
		got += (size_t)n;
	}
	assert_int_equal(got, sizeof(block));
	sample_close(&t);
}

static void input_that_nobody_reads_is_dropped(void **state)
{
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	struct sample t;

	(void)state;
	p.stdin = true;
	sample_open(&t, &p);
	close(TAKE_FD(t.mine[0]));
	links_settle(t.w.g.loop);
	assert_false(hp_guest_streams_busy(&t.s));
	assert_int_equal(hp_mux_stream_write(t.heard[0].stream, HP_BYTES("hello", 5)), 5);
	links_settle(t.w.g.loop);
	sample_close(&t);
}

/* What the process has written comes before the mark, what others write after it. */
static void marks_the_end_of_the_process(void **state)
{
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	struct sample t;

	(void)state;
	p.stdout = true;
	sample_open(&t, &p);
	put(&t, 1, "its last");
	hp_guest_streams_ended(&t.s);
	assert_false(t.heard[1].marked);
	guest_until(&t.w.host, &t.heard[1].marked);
	guest_heard_text(&t.heard[1], "its last");
	assert_false(t.heard[1].ended);
	put(&t, 1, "another's");
	close(TAKE_FD(t.mine[1]));
	guest_until(&t.w.host, &t.heard[1].ended);
	guest_heard_text(&t.heard[1], "another's");
	sample_close(&t);
}

static void has_a_terminal(void **state)
{
	struct hp_guest_terminal term = {.master_fd = -1, .slave_fd = -1};
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct sample t;
	char got[8];

	(void)state;
	p.terminal = p.stdin = p.stdout = p.stderr = true;
	sample_open(&t, &p);
	assert_int_equal(t.mine[0], -1);
	assert_int_equal(hp_guest_terminal_open(80, 24, &term, &err), 0);
	/* What is sent before it is there waits for it. */
	assert_int_equal(hp_mux_stream_write(t.heard[1].stream, HP_BYTES("hey\n", 4)), 4);
	links_settle(t.w.g.loop);
	assert_int_equal(hp_guest_streams_terminal(&t.s, TAKE_FD(term.master_fd), &err), 0);
	links_settle(t.w.g.loop);
	assert_int_equal(read(term.slave_fd, got, sizeof(got)), 4);
	assert_memory_equal(got, "hey\n", 4);
	/* Nobody waits for another. */
	int second = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_int_equal(hp_guest_streams_terminal(&t.s, second, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	assert_int_equal(fcntl(second, F_GETFD), -1);
	assert_int_equal(write(term.slave_fd, "there\n", 6), 6);
	hp_guest_streams_ended(&t.s);
	guest_until(&t.w.host, &t.heard[1].marked);
	guest_heard_text(&t.heard[1], "hey\r\nthere\r\n");
	hp_guest_terminal_close(&term);
	guest_until(&t.w.host, &t.heard[1].ended);
	sample_close(&t);
}

static void each_process_has_its_own(void **state)
{
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	struct hp_guest_streams second;
	struct hp_error err = HP_ERROR_INIT;
	struct sample t;

	(void)state;
	p.stdout = true;
	sample_open(&t, &p);
	hp_guest_streams_init(&second);
	assert_int_equal(hp_guest_streams_open(&second, t.w.g.loop, t.w.g.mux, 1, &p, &err),
			 -1);
	assert_int_equal(err.code, HP_EEXISTS);
	assert_non_null(strstr(err.msg, "stream 1 of process 1"));
	hp_guest_streams_close(&second);
	sample_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(relays_output),
		FDS_TEST(relays_input_until_its_end),
		FDS_TEST(input_waits_for_its_reader),
		FDS_TEST(input_that_nobody_reads_is_dropped),
		FDS_TEST(marks_the_end_of_the_process),
		FDS_TEST(has_a_terminal),
		FDS_TEST(each_process_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
