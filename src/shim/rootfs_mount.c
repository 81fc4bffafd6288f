/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_mount.c - owns containerd's mounts: bind, overlay and file systems on devices and images.
 * From: containerd mount/mount_linux.go. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/loopback.h"
#include "base/str.h"
#include "shim/mount_options.h"
#include "shim/rootfs_parts.h"

#define TARGET_MAX 64 /* bytes of "/proc/self/fd/N" */

/* Where a mount goes, by a name that no link in an image can lead elsewhere. */
static int open_target(const char *root, const char *target, char ret_path[TARGET_MAX],
		       struct hp_error *err)
{
	/* By name each time: what was mounted on it before is what this one goes onto. */
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return hp_fail_errno(err, errno, "open '%.200s'", root);
	if (!hp_str_empty(target)) {
		AUTO_CLOSE int root_fd = fd;

		if (hp_open_in_root(root_fd, target, O_PATH, &fd, err) < 0)
			return hp_wrap(err, "target");
	}
	snprintf(ret_path, TARGET_MAX, "/proc/self/fd/%d", fd);
	return fd;
}

/* What a mount makes of its parts. */
struct job {
	const struct hp_shim_mount *m;
	const char *target;
	struct hp_shim_mount_options o;
	int loop_fd; /* kept until it is mounted */
	char *loop;
	char *data; /* instead of o.data, when that is too long; relative to dir */
	char *dir;
};

static void job_clear(struct job *j)
{
	hp_shim_mount_options_clear(&j->o);
	if (j->loop_fd >= 0)
		close(j->loop_fd);
	free(j->loop);
	free(j->data);
	free(j->dir);
}
HP_AUTO_VALUE(struct job, job_clear);

static int mount_bind(const struct job *j, const char *root, struct hp_error *err)
{
	unsigned long rest = j->o.flags & ~(unsigned long)(MS_BIND | MS_REC | MS_SILENT);
	AUTO_CLOSE int mounted_fd = -1;
	char mounted[TARGET_MAX];

	if (mount(j->m->source, j->target, NULL, MS_BIND | (j->o.flags & MS_REC), NULL) < 0)
		return hp_fail_errno(err, errno, "mount");
	if (!rest)
		return 0;
	/* A bind mount takes its flags only when it is there, and the target is still what is below
	 * it. */
	mounted_fd = open_target(root, j->m->target, mounted, err);
	if (mounted_fd < 0)
		return -1;
	if (mount(NULL, mounted, NULL, MS_BIND | MS_REMOUNT | rest, NULL) < 0)
		return hp_fail_errno(err, errno, "change its flags");
	return 0;
}

static int mount_other(struct job *j, struct hp_error *err)
{
	const char *source = j->m->source;
	bool read_only = (j->o.flags & MS_RDONLY) != 0;

	if (j->o.loop) {
		j->loop_fd = hp_loopback_attach(source, read_only, &j->loop, err);
		if (j->loop_fd < 0)
			return -1;
		source = j->loop;
	}
	/* mount(2) takes a page, with the NUL. */
	hp_shim__overlay_shorten(j->o.data, (size_t)sysconf(_SC_PAGESIZE) - 1, &j->data,
				 &j->dir);
	if (j->dir && chdir(j->dir) < 0)
		return hp_fail_errno(err, errno, "change to '%.200s'", j->dir);
	if (mount(source, j->target, j->m->type, j->o.flags, j->data ? j->data : j->o.data) ==
	    0)
		return 0;
	if (errno == ENODEV)
		return hp_fail(err, HP_EUNSUPPORTED,
			       "the kernel has no file system of this type");
	return hp_fail_errno(err, errno, "mount");
}

static int mount_one(const char *root, const struct hp_shim_mount *m, struct hp_error *err)
{
	AUTO(job_clear) struct job j = {.m = m, .loop_fd = -1};
	AUTO_CLOSE int target_fd = -1;
	char target[TARGET_MAX];
	size_t n = 0;

	while (m->options && m->options[n])
		n++;
	if (hp_shim_mount_options_read(m->options, n, &j.o, err) < 0)
		return -1;
	target_fd = open_target(root, m->target, target, err);
	if (target_fd < 0)
		return -1;
	j.target = target;
	if (hp_str_eq(m->type, "bind") || (j.o.flags & MS_BIND))
		return mount_bind(&j, root, err);
	return mount_other(&j, err);
}

int hp_shim__rootfs_mounts(const char *root, const struct hp_shim_mount *mounts, size_t n,
			   struct hp_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (mount_one(root, &mounts[i], err) < 0)
			return hp_wrap(err, "%s '%.200s'", mounts[i].type, mounts[i].source);
	return 0;
}
