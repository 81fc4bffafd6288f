/* SPDX-License-Identifier: Apache-2.0 */
/* loopback.c - owns loop devices, for images in files. From: loop(4). */
#include "base/loopback.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"

#define TRIES 64 /* others look for a free device at the same time */

/* Returns: a descriptor, -1 with errno; EBUSY: another was faster. */
static int attach(int control, const struct loop_config *config, char **ret_name)
{
	int flags = config->info.lo_flags & LO_FLAGS_READ_ONLY ? O_RDONLY : O_RDWR;
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int fd = -1;
	int number = ioctl(control, LOOP_CTL_GET_FREE);

	if (number < 0)
		return -1;
	name = hp_sprintf("/dev/loop%d", number);
	fd = open(name, flags | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, LOOP_CONFIGURE, config) < 0)
		return -1;
	*ret_name = TAKE(name);
	return TAKE_FD(fd);
}

int hp_loopback_attach(const char *path, bool read_only, char **ret_name, struct hp_error *err)
{
	AUTO_CLOSE int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	AUTO_CLOSE int file = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	struct loop_config config = {.info.lo_flags = LO_FLAGS_AUTOCLEAR};
	int fd = -1;

	if (control < 0)
		return hp_fail_errno(err, errno, "open '/dev/loop-control'");
	if (file < 0)
		return hp_fail_errno(err, errno, "open '%.200s'", path);
	config.fd = (uint32_t)file;
	if (read_only)
		config.info.lo_flags |= LO_FLAGS_READ_ONLY;
	for (int i = 0; fd < 0 && i < TRIES; i++) {
		fd = attach(control, &config, ret_name);
		if (fd < 0 && errno != EBUSY)
			break;
	}
	if (fd < 0)
		return hp_fail_errno(err, errno, "attach '%.200s' to a loop device", path);
	return fd;
}
