/* SPDX-License-Identifier: Apache-2.0 */
/* base-alloc.c - tests of src/base/alloc.c. */
#include "base/alloc.h"

#include "scratch.h"

static void gives_zeroed_memory(void **state)
{
	AUTO_FREE unsigned char *p = hp_alloc(4096);
	AUTO_FREE uint64_t *array = hp_alloc_array(100, sizeof(*array));

	(void)state;
	for (size_t i = 0; i < 4096; i++)
		assert_int_equal(p[i], 0);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(array[i], 0);
}

static void gives_something_for_nothing(void **state)
{
	AUTO_FREE void *none = hp_alloc(0);
	AUTO_FREE void *no_items = hp_alloc_array(0, 8);
	AUTO_FREE void *empty_items = hp_alloc_array(8, 0);
	AUTO_FREE void *copy = hp_memdup(NULL, 0);
	AUTO_FREE void *shrunk = hp_realloc_array(hp_alloc(100), 0, 8);

	(void)state;
	assert_non_null(none);
	assert_non_null(no_items);
	assert_non_null(empty_items);
	assert_non_null(copy);
	assert_non_null(shrunk);
}

static void keeps_content_when_growing(void **state)
{
	AUTO_FREE int *p = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		p = hp_realloc_array(p, (size_t)i + 1, sizeof(*p));
		p[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(p[i], i);
}

static void copies_strings(void **state)
{
	AUTO_FREE char *whole = hp_strdup("hello");
	AUTO_FREE char *part = hp_strndup("hello", 4);
	AUTO_FREE char *longer = hp_strndup("hello", 300);
	AUTO_FREE char *printed = hp_sprintf("%s-%d", "c", 42);

	(void)state;
	assert_string_equal(whole, "hello");
	assert_string_equal(part, "hell");
	assert_string_equal(longer, "hello");
	assert_string_equal(printed, "c-42");
	assert_null(hp_strdup(NULL));
}

static void ends_a_string_that_is_not_terminated(void **state)
{
	const char raw[3] = {'a', 'b', 'c'};
	AUTO_FREE char *copy = hp_strndup(raw, sizeof(raw));

	(void)state;
	assert_string_equal(copy, "abc");
}

static void overflow_array(void)
{
	volatile size_t count = SIZE_MAX / 4;

	free(hp_alloc_array(count, 16));
}

static void overflow_realloc(void)
{
	volatile size_t count = SIZE_MAX / 4;

	free(hp_realloc_array(NULL, count, 16));
}

static void ask_for_everything(void)
{
	volatile size_t size = SIZE_MAX / 2;

	free(hp_alloc(size));
}

static void ends_the_process_without_memory(void **state)
{
	(void)state;
	assert_true(dies(overflow_array));
	assert_true(dies(overflow_realloc));
	assert_true(dies(ask_for_everything));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(gives_zeroed_memory),
		FDS_TEST(gives_something_for_nothing),
		FDS_TEST(keeps_content_when_growing),
		FDS_TEST(copies_strings),
		FDS_TEST(ends_a_string_that_is_not_terminated),
		FDS_TEST(ends_the_process_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
