/* SPDX-License-Identifier: Apache-2.0 */
/* guest-network.c - tests of src/guest/network.c, with veth devices for a machine's. */
#include "guest/network.h"

#include "nets.h"

#define BYTES(...)                                                                             \
	{                                                                                      \
		.data = (uint8_t[]){__VA_ARGS__}, .len = sizeof((uint8_t[]){__VA_ARGS__})      \
	}

static uint8_t mac[] = {2, 0, 0, 0, 0, 7};

/* What is tested in a namespace of its own: as in a machine's init, its devices are in another. */
typedef void (*apart_fn)(struct hp_netlink *devices, struct hp_netlink *here);

static void apart(apart_fn fn)
{
	AUTO(hp_netlink_close) struct hp_netlink devices = HP_NETLINK_INIT;
	AUTO(hp_netlink_close) struct hp_netlink here = HP_NETLINK_INIT;
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int home = -1;

	assert_int_equal(hp_netns_open("/proc/self/ns/net", &home, &err), 0);
	nets_leave();
	nets_socket(-1, &here);
	nets_veth(&here, "a0", "a1", -1);
	hp_netlink_close(&here);
	if (hp_guest_network_leave(&devices, &err) < 0)
		fail_msg("%s", err.msg);
	nets_socket(-1, &here);
	fn(&devices, &here);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
}

static void sees_loopback_only(struct hp_netlink *devices, struct hp_netlink *here)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};

	nets_view(here, &v);
	assert_true(nets_find(&v, "lo")->flags & IFF_UP);
	for (size_t i = 0; i < v.n_links; i++)
		assert_string_not_equal(v.links[i].kind, "veth");
	assert_int_not_equal(nets_index(devices, "a0"), 0);
}

static void a_container_without_network_sees_loopback_only(void **state)
{
	(void)state;
	apart(sees_loopback_only);
}

static int set(struct hp_netlink *devices, Hp__Guest__Interface *i, Hp__Guest__Network *n,
	       struct hp_error *err)
{
	i->name = (char *)(uintptr_t) "eth0";
	n->interfaces = &i;
	n->n_interfaces = 1;
	return hp_guest_network_set(devices, n, err);
}

static const struct hp_net_route *default_of(const struct hp_net_view *v, uint8_t family)
{
	for (size_t i = 0; i < v->n_routes; i++) {
		const struct hp_net_route *r = &v->routes[i];

		if (r->table == RT_TABLE_MAIN && r->family == family && r->destination.len == 0)
			return r;
	}
	fail_msg("no default route");
	return NULL;
}

static void check_device(const struct hp_net_view *v)
{
	const struct hp_net_link *l = nets_find(v, "eth0");
	size_t addresses = 0;
	size_t neighbours = 0;

	assert_true(l->flags & IFF_UP);
	assert_int_equal(l->mtu, 1400);
	assert_memory_equal(l->mac, mac, 6);
	for (size_t i = 0; i < v->n_addresses; i++) {
		const struct hp_net_address *a = &v->addresses[i];

		addresses += a->link == l->index && a->prefix == 24 && a->ip.len == 4;
		addresses +=
			a->link == l->index && a->prefix == 96 && !(a->flags & IFA_F_TENTATIVE);
	}
	assert_int_equal(addresses, 2);
	for (size_t i = 0; i < v->n_neighbours; i++)
		neighbours += v->neighbours[i].link == l->index &&
			      v->neighbours[i].state == NUD_PERMANENT;
	assert_int_equal(neighbours, 1);
}

static void is_set_up(struct hp_netlink *devices, struct hp_netlink *here)
{
	Hp__Guest__Network n = HP__GUEST__NETWORK__INIT;
	Hp__Guest__Interface i = HP__GUEST__INTERFACE__INIT;
	Hp__Guest__Address four = HP__GUEST__ADDRESS__INIT;
	Hp__Guest__Address six = HP__GUEST__ADDRESS__INIT;
	Hp__Guest__Route out4 = HP__GUEST__ROUTE__INIT;
	Hp__Guest__Route out6 = HP__GUEST__ROUTE__INIT;
	Hp__Guest__Neighbour e = HP__GUEST__NEIGHBOUR__INIT;
	Hp__Guest__Address *addresses[] = {&four, &six};
	Hp__Guest__Route *routes[] = {&out4, &out6, &out4};
	Hp__Guest__Neighbour *neighbours[] = {&e};
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	struct hp_error err = HP_ERROR_INIT;

	i.mac = (ProtobufCBinaryData){.data = mac, .len = sizeof(mac)};
	i.mtu = 1400;
	four.address = (ProtobufCBinaryData)BYTES(10, 9, 0, 2);
	four.prefix = 24;
	six.address = (ProtobufCBinaryData)BYTES(0xfd, [15] = 2);
	six.prefix = 96;
	i.addresses = addresses;
	i.n_addresses = 2;
	/* A gateway that no other route leads to, and the same route twice. */
	out4.device = out6.device = e.device = (char *)(uintptr_t) "eth0";
	out4.gateway = e.address = (ProtobufCBinaryData)BYTES(169, 254, 1, 1);
	out4.metric = 7;
	out6.gateway = (ProtobufCBinaryData)BYTES(0xfd, [15] = 1);
	out6.ipv6 = true;
	e.mac = (ProtobufCBinaryData){.data = mac, .len = sizeof(mac)};
	n.routes = routes;
	n.n_routes = 3;
	n.neighbours = neighbours;
	n.n_neighbours = 1;
	if (set(devices, &i, &n, &err) < 0)
		fail_msg("%s", err.msg);
	nets_view(here, &v);
	check_device(&v);
	assert_int_equal(default_of(&v, AF_INET)->gateway.bytes[0], 169);
	assert_int_equal(default_of(&v, AF_INET)->metric, 7);
	assert_int_equal(default_of(&v, AF_INET6)->gateway.len, 16);
}

static void a_device_is_taken_over_and_set_up(void **state)
{
	(void)state;
	apart(is_set_up);
}

static void goes_by_ipv6(struct hp_netlink *devices, struct hp_netlink *here)
{
	Hp__Guest__Network n = HP__GUEST__NETWORK__INIT;
	Hp__Guest__Interface i = HP__GUEST__INTERFACE__INIT;
	Hp__Guest__Route out = HP__GUEST__ROUTE__INIT;
	Hp__Guest__Route *routes[] = {&out};
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	struct hp_error err = HP_ERROR_INIT;

	out.device = (char *)(uintptr_t) "eth0";
	out.gateway = (ProtobufCBinaryData)BYTES(0xfe, 0x80, [15] = 1);
	n.routes = routes;
	n.n_routes = 1;
	if (set(devices, &i, &n, &err) < 0)
		fail_msg("%s", err.msg);
	nets_view(here, &v);
	assert_int_equal(default_of(&v, AF_INET)->gateway.len, 16);
}

static void an_ipv4_route_may_go_by_ipv6(void **state)
{
	(void)state;
	apart(goes_by_ipv6);
}

static void is_refused(struct hp_netlink *devices, struct hp_netlink *here)
{
	AUTO(hp_netlink_close) struct hp_netlink closed = HP_NETLINK_INIT;
	Hp__Guest__Network n = HP__GUEST__NETWORK__INIT;
	Hp__Guest__Interface i = HP__GUEST__INTERFACE__INIT;
	Hp__Guest__Route out = HP__GUEST__ROUTE__INIT;
	Hp__Guest__Route *routes[] = {&out};
	struct hp_error err = HP_ERROR_INIT;

	(void)here;
	i.slot = 2;
	assert_int_equal(set(devices, &i, &n, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "no network device 2"));
	hp_error_clear(&err);
	i.slot = 0;
	assert_int_equal(set(&closed, &i, &n, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	out.device = (char *)(uintptr_t) "eth7";
	n.routes = routes;
	n.n_routes = 1;
	assert_int_equal(set(devices, &i, &n, &err), -1);
	assert_non_null(strstr(err.msg, "route 0"));
	assert_non_null(strstr(err.msg, "'eth7'"));
}

static void what_is_not_there_is_named(void **state)
{
	(void)state;
	apart(is_refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(a_container_without_network_sees_loopback_only),
		FDS_TEST(a_device_is_taken_over_and_set_up),
		FDS_TEST(an_ipv4_route_may_go_by_ipv6),
		FDS_TEST(what_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
