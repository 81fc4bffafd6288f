/* SPDX-License-Identifier: Apache-2.0 */
/* disk.c - owns which roots are disks, and their opening. */
#include "shim/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "shim/mount_options.h"

/* Those of one device that is nobody else's. A btrfs that is handed over is a part of what the host
 * itself has mounted. From: containerd's snapshotters. */
static const char *const types[] = {"ext2", "ext3", "ext4", "erofs", "squashfs", "xfs"};

void hp_shim_disk_clear(struct hp_shim_disk *d)
{
	if (d->disk.fd >= 0)
		close(d->disk.fd);
	free(d->source);
	free(d->block.type);
	free(d->block.data);
	*d = (struct hp_shim_disk)HP_SHIM_DISK_INIT;
}

static bool is_disk(const struct hp_shim_mount *m)
{
	if (!hp_str_empty(m->target) || hp_str_empty(m->source))
		return false;
	for (size_t i = 0; i < HP_ARRAY_LEN(types); i++)
		if (hp_str_eq(m->type, types[i]))
			return true;
	return false;
}

/* Two kernels that write to one file system destroy it. The lock belongs to the open file, which QEMU
 * has a descriptor of, and so lasts as long as the machine. */
static int lock_source(const struct hp_machine_disk *d, struct hp_error *err)
{
	if (flock(d->fd, (d->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK
		       ? hp_fail(err, HP_ESTATE,
				 "another machine uses it: stop that one's container first")
		       : hp_fail_errno(err, errno, "lock");
}

/* O_EXCL refuses devices that the host has mounted. From: open(2). */
static int open_source(struct hp_machine_disk *d, const char *source, struct hp_error *err)
{
	const int mode = (d->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC;
	struct stat st;

	/* What is neither may do something when it is opened. */
	AUTO_CLOSE int path_fd = open(source, O_PATH | O_CLOEXEC);
	if (path_fd < 0 || fstat(path_fd, &st) < 0)
		return hp_fail_errno(err, errno, "open");
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return hp_fail(err, HP_EINVALID, "it is no block device and no regular file");
	d->device = S_ISBLK(st.st_mode);

	AUTO_FREE char *path = hp_sprintf("/proc/self/fd/%d", path_fd);
	d->fd = open(path, d->device && !d->read_only ? mode | O_EXCL : mode);
	if (d->fd < 0 && errno == EBUSY)
		return hp_fail(err, HP_ESTATE, "the host uses it: unmount it there");
	return d->fd < 0 ? hp_fail_errno(err, errno, "open") : lock_source(d, err);
}

int hp_shim_disk_open(const struct hp_shim_mount *mounts, size_t n, struct hp_shim_disk *ret,
		      struct hp_error *err)
{
	AUTO(hp_shim_mount_options_clear) struct hp_shim_mount_options o = {0};
	AUTO(hp_shim_disk_clear) struct hp_shim_disk d = HP_SHIM_DISK_INIT;
	size_t n_options = 0;

	if (n != 1 || !is_disk(&mounts[0]))
		return 0;
	while (mounts->options && mounts->options[n_options])
		n_options++;
	if (hp_shim_mount_options_read(mounts->options, n_options, &o, err) < 0)
		return hp_wrap(err, "rootfs '%.200s'", mounts->source);
	d.disk.read_only = (o.flags & MS_RDONLY) != 0;
	if (open_source(&d.disk, mounts->source, err) < 0)
		return hp_wrap(err, "rootfs '%.200s'", mounts->source);
	d.source = hp_strdup(mounts->source);
	d.block = (struct hp_shim_block){
		.type = hp_strdup(mounts->type), .flags = o.flags, .data = TAKE(o.data)};
	*ret = d;
	d = (struct hp_shim_disk)HP_SHIM_DISK_INIT;
	return 1;
}
