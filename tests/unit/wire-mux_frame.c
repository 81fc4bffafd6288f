/* SPDX-License-Identifier: Apache-2.0 */
/* wire-mux_frame.c - tests of src/wire/mux_frame.c. */
#include "wire/mux_frame.h"

#include "base/alloc.h"
#include "fds.h"

static void reads_frames(void **state)
{
	static const uint8_t in[] = {1, 2, 0, 0x80, 3, 0, 0, 0, 1, 0, 0, 0, 'a', 'b', 'c', /**/
				     7, 0, 0, 0,    0, 0, 1, 0, 2, 0, 0, 0,                /**/
				     7, 0, 0, 0,    0, 0, 0, 0, 3, 0, 0, 0,                /**/
				     7, 0, 0, 0,    0, 0, 0, 0, 4, 0, 0, 0,                /**/
				     7, 0, 0, 0,    0, 0, 0, 0, 5, 0, 0, 0,                /**/
				     7, 0, 0, 0,    0, 0, 0, 0, 1, 0, 0, 0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_mux_frame f = {.stream = 42};

	(void)state;
	for (size_t len = 0; len < 15; len++)
		assert_int_equal(hp_mux_frame_next(HP_BYTES(in, len), &f, &err), 0);
	assert_int_equal(f.stream, 42);
	assert_int_equal(hp_mux_frame_next(HP_BYTES(in, sizeof(in)), &f, &err), 15);
	assert_int_equal(f.stream, 0x80000201);
	assert_int_equal(f.type, HP_MUX_DATA);
	assert_int_equal(f.payload.len, 3);
	assert_ptr_equal(f.payload.data, in + 12);
	assert_int_equal(hp_mux_frame_next(HP_BYTES(in + 15, 12), &f, &err), 12);
	assert_int_equal(f.type, HP_MUX_CREDIT);
	assert_int_equal(f.credit, 65536);
	assert_int_equal(f.payload.len, 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(hp_mux_frame_next(HP_BYTES(in + 27 + 12 * i, 12), &f, &err),
				 12);
		assert_int_equal(f.stream, 7);
		assert_int_equal(f.type, HP_MUX_END + i);
		assert_int_equal(f.credit, 0);
	}
	assert_int_equal(hp_mux_frame_next(HP_BYTES(in + 63, 12), &f, &err), 12);
	assert_int_equal(f.type, HP_MUX_DATA);
	assert_int_equal(f.payload.len, 0);
}

static void refuses_frames(void **state)
{
	static const uint8_t rows[][HP_MUX_HEADER] = {
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},         /* no type */
		{0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0},         /* unknown */
		{0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0},       /* unknown */
		{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0},         /* not zero */
		{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0},         /* not zero */
		{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1},         /* not zero */
		{0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0},         /* too large */
		{0, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0}, /* too large */
		{0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0},         /* an end with a payload */
		{0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0},         /* a reset with one */
		{0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0},         /* a mark with one */
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_mux_frame f = {.stream = 42};

		assert_int_equal(hp_mux_frame_next(HP_BYTES(rows[i], HP_MUX_HEADER), &f, &err),
				 -1);
		assert_int_equal(err.code, HP_EPROTO);
		assert_int_equal(f.stream, 42);
	}
}

static void writes_what_it_reads(void **state)
{
	const struct hp_mux_frame frames[] = {
		{.stream = 0xfffffffe, .type = HP_MUX_DATA, .payload = hp_bytes_str("hello")},
		{.stream = 1, .type = HP_MUX_CREDIT, .credit = UINT32_MAX},
		{.stream = 2, .type = HP_MUX_END},
		{.stream = 3, .type = HP_MUX_RESET},
		{.stream = 4, .type = HP_MUX_MARK},
		{.stream = 5, .type = HP_MUX_DATA},
	};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;

	(void)state;
	hp_buf_init(&out, 1000);
	for (size_t i = 0; i < HP_ARRAY_LEN(frames); i++)
		assert_int_equal(hp_mux_frame_put(&out, &frames[i], &err), 0);
	for (size_t i = 0; i < HP_ARRAY_LEN(frames); i++) {
		struct hp_mux_frame f;
		const ssize_t n = hp_mux_frame_next(hp_buf_bytes(&out), &f, &err);

		assert_int_equal(n, HP_MUX_HEADER + frames[i].payload.len);
		assert_int_equal(f.stream, frames[i].stream);
		assert_int_equal(f.type, frames[i].type);
		assert_int_equal(f.credit, frames[i].credit);
		assert_int_equal(f.payload.len, frames[i].payload.len);
		if (f.payload.len > 0)
			assert_memory_equal(f.payload.data, "hello", 5);
		hp_buf_drop(&out, (size_t)n);
	}
	assert_int_equal(out.len, 0);
}

static void writes_no_more_than_fits(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf out;
	AUTO_FREE uint8_t *bytes = hp_alloc(HP_MUX_PAYLOAD + 1);
	struct hp_mux_frame f = {.type = HP_MUX_DATA,
				 .payload = HP_BYTES(bytes, HP_MUX_PAYLOAD + 1)};

	(void)state;
	hp_buf_init(&out, HP_MUX_HEADER + HP_MUX_PAYLOAD);
	assert_int_equal(hp_mux_frame_put(&out, &f, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	hp_error_clear(&err);
	f.payload.len--;
	assert_int_equal(hp_mux_frame_put(&out, &f, &err), 0);
	assert_int_equal(out.len, HP_MUX_HEADER + HP_MUX_PAYLOAD);
	assert_int_equal(hp_mux_frame_put(&out, &f, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_int_equal(out.len, HP_MUX_HEADER + HP_MUX_PAYLOAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_frames),
		FDS_TEST(refuses_frames),
		FDS_TEST(writes_what_it_reads),
		FDS_TEST(writes_no_more_than_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
