/* SPDX-License-Identifier: Apache-2.0 */
/* net-view.c - tests of src/net/view.c. */
#include "net/view.h"

#include "nets.h"
#include "torture.h"

static const uint8_t gateway_mac[6] = {2, 0, 0, 0, 0, 7};

static bool ip_is(const struct hp_net_ip *ip, const char *text)
{
	struct hp_net_ip other = nets_ip(text);

	return ip->len == other.len && memcmp(ip->bytes, other.bytes, ip->len) == 0;
}

static const struct hp_net_address *find_address(const struct hp_net_view *v, const char *text)
{
	for (size_t i = 0; i < v->n_addresses; i++)
		if (ip_is(&v->addresses[i].ip, text))
			return &v->addresses[i];
	fail_msg("there is no address %s", text);
	return NULL;
}

/* A route of the main table; to: NULL for the default route of @family. */
static const struct hp_net_route *find_route(const struct hp_net_view *v, uint8_t family,
					     const char *to)
{
	for (size_t i = 0; i < v->n_routes; i++) {
		const struct hp_net_route *r = &v->routes[i];

		if (r->table == RT_TABLE_MAIN && r->family == family &&
		    (to ? ip_is(&r->destination, to) : r->destination.len == 0))
			return r;
	}
	fail_msg("there is no route to %s", to ? to : "everywhere");
	return NULL;
}

static void sees_links(const struct hp_net_view *v)
{
	const struct hp_net_link *l = nets_find(v, "eth0");

	assert_string_equal(l->kind, "veth");
	assert_int_equal(l->mac_len, 6);
	assert_int_equal(l->mtu, 1500);
	assert_int_equal(l->type, 1); /* ARPHRD_ETHER */
	assert_true(l->flags & IFF_UP);
	assert_int_equal(l->master, 0);
	assert_string_equal(nets_find(v, "bridge0")->kind, "bridge");
	assert_true(nets_find(v, "lo")->flags & IFF_LOOPBACK);
	for (size_t i = 1; i < v->n_links; i++)
		assert_true(v->links[i - 1].index < v->links[i].index);
}

static void sees_addresses(const struct hp_net_view *v, uint32_t eth0)
{
	const struct hp_net_address *a = find_address(v, "10.9.0.2");

	assert_int_equal(a->link, eth0);
	assert_int_equal(a->prefix, 24);
	assert_true(a->flags & IFA_F_PERMANENT);
	assert_int_equal(find_address(v, "fd00::2")->prefix, 64);
}

static void sees_routes(const struct hp_net_view *v, uint32_t eth0)
{
	const struct hp_net_route *r = find_route(v, AF_INET, NULL);

	assert_true(ip_is(&r->gateway, "10.9.0.1"));
	assert_int_equal(r->link, eth0);
	assert_int_equal(r->protocol, RTPROT_BOOT);
	assert_true(ip_is(&find_route(v, AF_INET6, NULL)->gateway, "fd00::1"));
	r = find_route(v, AF_INET, "192.0.2.0");
	assert_int_equal(r->prefix, 25);
	assert_int_equal(r->scope, RT_SCOPE_LINK);
	assert_int_equal(r->type, RTN_UNICAST);
	assert_int_equal(r->gateway.len, 0);
	assert_false(r->manifold);
	/* The route to an address's own network is the kernel's. */
	assert_int_equal(find_route(v, AF_INET, "10.9.0.0")->protocol, RTPROT_KERNEL);
	assert_true(ip_is(&find_route(v, AF_INET, "10.9.0.0")->source, "10.9.0.2"));
}

static void sees_neighbours(const struct hp_net_view *v, uint32_t eth0)
{
	size_t permanent = 0;

	for (size_t i = 0; i < v->n_neighbours; i++) {
		const struct hp_net_neighbour *e = &v->neighbours[i];

		if (e->state != NUD_PERMANENT)
			continue;
		permanent++;
		assert_int_equal(e->link, eth0);
		assert_true(ip_is(&e->ip, "10.9.0.1"));
		assert_int_equal(e->mac_len, 6);
		assert_memory_equal(e->mac, gateway_mac, 6);
	}
	assert_int_equal(permanent, 1);
}

static void reads_what_is_there(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_netlink_close) struct hp_netlink ours = HP_NETLINK_INIT;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	AUTO_CLOSE int fd = -1;

	(void)state;
	assert_int_equal(hp_netns_new(&fd, &err), 0);
	nets_socket(-1, &ours);
	nets_socket(fd, &n);
	nets_veth(&ours, "outer0", "eth0", fd);
	nets_device(&n, "bridge0", "bridge");

	uint32_t eth0 = nets_index(&n, "eth0");

	nets_up(&n, eth0);
	nets_address(&n, eth0, "10.9.0.2", 24);
	nets_address(&n, eth0, "fd00::2", 64);
	nets_route(&n, eth0, NULL, 0, "10.9.0.1");
	nets_route(&n, eth0, NULL, 0, "fd00::1");
	nets_route(&n, eth0, "192.0.2.0", 25, NULL);
	nets_neighbour(&n, eth0, "10.9.0.1", gateway_mac);
	nets_view(&n, &v);
	sees_links(&v);
	sees_addresses(&v, eth0);
	sees_routes(&v, eth0);
	sees_neighbours(&v, eth0);
}

static void tells_routes_that_are_unusual(void **state)
{
	/* From: struct rtvia, a family and an address behind it without a gap. */
	uint8_t via[2 + 16] = {AF_INET6, 0, 0xfe, 0x80, [17] = 1};
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	struct hp_error err = HP_ERROR_INIT;
	struct rtmsg fixed = {.rtm_family = AF_INET, .rtm_table = RT_TABLE_COMPAT};
	struct hp_netlink_request r;

	(void)state;
	hp_netlink_begin(&r, RTM_NEWROUTE, 0, &fixed, sizeof(fixed));
	hp_netlink_put_u32(&r, RTA_TABLE, 1000);
	hp_netlink_put(&r, RTA_MULTIPATH, "hops", 4);
	hp_netlink_put(&r, RTA_VIA, via, sizeof(via));
	hp_netlink_put(&r, RTA_DST, "five!", 5);
	assert_int_equal(hp_net_view_add(&v, hp_netlink_end(&r, 0, 1), &err), 0);
	assert_int_equal(v.n_routes, 1);
	assert_int_equal(v.routes[0].table, 1000);
	assert_true(v.routes[0].manifold);
	assert_true(ip_is(&v.routes[0].gateway, "fe80::1"));
	assert_int_equal(v.routes[0].destination.len, 0);
}

static void passes_over_what_it_does_not_know(void **state)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	struct ifinfomsg port = {.ifi_family = AF_BRIDGE};
	struct rtmsg label = {.rtm_family = 28}; /* AF_MPLS */
	struct ifaddrmsg bare = {.ifa_family = AF_INET};
	struct ndmsg blank = {.ndm_family = AF_INET};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_request r;

	(void)state;
	hp_netlink_begin(&r, RTM_NEWLINK, 0, &port, sizeof(port));
	assert_int_equal(hp_net_view_add(&v, hp_netlink_end(&r, 0, 1), &err), 0);
	hp_netlink_begin(&r, RTM_NEWROUTE, 0, &label, sizeof(label));
	assert_int_equal(hp_net_view_add(&v, hp_netlink_end(&r, 0, 1), &err), 0);
	hp_netlink_begin(&r, RTM_NEWADDR, 0, &bare, sizeof(bare));
	assert_int_equal(hp_net_view_add(&v, hp_netlink_end(&r, 0, 1), &err), 0);
	hp_netlink_begin(&r, RTM_NEWNEIGH, 0, &blank, sizeof(blank));
	assert_int_equal(hp_net_view_add(&v, hp_netlink_end(&r, 0, 1), &err), 0);
	hp_netlink_begin(&r, NLMSG_DONE, 0, "", 0);
	assert_int_equal(hp_net_view_add(&v, hp_netlink_end(&r, 0, 1), &err), 0);
	assert_int_equal(v.n_links + v.n_routes + v.n_addresses + v.n_neighbours, 0);
}

static void refuses_what_is_cut_off(void **state)
{
	static const uint16_t types[] = {RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(types); i++) {
		AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
		struct hp_error err = HP_ERROR_INIT;
		struct hp_netlink_request r;

		hp_netlink_begin(&r, types[i], 0, "abc", 4);
		assert_int_equal(hp_net_view_add(&v, hp_netlink_end(&r, 0, 1), &err), -1);
		assert_int_equal(err.code, HP_EPROTO);
	}
}

static void sets_links_up(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};

	(void)state;
	nets_socket(-1, &n);
	nets_device(&n, "lift", "bridge");
	assert_int_equal(hp_net_link_up(&n, nets_index(&n, "lift"), 1400, &err), 0);
	assert_int_equal(hp_net_link_up(&n, nets_index(&n, "lift"), 0, &err), 0);
	nets_view(&n, &v);
	assert_true(nets_find(&v, "lift")->flags & IFF_UP);
	assert_int_equal(nets_find(&v, "lift")->mtu, 1400);
}

static void says_which_link_does_not_go_up(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;

	(void)state;
	nets_socket(-1, &n);
	assert_int_equal(hp_net_link_up(&n, 4321, 0, &err), -1);
	assert_non_null(strstr(err.msg, "set link 4321 up"));
}

static int read_view(void *data, struct hp_error *err)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};

	return hp_net_view_read(data, &v, err);
}

static void survives_each_failure(void **state)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;

	(void)state;
	nets_socket(-1, &n);
	torture_all(read_view, &n, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_what_is_there),
		FDS_TEST(tells_routes_that_are_unusual),
		FDS_TEST(passes_over_what_it_does_not_know),
		FDS_TEST(refuses_what_is_cut_off),
		FDS_TEST(sets_links_up),
		FDS_TEST(says_which_link_does_not_go_up),
		FDS_TEST(survives_each_failure),
	};

	nets_leave();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
