/* SPDX-License-Identifier: Apache-2.0 */
/* shim-network_choice.c - tests of src/shim/network_choice.c, on views that are made up. */
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

#include "fds.h"
#include "shim/network_parts.h"

#define COUNT(a) .a = a, .n_##a = HP_ARRAY_LEN(a)

static struct hp_net_link ethernet(uint32_t index, const char *name)
{
	struct hp_net_link l = {.index = index,
				.flags = IFF_UP,
				.mtu = 1450,
				.type = ARPHRD_ETHER,
				.kind = "veth",
				.mac = {2, 0, 0, 0, 0, (uint8_t)index},
				.mac_len = 6};

	memcpy(l.name, name, strlen(name));
	return l;
}

static struct hp_net_link tap(uint32_t index, const char *name)
{
	struct hp_net_link l = ethernet(index, name);

	memcpy(l.kind, "tun", 4);
	return l;
}

static struct hp_net_link loopback(void)
{
	struct hp_net_link l = {.index = 1,
				.flags = IFF_UP | IFF_LOOPBACK,
				.mtu = 65536,
				.type = ARPHRD_LOOPBACK,
				.name = "lo",
				.mac_len = 6};

	return l;
}

static struct hp_net_route route(uint32_t link, uint8_t protocol)
{
	return (struct hp_net_route){.link = link,
				     .table = RT_TABLE_MAIN,
				     .family = AF_INET,
				     .protocol = protocol,
				     .type = RTN_UNICAST};
}

static void nothing_but_loopback_is_nothing(void **state)
{
	struct hp_net_link links[] = {loopback(), tap(2, "harpoon0")};
	struct hp_net_view v = {COUNT(links)};
	AUTO(hp_strv_free) struct hp_strv warnings = {0};

	(void)state;
	assert_null(hp_shim__network_choose(&v, 2, &warnings));
	assert_int_equal(warnings.count, 0);

	Hp__Guest__Network *n = hp_shim__network_describe(&v, NULL, &warnings);

	assert_int_equal(n->n_interfaces + n->n_routes + n->n_neighbours, 0);
	hp__guest__network__free_unpacked(n, NULL);
}

static void chooses_what_leads_out(void **state)
{
	struct hp_net_link links[] = {loopback(), tap(2, "harpoon0"), ethernet(3, "eth0"),
				      ethernet(4, "eth1"), ethernet(5, "eth2")};
	struct hp_net_route routes[] = {route(4, RTPROT_BOOT)};
	struct hp_net_view v = {COUNT(links)};
	AUTO(hp_strv_free) struct hp_strv warnings = {0};

	(void)state;
	assert_int_equal(hp_shim__network_choose(&v, 2, &warnings)->index, 3);
	assert_int_equal(warnings.count, 2);
	assert_non_null(strstr(warnings.items[0], "'eth1' is left out"));
	assert_non_null(strstr(warnings.items[1], "'eth2' is left out"));
	v = (struct hp_net_view){COUNT(links), COUNT(routes)};
	assert_int_equal(hp_shim__network_choose(&v, 2, &warnings)->index, 4);
	assert_int_equal(warnings.count, 4);
	assert_non_null(strstr(warnings.items[2], "'eth0' is left out"));
}

static void passes_over_what_is_not_fit(void **state)
{
	struct hp_net_link links[] = {ethernet(3, "down"), ethernet(4, "port"),
				      ethernet(5, "tunl0"), ethernet(6, "ib0"),
				      ethernet(7, "eth0")};
	struct hp_net_view v = {COUNT(links)};
	AUTO(hp_strv_free) struct hp_strv warnings = {0};

	(void)state;
	links[0].flags = 0;
	links[1].master = 9;
	links[2].type = ARPHRD_TUNNEL;
	links[3].mac_len = 20;
	assert_int_equal(hp_shim__network_choose(&v, 2, &warnings)->index, 7);
	assert_int_equal(warnings.count, 0);
}

static void leaves_another_machine_its_own(void **state)
{
	struct hp_net_link links[] = {ethernet(3, "eth0"), tap(4, "harpoon0"),
				      tap(5, "harpoon1")};
	struct hp_net_view v = {COUNT(links)};
	AUTO(hp_strv_free) struct hp_strv warnings = {0};

	(void)state;
	assert_null(hp_shim__network_choose(&v, 5, &warnings));
	assert_int_equal(warnings.count, 1);
	assert_non_null(strstr(warnings.items[0], "'eth0' belongs to another machine"));
	assert_non_null(strstr(warnings.items[0], "'harpoon0'"));
	/* A tap of somebody else's is an interface like others. */
	memcpy(links[1].name, "vpn0", 5);
	assert_int_equal(hp_shim__network_choose(&v, 5, &warnings)->index, 3);
}

static struct hp_net_address address(uint32_t link, const uint8_t *bytes, uint8_t len,
				     uint32_t flags)
{
	struct hp_net_address a = {.link = link, .flags = flags, .prefix = 24};

	memcpy(a.ip.bytes, bytes, len);
	a.ip.len = len;
	return a;
}

static void tells_the_addresses_that_were_given(void **state)
{
	static const uint8_t ten[16] = {10, 0, 0, 1};
	static const uint8_t global[16] = {0xfd};
	static const uint8_t local[16] = {0xfe, 0x80};
	struct hp_net_link links[] = {ethernet(3, "eth0")};
	struct hp_net_address addresses[] = {
		address(3, ten, 4, 0),
		address(4, ten, 4, IFA_F_PERMANENT), /* of another link */
		address(3, ten, 4, 0),               /* of the host itself, below */
		address(3, global, 16, IFA_F_PERMANENT),
		address(3, global, 16, 0), /* a router said so */
		address(3, global, 16, IFA_F_PERMANENT | IFA_F_DADFAILED),
		address(3, local, 16, IFA_F_PERMANENT),
	};
	struct hp_net_view v = {COUNT(links), COUNT(addresses)};
	AUTO(hp_strv_free) struct hp_strv warnings = {0};

	(void)state;
	addresses[2].scope = RT_SCOPE_HOST;

	Hp__Guest__Network *n = hp_shim__network_describe(&v, &links[0], &warnings);
	const Hp__Guest__Interface *i = n->interfaces[0];

	assert_int_equal(n->n_interfaces, 1);
	assert_int_equal(i->slot, 0);
	assert_string_equal(i->name, "eth0");
	assert_int_equal(i->mtu, 1450);
	assert_int_equal(i->mac.len, 6);
	assert_int_equal(i->mac.data[5], 3);
	assert_int_equal(i->n_addresses, 2);
	assert_int_equal(i->addresses[0]->address.len, 4);
	assert_int_equal(i->addresses[0]->prefix, 24);
	assert_memory_equal(i->addresses[0]->address.data, ten, 4);
	assert_memory_equal(i->addresses[1]->address.data, global, 16);
	hp__guest__network__free_unpacked(n, NULL);
}

static void tells_the_routes_that_were_set(void **state)
{
	struct hp_net_link links[] = {ethernet(3, "eth0")};
	struct hp_net_route routes[] = {
		route(3, RTPROT_BOOT), /* through a gateway, below */
		route(3, RTPROT_KERNEL), route(3, RTPROT_RA),     route(3, RTPROT_REDIRECT),
		route(4, RTPROT_BOOT),   route(3, RTPROT_STATIC), /* to it */
		route(3, RTPROT_STATIC), route(3, RTPROT_STATIC), route(0, RTPROT_STATIC),
	};
	struct hp_net_view v = {COUNT(links), COUNT(routes)};
	AUTO(hp_strv_free) struct hp_strv warnings = {0};

	(void)state;
	routes[0].gateway = (struct hp_net_ip){.bytes = {169, 254, 1, 1}, .len = 4};
	routes[0].metric = 100;
	routes[5].destination = routes[0].gateway;
	routes[5].prefix = 32;
	routes[5].scope = RT_SCOPE_LINK;
	routes[6].table = RT_TABLE_LOCAL;
	routes[7].type = RTN_BLACKHOLE;
	routes[8].manifold = true;

	Hp__Guest__Network *n = hp_shim__network_describe(&v, &links[0], &warnings);

	assert_int_equal(n->n_routes, 2);
	assert_int_equal(n->routes[0]->gateway.len, 0);
	assert_int_equal(n->routes[0]->prefix, 32);
	assert_int_equal(n->routes[0]->scope, RT_SCOPE_LINK);
	assert_string_equal(n->routes[0]->device, "eth0");
	assert_int_equal(n->routes[1]->destination.len, 0);
	assert_int_equal(n->routes[1]->gateway.len, 4);
	assert_int_equal(n->routes[1]->metric, 100);
	assert_false(n->routes[1]->ipv6);
	assert_int_equal(warnings.count, 1);
	assert_non_null(strstr(warnings.items[0], "1 routes with several next hops"));
	hp__guest__network__free_unpacked(n, NULL);
}

static void tells_the_neighbours_that_stay(void **state)
{
	struct hp_net_link links[] = {ethernet(3, "eth0")};
	struct hp_net_neighbour neighbours[] = {
		{.link = 3, .state = NUD_PERMANENT, .ip.len = 4, .mac_len = 6},
		{.link = 4, .state = NUD_PERMANENT, .ip.len = 4, .mac_len = 6},
		{.link = 3, .state = NUD_REACHABLE, .ip.len = 4, .mac_len = 6},
		{.link = 3, .state = NUD_PERMANENT, .ip.len = 16, .mac_len = 0},
	};
	struct hp_net_view v = {COUNT(links), COUNT(neighbours)};
	AUTO(hp_strv_free) struct hp_strv warnings = {0};

	(void)state;

	Hp__Guest__Network *n = hp_shim__network_describe(&v, &links[0], &warnings);

	assert_int_equal(n->n_neighbours, 1);
	assert_string_equal(n->neighbours[0]->device, "eth0");
	assert_int_equal(n->neighbours[0]->address.len, 4);
	assert_int_equal(n->neighbours[0]->mac.len, 6);
	hp__guest__network__free_unpacked(n, NULL);
}

static void knows_what_both_ends_can_have(void **state)
{
	struct hp_net_link l = ethernet(3, "eth0");

	(void)state;
	assert_int_equal(hp_shim__network_mtu(&l), 1450);
	l.mtu = 65535;
	assert_int_equal(hp_shim__network_mtu(&l), 65521);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(nothing_but_loopback_is_nothing),
		FDS_TEST(chooses_what_leads_out),
		FDS_TEST(passes_over_what_is_not_fit),
		FDS_TEST(leaves_another_machine_its_own),
		FDS_TEST(tells_the_addresses_that_were_given),
		FDS_TEST(tells_the_routes_that_were_set),
		FDS_TEST(tells_the_neighbours_that_stay),
		FDS_TEST(knows_what_both_ends_can_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
