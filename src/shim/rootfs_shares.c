/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_shares.c - owns what of the host's files the machine is given to see. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/rootfs_parts.h"

/* A copy of the mounts at @path that is in no directory, so that nothing that is mounted or
 * unmounted there later has a part in it. From: open_tree(2). */
static int clone_tree(const char *path, bool recursive, int *ret_fd, struct hp_error *err)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	struct stat st;
	int fd;

	if (recursive)
		flags |= AT_RECURSIVE;
	fd = (int)syscall(SYS_open_tree, AT_FDCWD, path, flags);
	if (fd < 0)
		return hp_fail_errno(err, errno, "share '%.200s'", path);
	if (fstat(fd, &st) < 0 || !(S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))) {
		close(fd);
		return hp_fail(err, HP_EINVALID,
			       "share '%.200s': it is no directory and no regular file", path);
	}
	*ret_fd = fd;
	return 0;
}

int hp_shim__rootfs_shares(const char *root, const struct hp_shim_rootfs_spec *spec,
			   struct hp_files_share *ret_shares, struct hp_error *err)
{
	/* Only the guest mounts a read-only root so: it has to make mount points in it first. */
	ret_shares[0] = (struct hp_files_share){.name = "rootfs"};
	if (clone_tree(root, true, &ret_shares[0].fd, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->n_shares; i++) {
		const struct hp_shim_share *s = &spec->shares[i];

		ret_shares[i + 1] = (struct hp_files_share){
			.name = s->name, .read_only = s->read_only, .shared = true};
		if (clone_tree(s->source, s->recursive, &ret_shares[i + 1].fd, err) < 0)
			return -1;
	}
	return 0;
}
