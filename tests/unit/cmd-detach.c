/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-detach.c - tests of src/cmd/detach.c. */
#include "cmd/detach.h"

#include <string.h>

#include "fds.h"

static struct hp_detach keys(const char *text)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_detach d = {0};

	assert_int_equal(hp_detach_parse(text, &d, &err), 0);
	return d;
}

/* Feed @typed and compare what passes; returns whether the keys were complete. */
static bool feed(struct hp_detach *d, const char *typed, const char *passes)
{
	char out[256 + HP_DETACH_MAX];
	size_t len = 0;
	bool left = hp_detach_feed(d, typed, strlen(typed), out, &len);

	assert_int_equal(len, strlen(passes));
	assert_memory_equal(out, passes, len);
	return left;
}

static void test_parse(void **state)
{
	(void)state;
	struct hp_detach d = keys(HP_DETACH_DEFAULT);

	assert_int_equal(d.n_keys, 2);
	assert_int_equal(d.keys[0], 0x10);
	assert_int_equal(d.keys[1], 0x11);
	d = keys("x,ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_,ctrl-A,~");
	assert_int_equal(d.n_keys, 9);
	assert_memory_equal(d.keys, "x\x00\x1b\x1c\x1d\x1e\x1f\x01~", 9);
	assert_int_equal(keys("").n_keys, 0);
}

static void test_parse_refuses(void **state)
{
	(void)state;
	static const char *const bad[] = {"ctrl-",    "ctrl-1",
					  "ctrl-pp",  "ab",
					  "a,,b",     "ctrl-p,",
					  " ",        "\x01",
					  "\xc3\xa9", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"};

	for (size_t i = 0; i < HP_ARRAY_LEN(bad); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_detach d = {.held = 77};
		assert_int_equal(hp_detach_parse(bad[i], &d, &err), -1);
		assert_int_equal(err.code, HP_EUSAGE);
		assert_int_equal(d.held, 77);
	}
}

static void test_keys_in_one_piece(void **state)
{
	(void)state;
	struct hp_detach d = keys(HP_DETACH_DEFAULT);

	assert_true(feed(&d, "ls\r\x10\x11rest", "ls\r"));
	assert_int_equal(d.held, 0);
}

static void test_keys_one_by_one(void **state)
{
	(void)state;
	struct hp_detach d = keys(HP_DETACH_DEFAULT);

	assert_false(feed(&d, "\x10", ""));
	assert_true(feed(&d, "\x11", ""));
}

static void test_beginning_that_goes_elsewhere(void **state)
{
	(void)state;
	struct hp_detach d = keys(HP_DETACH_DEFAULT);

	assert_false(feed(&d, "\x10", ""));
	assert_false(feed(&d, "a",
			  "\x10"
			  "a"));
	assert_false(feed(&d, "\x10\x10", "\x10"));
	assert_true(feed(&d, "\x11", ""));
}

/* The keys may overlap with themselves. */
static void test_overlap(void **state)
{
	(void)state;
	struct hp_detach d = keys("a,a,b");

	assert_false(feed(&d, "aaa", "a"));
	assert_true(feed(&d, "b", ""));
	d = keys("a,b,a,c");
	assert_false(feed(&d, "abab", "ab"));
	assert_true(feed(&d, "ac", ""));
	d = keys("a,b,a,c");
	assert_false(feed(&d, "abax", "abax"));
}

static void test_no_keys(void **state)
{
	(void)state;
	struct hp_detach d = {0};

	assert_false(feed(&d, "\x10\x11", "\x10\x11"));
}

/* Whatever is typed, nothing is lost and nothing is made up. */
static void test_nothing_is_lost(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4096; n++) {
		struct hp_detach d = keys("a,b,a,a,b");
		char typed[13] = {0};
		char all[64] = {0};
		size_t total = 0;
		bool left = false;
		for (unsigned i = 0; i < 12; i++)
			typed[i] = n & (1u << i) ? 'a' : 'b';
		for (unsigned i = 0; i < 12 && !left; i++) {
			size_t len = 0;
			left = hp_detach_feed(&d, typed + i, 1, all + total, &len);
			total += len;
		}
		const char *at = strstr(typed, "abaab");
		assert_int_equal(left, at != NULL);
		size_t passed = at ? (size_t)(at - typed) : 12 - d.held;
		assert_int_equal(total, passed);
		assert_memory_equal(all, typed, total);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_parse),
		FDS_TEST(test_parse_refuses),
		FDS_TEST(test_keys_in_one_piece),
		FDS_TEST(test_keys_one_by_one),
		FDS_TEST(test_beginning_that_goes_elsewhere),
		FDS_TEST(test_overlap),
		FDS_TEST(test_no_keys),
		FDS_TEST(test_nothing_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
