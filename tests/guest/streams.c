/* SPDX-License-Identifier: Apache-2.0 */
/* streams.c - standard streams: volume, ends, marks, terminals. */
#include <signal.h>

#include "suite.h"

#define BURST (8 * 1024 * 1024)

static void arrives_whole_at_exit(void **state)
{
	struct world *w = *state;
	struct box b;

	box_init(&b, "head -c 8388608 /dev/zero; head -c 8388608 /dev/zero >&2");
	box_run(w, &b);
	assert_int_equal(world_exit(w, 0), 0);
	world_wait(w, &w->streams[1].marked);
	world_wait(w, &w->streams[2].marked);
	assert_int_equal(w->streams[1].got.len, BURST);
	assert_int_equal(w->streams[2].got.len, BURST);
}

/* Send what the stream takes, and the rest when it takes more. */
static void send_all(struct world *w, uint32_t id, const uint8_t *data, size_t len)
{
	struct hp_error err = HP_ERROR_INIT;

	while (len > 0) {
		size_t n = hp_mux_stream_write(w->streams[id].mux, HP_BYTES(data, len));

		data += n;
		len -= n;
		if (len > 0 && hp_loop_once(w->loop, 30000, &err) < 0)
			fail_msg("%s", err.msg);
	}
}

static void comes_back_as_it_was(void **state)
{
	struct world *w = *state;
	AUTO_FREE uint8_t *data = hp_alloc(BURST);
	struct box b;

	for (uint32_t i = 0, x = 1; i < BURST; i++, x = x * 1664525 + 1013904223)
		data[i] = (uint8_t)(x >> 24);
	box_init(&b, "exec cat");
	box_run(w, &b);
	send_all(w, 0, data, BURST);
	hp_mux_stream_end(w->streams[0].mux);
	assert_int_equal(world_exit(w, 0), 0);
	world_wait(w, &w->streams[1].ended);
	assert_int_equal(w->streams[1].got.len, BURST);
	assert_memory_equal(w->streams[1].got.data, data, BURST);
}

static void ends_with_its_input(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *out = NULL;
	struct box b;

	box_init(&b, "read a; read b || echo end of input; echo $a");
	box_run(w, &b);
	send_all(w, 0, (const uint8_t *)"one\n", 4);
	hp_mux_stream_end(w->streams[0].mux);
	assert_int_equal(world_exit(w, 0), 0);
	out = world_output(w, 0, 1);
	assert_string_equal(out, "end of input\none\n");
}

static void reads_nothing_without_stdin(void **state)
{
	struct box b;

	box_init(&b, "cat; for i in 0 2; do readlink /proc/self/fd/$i; done");
	b.process.stdin = b.process.stderr = false;
	box_run(*state, &b);
	assert_int_equal(world_exit(*state, 0), 0);
	world_expect(*state, 1, "/dev/null\n/dev/null\n");
}

/* A reader that is stuck holds up its own process only. */
static void holds_nobody_else_up(void **state)
{
	struct world *w = *state;
	Hp__Guest__Process p;
	char *args[4];
	struct box b;

	box_init(&b, "cat /dev/zero");
	w->streams[1].paused = true;
	box_run(w, &b);
	box_process(&b, "head -c 1000000 /dev/zero | wc -c", &p, args);
	for (uint32_t i = 1; i < 4; i++) {
		box_exec(w, i, &p);
		assert_int_equal(world_exit(w, i), 0);
		world_expect(w, i * 4 + 1, "1000000\n");
	}
	box_signal(w, 0, SIGKILL, false);
	assert_int_equal(world_exit(w, 0), 137);
	assert_false(w->streams[1].marked);
	w->streams[1].paused = false;
	hp_mux_stream_resume(w->streams[1].mux);
	world_wait(w, &w->streams[1].ended);
	assert_true(w->streams[1].got.len > 100000);
}

/* What has ended is marked, though another goes on writing to the same pipe. */
static void marks_the_end_of_one(void **state)
{
	struct world *w = *state;
	Hp__Guest__Process p;
	char *args[4];
	struct box b;

	box_init(&b, "exec cat");
	box_run(w, &b);
	box_process(&b, "echo first; (sleep 0.3; echo second) &", &p, args);
	box_exec(w, 1, &p);
	assert_int_equal(world_exit(w, 1), 0);
	world_wait(w, &w->streams[5].marked);
	assert_false(w->streams[5].ended);
	assert_int_equal(w->streams[5].got.len, 6);
	world_wait(w, &w->streams[5].ended);
	world_expect(w, 5, "first\nsecond\n");
}

static void goes_on_when_nobody_reads(void **state)
{
	struct world *w = *state;
	struct box b;

	box_init(&b, "head -c 4000000 /dev/zero; exit 7");
	box_create(w, &b);
	hp_mux_stream_close(w->streams[1].mux);
	box_start(w);
	assert_int_equal(world_exit(w, 0), 7);
}

static void closes_stdin_that_nobody_reads(void **state)
{
	static const uint8_t zeros[4096];
	struct world *w = *state;
	struct box b;

	box_init(&b, "exec 0</dev/null; sleep 0.2; exit 8");
	box_run(w, &b);
	for (int i = 0; i < 1000; i++)
		send_all(w, 0, zeros, sizeof(zeros));
	assert_int_equal(world_exit(w, 0), 8);
}

static void has_a_terminal(void **state)
{
	static const char said[] = "/dev/pts/0\r\n30 100\r\nterminal\r\nc\r\n";
	struct world *w = *state;
	AUTO_FREE char *out = NULL;
	struct box b;

	box_init(&b,
		 "tty; stty size; test -t 0 && test -t 2 && echo terminal; ls -l /dev/console |"
		 "cut -c1; read x; echo got $x; exit 2");
	b.process.terminal = true;
	b.process.width = 100;
	b.process.height = 30;
	box_run(w, &b);
	/* What is sent is echoed at once, into what is said meanwhile. */
	world_expect(w, 1, said);
	send_all(w, 1, (const uint8_t *)"hey\n", 4);
	assert_int_equal(world_exit(w, 0), 2);
	out = world_output(w, 0, 1);
	assert_string_equal(out + strlen(said), "hey\r\ngot hey\r\n");
}

static void resizes_and_interrupts(void **state)
{
	struct world *w = *state;
	Hp__Guest__ResizeRequest request = HP__GUEST__RESIZE_REQUEST__INIT;
	struct hp_error err = HP_ERROR_INIT;
	Hp__Guest__Process p;
	char *args[4];
	struct box b;
	void *m;

	box_init(&b, "exec cat");
	box_run(w, &b);
	box_process(&b, "trap 'stty size; exit 3' INT; echo up; while :; do sleep 0.02; done",
		    &p, args);
	p.terminal = true;
	box_exec(w, 1, &p);
	world_expect(w, 5, "up\r\n");
	request.number = 1;
	request.width = 132;
	request.height = 43;
	m = world_call(w, "Resize", &request.base, &hp__guest__resize_response__descriptor,
		       &err);
	assert_non_null(m);
	protobuf_c_message_free_unpacked(m, NULL);
	send_all(w, 5, (const uint8_t *)"\003", 1);
	assert_int_equal(world_exit(w, 1), 3);
	world_expect(w, 5, "up\r\n^C43 132\r\n");
	/* Of init, which has none: that is no failure. */
	request.number = 0;
	m = world_call(w, "Resize", &request.base, &hp__guest__resize_response__descriptor,
		       &err);
	assert_non_null(m);
	protobuf_c_message_free_unpacked(m, NULL);
}

static void arrives_whole_from_a_terminal(void **state)
{
	struct world *w = *state;
	struct box b;

	box_init(&b, "stty -opost; head -c 1000000 /dev/zero");
	b.process.terminal = true;
	box_run(w, &b);
	assert_int_equal(world_exit(w, 0), 0);
	world_wait(w, &w->streams[1].marked);
	assert_int_equal(w->streams[1].got.len, 1000000);
}

const struct CMUnitTest suite_streams[] = {
	GUEST_TEST(arrives_whole_at_exit),
	GUEST_TEST(comes_back_as_it_was),
	GUEST_TEST(ends_with_its_input),
	GUEST_TEST(reads_nothing_without_stdin),
	GUEST_TEST(holds_nobody_else_up),
	GUEST_TEST(marks_the_end_of_one),
	GUEST_TEST(goes_on_when_nobody_reads),
	GUEST_TEST(closes_stdin_that_nobody_reads),
	GUEST_TEST(has_a_terminal),
	GUEST_TEST(resizes_and_interrupts),
	GUEST_TEST(arrives_whole_from_a_terminal),
};
const size_t suite_streams_count = HP_ARRAY_LEN(suite_streams);
