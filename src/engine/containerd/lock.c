/* SPDX-License-Identifier: Apache-2.0 */
/* lock.c - one client at a time makes, starts or removes a container.
 *
 * The daemon serves calls, but each of these verbs is several of them and files of ours beside: two
 * at once would take FIFOs, keeper and task from each other. The lock is a byte of one file for each
 * namespace, chosen by the id, so that nothing is left over of a container that is gone; and it
 * ends with whoever holds it, kill -9 included. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/containerd/containerd.h"
#include "engine/containerd/ops.h"

#define PAUSE_MS 5

/* Two ids that share a byte wait for each other, which does no harm.
 * From: Fowler, Noll, Vo: FNV-1a, 64 bits. */
static off_t byte_of(const char *id)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *id; id++)
		hash = (hash ^ (uint8_t)*id) * 0x100000001b3;
	return (off_t)(hash >> 2);
}

static int open_file(const struct containerd *c, int *ret_fd, struct hp_error *err)
{
	/* No namespace begins with a dot, so no directory of containers has this name. */
	AUTO_FREE char *path = hp_sprintf("%s/.lock-%s", c->state_root, c->base.ns);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == ENOENT) {
		if (hp_mkdirs(c->state_root, 0700, err) < 0)
			return -1;
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	if (fd < 0)
		return hp_fail_errno(err, errno, "open the lock file '%s'", path);
	*ret_fd = fd;
	return 0;
}

int hp_containerd__lock(const struct containerd *c, const char *id, int *ret_fd,
			struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;
	int waited = 0;
	int64_t deadline = hp_containerd__deadline(c);
	struct flock byte = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = byte_of(id),
		.l_len = 1,
	};

	if (open_file(c, &fd, err) < 0)
		return -1;
	for (; fcntl(fd, F_OFD_SETLK, &byte) < 0; waited = 1) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return hp_fail_errno(err, errno, "lock container '%s'", id);
		if (hp_deadline_left_ms(deadline) == 0)
			return hp_fail(err, HP_ETIMEOUT,
				       "container '%s': another harpoon is still making, "
				       "starting or removing it",
				       id);
		hp_clock_sleep_ms(PAUSE_MS);
	}
	*ret_fd = TAKE_FD(fd);
	return waited;
}
