/* SPDX-License-Identifier: Apache-2.0 */
/* network_choice.c - owns which interface a machine gets, and which of its routes, addresses and
 * neighbours the guest is told of. */
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

#include "base/alloc.h"
#include "shim/network_parts.h"

#define MAC_LEN 6
#define TAP_MTU 65521 /* the most. From: Linux drivers/net/tun.c, MAX_MTU */

bool hp_shim__network_is_tap(const struct hp_net_link *l)
{
	return hp_str_eq(l->kind, "tun") &&
	       strncmp(l->name, HP_SHIM__TAP, strlen(HP_SHIM__TAP) - strlen("%d")) == 0;
}

bool hp_shim__network_is_fit(const struct hp_net_link *l)
{
	return l->type == ARPHRD_ETHER && l->mac_len == MAC_LEN && l->flags & IFF_UP &&
	       !(l->flags & IFF_LOOPBACK) && l->master == 0 && !hp_shim__network_is_tap(l);
}

static bool is_default(const struct hp_net_route *r)
{
	return r->table == RT_TABLE_MAIN && r->type == RTN_UNICAST && r->destination.len == 0;
}

static bool leads_out(const struct hp_net_view *v, const struct hp_net_link *l)
{
	for (size_t i = 0; i < v->n_routes; i++)
		if (is_default(&v->routes[i]) && v->routes[i].link == l->index)
			return true;
	return false;
}

/* Two machines cannot share an interface: they would answer with one address. */
static const struct hp_net_link *find_other_tap(const struct hp_net_view *v, uint32_t tap)
{
	for (size_t i = 0; i < v->n_links; i++)
		if (hp_shim__network_is_tap(&v->links[i]) && v->links[i].index != tap)
			return &v->links[i];
	return NULL;
}

const struct hp_net_link *hp_shim__network_choose(const struct hp_net_view *v, uint32_t tap,
						  struct hp_strv *warnings)
{
	const struct hp_net_link *other = find_other_tap(v, tap);
	const struct hp_net_link *chosen = NULL;

	for (size_t i = 0; i < v->n_links && !other; i++) {
		const struct hp_net_link *l = &v->links[i];

		if (!hp_shim__network_is_fit(l))
			continue;
		if (!chosen || (leads_out(v, l) && !leads_out(v, chosen)))
			chosen = l;
	}
	for (size_t i = 0; i < v->n_links; i++) {
		const struct hp_net_link *l = &v->links[i];

		if (!hp_shim__network_is_fit(l) || l == chosen)
			continue;
		if (other)
			hp_strv_addf(warnings,
				     "the interface '%s' belongs to another machine, which has "
				     "'%s': this one does without",
				     l->name, other->name);
		else
			hp_strv_addf(warnings,
				     "the interface '%s' is left out: the machine's only "
				     "network device is '%s'",
				     l->name, chosen->name);
	}
	return chosen;
}

uint32_t hp_shim__network_mtu(const struct hp_net_link *l)
{
	return l->mtu < TAP_MTU ? l->mtu : TAP_MTU;
}

static ProtobufCBinaryData bytes_of(const void *data, size_t len)
{
	return (ProtobufCBinaryData){.data = len ? hp_memdup(data, len) : NULL, .len = len};
}

static bool is_link_local(const struct hp_net_ip *ip)
{
	return ip->len == 16 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

/* What the guest's kernel finds by itself, as this one did, is left to it: an IPv6 address that is
 * made of the MAC, or of what a router said. */
static bool is_given(const struct hp_net_address *a)
{
	if (a->ip.len == 4)
		return a->scope != RT_SCOPE_HOST;
	return a->flags & IFA_F_PERMANENT && !(a->flags & IFA_F_DADFAILED) &&
	       !is_link_local(&a->ip);
}

static void describe_interface(const struct hp_net_view *v, const struct hp_net_link *l,
			       Hp__Guest__Network *n)
{
	Hp__Guest__Interface *i = hp_alloc(sizeof(*i));

	hp__guest__interface__init(i);
	i->name = hp_strdup(l->name);
	i->mac = bytes_of(l->mac, l->mac_len);
	i->mtu = hp_shim__network_mtu(l);
	i->addresses = hp_alloc_array(v->n_addresses, sizeof(*i->addresses));
	for (size_t k = 0; k < v->n_addresses; k++) {
		const struct hp_net_address *from = &v->addresses[k];

		if (from->link != l->index || !is_given(from))
			continue;

		Hp__Guest__Address *a = hp_alloc(sizeof(*a));

		hp__guest__address__init(a);
		a->address = bytes_of(from->ip.bytes, from->ip.len);
		a->prefix = from->prefix;
		i->addresses[i->n_addresses++] = a;
	}
	n->interfaces = hp_alloc_array(1, sizeof(*n->interfaces));
	n->interfaces[n->n_interfaces++] = i;
}

/* Is it one that somebody has set? The guest's kernel makes those of its addresses itself. */
static bool is_set(const struct hp_net_route *r)
{
	return r->table == RT_TABLE_MAIN && r->type == RTN_UNICAST &&
	       r->protocol != RTPROT_KERNEL && r->protocol != RTPROT_RA &&
	       r->protocol != RTPROT_REDIRECT;
}

static Hp__Guest__Route *describe_route(const struct hp_net_route *from,
					const struct hp_net_link *l)
{
	Hp__Guest__Route *r = hp_alloc(sizeof(*r));

	hp__guest__route__init(r);
	r->destination = bytes_of(from->destination.bytes, from->destination.len);
	r->prefix = from->prefix;
	r->gateway = bytes_of(from->gateway.bytes, from->gateway.len);
	r->device = hp_strdup(l->name);
	r->source = bytes_of(from->source.bytes, from->source.len);
	r->metric = from->metric;
	r->scope = from->scope;
	r->ipv6 = from->family == AF_INET6;
	return r;
}

/* Add the routes that go through a gateway, or those that do not. */
static void describe_routes(const struct hp_net_view *v, const struct hp_net_link *l,
			    bool gateway, Hp__Guest__Network *n)
{
	for (size_t i = 0; i < v->n_routes; i++) {
		const struct hp_net_route *r = &v->routes[i];

		if (is_set(r) && r->link == l->index && (r->gateway.len > 0) == gateway)
			n->routes[n->n_routes++] = describe_route(r, l);
	}
}

static void describe_neighbours(const struct hp_net_view *v, const struct hp_net_link *l,
				Hp__Guest__Network *n)
{
	n->neighbours = hp_alloc_array(v->n_neighbours, sizeof(*n->neighbours));
	for (size_t i = 0; i < v->n_neighbours; i++) {
		const struct hp_net_neighbour *from = &v->neighbours[i];

		if (from->link != l->index || !(from->state & NUD_PERMANENT) ||
		    from->mac_len != MAC_LEN)
			continue;

		Hp__Guest__Neighbour *e = hp_alloc(sizeof(*e));

		hp__guest__neighbour__init(e);
		e->address = bytes_of(from->ip.bytes, from->ip.len);
		e->mac = bytes_of(from->mac, from->mac_len);
		e->device = hp_strdup(l->name);
		n->neighbours[n->n_neighbours++] = e;
	}
}

Hp__Guest__Network *hp_shim__network_describe(const struct hp_net_view *v,
					      const struct hp_net_link *l,
					      struct hp_strv *warnings)
{
	Hp__Guest__Network *n = hp_alloc(sizeof(*n));
	size_t manifold = 0;

	hp__guest__network__init(n);
	if (!l)
		return n;
	describe_interface(v, l, n);
	n->routes = hp_alloc_array(v->n_routes, sizeof(*n->routes));
	/* What leads to a gateway must be there before what goes through it. */
	describe_routes(v, l, false, n);
	describe_routes(v, l, true, n);
	describe_neighbours(v, l, n);
	for (size_t i = 0; i < v->n_routes; i++)
		manifold += is_set(&v->routes[i]) && v->routes[i].manifold;
	if (manifold > 0)
		hp_strv_addf(warnings, "%zu routes with several next hops are left out",
			     manifold);
	return n;
}
