/* SPDX-License-Identifier: Apache-2.0 */
/* guest-terminal.c - tests of src/guest/terminal.c. */
#include "guest/terminal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "apart.h"
#include "base/str.h"

static void expect_size(int fd, unsigned width, unsigned height)
{
	struct winsize size;

	assert_int_equal(ioctl(fd, TIOCGWINSZ, &size), 0);
	assert_int_equal(size.ws_col, width);
	assert_int_equal(size.ws_row, height);
}

static void opens_both_ends(void **state)
{
	struct hp_guest_terminal t = {.master_fd = -1, .slave_fd = -1};
	struct hp_error err = HP_ERROR_INIT;
	char name[64], got[8];

	(void)state;
	if (hp_guest_terminal_open(101, 33, &t, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(isatty(t.slave_fd));
	assert_int_equal(ttyname_r(t.slave_fd, name, sizeof(name)), 0);
	assert_string_equal(name, t.path);
	expect_size(t.slave_fd, 101, 33);
	assert_int_equal(hp_guest_terminal_resize(t.master_fd, 80, 24, &err), 0);
	expect_size(t.slave_fd, 80, 24);
	assert_int_equal(write(t.slave_fd, "hi\n", 3), 3);
	assert_int_equal(read(t.master_fd, got, sizeof(got)), 4);
	assert_memory_equal(got, "hi\r\n", 4);
	hp_guest_terminal_close(&t);
	assert_int_equal(t.master_fd, -1);
	assert_int_equal(t.slave_fd, -1);
	hp_guest_terminal_close(&t);
}

static void only_terminals_have_a_size(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	(void)state;
	assert_int_equal(hp_pipe(fds, &err), 0);
	assert_int_equal(hp_guest_terminal_resize(fds[0], 80, 24, &err), -1);
	assert_int_equal(err.sys, ENOTTY);
	assert_true(hp_str_starts(err.msg, "set the terminal's size to 80x24"));
	close(fds[0]);
	close(fds[1]);
}

static int is_controlled(void *arg)
{
	struct hp_guest_terminal t = {.master_fd = -1, .slave_fd = -1};
	struct hp_error err = HP_ERROR_INIT;
	char name[64];

	(void)arg;
	APART_CHECK(setsid() > 0);
	APART_DONE(hp_guest_terminal_open(0, 0, &t, &err), &err);
	APART_DONE(hp_guest_terminal_control(&t, &err), &err);
	APART_CHECK(tcgetsid(0) == getpid());
	for (int fd = 0; fd < 3; fd++)
		APART_CHECK(ttyname_r(fd, name, sizeof(name)) == 0 && hp_str_eq(name, t.path));
	return 0;
}

static int has_no_terminals(void *arg)
{
	struct hp_guest_terminal t = {.master_fd = -1, .slave_fd = -1};
	struct hp_error err = HP_ERROR_INIT;

	(void)arg;
	APART_CHECK(mount("none", "/dev/pts", "tmpfs", 0, NULL) == 0);
	APART_CHECK(hp_guest_terminal_open(80, 24, &t, &err) < 0);
	APART_CHECK(err.code == HP_ENOTFOUND && t.master_fd == -1);
	return 0;
}

static void controls_a_session(void **state)
{
	(void)state;
	assert_int_equal(apart(is_controlled, NULL), 0);
}

static void needs_a_devpts(void **state)
{
	(void)state;
	assert_int_equal(apart(has_no_terminals, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(opens_both_ends),
		FDS_TEST(only_terminals_have_a_size),
		FDS_TEST(controls_a_session),
		FDS_TEST(needs_a_devpts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
