/* SPDX-License-Identifier: Apache-2.0 */
/* root.c - owns the order in which a container's root is put together and entered. */
#include "guest/root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "guest/device.h"
#include "guest/mount.h"
#include "guest/sysctl.h"

static int set_names(const Hp__Guest__Container *c, struct hp_error *err)
{
	if (*c->hostname && sethostname(c->hostname, strlen(c->hostname)) < 0)
		return hp_fail_errno(err, errno, "set hostname '%s'", c->hostname);
	if (*c->domainname && setdomainname(c->domainname, strlen(c->domainname)) < 0)
		return hp_fail_errno(err, errno, "set domain name '%s'", c->domainname);
	return 0;
}

/* From: virtio-blk names its disks vda, vdb and so on. */
static int mount_block(const Hp__Guest__Block *b, struct hp_error *err)
{
	AUTO_FREE char *device = hp_sprintf("/dev/vd%c", (char)('a' + b->slot));

	if (mount(device, HP_GUEST_ROOT, b->type, b->flags, b->data) == 0)
		return 0;
	if (errno == ENODEV)
		return hp_fail(
			err, HP_EUNSUPPORTED,
			"the machine's kernel has no file system '%s': name one that has, "
			"or use another snapshotter",
			b->type);
	if (errno == EINVAL || errno == EUCLEAN || errno == EBADMSG || errno == EIO)
		return hp_fail(
			err, HP_ECORRUPT,
			"there is no file system '%s' on it, or a broken one (%s): check "
			"it with fsck.%s, or make the snapshot anew",
			b->type, strerror(errno), b->type);
	return hp_fail_errno(err, errno, "mount it as '%s'", b->type);
}

static int mount_base(const Hp__Guest__Container *c, struct hp_error *err)
{
	AUTO_FREE char *share = NULL;

	if (c->rehearsal)
		return mount("/", HP_GUEST_ROOT, NULL, MS_BIND | MS_REC, NULL) == 0
			       ? 0
			       : hp_fail_errno(err, errno, "bind the machine's own root");
	if (c->root_block)
		return mount_block(c->root_block, err);
	share = hp_path_join(HP_GUEST_SHARES, c->rootfs);
	if (mount(share, HP_GUEST_ROOT, NULL, MS_BIND | MS_REC, NULL) < 0)
		return hp_fail_errno(err, errno, "bind share '%s' as root", c->rootfs);
	return 0;
}

/* A /dev that is the machine's or the host's own is complete as it is. */
static bool makes_devices(const Hp__Guest__Container *c)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (hp_str_eq(c->mounts[i]->destination, "/dev") &&
		    hp_str_eq(c->mounts[i]->type, "bind"))
			return false;
	return true;
}

static int fill(int root_fd, const Hp__Guest__Container *c, struct hp_error *err)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (hp_guest_mount(root_fd, HP_GUEST_SHARES, c->mounts[i], err) < 0)
			return -1;
	return makes_devices(c) ? hp_guest_devices_make(root_fd, c, err) : 0;
}

/* From: pivot_root(2), "pivot_root(".", ".")": the old root lies on the new one, and is let go. */
static int pivot(int root_fd, struct hp_error *err)
{
	AUTO_CLOSE int old_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old_fd < 0 || fchdir(root_fd) < 0)
		return hp_fail_errno(err, errno, "go to the root");
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return hp_fail_errno(err, errno, "make it the root");
	if (fchdir(old_fd) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return hp_fail_errno(err, errno, "leave the old root");
	return 0;
}

int hp_guest_root_enter(const Hp__Guest__Container *c, struct hp_error *err)
{
	AUTO_CLOSE int root_fd = -1;

	if (set_names(c, err) < 0 || mount_base(c, err) < 0)
		return -1;
	root_fd = open(HP_GUEST_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return hp_fail_errno(err, errno, "open the root");
	if (fill(root_fd, c, err) < 0 || hp_guest_sysctls_set(c, err) < 0 ||
	    pivot(root_fd, err) < 0)
		return -1;
	/* From: runc makes init's working directory; an exec's must be there. */
	return hp_mkdirs(c->process->cwd, 0755, err);
}

int hp_guest_root_console(const char *path, struct hp_error *err)
{
	AUTO_CLOSE int fd = open("/dev/console",
				 O_RDONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0666);

	/* A console of the image's making may refuse to be opened, and can be mounted on. */
	if (fd < 0 && errno == ENOENT)
		return hp_fail_errno(err, errno, "make '/dev/console'");
	if (mount(path, "/dev/console", NULL, MS_BIND, NULL) < 0)
		return hp_fail_errno(err, errno, "bind '%s' at '/dev/console'", path);
	return 0;
}

static int protect(const char *path, struct hp_error *err)
{
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return errno == ENOENT ? 0 : hp_fail_errno(err, errno, "bind '%s'", path);
	return hp_guest_mount_read_only(path, err);
}

/* A file is hidden by the null device, a directory by an empty one. */
static int mask(const char *path, struct hp_error *err)
{
	if (mount("/dev/null", path, NULL, MS_BIND, NULL) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTDIR || mount("tmpfs", path, "tmpfs", MS_RDONLY, NULL) < 0)
		return hp_fail_errno(err, errno, "mask '%s'", path);
	return 0;
}

static int finish_dev(const Hp__Guest__Container *c, struct hp_error *err)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (hp_str_eq(c->mounts[i]->destination, "/dev") &&
		    (c->mounts[i]->flags & MS_RDONLY) &&
		    hp_guest_mount_read_only("/dev", err) < 0)
			return -1;
	return 0;
}

int hp_guest_root_finish(const Hp__Guest__Container *c, struct hp_error *err)
{
	if (finish_dev(c, err) < 0)
		return -1;
	if (c->rootfs_propagation && mount(NULL, "/", NULL, c->rootfs_propagation, NULL) < 0)
		return hp_fail_errno(err, errno, "set the root's propagation");
	if (c->rootfs_readonly && hp_guest_mount_read_only("/", err) < 0)
		return -1;
	for (size_t i = 0; i < c->n_readonly_paths; i++)
		if (protect(c->readonly_paths[i], err) < 0)
			return -1;
	for (size_t i = 0; i < c->n_masked_paths; i++)
		if (mask(c->masked_paths[i], err) < 0)
			return -1;
	return 0;
}
