/* SPDX-License-Identifier: Apache-2.0 */
/* base-proc.c - tests of src/base/proc.c. */
#include "base/proc.h"

#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "scratch.h"

static void test_ourselves(void **state)
{
	(void)state;
	AUTO_FREE char *exe = hp_proc_exe(getpid());
	int64_t now = hp_clock_unix_ns();
	int64_t start = hp_proc_start_ns(getpid());

	assert_true(hp_proc_start_ticks(getpid()) > 0);
	/* Ticks are 10 ms, and clocks of a boot may drift from the wall clock a little. */
	assert_true(start < now + 1000000000 && start > now - 600 * INT64_C(1000000000));
	assert_non_null(exe);
	assert_true(hp_str_ends(exe, "test-base-proc"));
	assert_false(hp_proc_has_word(getpid(), "a-word-that-is-not-there"));
	assert_false(hp_proc_has_word(getpid(), ""));
}

static void test_nobody(void **state)
{
	(void)state;
	assert_int_equal(hp_proc_start_ticks(0), 0);
	assert_int_equal(hp_proc_start_ticks(-1), 0);
	assert_int_equal(hp_proc_start_ticks(0x7fffffff), 0);
	assert_int_equal(hp_proc_start_ns(0x7fffffff), 0);
	assert_null(hp_proc_exe(0x7fffffff));
	assert_false(hp_proc_has_word(0x7fffffff, "x"));
}

/* A program may name itself ") R 1 2 3" and has the same place in the table nevertheless. */
static void test_hostile_name(void **state)
{
	(void)state;
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, ") R 1 2 3");
	int status = 0;

	assert_int_equal(symlink("/bin/sleep", path), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl(path, "sleep", "20", NULL);
		_exit(1);
	}
	for (int i = 0; i < 500 && !hp_proc_has_word(pid, "20"); i++)
		hp_clock_sleep_ms(10);
	assert_true(hp_proc_has_word(pid, "sleep"));
	assert_true(hp_proc_start_ticks(pid) >= hp_proc_start_ticks(getpid()));
	kill(pid, SIGKILL);
	/* Until it is waited for it is there, but it does not run. */
	for (int i = 0; i < 500 && hp_proc_start_ticks(pid) != 0; i++)
		hp_clock_sleep_ms(10);
	assert_int_equal(hp_proc_start_ticks(pid), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_ourselves),
		FDS_TEST(test_nobody),
		FDS_TEST(test_hostile_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
