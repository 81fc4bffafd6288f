/* SPDX-License-Identifier: Apache-2.0 */
/* tap.c - makes tap devices. */
#include "net/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/fault.h"
#include "base/fd.h"
#include "net/netns.h"

#define TUN_PATH "/dev/net/tun"

/* Otherwise it would take an address of its own and look for routers; or, where the namespace
 * routes, report the groups that it joins. */
static int disable_ipv6(const char *name, struct hp_error *err)
{
	AUTO_FREE char *path = hp_sprintf("/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	AUTO_CLOSE int fd = HP_SYS("open", open(path, O_WRONLY | O_CLOEXEC));

	if (fd < 0 && errno == ENOENT)
		return 0; /* a kernel without IPv6 */
	if (fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", path);
	return hp_fd_write_all(fd, "1", 1, err);
}

int hp_tap_open(const char *pattern, char ret_name[IF_NAMESIZE], int *ret_fd,
		struct hp_error *err)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	AUTO_CLOSE int fd = HP_SYS("open", open(TUN_PATH, O_RDWR | O_CLOEXEC | O_NONBLOCK));

	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return hp_fail(err, HP_ENOTFOUND,
			       "there is no " TUN_PATH
			       ": load the kernel's module with 'modprobe tun'");
	if (fd < 0)
		return hp_fail_errno(err, errno, "open " TUN_PATH);
	if (strlen(pattern) >= sizeof(request.ifr_name))
		return hp_fail(err, HP_EINVALID, "'%s' is too long for a network device",
			       pattern);
	memcpy(request.ifr_name, pattern, strlen(pattern));
	if (HP_SYS("ioctl", ioctl(fd, TUNSETIFF, &request)) < 0)
		return hp_fail_errno(err, errno, "make the network device '%s'", pattern);

	request.ifr_name[IF_NAMESIZE - 1] = '\0';
	if (disable_ipv6(request.ifr_name, err) < 0)
		return hp_wrap(err, "make the network device '%s'", request.ifr_name);
	memcpy(ret_name, request.ifr_name, IF_NAMESIZE);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int open_there(void *data, struct hp_error *err)
{
	char name[IF_NAMESIZE];

	return hp_tap_open("hidden", name, data, err);
}

int hp_tap_open_hidden(int *ret_fd, struct hp_error *err)
{
	AUTO_CLOSE int netns_fd = -1;

	if (hp_netns_new(&netns_fd, err) < 0)
		return -1;
	return hp_netns_call(netns_fd, open_there, ret_fd, err);
}
