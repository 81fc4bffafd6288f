/* SPDX-License-Identifier: Apache-2.0 */
/* mount.c - owns how one mount of a container is made. */
#include "guest/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "guest/copy.h"
#include "guest/place.h"

/* What mount(2) does not take in one call with MS_BIND. */
#define BIND_ONLY (MS_BIND | MS_REC | MS_REMOUNT)

/* Call mount(2) on what @fd names. */
static int mount_on(int fd, const char *source, const Hp__Guest__Mount *m, unsigned long flags,
		    const char *data)
{
	char target[HP_GUEST_FD_PATH];

	hp_guest_fd_path(fd, target);
	return mount(source, target, m->type, flags, data);
}

/* Open the root of what was mounted at the destination; its old descriptor is what lies below. */
static int reopen(int root_fd, const Hp__Guest__Mount *m, int flags, int *ret_fd,
		  struct hp_error *err)
{
	return hp_open_in_root(root_fd, m->destination, flags, ret_fd, err);
}

static int mount_bind(int root_fd, const char *shares, const Hp__Guest__Mount *m,
		      struct hp_error *err)
{
	AUTO_FREE char *source = hp_path_join(shares, m->source);
	unsigned long rest = m->flags & ~(unsigned long)BIND_ONLY;
	AUTO_CLOSE int fd = -1;
	AUTO_CLOSE int top_fd = -1;

	if (hp_guest_place(root_fd, m->destination, m->file, &fd, err) < 0)
		return -1;
	if (mount_on(fd, source, m, MS_BIND | (m->flags & MS_REC), NULL) < 0)
		return hp_fail_errno(err, errno, "bind share '%s'", m->source);
	if (!rest)
		return 0;
	if (reopen(root_fd, m, O_PATH, &top_fd, err) < 0)
		return -1;
	if (mount_on(top_fd, NULL, m, MS_BIND | MS_REMOUNT | rest, NULL) < 0)
		return hp_fail_errno(err, errno, "set the flags of share '%s'", m->source);
	return 0;
}

/* Fill the new file system with what it hides, which @below_fd still names. */
static int copy_up(int root_fd, const Hp__Guest__Mount *m, int below_fd, struct hp_error *err)
{
	AUTO_CLOSE int from_fd = openat(below_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int to_fd = -1;

	if (from_fd < 0)
		return hp_fail_errno(err, errno, "open what is to be copied up");
	if (reopen(root_fd, m, O_RDONLY | O_DIRECTORY, &to_fd, err) < 0)
		return -1;
	if (hp_guest_copy_tree(from_fd, to_fd, err) < 0)
		return hp_wrap(err, "copy up");
	if ((m->flags & MS_RDONLY) &&
	    mount_on(to_fd, NULL, m, MS_REMOUNT | m->flags, m->data) < 0)
		return hp_fail_errno(err, errno, "make it read-only");
	return 0;
}

static int mount_fs(int root_fd, const Hp__Guest__Mount *m, struct hp_error *err)
{
	bool later = m->copy_up || hp_str_eq(m->destination, "/dev");
	unsigned long flags = m->flags & ~(unsigned long)(later ? MS_RDONLY : 0);
	Hp__Guest__Mount real = *m;
	AUTO_CLOSE int fd = -1;

	/* Machines have version 2 only; the options of version 1 mean nothing to it. */
	if (hp_str_eq(m->type, "cgroup"))
		real.type = (char *)"cgroup2";
	if (hp_str_starts(m->type, "cgroup"))
		real.data = (char *)"";
	if (hp_guest_place(root_fd, m->destination, false, &fd, err) < 0)
		return -1;
	if (mount_on(fd, *m->source ? m->source : m->type, &real, flags, real.data) < 0)
		return hp_fail_errno(err, errno, "mount %s", real.type);
	return m->copy_up ? copy_up(root_fd, m, fd, err) : 0;
}

static int set_propagation(int root_fd, const Hp__Guest__Mount *m, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;

	if (reopen(root_fd, m, O_PATH, &fd, err) < 0)
		return -1;
	if (mount_on(fd, NULL, m, m->propagation, NULL) < 0)
		return hp_fail_errno(err, errno, "set the propagation");
	return 0;
}

int hp_guest_mount(int root_fd, const char *shares, const Hp__Guest__Mount *m,
		   struct hp_error *err)
{
	int rc = hp_str_eq(m->type, "bind") ? mount_bind(root_fd, shares, m, err)
					    : mount_fs(root_fd, m, err);

	if (rc == 0 && m->propagation)
		rc = set_propagation(root_fd, m, err);
	return rc < 0 ? hp_wrap(err, "mount at '%s'", m->destination) : 0;
}

int hp_guest_mount_read_only(const char *path, struct hp_error *err)
{
	struct statfs st;
	unsigned long kept;

	if (statfs(path, &st) < 0)
		return hp_fail_errno(err, errno, "look at the mount of '%s'", path);
	/* From: statfs(2): these bits of f_flags have the values of their MS_ names. */
	kept = (unsigned long)st.f_flags &
	       (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME);
	if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | kept, NULL) < 0)
		return hp_fail_errno(err, errno, "make '%s' read-only", path);
	return 0;
}
