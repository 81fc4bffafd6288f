/* SPDX-License-Identifier: Apache-2.0 */
/* shim-main.c - tests of src/shim/main.c, as the program that it is. */
#include "shim-program.h"

static void run_words(const char *const *words, struct run *r)
{
	run_program("/", HP_BYTES("", 0), words, r);
}

static void prints_its_version(void **state)
{
	static const char *const words[] = {"shim", "-v", NULL};
	AUTO(run_clear) struct run r = {0};

	(void)state;
	run_words(words, &r);
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "containerd-shim-harpoon-v1 " HP_VERSION "\n");
	assert_string_equal(r.err, "");
}

/* Who runs it by hand is told that it is not for hands. */
static void does_nothing_without_an_action(void **state)
{
	static const char *const words[] = {"shim", "-namespace", "ns", "-id", "web", NULL};
	AUTO(run_clear) struct run r = {0};

	(void)state;
	run_words(words, &r);
	assert_int_equal(r.status, hp_code_exit(HP_EUSAGE));
	assert_string_equal(r.out, "");
	assert_string_equal(r.err, "containerd-shim-harpoon-v1: containerd calls this program, "
				   "with start or delete; see --help\n");
}

static void tells_why_an_action_fails(void **state)
{
	/* A namespace that cannot be one. */
	static const char *const words[] = {"shim", "-namespace", "../x", "-id",
					    "web",  "delete",     NULL};
	AUTO(run_clear) struct run r = {0};

	(void)state;
	run_words(words, &r);
	assert_int_not_equal(r.status, 0);
	assert_string_equal(r.out, "");
	assert_int_equal(strncmp(r.err, "containerd-shim-harpoon-v1: ", 28), 0);
	assert_non_null(strstr(r.err, "../x"));
	assert_ptr_equal(strchr(r.err, '\n'), r.err + strlen(r.err) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(prints_its_version),
		FDS_TEST(does_nothing_without_an_action),
		FDS_TEST(tells_why_an_action_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
