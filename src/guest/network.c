/* SPDX-License-Identifier: Apache-2.0 */
/* network.c - owns what rtnetlink is asked for. From: rtnetlink(7). */
#include "guest/network.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "guest/netlink.h"

static struct hp_bytes bytes_of(ProtobufCBinaryData d)
{
	return HP_BYTES(d.data, d.len);
}

static unsigned char family_of(ProtobufCBinaryData address)
{
	return address.len == 16 ? AF_INET6 : AF_INET;
}

/* Devices of hardware have a directory "device" in sysfs; lo and tunnels have not. */
static bool is_hardware(const char *name)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof(path), "/sys/class/net/%s/device", name);
	return access(path, F_OK) == 0;
}

/* The index of the machine's @slot-th network device, in the order in which they were found. */
static int find_slot(uint32_t slot, int *ret_index, struct hp_error *err)
{
	struct if_nameindex *all = if_nameindex();
	unsigned found = 0;
	int index = 0;

	if (!all)
		return hp_fail_errno(err, errno, "list network devices");
	for (const struct if_nameindex *i = all; i->if_index && !index; i++)
		if (is_hardware(i->if_name) && found++ == slot)
			index = (int)i->if_index;
	if_freenameindex(all);
	if (!index)
		return hp_fail(err, HP_ENOTFOUND, "the machine has no network device %u", slot);
	*ret_index = index;
	return 0;
}

static int find_device(const char *name, int *ret_index, struct hp_error *err)
{
	unsigned index = if_nametoindex(name);

	if (!index)
		return hp_fail_errno(err, errno, "network device '%s'", name);
	*ret_index = (int)index;
	return 0;
}

/* Change device @index; it must be down to be given another name or MAC. */
static int set_device(int fd, int index, const Hp__Guest__Interface *i, struct hp_error *err)
{
	const struct ifinfomsg head = {
		.ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_change = IFF_UP};
	struct hp_guest_nl nl;

	hp_guest_nl_begin(&nl, RTM_NEWLINK, 0, &head, sizeof(head));
	if (*i->name)
		hp_guest_nl_put(&nl, IFLA_IFNAME, HP_BYTES(i->name, strlen(i->name) + 1));
	if (i->mac.len)
		hp_guest_nl_put(&nl, IFLA_ADDRESS, bytes_of(i->mac));
	if (i->mtu)
		hp_guest_nl_put_u32(&nl, IFLA_MTU, i->mtu);
	return hp_guest_nl_send(fd, &nl, err);
}

static int turn_on(int fd, int index, struct hp_error *err)
{
	const struct ifinfomsg head = {.ifi_family = AF_UNSPEC,
				       .ifi_index = index,
				       .ifi_flags = IFF_UP,
				       .ifi_change = IFF_UP};
	struct hp_guest_nl nl;

	hp_guest_nl_begin(&nl, RTM_NEWLINK, 0, &head, sizeof(head));
	return hp_guest_nl_send(fd, &nl, err);
}

/* Send what makes something; that it is there already is as good. */
static int send_new(int fd, struct hp_guest_nl *nl, struct hp_error *err)
{
	if (hp_guest_nl_send(fd, nl, err) == 0)
		return 0;
	if (err->sys != EEXIST)
		return -1;
	hp_error_clear(err);
	return 0;
}

static int add_address(int fd, int index, const Hp__Guest__Address *a, struct hp_error *err)
{
	const struct ifaddrmsg head = {
		.ifa_family = family_of(a->address),
		.ifa_prefixlen = (unsigned char)a->prefix,
		/* The host's own stack has found that it is nobody else's. */
		.ifa_flags = a->address.len == 16 ? IFA_F_NODAD : 0,
		.ifa_index = (unsigned)index,
	};
	struct hp_guest_nl nl;

	hp_guest_nl_begin(&nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	hp_guest_nl_put(&nl, IFA_LOCAL, bytes_of(a->address));
	hp_guest_nl_put(&nl, IFA_ADDRESS, bytes_of(a->address));
	return send_new(fd, &nl, err);
}

static int set_interface(int fd, int index, const Hp__Guest__Interface *i, struct hp_error *err)
{
	if (set_device(fd, index, i, err) < 0)
		return hp_wrap(err, "set device");
	if (turn_on(fd, index, err) < 0)
		return hp_wrap(err, "turn on");
	for (size_t n = 0; n < i->n_addresses; n++)
		if (add_address(fd, index, i->addresses[n], err) < 0)
			return hp_wrap(err, "address %zu", n);
	return 0;
}

/* Names may be given round: all leave their old ones first. */
static int clear_names(int fd, const Hp__Guest__Network *n, const int *indices,
		       struct hp_error *err)
{
	for (size_t i = 0; i < n->n_interfaces; i++) {
		Hp__Guest__Interface aside = HP__GUEST__INTERFACE__INIT;
		char name[IFNAMSIZ];

		snprintf(name, sizeof(name), "hp-%d", indices[i]);
		aside.name = name;
		if (*n->interfaces[i]->name && set_device(fd, indices[i], &aside, err) < 0)
			return hp_wrap(err, "device %u", n->interfaces[i]->slot);
	}
	return 0;
}

static int set_interfaces(int fd, const Hp__Guest__Network *n, struct hp_error *err)
{
	AUTO_FREE int *indices = hp_alloc_array(n->n_interfaces, sizeof(*indices));

	for (size_t i = 0; i < n->n_interfaces; i++)
		if (find_slot(n->interfaces[i]->slot, &indices[i], err) < 0)
			return -1;
	if (clear_names(fd, n, indices, err) < 0)
		return -1;
	for (size_t i = 0; i < n->n_interfaces; i++)
		if (set_interface(fd, indices[i], n->interfaces[i], err) < 0)
			return hp_wrap(err, "device %u '%s'", n->interfaces[i]->slot,
				       n->interfaces[i]->name);
	return 0;
}

static int add_route(int fd, const Hp__Guest__Route *r, struct hp_error *err)
{
	const struct rtmsg head = {
		.rtm_family = r->ipv6 ? AF_INET6 : AF_INET,
		.rtm_dst_len = (unsigned char)r->prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = (unsigned char)r->scope,
		.rtm_type = RTN_UNICAST,
	};
	struct hp_guest_nl nl;
	int index = 0;

	if (*r->device && find_device(r->device, &index, err) < 0)
		return -1;
	hp_guest_nl_begin(&nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	if (r->destination.len)
		hp_guest_nl_put(&nl, RTA_DST, bytes_of(r->destination));
	if (r->gateway.len)
		hp_guest_nl_put(&nl, RTA_GATEWAY, bytes_of(r->gateway));
	if (r->source.len)
		hp_guest_nl_put(&nl, RTA_PREFSRC, bytes_of(r->source));
	if (index)
		hp_guest_nl_put_u32(&nl, RTA_OIF, (uint32_t)index);
	if (r->metric)
		hp_guest_nl_put_u32(&nl, RTA_PRIORITY, r->metric);
	return send_new(fd, &nl, err);
}

static int add_neighbour(int fd, const Hp__Guest__Neighbour *n, struct hp_error *err)
{
	struct ndmsg head = {.ndm_family = family_of(n->address), .ndm_state = NUD_PERMANENT};
	struct hp_guest_nl nl;

	if (find_device(n->device, &head.ndm_ifindex, err) < 0)
		return -1;
	hp_guest_nl_begin(&nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	hp_guest_nl_put(&nl, NDA_DST, bytes_of(n->address));
	hp_guest_nl_put(&nl, NDA_LLADDR, bytes_of(n->mac));
	return hp_guest_nl_send(fd, &nl, err);
}

int hp_guest_network_set(const Hp__Guest__Network *n, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;

	if (hp_guest_nl_open(&fd, err) < 0 || set_interfaces(fd, n, err) < 0)
		return -1;
	/* Some lead to a gateway that only another one leads to, so these are in the host's order. */
	for (size_t i = 0; i < n->n_routes; i++)
		if (add_route(fd, n->routes[i], err) < 0)
			return hp_wrap(err, "route %zu", i);
	for (size_t i = 0; i < n->n_neighbours; i++)
		if (add_neighbour(fd, n->neighbours[i], err) < 0)
			return hp_wrap(err, "neighbour %zu", i);
	return 0;
}

int hp_guest_network_up(const char *name, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;
	int index = 0;

	if (hp_guest_nl_open(&fd, err) < 0 || find_device(name, &index, err) < 0)
		return -1;
	return turn_on(fd, index, err) < 0 ? hp_wrap(err, "turn on '%s'", name) : 0;
}
