/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_network.c - owns the way into the container's network namespace. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "shim/rootfs_parts.h"

/* As every runtime does in a namespace that it makes. */
static int raise_loopback(struct hp_error *err)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo"};

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return hp_fail_errno(err, errno, "look at interface 'lo'");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return hp_fail_errno(err, errno, "bring up interface 'lo'");
	return 0;
}

int hp_shim__rootfs_network(const char *netns, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;

	if (hp_str_empty(netns) || hp_str_eq(netns, "host"))
		return 0;
	if (hp_str_eq(netns, "new")) {
		if (unshare(CLONE_NEWNET) < 0)
			return hp_fail_errno(err, errno, "make a network namespace");
		return raise_loopback(err);
	}
	fd = open(netns, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return hp_fail_errno(err, errno, "enter network namespace '%.200s'", netns);
	return 0;
}
