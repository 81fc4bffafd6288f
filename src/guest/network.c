/* SPDX-License-Identifier: Apache-2.0 */
/* network.c - owns what rtnetlink is asked for. From: rtnetlink(7). */
#include "guest/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "net/view.h"

#define LOOPBACK                                                                               \
	1 /* its index in every namespace. From: Linux net/core/dev.c, dev_new_index() */
#define IPV6_LEN  16
#define NAMESPACE "/proc/self/ns/net"

static uint8_t family_of(ProtobufCBinaryData address)
{
	return address.len == 16 ? AF_INET6 : AF_INET;
}

static void put_bytes(struct hp_netlink_request *r, uint16_t type, ProtobufCBinaryData value)
{
	if (value.len)
		hp_netlink_put(r, type, value.data, value.len);
}

/* The index of the machine's @slot-th network device, of those that have not been taken over. */
static int find_slot(const struct hp_net_view *v, uint32_t slot, int *ret_index,
		     struct hp_error *err)
{
	uint32_t found = 0;

	for (size_t i = 0; i < v->n_links; i++)
		if (v->links[i].type == ARPHRD_ETHER && found++ == slot) {
			*ret_index = (int)v->links[i].index;
			return 0;
		}
	return hp_fail(err, HP_ENOTFOUND, "the machine has no network device %u", slot);
}

static int find_device(const char *name, int *ret_index, struct hp_error *err)
{
	unsigned index = if_nametoindex(name);

	if (!index)
		return hp_fail_errno(err, errno, "network device '%s'", name);
	*ret_index = (int)index;
	return 0;
}

/* Bring a device here and have it do, all at once. */
static int take_over(struct hp_netlink *from, int index, int netns_fd,
		     const Hp__Guest__Interface *i, struct hp_error *err)
{
	const struct ifinfomsg fixed = {
		.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWLINK, 0, &fixed, sizeof(fixed));
	hp_netlink_put_u32(&r, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	hp_netlink_put_str(&r, IFLA_IFNAME, i->name);
	put_bytes(&r, IFLA_ADDRESS, i->mac);
	if (i->mtu)
		hp_netlink_put_u32(&r, IFLA_MTU, i->mtu);
	return hp_netlink_ask(from, &r, err);
}

/* Send what makes something; that it is there already is as good. */
static int ask_new(struct hp_netlink *n, struct hp_netlink_request *r, struct hp_error *err)
{
	struct hp_error cause = HP_ERROR_INIT;

	if (hp_netlink_ask(n, r, &cause) == 0 || cause.sys == EEXIST)
		return 0;
	*err = cause;
	return -1;
}

static int add_address(struct hp_netlink *n, int index, const Hp__Guest__Address *a,
		       struct hp_error *err)
{
	const struct ifaddrmsg fixed = {
		.ifa_family = family_of(a->address),
		.ifa_prefixlen = (uint8_t)a->prefix,
		/* The host's own stack has found that it is nobody else's. */
		.ifa_flags = a->address.len == 16 ? IFA_F_NODAD : 0,
		.ifa_index = (unsigned)index,
	};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &fixed, sizeof(fixed));
	put_bytes(&r, IFA_LOCAL, a->address);
	put_bytes(&r, IFA_ADDRESS, a->address);
	return ask_new(n, &r, err);
}

static int set_interface(struct hp_netlink *n, const Hp__Guest__Interface *i,
			 struct hp_error *err)
{
	int index = 0;

	if (find_device(i->name, &index, err) < 0)
		return -1;
	for (size_t k = 0; k < i->n_addresses; k++)
		if (add_address(n, index, i->addresses[k], err) < 0)
			return hp_wrap(err, "address %zu", k);
	return 0;
}

static int set_interfaces(struct hp_netlink *from, struct hp_netlink *n,
			  const Hp__Guest__Network *network, struct hp_error *err)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	AUTO_CLOSE int netns_fd = open(NAMESPACE, O_RDONLY | O_CLOEXEC);

	if (netns_fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", NAMESPACE);
	if (from->fd >= 0 && hp_net_view_read_links(from, &v, err) < 0)
		return -1;
	for (size_t k = 0; k < network->n_interfaces; k++) {
		const Hp__Guest__Interface *i = network->interfaces[k];
		int index = 0;

		if (find_slot(&v, i->slot, &index, err) < 0 ||
		    take_over(from, index, netns_fd, i, err) < 0 ||
		    set_interface(n, i, err) < 0)
			return hp_wrap(err, "device %u, '%s'", i->slot, i->name);
	}
	return 0;
}

/* An IPv4 route may go by an IPv6 gateway. From: Linux include/uapi/linux/rtnetlink.h, rtvia. */
static void put_gateway(struct hp_netlink_request *r, const Hp__Guest__Route *route)
{
	uint8_t via[sizeof(uint16_t) + IPV6_LEN];
	uint16_t family = AF_INET6;

	if (route->ipv6 || route->gateway.len != IPV6_LEN) {
		put_bytes(r, RTA_GATEWAY, route->gateway);
		return;
	}
	memcpy(via, &family, sizeof(family));
	memcpy(via + sizeof(family), route->gateway.data, route->gateway.len);
	hp_netlink_put(r, RTA_VIA, via, sizeof(via));
}

static int add_route(struct hp_netlink *n, const Hp__Guest__Route *route, struct hp_error *err)
{
	const struct rtmsg fixed = {
		.rtm_family = route->ipv6 ? AF_INET6 : AF_INET,
		.rtm_dst_len = (uint8_t)route->prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = (uint8_t)route->scope,
		.rtm_type = RTN_UNICAST,
		/* The host's kernel has looked whether the gateway can be reached, or was told not to. */
		.rtm_flags = route->gateway.len && *route->device ? RTNH_F_ONLINK : 0,
	};
	struct hp_netlink_request r;
	int index = 0;

	if (*route->device && find_device(route->device, &index, err) < 0)
		return -1;
	hp_netlink_begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
	put_bytes(&r, RTA_DST, route->destination);
	put_gateway(&r, route);
	put_bytes(&r, RTA_PREFSRC, route->source);
	if (index)
		hp_netlink_put_u32(&r, RTA_OIF, (uint32_t)index);
	if (route->metric)
		hp_netlink_put_u32(&r, RTA_PRIORITY, route->metric);
	return ask_new(n, &r, err);
}

static int add_neighbour(struct hp_netlink *n, const Hp__Guest__Neighbour *e,
			 struct hp_error *err)
{
	struct ndmsg fixed = {.ndm_family = family_of(e->address), .ndm_state = NUD_PERMANENT};
	struct hp_netlink_request r;

	if (find_device(e->device, &fixed.ndm_ifindex, err) < 0)
		return -1;
	hp_netlink_begin(&r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &fixed, sizeof(fixed));
	put_bytes(&r, NDA_DST, e->address);
	put_bytes(&r, NDA_LLADDR, e->mac);
	return hp_netlink_ask(n, &r, err);
}

int hp_guest_network_set(struct hp_netlink *from, const Hp__Guest__Network *network,
			 struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;

	if (hp_netlink_open(&n, err) < 0 || set_interfaces(from, &n, network, err) < 0)
		return -1;
	for (size_t i = 0; i < network->n_routes; i++)
		if (add_route(&n, network->routes[i], err) < 0)
			return hp_wrap(err, "route %zu", i);
	for (size_t i = 0; i < network->n_neighbours; i++)
		if (add_neighbour(&n, network->neighbours[i], err) < 0)
			return hp_wrap(err, "neighbour %zu", i);
	return 0;
}

int hp_guest_network_leave(struct hp_netlink *ret, struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink from = HP_NETLINK_INIT;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;

	if (hp_netlink_open(&from, err) < 0)
		return -1;
	if (unshare(CLONE_NEWNET) < 0)
		return hp_fail_errno(err, errno, "make a network namespace");
	if (hp_netlink_open(&n, err) < 0 || hp_net_link_up(&n, LOOPBACK, 0, err) < 0)
		return -1;
	*ret = from;
	from.fd = -1;
	return 0;
}
