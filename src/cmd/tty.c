/* SPDX-License-Identifier: Apache-2.0 */
/* tty.c - our own terminal. */
#include "cmd/tty.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The one terminal that a program has. This is a global because a signal handler, which must put
 * it back, gets no argument. */
static struct {
	volatile sig_atomic_t raw;
	int fd;
	struct termios saved;
} terminal;

/* The handlers are reset before they run (SA_RESETHAND), so the signal then does what it does. */
static void restore_and_die(int number)
{
	hp_tty_restore();
	raise(number);
}

static void watch_fatal_signals(void)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGSYS};
	struct sigaction action = {.sa_handler = restore_and_die,
				   .sa_flags = (int)SA_RESETHAND};

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaction(fatal[i], &action, NULL);
}

int hp_tty_raw(int fd, struct hp_error *err)
{
	struct termios raw;

	if (tcgetattr(fd, &terminal.saved) < 0)
		return hp_fail_errno(err, errno, "read the terminal's settings");
	raw = terminal.saved;
	cfmakeraw(&raw);
	terminal.fd = fd;
	terminal.raw = 1;
	watch_fatal_signals();
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return hp_fail_errno(err, errno, "make the terminal raw");
	return 0;
}

void hp_tty_restore(void)
{
	if (!terminal.raw)
		return;
	terminal.raw = 0;
	tcsetattr(terminal.fd, TCSADRAIN, &terminal.saved);
}

void hp_tty_size(int fd, uint16_t *ret_cols, uint16_t *ret_rows)
{
	struct winsize size = {0};

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		size = (struct winsize){0};
	*ret_cols = size.ws_col;
	*ret_rows = size.ws_row;
}
