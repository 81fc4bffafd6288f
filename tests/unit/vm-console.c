/* SPDX-License-Identifier: Apache-2.0 */
/* vm-console.c - tests of src/vm/console.c. */
#include "vm/console.h"

#include <string.h>

#include "base/alloc.h"
#include "fds.h"

static void add(struct hp_console *c, const char *text)
{
	hp_console_add(c, hp_bytes_str(text));
}

static void expect(const struct hp_console *c, const char *want)
{
	char text[200];

	hp_console_tell(c, text, sizeof(text));
	assert_string_equal(text, want);
}

static void tells_the_last_lines(void **state)
{
	AUTO_FREE struct hp_console *c = hp_alloc(sizeof(*c));

	(void)state;
	expect(c, "");
	add(c, "\n\n");
	expect(c, "");
	add(c, "one\r\n");
	expect(c, "one");
	add(c, "two\n\n\x1b[1mthree\nfour");
	expect(c, "two | [1mthree | four");
	assert_string_equal(c->text, "\n\none\ntwo\n\n[1mthree\nfour");
}

static void tells_of_a_panic(void **state)
{
	AUTO_FREE struct hp_console *c = hp_alloc(sizeof(*c));

	(void)state;
	add(c, "[ 1.0] Kernel panic - not syncing: why\nRIP\nRAX\nRBX\nRCX\n");
	expect(c, "Kernel panic - not syncing: why");
}

static void keeps_the_end(void **state)
{
	AUTO_FREE struct hp_console *c = hp_alloc(sizeof(*c));

	(void)state;
	for (int i = 0; i < 10000; i++) {
		AUTO_FREE char *line = hp_sprintf("line %d\n", i);

		add(c, line);
		assert_true(c->len <= HP_CONSOLE_MAX);
		assert_int_equal(strlen(c->text), c->len);
	}
	expect(c, "line 9997 | line 9998 | line 9999");
	assert_true(c->len >= HP_CONSOLE_MAX / 2);
}

static void cuts_what_does_not_fit(void **state)
{
	AUTO_FREE struct hp_console *c = hp_alloc(sizeof(*c));
	char text[8];

	(void)state;
	add(c, "a long line\nanother\n");
	hp_console_tell(c, text, sizeof(text));
	assert_string_equal(text, "a long ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(tells_the_last_lines),
		FDS_TEST(tells_of_a_panic),
		FDS_TEST(keeps_the_end),
		FDS_TEST(cuts_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
