/* SPDX-License-Identifier: Apache-2.0 */
/* shim-connect.c - tests of src/shim/connect.c: what Start tells the guest of the network. */
#include "shim/connect.h"

#include "fake/shim_calls.h"
#include "nets.h"

/* A shim whose container has a network namespace with "eth0" in it, plugged into "outer0" here. */
struct net_world {
	struct shim_world w;
	struct hp_netlink ours, theirs;
	int netns_fd;
};

static void net_open(struct net_world *n, const char *netns)
{
	struct hp_error err = HP_ERROR_INIT;

	shim_world_open(&n->w);
	if (hp_shim_network_open(netns, &n->w.shim.network, &err) < 0)
		fail_msg("%s", err.msg);
}

static void plug(struct net_world *n)
{
	struct hp_error err = HP_ERROR_INIT;
	const char *path = hp_shim_network_path(n->w.shim.network);

	assert_int_equal(hp_netns_open(path, &n->netns_fd, &err), 0);
	nets_socket(-1, &n->ours);
	nets_socket(n->netns_fd, &n->theirs);
	nets_veth(&n->ours, "outer0", "eth0", n->netns_fd);
	nets_up(&n->theirs, nets_index(&n->theirs, "eth0"));
	nets_address(&n->theirs, nets_index(&n->theirs, "eth0"), "10.9.0.2", 24);
}

static void unplug(struct net_world *n)
{
	struct ifinfomsg outer = {.ifi_index = (int)nets_index(&n->ours, "outer0")};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_DELLINK, 0, &outer, sizeof(outer));
	nets_ask(&n->ours, &r);
	hp_netlink_close(&n->ours);
	hp_netlink_close(&n->theirs);
	close(n->netns_fd);
}

/* The network that the guest was told of; NULL: of none. */
static const Hp__Guest__Network *told(const struct net_world *n)
{
	const struct guest_call *call = guest_find(&n->w.guest, "Setup", 1);

	return call ? ((const Hp__Guest__SetupRequest *)(const void *)call->request)->network
		    : NULL;
}

static void tells_what_has_come_since_create(void **state)
{
	const Hp__Guest__SetupRequest *again;
	struct net_world n;

	(void)state;
	net_open(&n, "new");
	assert_int_equal(world_create(&n.w, ""), HP_OK);
	assert_null(told(&n));
	plug(&n);
	assert_int_equal(world_start(&n.w, ""), HP_OK);
	assert_non_null(told(&n));
	assert_int_equal(told(&n)->n_interfaces, 1);
	assert_string_equal(told(&n)->interfaces[0]->name, "eth0");
	assert_int_equal(told(&n)->interfaces[0]->n_addresses, 1);
	/* The rest of what it was set up with stays. */
	again = (const void *)guest_find(&n.w.guest, "Setup", 1)->request;
	assert_string_equal(again->hostname, "");
	assert_true(again->unix_ns == 0);
	unplug(&n);
	shim_world_close(&n.w);
}

static void without_a_network_nothing_is_told(void **state)
{
	static const char *const kinds[] = {"new", "host"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(kinds); i++) {
		struct net_world n;

		net_open(&n, kinds[i]);
		world_run(&n.w);
		assert_null(told(&n));
		assert_int_equal(world_state(&n.w, "")->status, HP__SHIM__STATUS__RUNNING);
		shim_world_close(&n.w);
	}
}

static void a_guest_that_cannot_is_not_started(void **state)
{
	struct net_world n;

	(void)state;
	net_open(&n, "new");
	plug(&n);
	assert_int_equal(world_create(&n.w, ""), HP_OK);
	n.w.guest.refuse = "Setup";
	n.w.guest.refusal = HP_EIO;
	n.w.guest.refuse_words = "network: no device";
	assert_int_not_equal(world_start(&n.w, ""), HP_OK);
	assert_non_null(strstr(world_last(&n.w)->why.msg, "network: no device"));
	assert_null(guest_find(&n.w.guest, "Start", 0));
	assert_int_equal(world_state(&n.w, "")->status, HP__SHIM__STATUS__STOPPED);
	unplug(&n);
	shim_world_close(&n.w);
}

static void a_tap_that_was_taken_away_is_told(void **state)
{
	struct hp_netlink_request r;
	struct net_world n;

	(void)state;
	net_open(&n, "new");
	plug(&n);

	struct ifinfomsg tap = {.ifi_index = (int)nets_index(&n.theirs, "harpoon0")};

	hp_netlink_begin(&r, RTM_DELLINK, 0, &tap, sizeof(tap));
	nets_ask(&n.theirs, &r);
	assert_int_equal(world_create(&n.w, ""), HP_OK);
	assert_int_not_equal(world_start(&n.w, ""), HP_OK);
	assert_non_null(strstr(world_last(&n.w)->why.msg, "'harpoon0' has been taken away"));
	unplug(&n);
	shim_world_close(&n.w);
}

static void delete_lets_go(void **state)
{
	struct net_world n;

	(void)state;
	net_open(&n, "new");
	plug(&n);
	assert_int_equal(world_create(&n.w, ""), HP_OK);
	assert_int_equal(world_delete(&n.w, ""), HP_OK);
	assert_null(n.w.shim.network);
	unplug(&n);
	shim_world_close(&n.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(tells_what_has_come_since_create),
		FDS_TEST(without_a_network_nothing_is_told),
		FDS_TEST(a_guest_that_cannot_is_not_started),
		FDS_TEST(a_tap_that_was_taken_away_is_told),
		FDS_TEST(delete_lets_go),
	};

	nets_leave();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
