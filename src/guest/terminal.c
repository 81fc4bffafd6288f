/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.c - owns the making of pseudo-terminals. */
#include "guest/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* From: Linux include/uapi/asm-generic/ioctls.h. C libraries differ in whether they have it. */
#define OPEN_PEER _IO('T', 0x41)

int hp_guest_terminal_open(uint32_t width, uint32_t height, struct hp_guest_terminal *ret,
			   struct hp_error *err)
{
	AUTO_CLOSE int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	AUTO_CLOSE int slave = -1;
	unsigned number = 0;
	int unlocked = 0;

	if (master < 0)
		return hp_fail_errno(err, errno, "open '/dev/pts/ptmx'");
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
		return hp_fail_errno(err, errno, "make a terminal");
	/* By the descriptor: a path could have been replaced by the container. */
	slave = ioctl(master, OPEN_PEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return hp_fail_errno(err, errno, "open terminal %u", number);
	if (hp_guest_terminal_resize(master, width, height, err) < 0)
		return -1;
	snprintf(ret->path, sizeof(ret->path), "/dev/pts/%u", number);
	ret->master_fd = TAKE_FD(master);
	ret->slave_fd = TAKE_FD(slave);
	return 0;
}

int hp_guest_terminal_control(const struct hp_guest_terminal *t, struct hp_error *err)
{
	if (ioctl(t->slave_fd, TIOCSCTTY, 0) < 0)
		return hp_fail_errno(err, errno, "make '%s' the controlling terminal", t->path);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(t->slave_fd, fd) < 0)
			return hp_fail_errno(err, errno, "take '%s' as stream %d", t->path, fd);
	return 0;
}

void hp_guest_terminal_close(struct hp_guest_terminal *t)
{
	if (t->master_fd >= 0)
		close(t->master_fd);
	if (t->slave_fd >= 0)
		close(t->slave_fd);
	t->master_fd = t->slave_fd = -1;
}

int hp_guest_terminal_resize(int master_fd, uint32_t width, uint32_t height,
			     struct hp_error *err)
{
	const struct winsize size = {.ws_col = (unsigned short)width,
				     .ws_row = (unsigned short)height};

	if (ioctl(master_fd, TIOCSWINSZ, &size) < 0)
		return hp_fail_errno(err, errno, "set the terminal's size to %ux%u", width,
				     height);
	return 0;
}
