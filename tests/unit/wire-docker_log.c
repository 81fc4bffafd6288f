/* SPDX-License-Identifier: Apache-2.0 */
/* wire-docker_log.c - tests of src/wire/docker_log.c. */
#include "wire/docker_log.h"

#include <string.h>

#include "base/alloc.h"
#include "fds.h"

#define T1    "1970-01-01T00:00:01.000000000Z "
#define T2    "1970-01-01T00:00:02.000000000Z "
#define FIRST 1000000000

/* Everything that @in says, on each channel; @step bytes of it come at a time. Fails unless all times
 * are one of the two. */
static void read_all(bool raw, struct hp_bytes in, size_t step, struct hp_buf *out,
		     struct hp_buf *errors)
{
	struct hp_docker_log l = {.raw = raw};
	struct hp_error err = HP_ERROR_INIT;
	size_t at = 0;

	while (at < in.len) {
		struct hp_chunk chunk;
		const size_t n = in.len - at < step ? in.len - at : step;
		const ssize_t used =
			hp_docker_log_next(&l, HP_BYTES(in.data + at, n), &chunk, &err);
		assert_true(used > 0 && (size_t)used <= n);
		at += (size_t)used;
		if (!chunk.len)
			continue;
		assert_true(chunk.time_ns == FIRST || chunk.time_ns == 2 * (int64_t)FIRST);
		assert_int_equal(hp_buf_add(chunk.channel == HP_CHANNEL_STDERR ? errors : out,
					    chunk.data, chunk.len, &err),
				 0);
	}
}

static void check(bool raw, struct hp_bytes in, const char *want_out, const char *want_err)
{
	for (size_t step = 1; step <= in.len; step++) {
		AUTO(hp_buf_free) struct hp_buf out;
		AUTO(hp_buf_free) struct hp_buf errors;
		hp_buf_init(&out, 1 << 20);
		hp_buf_init(&errors, 1 << 20);
		read_all(raw, in, step, &out, &errors);
		AUTO_FREE char *out_text = hp_buf_take_str(&out);
		AUTO_FREE char *err_text = hp_buf_take_str(&errors);
		assert_string_equal(out_text, want_out);
		assert_string_equal(err_text, want_err);
	}
}

static void reads_framed_entries(void **state)
{
	static const char text[] = "\1\0\0\0\0\0\0\43" T1 "one\n"
				   "\2\0\0\0\0\0\0\42" T2 "tw\n"
				   "\1\0\0\0\0\0\0\40" T2 "\n";

	(void)state;
	check(false, HP_BYTES(text, sizeof(text) - 1), "one\n\n", "tw\n");
}

static void reads_lines_of_a_terminal(void **state)
{
	static const char text[] = T1 "one\r\n" T2 "two " T1 "\r\n" T2 "\r\n" T2 "end";

	(void)state;
	check(true, HP_BYTES(text, sizeof(text) - 1), "one\r\ntwo " T1 "\r\n\r\nend", "");
}

static void knows_where_long_lines_are_cut(void **state)
{
	AUTO(hp_buf_free) struct hp_buf in;
	AUTO(hp_buf_free) struct hp_buf out;
	AUTO(hp_buf_free) struct hp_buf none;
	AUTO_FREE char *part = hp_alloc(16384);
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	memset(part, 'x', 16384);
	hp_buf_init(&in, 1 << 20);
	hp_buf_init(&out, 1 << 20);
	hp_buf_init(&none, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hp_buf_add(&in, T1, strlen(T1), &err), 0);
		assert_int_equal(hp_buf_add(&in, part, 16384, &err), 0);
	}
	assert_int_equal(hp_buf_printf(&in, &err, T2 "yy\r\n" T2 "z"), 0);
	read_all(true, hp_buf_bytes(&in), 1000, &out, &none);
	assert_int_equal(out.len, 2 * 16384 + 5);
	assert_memory_equal(out.data + 2 * 16384, "yy\r\nz", 5);
}

static void what_has_no_time_is_output(void **state)
{
	static const char *const rows[] = {
		"no time\nhere\n", "\n", "x",
		"a-word-that-is-longer-than-any-time-can-ever-be yes"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_buf_free) struct hp_buf out;
		struct hp_docker_log l = {.raw = true};
		struct hp_error err = HP_ERROR_INIT;
		size_t at = 0;
		hp_buf_init(&out, 1 << 20);
		while (at < strlen(rows[i])) {
			struct hp_chunk chunk;
			const ssize_t used = hp_docker_log_next(&l, hp_bytes_str(rows[i] + at),
								&chunk, &err);
			assert_true(used > 0);
			at += (size_t)used;
			if (chunk.len)
				assert_int_equal(hp_buf_add(&out, chunk.data, chunk.len, &err),
						 0);
		}
		/* What may yet become a time waits. */
		assert_int_equal(out.len + l.stamp_len, strlen(rows[i]));
		assert_memory_equal(out.data ? (void *)out.data : "", rows[i], out.len);
	}
}

static void bad_frames_are_refused(void **state)
{
	struct hp_docker_log l = {0};
	struct hp_chunk chunk;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_docker_log_next(&l, hp_bytes_str("plain text"), &chunk, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_framed_entries),           FDS_TEST(reads_lines_of_a_terminal),
		FDS_TEST(knows_where_long_lines_are_cut), FDS_TEST(what_has_no_time_is_output),
		FDS_TEST(bad_frames_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
