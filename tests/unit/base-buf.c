/* SPDX-License-Identifier: Apache-2.0 */
/* base-buf.c - tests of src/base/buf.c. */
#include "base/buf.h"

#include "base/alloc.h"
#include "scratch.h"

static void holds_what_is_added(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf b;
	AUTO_FREE char *text = NULL;

	(void)state;
	hp_buf_init(&b, 1000);
	assert_null(b.data);
	assert_int_equal(hp_buf_add(&b, "abc", 3, &err), 0);
	assert_int_equal(hp_buf_add(&b, NULL, 0, &err), 0);
	assert_int_equal(hp_buf_printf(&b, &err, "%d-%s", 7, "x"), 0);
	assert_int_equal(hp_buf_bytes(&b).len, 6);
	assert_memory_equal(hp_buf_bytes(&b).data, "abc7-x", 6);

	text = hp_buf_take_str(&b);
	assert_string_equal(text, "abc7-x");
	assert_int_equal(b.len, 0);
	assert_null(b.data);
	assert_int_equal(hp_buf_add(&b, "again", 5, &err), 0);
}

static void takes_an_empty_string(void **state)
{
	AUTO(hp_buf_free) struct hp_buf b;
	AUTO_FREE char *text = NULL;

	(void)state;
	hp_buf_init(&b, 0);
	text = hp_buf_take_str(&b);
	assert_string_equal(text, "");
}

static void stops_at_its_maximum(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf b;
	AUTO_FREE char *text = NULL;

	(void)state;
	hp_buf_init(&b, 10);
	assert_int_equal(hp_buf_add(&b, "0123456789", 10, &err), 0);
	assert_int_equal(hp_buf_add(&b, "x", 1, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_non_null(strstr(err.msg, "limit of 10"));
	hp_error_clear(&err);
	assert_int_equal(hp_buf_printf(&b, &err, "y"), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	hp_error_clear(&err);
	assert_null(hp_buf_reserve(&b, 1, &err));
	assert_int_equal(err.code, HP_EEXHAUSTED);

	/* Nothing was appended, and the full content still makes a string. */
	assert_int_equal(b.len, 10);
	text = hp_buf_take_str(&b);
	assert_string_equal(text, "0123456789");
}

static void survives_lengths_that_overflow(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf b;

	(void)state;
	hp_buf_init(&b, 100);
	assert_int_equal(hp_buf_add(&b, "ab", 2, &err), 0);
	assert_null(hp_buf_reserve(&b, SIZE_MAX, &err));
	assert_int_equal(err.code, HP_EEXHAUSTED);
	hp_error_clear(&err);
	assert_null(hp_buf_reserve(&b, SIZE_MAX - 1, &err));
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_int_equal(b.len, 2);
}

static void takes_no_limit_as_limit(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf b;

	(void)state;
	hp_buf_init(&b, SIZE_MAX);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(hp_buf_add(&b, "0123456789", 10, &err), 0);
	assert_int_equal(b.len, 100000);
	assert_true(b.cap < 400000);
}

static void grows_without_passing_its_maximum(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf b;

	(void)state;
	hp_buf_init(&b, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(hp_buf_add(&b, "x", 1, &err), 0);
	assert_int_equal(b.cap, 100);
}

static void reserves_room_to_fill(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf b;
	uint8_t *room;

	(void)state;
	hp_buf_init(&b, 4096);
	assert_non_null(hp_buf_reserve(&b, 0, &err));
	assert_int_equal(hp_buf_add(&b, "ab", 2, &err), 0);
	room = hp_buf_reserve(&b, 500, &err);
	assert_non_null(room);
	assert_int_equal(b.len, 2);
	memset(room, 'z', 500);
	b.len += 500;
	assert_memory_equal(b.data, "abzz", 4);
}

static void drops_from_the_front(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf b;

	(void)state;
	hp_buf_init(&b, 100);
	hp_buf_drop(&b, 0);
	assert_int_equal(hp_buf_add(&b, "abcdef", 6, &err), 0);
	hp_buf_drop(&b, 2);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "cdef", 4);
	hp_buf_drop(&b, 4);
	assert_int_equal(b.len, 0);
}

static void views_strings(void **state)
{
	(void)state;
	assert_int_equal(hp_bytes_str("abc").len, 3);
	assert_int_equal(hp_bytes_str(NULL).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(holds_what_is_added),     FDS_TEST(takes_an_empty_string),
		FDS_TEST(stops_at_its_maximum),    FDS_TEST(survives_lengths_that_overflow),
		FDS_TEST(takes_no_limit_as_limit), FDS_TEST(grows_without_passing_its_maximum),
		FDS_TEST(reserves_room_to_fill),   FDS_TEST(drops_from_the_front),
		FDS_TEST(views_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
