/* SPDX-License-Identifier: Apache-2.0 */
/* wire-spdy.c - tests of src/wire/spdy.c. */
#include "wire/spdy.h"

#include <zlib.h>

#include "base/alloc.h"
#include "fds.h"

static void reads_frames(void **state)
{
	static const uint8_t in[] = {
		0,    0, 0, 5, 1, 0, 0, 3, 'a',  'b', 'c',                      /**/
		0x80, 3, 0, 2, 1, 0, 0, 6, 0x80, 0,   0,   7, 0xff, 0xff,       /* reply */
		0x80, 3, 0, 3, 0, 0, 0, 8, 0,    0,   0,   9, 0,    0,    0, 5, /* reset */
		0x80, 3, 0, 6, 0, 0, 0, 4, 0,    0,   1,   2,                   /* ping */
		0x80, 3, 0, 7, 0, 0, 0, 8, 0,    0,   0,   3, 0,    0,    0, 1, /* goaway */
		0x80, 3, 0, 4, 0, 0, 0, 0,                                      /* settings */
	};
	static const struct hp_spdy_frame want[] = {
		{HP_SPDY_DATA, 5, 0, true, {NULL, 3}},
		{HP_SPDY_REPLY, 7, 0, true, {NULL, 0}},
		{HP_SPDY_RESET, 9, 5, false, {NULL, 0}},
		{HP_SPDY_PING, 0, 258, false, {NULL, 0}},
		{HP_SPDY_GOAWAY, 3, 1, false, {NULL, 0}},
		{HP_SPDY_OTHER, 0, 0, false, {NULL, 0}},
	};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_spdy_frame f = {.stream = 42};
	size_t at = 0;

	(void)state;
	for (size_t len = 0; len < 11; len++)
		assert_int_equal(hp_spdy_frame_next(HP_BYTES(in, len), &f, &err), 0);
	assert_int_equal(f.stream, 42);
	for (size_t i = 0; i < HP_ARRAY_LEN(want); i++) {
		ssize_t used = hp_spdy_frame_next(HP_BYTES(in + at, sizeof(in) - at), &f, &err);
		assert_true(used > 0);
		assert_int_equal(f.type, want[i].type);
		assert_int_equal(f.stream, want[i].stream);
		assert_int_equal(f.number, want[i].number);
		assert_int_equal(f.fin, want[i].fin);
		assert_int_equal(f.payload.len, want[i].payload.len);
		at += (size_t)used;
	}
	assert_int_equal(at, sizeof(in));
}

static void refuses_frames(void **state)
{
	static const uint8_t rows[][12] = {
		{0x80, 2, 0, 2, 0, 0, 0, 4}, /* another version */
		{0, 0, 0, 1, 0, 0x10, 0, 1}, /* a byte over the limit */
		{0x80, 3, 0, 2, 0, 0, 0, 3}, /* a reply without a stream */
		{0x80, 3, 0, 3, 0, 0, 0, 4}, /* a reset without a reason */
		{0x80, 3, 0, 6, 0, 0, 0, 0}, /* a ping without a number */
		{0x80, 3, 0, 7, 0, 0, 0, 4}, /* a goaway without a reason */
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_spdy_frame f;

		assert_int_equal(hp_spdy_frame_next(HP_BYTES(rows[i], 12), &f, &err), -1);
		assert_int_equal(err.code, HP_EPROTO);
	}
}

/* The headers of what was written, read as Go's servers read them: by zlib, which goes on from frame to
 * frame. */
static void expect_headers(z_stream *z, struct hp_bytes frame, const char *name,
			   const char *value)
{
	uint8_t plain[256] = {0};
	size_t n = strlen(name), v = strlen(value);

	assert_memory_equal(frame.data, "\x80\x03\x00\x01\x00\x00", 6);
	z->next_in = (uint8_t *)frame.data + 18;
	z->avail_in = (unsigned)frame.len - 18;
	z->next_out = plain;
	z->avail_out = sizeof(plain);
	assert_int_equal(inflate(z, Z_SYNC_FLUSH), Z_OK);
	assert_int_equal(z->avail_in, 0);
	assert_int_equal(sizeof(plain) - z->avail_out, 12 + n + v);
	assert_memory_equal(plain, "\0\0\0\1\0\0\0", 7);
	assert_int_equal(plain[7], n);
	assert_memory_equal(plain + 8, name, n);
	assert_int_equal(plain[11 + n], v);
	assert_memory_equal(plain + 12 + n, value, v);
}

static void writes_headers_that_zlib_reads(void **state)
{
	const struct hp_spdy_pair first = {"streamtype", "error"};
	const struct hp_spdy_pair second = {"streamtype", "stdin"};
	AUTO(hp_buf_free) struct hp_buf one;
	AUTO(hp_buf_free) struct hp_buf two;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_spdy_frame f;
	z_stream z = {0};

	(void)state;
	hp_buf_init(&one, 1000);
	hp_buf_init(&two, 1000);
	assert_int_equal(inflateInit(&z), Z_OK);
	assert_int_equal(hp_spdy_put_open(&one, 1, &first, 1, true, &err), 0);
	assert_int_equal(hp_spdy_put_open(&two, 3, &second, 1, false, &err), 0);
	assert_int_equal(hp_spdy_frame_next(hp_buf_bytes(&one), &f, &err), one.len);
	assert_int_equal(f.type, HP_SPDY_OTHER);
	expect_headers(&z, hp_buf_bytes(&one), "streamtype", "error");
	expect_headers(&z, hp_buf_bytes(&two), "streamtype", "stdin");
	assert_int_equal(inflateEnd(&z), Z_OK);
}

static void writes_what_it_reads(void **state)
{
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_spdy_frame f;

	(void)state;
	hp_buf_init(&out, 1000);
	assert_int_equal(hp_spdy_put_data(&out, 5, HP_BYTES("abc", 3), true, &err), 0);
	assert_int_equal(hp_spdy_put_ping(&out, 258, &err), 0);
	assert_int_equal(hp_spdy_frame_next(hp_buf_bytes(&out), &f, &err), 11);
	assert_int_equal(f.type, HP_SPDY_DATA);
	assert_int_equal(f.stream, 5);
	assert_true(f.fin);
	assert_memory_equal(f.payload.data, "abc", 3);
	hp_buf_drop(&out, 11);
	assert_int_equal(hp_spdy_frame_next(hp_buf_bytes(&out), &f, &err), 12);
	assert_int_equal(f.type, HP_SPDY_PING);
	assert_int_equal(f.number, 258);
}

static void writes_whole_frames_or_none(void **state)
{
	AUTO(hp_buf_free) struct hp_buf out;
	AUTO_FREE char *longest = hp_alloc(40000);
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	memset(longest, 'x', 39999);
	hp_buf_init(&out, 100);
	assert_int_equal(hp_spdy_put_data(&out, 1, HP_BYTES(longest, 93), false, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_int_equal(out.len, 0);
	hp_error_clear(&err);
	const struct hp_spdy_pair pair = {"name", longest};
	assert_int_equal(hp_spdy_put_open(&out, 1, &pair, 1, true, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_frames),
		FDS_TEST(refuses_frames),
		FDS_TEST(writes_headers_that_zlib_reads),
		FDS_TEST(writes_what_it_reads),
		FDS_TEST(writes_whole_frames_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
