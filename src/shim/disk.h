/* SPDX-License-Identifier: Apache-2.0 */
/* disk.h - a root file system that is a block device or an image in a file, such as those of the
 * snapshotters devmapper, blockfile and erofs. The host does not mount it: the machine has it as its
 * disk, and mounts it itself. */
#pragma once
#include "shim/rootfs.h"
#include "vm/machine.h"

struct hp_shim_disk {
	struct hp_machine_disk disk;
	char *source;
	struct hp_shim_block block;
};

#define HP_SHIM_DISK_INIT                                                                      \
	{                                                                                      \
		.disk.fd = -1                                                                  \
	}
void hp_shim_disk_clear(struct hp_shim_disk *d);
HP_AUTO_VALUE(struct hp_shim_disk, hp_shim_disk_clear);

/* Open the disk that containerd's mounts are, when they are one.
 * Returns: 1; 0 when they are something else, which the host mounts and shares.
 * Fails: HP_ENOTFOUND, HP_EDENIED - it cannot be opened; HP_ESTATE - the host
 * has the device mounted, or another machine uses it. */
int hp_shim_disk_open(const struct hp_shim_mount *mounts, size_t n, struct hp_shim_disk *ret,
		      struct hp_error *err) MUST_CHECK;
