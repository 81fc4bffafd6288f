/* SPDX-License-Identifier: Apache-2.0 */
/* tap.c - makes tap devices. */
#include "net/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/fault.h"
#include "base/fd.h"
#include "net/netlink.h"
#include "net/netns.h"

#define TUN_PATH "/dev/net/tun"
#define OLD_NAME "unused%d" /* of one that was replaced */

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

/* A device, and what is to become of it. */
struct change {
	char name[IF_NAMESIZE]; /* as it is */
	char new_name[IF_NAMESIZE];
	int netns_fd; /* -1: it stays where it is */
};

static int change_there(void *data, struct hp_error *err)
{
	const struct change *c = data;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	struct ifinfomsg fixed = {
		.ifi_index = (int)if_nametoindex(c->name), .ifi_change = IFF_UP, /* down */
	};
	struct hp_netlink_request r;

	if (hp_netlink_open(&n, err) < 0)
		return -1;
	hp_netlink_begin(&r, RTM_NEWLINK, 0, &fixed, sizeof(fixed));
	hp_netlink_put_str(&r, IFLA_IFNAME, c->new_name);
	if (c->netns_fd >= 0)
		hp_netlink_put_u32(&r, IFLA_NET_NS_FD, (uint32_t)c->netns_fd);
	if (hp_netlink_ask(&n, &r, err) < 0)
		return hp_wrap(err, "name the network device '%s' '%s'", c->name, c->new_name);
	return 0;
}

static int mute_there(void *data, struct hp_error *err)
{
	return disable_ipv6(data, err);
}

static int look_at(int fd, char ret_name[IF_NAMESIZE], int *ret_netns_fd, struct hp_error *err)
{
	struct ifreq request = {.ifr_flags = 0};

	if (HP_SYS("ioctl", ioctl(fd, TUNGETIFF, &request)) < 0)
		return hp_fail_errno(err, errno, "find a tap's name");
	memcpy(ret_name, request.ifr_name, IF_NAMESIZE);
	*ret_netns_fd = HP_SYS("ioctl", ioctl(fd, TUNGETDEVNETNS));
	if (*ret_netns_fd < 0)
		return hp_fail_errno(err, errno, "find the namespace of '%s'", ret_name);
	return 0;
}

int hp_tap_replace(int old_fd, int new_fd, struct hp_error *err)
{
	struct change leave = {.new_name = OLD_NAME, .netns_fd = -1};
	struct change come = {.netns_fd = -1};
	AUTO_CLOSE int old_netns_fd = -1;
	AUTO_CLOSE int new_netns_fd = -1;

	if (look_at(old_fd, leave.name, &old_netns_fd, err) < 0 ||
	    look_at(new_fd, come.name, &new_netns_fd, err) < 0)
		return -1;
	memcpy(come.new_name, leave.name, IF_NAMESIZE);
	come.netns_fd = old_netns_fd;
	if (hp_netns_call(old_netns_fd, change_there, &leave, err) < 0 ||
	    hp_netns_call(new_netns_fd, change_there, &come, err) < 0 ||
	    hp_netns_call(old_netns_fd, mute_there, come.new_name, err) < 0)
		return hp_wrap(err, "replace the network device '%s'", come.new_name);
	return 0;
}
