/* SPDX-License-Identifier: Apache-2.0 */
/* view.c - reads what rtnetlink dumps into plain structures, and sets links up. */
#include "net/view.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/alloc.h"

/* Room for one more in an array of @count that grows by doubling. */
#define GROW(array, count)                                                                     \
	(((count) & ((count)-1)) == 0                                                          \
		 ? (array) = hp_realloc_array((array), (count) ? (count)*2 : 1,                \
					      sizeof(*(array)))                                \
		 : (array))

/* An address of another length than the two is none. */
static void read_ip(struct hp_bytes attribute, struct hp_net_ip *ret)
{
	*ret = (struct hp_net_ip){.len = 0};
	if (attribute.len != 4 && attribute.len != 16)
		return;
	memcpy(ret->bytes, attribute.data, attribute.len);
	ret->len = (uint8_t)attribute.len;
}

static void read_mac(struct hp_bytes attribute, uint8_t *ret, uint8_t *ret_len)
{
	*ret_len = 0;
	if (attribute.len == 0 || attribute.len > HP_NET_ADDRESS_MAX)
		return;
	memcpy(ret, attribute.data, attribute.len);
	*ret_len = (uint8_t)attribute.len;
}

static int add_link(struct hp_net_view *v, struct hp_bytes body, struct hp_error *err)
{
	struct hp_bytes table[IFLA_LINKINFO + 1];
	struct hp_bytes info[IFLA_INFO_KIND + 1];
	struct hp_net_link l = {.index = 0};
	struct ifinfomsg fixed;

	if (hp_netlink_read(body, &fixed, sizeof(fixed), table, HP_ARRAY_LEN(table), err) < 0 ||
	    hp_netlink_read_nested(table[IFLA_LINKINFO], info, HP_ARRAY_LEN(info), err) < 0)
		return hp_wrap(err, "a link");
	/* Bridges send messages of this type about their ports, too. */
	if (fixed.ifi_family != AF_UNSPEC)
		return 0;
	l.index = (uint32_t)fixed.ifi_index;
	l.flags = fixed.ifi_flags;
	l.type = fixed.ifi_type;
	l.master = hp_netlink_u32(table[IFLA_MASTER]);
	l.mtu = hp_netlink_u32(table[IFLA_MTU]);
	hp_netlink_str(table[IFLA_IFNAME], l.name, sizeof(l.name));
	hp_netlink_str(info[IFLA_INFO_KIND], l.kind, sizeof(l.kind));
	read_mac(table[IFLA_ADDRESS], l.mac, &l.mac_len);
	GROW(v->links, v->n_links)[v->n_links] = l;
	v->n_links++;
	return 0;
}

static int add_address(struct hp_net_view *v, struct hp_bytes body, struct hp_error *err)
{
	struct hp_bytes table[IFA_FLAGS + 1];
	struct hp_net_address a = {.link = 0};
	struct ifaddrmsg fixed;

	if (hp_netlink_read(body, &fixed, sizeof(fixed), table, HP_ARRAY_LEN(table), err) < 0)
		return hp_wrap(err, "an address");
	a.link = fixed.ifa_index;
	a.prefix = fixed.ifa_prefixlen;
	a.scope = fixed.ifa_scope;
	a.flags = table[IFA_FLAGS].len ? hp_netlink_u32(table[IFA_FLAGS]) : fixed.ifa_flags;
	/* Of a link with a peer, IFA_ADDRESS is the peer's. */
	read_ip(table[IFA_LOCAL].len ? table[IFA_LOCAL] : table[IFA_ADDRESS], &a.ip);
	if (a.ip.len == 0)
		return 0;
	GROW(v->addresses, v->n_addresses)[v->n_addresses] = a;
	v->n_addresses++;
	return 0;
}

static int add_route(struct hp_net_view *v, struct hp_bytes body, struct hp_error *err)
{
	struct hp_bytes table[RTA_VIA + 1];
	struct hp_net_route r = {.link = 0};
	struct rtmsg fixed;

	if (hp_netlink_read(body, &fixed, sizeof(fixed), table, HP_ARRAY_LEN(table), err) < 0)
		return hp_wrap(err, "a route");
	/* A clone is what the kernel remembers of a use of another one. */
	if ((fixed.rtm_family != AF_INET && fixed.rtm_family != AF_INET6) ||
	    fixed.rtm_flags & RTM_F_CLONED)
		return 0;
	r.family = fixed.rtm_family;
	r.prefix = fixed.rtm_dst_len;
	r.scope = fixed.rtm_scope;
	r.protocol = fixed.rtm_protocol;
	r.type = fixed.rtm_type;
	r.table = table[RTA_TABLE].len ? hp_netlink_u32(table[RTA_TABLE]) : fixed.rtm_table;
	r.link = hp_netlink_u32(table[RTA_OIF]);
	r.metric = hp_netlink_u32(table[RTA_PRIORITY]);
	r.manifold = table[RTA_MULTIPATH].len > 0;
	read_ip(table[RTA_DST], &r.destination);
	read_ip(table[RTA_PREFSRC], &r.source);
	read_ip(table[RTA_GATEWAY], &r.gateway);
	/* The gateway of the other family stands behind that family's number. */
	if (table[RTA_VIA].len > sizeof(uint16_t))
		read_ip(HP_BYTES(table[RTA_VIA].data + sizeof(uint16_t),
				 table[RTA_VIA].len - sizeof(uint16_t)),
			&r.gateway);
	GROW(v->routes, v->n_routes)[v->n_routes] = r;
	v->n_routes++;
	return 0;
}

static int add_neighbour(struct hp_net_view *v, struct hp_bytes body, struct hp_error *err)
{
	struct hp_bytes table[NDA_LLADDR + 1];
	struct hp_net_neighbour e = {.link = 0};
	struct ndmsg fixed;

	if (hp_netlink_read(body, &fixed, sizeof(fixed), table, HP_ARRAY_LEN(table), err) < 0)
		return hp_wrap(err, "a neighbour");
	e.link = (uint32_t)fixed.ndm_ifindex;
	e.state = fixed.ndm_state;
	read_ip(table[NDA_DST], &e.ip);
	read_mac(table[NDA_LLADDR], e.mac, &e.mac_len);
	if (e.ip.len == 0)
		return 0;
	GROW(v->neighbours, v->n_neighbours)[v->n_neighbours] = e;
	v->n_neighbours++;
	return 0;
}

static int add_message(struct hp_net_view *v, const struct hp_netlink_message *m,
		       struct hp_error *err)
{
	switch (m->type) {
	case RTM_NEWLINK:
		return add_link(v, m->body, err);
	case RTM_NEWADDR:
		return add_address(v, m->body, err);
	case RTM_NEWROUTE:
		return add_route(v, m->body, err);
	case RTM_NEWNEIGH:
		return add_neighbour(v, m->body, err);
	default:
		return 0;
	}
}

int hp_net_view_add(struct hp_net_view *v, struct hp_bytes dump, struct hp_error *err)
{
	struct hp_netlink_message m;
	int rc;

	while ((rc = hp_netlink_next(&dump, &m, err)) > 0)
		if (add_message(v, &m, err) < 0)
			return -1;
	return rc;
}

static int by_index(const void *a, const void *b)
{
	const struct hp_net_link *x = a;
	const struct hp_net_link *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

static int dump_into(struct hp_netlink *n, struct hp_net_view *v, struct hp_netlink_request *r,
		     struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf dump = {0};

	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	if (hp_netlink_dump(n, r, &dump, err) < 0)
		return -1;
	return hp_net_view_add(v, hp_buf_bytes(&dump), err);
}

static int read_links(struct hp_netlink *n, struct hp_net_view *v, struct hp_error *err)
{
	struct ifinfomsg all = {.ifi_family = AF_UNSPEC};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_GETLINK, 0, &all, sizeof(all));
	if (dump_into(n, v, &r, err) < 0)
		return hp_wrap(err, "read links");
	if (v->n_links > 0)
		qsort(v->links, v->n_links, sizeof(*v->links), by_index);
	return 0;
}

int hp_net_view_read_links(struct hp_netlink *n, struct hp_net_view *ret, struct hp_error *err)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};

	if (read_links(n, &v, err) < 0)
		return -1;
	*ret = v;
	v = (struct hp_net_view){.links = NULL};
	return 0;
}

int hp_net_view_read(struct hp_netlink *n, struct hp_net_view *ret, struct hp_error *err)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	struct ifaddrmsg address = {.ifa_family = AF_UNSPEC};
	struct rtmsg route = {.rtm_family = AF_UNSPEC};
	struct ndmsg neighbour = {.ndm_family = AF_UNSPEC};
	struct hp_netlink_request r;

	if (read_links(n, &v, err) < 0)
		return -1;
	hp_netlink_begin(&r, RTM_GETADDR, 0, &address, sizeof(address));
	if (dump_into(n, &v, &r, err) < 0)
		return hp_wrap(err, "read addresses");
	hp_netlink_begin(&r, RTM_GETROUTE, 0, &route, sizeof(route));
	if (dump_into(n, &v, &r, err) < 0)
		return hp_wrap(err, "read routes");
	hp_netlink_begin(&r, RTM_GETNEIGH, 0, &neighbour, sizeof(neighbour));
	if (dump_into(n, &v, &r, err) < 0)
		return hp_wrap(err, "read neighbours");
	*ret = v;
	v = (struct hp_net_view){.links = NULL};
	return 0;
}

void hp_net_view_clear(struct hp_net_view *v)
{
	free(v->links);
	free(v->addresses);
	free(v->routes);
	free(v->neighbours);
	*v = (struct hp_net_view){.links = NULL};
}

int hp_net_link_up(struct hp_netlink *n, uint32_t index, uint32_t mtu, struct hp_error *err)
{
	struct ifinfomsg fixed = {
		.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWLINK, 0, &fixed, sizeof(fixed));
	if (mtu > 0)
		hp_netlink_put_u32(&r, IFLA_MTU, mtu);
	if (hp_netlink_ask(n, &r, err) < 0)
		return hp_wrap(err, "set link %u up", index);
	return 0;
}
