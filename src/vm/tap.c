/* SPDX-License-Identifier: Apache-2.0 */
/* tap.c - make a tap that leads nowhere. */
#include "vm/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Before <net/if.h>, which it does not go with otherwise. */
#include <linux/if.h>
#include <linux/if_tun.h>

static int open_tap(int *ret_fd, struct hp_error *err)
{
	struct ifreq request = {
		.ifr_name = "harpoon%d",
		.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
	};
	AUTO_CLOSE int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return hp_fail_errno(err, errno, "open '/dev/net/tun'");
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return hp_fail_errno(err, errno, "make a tap");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int hp_tap_new_hidden(int *ret_fd, struct hp_error *err)
{
	AUTO_CLOSE int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int rc;

	if (home < 0 || unshare(CLONE_NEWNET) < 0)
		return hp_fail_errno(err, errno, "make a network namespace");
	rc = open_tap(ret_fd, err);
	if (setns(home, CLONE_NEWNET) < 0) {
		if (rc == 0)
			close(*ret_fd);
		hp_error_clear(err);
		return hp_fail_errno(err, errno, "go back to the network namespace");
	}
	return rc;
}
