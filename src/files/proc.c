/* SPDX-License-Identifier: Apache-2.0 */
/* proc.c - owns the way to /proc/self/fd. */
#include "files/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

/* One that is mounted nowhere. From: fsopen(2), fsmount(2). */
static int make_proc(struct hp_error *err)
{
	AUTO_CLOSE int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
	int mount;

	if (context < 0)
		return hp_fail_errno(err, errno, "make a procfs");
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return hp_fail_errno(err, errno, "make a procfs");
	mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		return hp_fail_errno(err, errno, "mount a procfs");
	return mount;
}

int hp_files__proc_dir(int *ret_fd, struct hp_error *err)
{
	AUTO_CLOSE int fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs st;

	if (fd < 0 || fstatfs(fd, &st) < 0 || st.f_type != PROC_SUPER_MAGIC) {
		AUTO_CLOSE int mount = make_proc(err);

		if (mount < 0)
			return -1;
		if (fd >= 0)
			close(fd);
		fd = openat(mount, "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return hp_fail_errno(err, errno, "open self/fd of a procfs");
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

const char *hp_files__proc_name(int fd, char ret_name[HP_PROC_NAME])
{
	char *at = ret_name + HP_PROC_NAME - 1;

	*at = '\0';
	do
		*--at = (char)('0' + fd % 10);
	while ((fd /= 10) > 0);
	return at;
}

int hp_files__proc_open(int proc_fd, int fd, int flags)
{
	char name[HP_PROC_NAME];

	return openat(proc_fd, hp_files__proc_name(fd, name),
		      flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}
