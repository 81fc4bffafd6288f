/* SPDX-License-Identifier: Apache-2.0 */
/* shim-stdio.c - tests of src/shim/stdio.c, against the other end of the mux in the same loop. */
#include <errno.h>
#include <signal.h>

#include "shim-fifos.h"
#include "shim-streams.h"

static void passes_on_output(void **state)
{
	struct world w;
	struct sum sum;
	int reader;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	reader = start_reader(w.out);
	hp_shim_stdio_begin(w.stdio);
	w.streams[1].to_send = 100 * MIB;
	w.streams[1].mark = true;
	guest_send(&w.streams[1]);
	hp_mux_stream_mark(w.streams[2].stream);
	finish(&w, 60000);
	sum = end_reader(reader);
	assert_int_equal(sum.len, 100 * MIB);
	assert_int_equal(sum.hash, hash_of_pattern(100 * MIB));
	tear_down(&w);
}

static void passes_on_input(void **state)
{
	struct world w;
	struct guest_stream *in = &w.streams[0];

	(void)state;
	set_up(&w);
	open_fifos(&w);
	hp_shim_stdio_begin(w.stdio);
	start_writer(w.in, 100 * MIB);
	while (in->got.len < 100 * MIB)
		turn_for(w.loop, 20);
	assert_false(in->ended);
	hp_shim_stdio_close_stdin(w.stdio);
	turn_until(w.loop, &in->ended);
	assert_int_equal(in->got.len, 100 * MIB);
	assert_int_equal(in->got.hash, hash_of_pattern(100 * MIB));
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	tear_down(&w);
}

/* Write by a client that comes and goes. */
static void type(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void outlives_those_who_type(void **state)
{
	struct world w;
	struct guest_stream *in = &w.streams[0];

	(void)state;
	set_up(&w);
	open_fifos(&w);
	/* Nobody reads before the process runs. */
	assert_int_equal(open(w.in, O_WRONLY | O_NONBLOCK), -1);
	assert_int_equal(errno, ENXIO);
	hp_shim_stdio_begin(w.stdio);
	type(w.in, "early ");
	turn_for(w.loop, 50);
	type(w.in, "late ");
	turn_for(w.loop, 50);
	assert_string_equal(in->text, "early late ");
	assert_false(in->ended);
	/* What is there comes before the end. */
	type(w.in, "last");
	hp_shim_stdio_close_stdin(w.stdio);
	turn_until(w.loop, &in->ended);
	assert_string_equal(in->text, "early late last");
	tear_down(&w);
}

static void ends_with_the_last_writer(void **state)
{
	struct world w;
	struct guest_stream *in = &w.streams[0];
	int fd;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	/* Also of one who had it open before anybody read. */
	fd = open(w.in, O_RDWR);
	hp_shim_stdio_close_stdin(w.stdio);
	hp_shim_stdio_begin(w.stdio);
	turn_for(w.loop, 50);
	assert_false(in->ended);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	turn_until(w.loop, &in->ended);
	assert_string_equal(in->text, "x");
	tear_down(&w);
}

static void closes_what_is_not_read(void **state)
{
	struct world w;
	int fd;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	hp_shim_stdio_begin(w.stdio);
	fd = open(w.in, O_WRONLY | O_NONBLOCK);
	hp_mux_stream_close(TAKE(w.streams[0].stream));
	turn_for(w.loop, 50);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(fd);
	tear_down(&w);
}

static void reads_files(void **state)
{
	struct world w;
	AUTO_FREE char *file = NULL;

	(void)state;
	set_up(&w);
	file = scratch_file(w.dir, "input", "from a file");
	open_as(&w, (struct hp_shim_stdio_spec){.in = file});
	hp_shim_stdio_begin(w.stdio);
	turn_until(w.loop, &w.streams[0].ended);
	assert_string_equal(w.streams[0].text, "from a file");
	tear_down(&w);
}

static void stops_only_what_nobody_reads(void **state)
{
	struct world w;
	struct sum sum;
	int reader;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	reader = start_reader(w.err);
	w.streams[1].to_send = 100 * MIB;
	guest_send(&w.streams[1]);
	w.streams[2].to_send = 8 * MIB;
	w.streams[2].mark = true;
	guest_send(&w.streams[2]);
	turn_for(w.loop, 200);
	while (w.streams[2].mark)
		turn_for(w.loop, 20);
	/* As much as there is room for, and not a byte more. */
	assert_in_range(w.streams[1].sent, FIFO_BYTES, FIFO_BYTES + WINDOW_BYTES + 2 * MIB);
	hp_shim_stdio_free(TAKE(w.stdio));
	sum = end_reader(reader);
	assert_int_equal(sum.len, 8 * MIB);
	assert_int_equal(sum.hash, hash_of_pattern(8 * MIB));
	tear_down(&w);
}

/* The end of a process is not kept waiting, and yet nothing of its last words is lost. */
static void keeps_last_words(void **state)
{
	const size_t len = FIFO_BYTES + WINDOW_BYTES + 1000;
	struct world w;
	struct sum sum;
	int reader;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	w.streams[1].to_send = len;
	w.streams[1].mark = true;
	guest_send(&w.streams[1]);
	hp_mux_stream_mark(w.streams[2].stream);
	turn_for(w.loop, 50);
	finish(&w, 100);
	/* The machine is gone. */
	hp_shim_stdio_detach(w.stdio);
	hp_mux_free(TAKE(w.host));
	reader = start_reader(w.out);
	turn_for(w.loop, 200);
	sum = end_reader(reader);
	assert_int_equal(sum.len, len);
	assert_int_equal(sum.hash, hash_of_pattern(len));
	tear_down(&w);
}

static void keeps_what_a_dead_machine_said(void **state)
{
	const size_t len = FIFO_BYTES + WINDOW_BYTES;
	struct world w;
	struct sum sum;
	int reader;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	w.streams[1].to_send = len;
	guest_send(&w.streams[1]);
	turn_for(w.loop, 50);
	hp_shim_stdio_detach(w.stdio);
	hp_mux_free(TAKE(w.host));
	finish(&w, 60000);
	reader = start_reader(w.out);
	turn_for(w.loop, 200);
	sum = end_reader(reader);
	assert_int_equal(sum.len, len);
	tear_down(&w);
}

/* A process that is gone, and whose others write on: they are not waited for, nor kept. */
static void does_not_keep_without_end(void **state)
{
	struct world w;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	w.streams[1].to_send = 100 * MIB;
	guest_send(&w.streams[1]);
	hp_mux_stream_mark(w.streams[2].stream);
	finish(&w, 100);
	turn_for(w.loop, 100);
	assert_true(w.streams[1].sent < 100 * MIB);
	tear_down(&w);
}

static void delivers_a_last_burst(void **state)
{
	struct world w;
	struct sum sum;
	int reader;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	w.streams[1].to_send = 8 * MIB;
	w.streams[1].mark = true;
	guest_send(&w.streams[1]);
	hp_mux_stream_mark(w.streams[2].stream);
	hp_shim_stdio_finish(w.stdio, 60000, on_done, &w);
	/* Who reads comes late. */
	turn_for(w.loop, 100);
	assert_false(w.done);
	reader = start_reader(w.out);
	turn_until(w.loop, &w.done);
	sum = end_reader(reader);
	assert_int_equal(sum.len, 8 * MIB);
	assert_int_equal(sum.hash, hash_of_pattern(8 * MIB));
	tear_down(&w);
}

static void closes_with_the_stream(void **state)
{
	struct world w;
	struct sum sum;
	int reader;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	reader = start_reader(w.out);
	/* The process has closed its stdout, and goes on. */
	w.streams[1].to_send = 3;
	w.streams[1].end = true;
	guest_send(&w.streams[1]);
	turn_for(w.loop, 50);
	sum = end_reader(reader);
	assert_int_equal(sum.len, 3);
	hp_mux_stream_mark(w.streams[2].stream);
	finish(&w, 60000);
	tear_down(&w);
}

static void keeps_one_file_in_order(void **state)
{
	struct world w;
	AUTO_FREE char *uri = NULL;
	AUTO_FREE char *path = NULL;
	AUTO(hp_buf_free) struct hp_buf text;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_buf_init(&text, 100);
	set_up(&w);
	path = hp_path_join(w.dir, "logs/both");
	uri = hp_sprintf("file://%s", path);
	open_as(&w, (struct hp_shim_stdio_spec){.out = uri, .err = uri});
	for (int i = 0; i < 3; i++) {
		hp_mux_stream_write(w.streams[1].stream, hp_bytes_str("out "));
		turn_for(w.loop, 20);
		hp_mux_stream_write(w.streams[2].stream, hp_bytes_str("err "));
		turn_for(w.loop, 20);
	}
	hp_mux_stream_mark(w.streams[1].stream);
	hp_mux_stream_mark(w.streams[2].stream);
	finish(&w, 60000);
	assert_int_equal(hp_file_read(path, 100, &text, &err), 0);
	assert_int_equal(text.len, 24);
	assert_memory_equal(text.data, "out err out err out err ", 24);
	tear_down(&w);
}

static void drops_what_cannot_be_written(void **state)
{
	struct world w;

	(void)state;
	set_up(&w);
	open_as(&w, (struct hp_shim_stdio_spec){.out = "/dev/full", .err = "/dev/null"});
	w.streams[1].to_send = 4 * MIB;
	w.streams[1].mark = true;
	guest_send(&w.streams[1]);
	w.streams[2].mark = true;
	guest_send(&w.streams[2]);
	finish(&w, 60000);
	assert_int_equal(w.streams[1].sent, 4 * MIB);
	tear_down(&w);
}

static void is_one_stream_for_a_terminal(void **state)
{
	struct world w;
	struct sum sum;
	int reader;

	(void)state;
	set_up(&w);
	open_as(&w, (struct hp_shim_stdio_spec){.in = w.in, .out = w.out, .terminal = true});
	reader = start_reader(w.out);
	hp_shim_stdio_begin(w.stdio);
	type(w.in, "typed");
	turn_for(w.loop, 50);
	assert_string_equal(w.streams[1].text, "typed");
	/* The terminal stays when nobody types any more. */
	hp_shim_stdio_close_stdin(w.stdio);
	turn_for(w.loop, 50);
	assert_false(w.streams[1].ended);
	w.streams[1].to_send = MIB;
	w.streams[1].mark = true;
	guest_send(&w.streams[1]);
	finish(&w, 60000);
	sum = end_reader(reader);
	assert_int_equal(sum.len, MIB);
	tear_down(&w);
}

static void needs_nobody_to_look_at_a_terminal(void **state)
{
	struct world w;

	(void)state;
	set_up(&w);
	open_as(&w, (struct hp_shim_stdio_spec){.terminal = true});
	w.streams[1].to_send = 4 * MIB;
	w.streams[1].mark = true;
	guest_send(&w.streams[1]);
	finish(&w, 60000);
	assert_int_equal(w.streams[1].sent, 4 * MIB);
	tear_down(&w);
}

static void ends_without_the_machine(void **state)
{
	struct world w;
	struct sum sum;
	int reader;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	reader = start_reader(w.out);
	w.streams[1].to_send = 1000;
	guest_send(&w.streams[1]);
	turn_for(w.loop, 50);
	hp_shim_stdio_finish(w.stdio, 60000, on_done, &w);
	turn_for(w.loop, 20);
	assert_false(w.done);
	hp_shim_stdio_detach(w.stdio);
	hp_mux_free(TAKE(w.host));
	turn_until(w.loop, &w.done);
	sum = end_reader(reader);
	assert_int_equal(sum.len, 1000);
	tear_down(&w);
}

static void on_ready(void *data, const struct hp_error *why)
{
	struct world *w = data;

	w->ready = true;
	if (why)
		w->why = *why;
}

static void gives_loggers_both(void **state)
{
	struct world w;
	AUTO_FREE char *script = NULL;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *uri = NULL;
	AUTO_FREE char *result = NULL;
	int64_t deadline = hp_deadline_in(20000);

	(void)state;
	set_up(&w);
	result = hp_path_join(w.dir, "done");
	script = hp_sprintf("#!/bin/sh\nexec 5>&-\n{ cat <&3; cat <&4; } >\"$2\"\n"
			    "mv \"$2\" '%s'\n",
			    result);
	path = scratch_file(w.dir, "logger", script);
	assert_int_equal(chmod(path, 0755), 0);
	uri = hp_sprintf("binary://%s?to=%s/part", path, w.dir);
	open_as(&w, (struct hp_shim_stdio_spec){.out = uri, .err = uri});
	hp_shim_stdio_when_ready(w.stdio, on_ready, &w);
	turn_until(w.loop, &w.ready);
	assert_int_equal(w.why.code, HP_OK);
	hp_mux_stream_write(w.streams[2].stream, hp_bytes_str("err"));
	hp_mux_stream_mark(w.streams[2].stream);
	w.streams[1].to_send = MIB;
	w.streams[1].mark = true;
	guest_send(&w.streams[1]);
	finish(&w, 60000);
	while (!scratch_has(result) && hp_deadline_left_ms(deadline) > 0)
		turn_for(w.loop, 20);

	struct stat st;

	assert_int_equal(stat(result, &st), 0);
	assert_int_equal(st.st_size, MIB + 3);
	tear_down(&w);
}

static void is_ready_without_loggers(void **state)
{
	struct world w;

	(void)state;
	set_up(&w);
	open_fifos(&w);
	hp_shim_stdio_when_ready(w.stdio, on_ready, &w);
	assert_false(w.ready);
	turn_until(w.loop, &w.ready);
	assert_int_equal(w.why.code, HP_OK);
	tear_down(&w);
}

static void refuses(void **state)
{
	static const struct {
		struct hp_shim_stdio_spec spec;
		enum hp_code code;
	} wrong[] = {
		{{.in = "http://x"}, HP_EINVALID},
		{{.out = "/nonexistent/fifo"}, HP_ENOTFOUND},
		{{.in = "/nonexistent/fifo"}, HP_ENOTFOUND},
		{{.out = "/dev/null", .err = "/dev/null", .terminal = true}, HP_EINVALID},
		{{.out = "binary:///a", .err = "binary:///b"}, HP_EINVALID},
		{{.out = "/dev/null", .err = "binary:///b"}, HP_EINVALID},
		{{.out = "binary:///nonexistent/logger"}, HP_ENOCMD},
	};
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_loop_new(&l, &err), 0);
	for (size_t i = 0; i < HP_ARRAY_LEN(wrong); i++) {
		struct hp_shim_stdio *s = NULL;

		hp_error_clear(&err);
		assert_int_equal(hp_shim_stdio_open(l, &wrong[i].spec, &s, &err), -1);
		assert_int_equal(err.code, wrong[i].code);
		assert_null(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(passes_on_output),
		FDS_TEST(passes_on_input),
		FDS_TEST(outlives_those_who_type),
		FDS_TEST(ends_with_the_last_writer),
		FDS_TEST(closes_what_is_not_read),
		FDS_TEST(reads_files),
		FDS_TEST(stops_only_what_nobody_reads),
		FDS_TEST(keeps_last_words),
		FDS_TEST(keeps_what_a_dead_machine_said),
		FDS_TEST(does_not_keep_without_end),
		FDS_TEST(delivers_a_last_burst),
		FDS_TEST(closes_with_the_stream),
		FDS_TEST(keeps_one_file_in_order),
		FDS_TEST(drops_what_cannot_be_written),
		FDS_TEST(is_one_stream_for_a_terminal),
		FDS_TEST(needs_nobody_to_look_at_a_terminal),
		FDS_TEST(ends_without_the_machine),
		FDS_TEST(gives_loggers_both),
		FDS_TEST(is_ready_without_loggers),
		FDS_TEST(refuses),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
