/* SPDX-License-Identifier: Apache-2.0 */
/* view.h - what a network namespace has: links, addresses, routes, neighbours.
 * From: Linux Documentation/netlink/specs/rt_link.yaml, rt_addr.yaml, rt_route.yaml, rt_neigh.yaml. */
#pragma once
#include <net/if.h>

#include "net/netlink.h"

#define HP_NET_ADDRESS_MAX 32 /* bytes of a hardware address. From: MAX_ADDR_LEN */

/* An IPv4 address has 4 bytes, an IPv6 address 16; 0: none. */
struct hp_net_ip {
	uint8_t bytes[16];
	uint8_t len;
};

struct hp_net_link {
	uint32_t index;
	uint32_t flags;  /* IFF_* */
	uint32_t master; /* index of the bridge or bond that it belongs to; 0: none */
	uint32_t mtu;
	uint16_t type; /* ARPHRD_* */
	char name[IF_NAMESIZE];
	char kind[16]; /* "veth", "tun"; "" for hardware */
	uint8_t mac[HP_NET_ADDRESS_MAX];
	uint8_t mac_len;
};

struct hp_net_address {
	uint32_t link;
	uint32_t flags; /* IFA_F_* */
	struct hp_net_ip ip;
	uint8_t prefix;
	uint8_t scope; /* RT_SCOPE_* */
};

struct hp_net_route {
	uint32_t link; /* 0: none or several */
	uint32_t table;
	uint32_t metric;
	struct hp_net_ip destination; /* none: the default route */
	struct hp_net_ip gateway;
	struct hp_net_ip source;
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t prefix;
	uint8_t scope;    /* RT_SCOPE_* */
	uint8_t protocol; /* RTPROT_* */
	uint8_t type;     /* RTN_* */
	bool manifold;    /* several next hops */
};

struct hp_net_neighbour {
	uint32_t link;
	uint16_t state; /* NUD_* */
	struct hp_net_ip ip;
	uint8_t mac[HP_NET_ADDRESS_MAX];
	uint8_t mac_len;
};

struct hp_net_view {
	struct hp_net_link *links; /* by index, once they were read */
	size_t n_links;
	struct hp_net_address *addresses;
	size_t n_addresses;
	struct hp_net_route *routes; /* of every table */
	size_t n_routes;
	struct hp_net_neighbour *neighbours;
	size_t n_neighbours;
};

/* Look at everything. Fails: as hp_netlink_dump(). */
int hp_net_view_read(struct hp_netlink *n, struct hp_net_view *ret,
		     struct hp_error *err) MUST_CHECK;
/* At the links alone. */
int hp_net_view_read_links(struct hp_netlink *n, struct hp_net_view *ret,
			   struct hp_error *err) MUST_CHECK;
void hp_net_view_clear(struct hp_net_view *v);
HP_AUTO_VALUE(struct hp_net_view, hp_net_view_clear);
/* Add what the messages of a dump say; others than RTM_NEW* of the four kinds are passed over.
 * Fails: HP_EPROTO - they are no messages. */
int hp_net_view_add(struct hp_net_view *v, struct hp_bytes dump,
		    struct hp_error *err) MUST_CHECK;

/* Set a link up. mtu: 0 leaves it as it is. */
int hp_net_link_up(struct hp_netlink *n, uint32_t index, uint32_t mtu,
		   struct hp_error *err) MUST_CHECK;
