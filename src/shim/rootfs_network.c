/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_network.c - owns the way into the container's network namespace. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/str.h"
#include "shim/rootfs_parts.h"

int hp_shim__rootfs_network(const char *netns, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;

	if (hp_str_empty(netns) || hp_str_eq(netns, "host"))
		return 0;
	fd = open(netns, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return hp_fail_errno(err, errno, "enter network namespace '%.200s'", netns);
	return 0;
}
