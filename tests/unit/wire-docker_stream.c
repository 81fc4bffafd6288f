/* SPDX-License-Identifier: Apache-2.0 */
/* wire-docker_stream.c - tests of src/wire/docker_stream.c. */
#include "wire/docker_stream.h"

#include <string.h>

#include "base/alloc.h"
#include "fds.h"

/* "one" on stdout, nothing on stderr, "tw" on stderr, "!" from the daemon. */
static const char frames[] = "\1\0\0\0\0\0\0\3one"
			     "\2\0\0\0\0\0\0\0"
			     "\2\0\0\0\0\0\0\2tw"
			     "\3\0\0\0\0\0\0\1!";

static void comes_apart_at_any_place(void **state)
{
	(void)state;
	for (size_t step = 1; step < sizeof(frames) + 3; step++) {
		struct hp_docker_stream s = {0};
		struct hp_error err = HP_ERROR_INIT;
		char text[4][8] = {"", "", "", ""};
		size_t firsts = 0, lasts = 0, at = 0;
		while (at < sizeof(frames) - 1) {
			const size_t left = sizeof(frames) - 1 - at;
			struct hp_docker_piece piece;
			const ssize_t used = hp_docker_stream_next(
				&s, HP_BYTES(frames + at, left < step ? left : step), &piece,
				&err);
			assert_true(used > 0);
			at += (size_t)used;
			if (piece.data.len)
				memcpy(text[piece.channel] + strlen(text[piece.channel]),
				       piece.data.data, piece.data.len);
			firsts += piece.first;
			lasts += piece.last;
			if (at < sizeof(frames) - 1 && piece.data.len && !piece.last)
				assert_true(hp_docker_stream_is_torn(&s));
		}
		assert_false(hp_docker_stream_is_torn(&s));
		assert_string_equal(text[HP_DOCKER_STDOUT], "one");
		assert_string_equal(text[HP_DOCKER_STDERR], "tw");
		assert_string_equal(text[HP_DOCKER_SYSTEM], "!");
		assert_int_equal(firsts, 3);
		assert_int_equal(lasts, 3);
	}
}

static void takes_the_longest_frame(void **state)
{
	struct hp_docker_stream s = {0};
	struct hp_docker_piece piece;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_docker_stream_next(&s,
					       HP_BYTES("\1\0\0\0\xff\xff\xff\xff"
							"abc",
							11),
					       &piece, &err),
			 11);
	assert_int_equal(piece.data.len, 3);
	assert_true(piece.first);
	assert_false(piece.last);
	assert_int_equal(s.left, UINT32_MAX - 3);
	assert_int_equal(hp_docker_stream_next(&s, HP_BYTES(NULL, 0), &piece, &err), 0);
}

static void refuses_plain_text(void **state)
{
	static const char *const rows[] = {"hello, world", "\4\0\0\0\0\0\0\1x",
					   "\1\0\1\0\0\0\0\1x", "\1x\0\0\0\0\0\1x"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_docker_stream s = {0};
		struct hp_docker_piece piece;
		struct hp_error err = HP_ERROR_INIT;
		assert_int_equal(hp_docker_stream_next(&s, HP_BYTES(rows[i], 9), &piece, &err),
				 -1);
		assert_int_equal(err.code, HP_EPROTO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(comes_apart_at_any_place),
		FDS_TEST(takes_the_longest_frame),
		FDS_TEST(refuses_plain_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
