/* SPDX-License-Identifier: Apache-2.0 */
/* nets.h - network namespaces that unit tests fill: veth pairs, addresses, routes. And a host in
 * user space, which answers on a tap for as long as a test asks. */
#pragma once
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "fds.h"
#include "net/netns.h"
#include "net/view.h"

/* Leave the system's network for one of our own, once for the whole test program. */
static inline void nets_leave(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		fail_msg("no network namespace of one's own: %m");
}

static inline int nets__open(void *data, struct hp_error *err)
{
	return hp_netlink_open(data, err);
}

/* A netlink socket in a namespace; -1: ours. */
static inline void nets_socket(int netns_fd, struct hp_netlink *ret)
{
	struct hp_error err = HP_ERROR_INIT;

	if ((netns_fd < 0 ? hp_netlink_open(ret, &err)
			  : hp_netns_call(netns_fd, nets__open, ret, &err)) < 0)
		fail_msg("%s", err.msg);
}

static inline void nets_ask(struct hp_netlink *n, struct hp_netlink_request *r)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_netlink_ask(n, r, &err) < 0)
		fail_msg("%s", err.msg);
}

/* A pair of devices, both down: @name here, @peer in the namespace @netns_fd (-1: here, too). */
static inline void nets_veth(struct hp_netlink *n, const char *name, const char *peer,
			     int netns_fd)
{
	struct ifinfomsg fixed = {.ifi_family = AF_UNSPEC};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
	hp_netlink_put_str(&r, IFLA_IFNAME, name);

	size_t info = hp_netlink_nest(&r, IFLA_LINKINFO);

	hp_netlink_put_str(&r, IFLA_INFO_KIND, "veth");

	size_t data = hp_netlink_nest(&r, IFLA_INFO_DATA);
	size_t other = hp_netlink_nest(&r, VETH_INFO_PEER);

	/* The peer's attributes stand behind a header of their own. */
	memcpy(r.bytes + r.len, &fixed, sizeof(fixed));
	r.len += sizeof(fixed);
	hp_netlink_put_str(&r, IFLA_IFNAME, peer);
	if (netns_fd >= 0)
		hp_netlink_put_u32(&r, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	hp_netlink_nest_end(&r, other);
	hp_netlink_nest_end(&r, data);
	hp_netlink_nest_end(&r, info);
	nets_ask(n, &r);
}

/* A device of another kind, such as "bridge", down. */
static inline void nets_device(struct hp_netlink *n, const char *name, const char *kind)
{
	struct ifinfomsg fixed = {.ifi_family = AF_UNSPEC};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
	hp_netlink_put_str(&r, IFLA_IFNAME, name);

	size_t info = hp_netlink_nest(&r, IFLA_LINKINFO);

	hp_netlink_put_str(&r, IFLA_INFO_KIND, kind);
	hp_netlink_nest_end(&r, info);
	nets_ask(n, &r);
}

static inline struct hp_net_ip nets_ip(const char *text)
{
	struct hp_net_ip ip = {.len = strchr(text, ':') ? 16 : 4};

	assert_int_equal(inet_pton(ip.len == 16 ? AF_INET6 : AF_INET, text, ip.bytes), 1);
	return ip;
}

static inline uint8_t nets_family(const struct hp_net_ip *ip)
{
	return ip->len == 16 ? AF_INET6 : AF_INET;
}

/* IPv6 addresses are valid at once. */
static inline void nets_address(struct hp_netlink *n, uint32_t link, const char *text,
				uint8_t prefix)
{
	struct hp_net_ip ip = nets_ip(text);
	struct ifaddrmsg fixed = {
		.ifa_family = nets_family(&ip), .ifa_prefixlen = prefix, .ifa_index = link};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
	hp_netlink_put(&r, IFA_LOCAL, ip.bytes, ip.len);
	hp_netlink_put(&r, IFA_ADDRESS, ip.bytes, ip.len);
	if (ip.len == 16)
		hp_netlink_put_u32(&r, IFA_FLAGS, IFA_F_NODAD);
	nets_ask(n, &r);
}

/* to: NULL for the default route; via: NULL for none. */
static inline void nets_route(struct hp_netlink *n, uint32_t link, const char *to,
			      uint8_t prefix, const char *via)
{
	struct hp_net_ip destination = nets_ip(to ? to : via);
	struct rtmsg fixed = {
		.rtm_family = nets_family(&destination),
		.rtm_dst_len = prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
	if (to)
		hp_netlink_put(&r, RTA_DST, destination.bytes, destination.len);
	if (via) {
		struct hp_net_ip gateway = nets_ip(via);

		hp_netlink_put(&r, RTA_GATEWAY, gateway.bytes, gateway.len);
	}
	hp_netlink_put_u32(&r, RTA_OIF, link);
	nets_ask(n, &r);
}

static inline void nets_neighbour(struct hp_netlink *n, uint32_t link, const char *text,
				  const uint8_t mac[6])
{
	struct hp_net_ip ip = nets_ip(text);
	struct ndmsg fixed = {.ndm_family = nets_family(&ip),
			      .ndm_ifindex = (int)link,
			      .ndm_state = NUD_PERMANENT};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
	hp_netlink_put(&r, NDA_DST, ip.bytes, ip.len);
	hp_netlink_put(&r, NDA_LLADDR, mac, 6);
	nets_ask(n, &r);
}

/* The link of this name, which must be there. */
static inline const struct hp_net_link *nets_find(const struct hp_net_view *v, const char *name)
{
	for (size_t i = 0; i < v->n_links; i++)
		if (strcmp(v->links[i].name, name) == 0)
			return &v->links[i];
	fail_msg("there is no link '%s'", name);
	return NULL;
}

static inline void nets_view(struct hp_netlink *n, struct hp_net_view *ret)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_net_view_read(n, ret, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline uint32_t nets_index(struct hp_netlink *n, const char *name)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};

	nets_view(n, &v);
	return nets_find(&v, name)->index;
}

static inline void nets_up(struct hp_netlink *n, uint32_t link)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_net_link_up(n, link, 0, &err) < 0)
		fail_msg("%s", err.msg);
}
