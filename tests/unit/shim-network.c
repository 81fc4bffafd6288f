/* SPDX-License-Identifier: Apache-2.0 */
/* shim-network.c - tests of src/shim/network.c, in namespaces that others fill as CNI does. */
#include "shim/network.h"

#include <sys/wait.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "nets.h"
#include "tap_host.h"
#include "torture.h"

/* The container's namespace, as one of our children would open it. */
struct world {
	struct hp_shim_network *network;
	struct hp_netlink ours, theirs;
	int netns_fd;
};

static void world_begin(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_shim_network_open("new", &w->network, &err) < 0 ||
	    hp_netns_open(hp_shim_network_path(w->network), &w->netns_fd, &err) < 0)
		fail_msg("%s", err.msg);
	nets_socket(-1, &w->ours);
	nets_socket(w->netns_fd, &w->theirs);
}

static void world_end(struct world *w)
{
	hp_shim_network_free(w->network);
	hp_netlink_close(&w->ours);
	hp_netlink_close(&w->theirs);
	close(w->netns_fd);
}

/* What a plugin does between Create and Start: "outer0" here, "eth0" there. */
static void plug(struct world *w)
{
	nets_veth(&w->ours, "outer0", "eth0", w->netns_fd);

	uint32_t outer = nets_index(&w->ours, "outer0");
	uint32_t eth0 = nets_index(&w->theirs, "eth0");

	nets_up(&w->ours, outer);
	nets_up(&w->theirs, eth0);
	nets_address(&w->ours, outer, "10.9.0.1", 24);
	nets_address(&w->theirs, eth0, "10.9.0.2", 24);
	nets_route(&w->theirs, eth0, NULL, 0, "10.9.0.1");
}

static void unplug(struct world *w)
{
	struct ifinfomsg outer = {.ifi_index = (int)nets_index(&w->ours, "outer0")};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_DELLINK, 0, &outer, sizeof(outer));
	nets_ask(&w->ours, &r);
}

static Hp__Guest__Network *read_network(struct world *w, struct hp_strv *warnings)
{
	struct hp_error err = HP_ERROR_INIT;
	Hp__Guest__Network *n = NULL;

	if (hp_shim_network_read(w->network, &n, warnings, &err) < 0)
		fail_msg("%s", err.msg);
	return n;
}

static void without_an_interface_there_is_none(void **state)
{
	AUTO(hp_strv_free) struct hp_strv warnings = {0};
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	struct hp_error err = HP_ERROR_INIT;
	struct world w;

	(void)state;
	world_begin(&w);

	Hp__Guest__Network *n = read_network(&w, &warnings);

	assert_int_equal(n->n_interfaces + n->n_routes, 0);
	assert_int_equal(warnings.count, 0);
	assert_int_equal(hp_shim_network_join(w.network, &err), 0);
	assert_true(hp_shim_network_tap_fd(w.network) >= 0);
	nets_view(&w.theirs, &v);
	assert_true(nets_find(&v, "lo")->flags & IFF_UP);
	assert_int_equal(nets_find(&v, "harpoon0")->flags & IFF_UP, 0);
	hp__guest__network__free_unpacked(n, NULL);
	world_end(&w);
}

static void connects_what_was_plugged_in(void **state)
{
	AUTO(hp_strv_free) struct hp_strv warnings = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct tap_host host = {.ip = htonl(0x0a090002)};
	struct world w;

	(void)state;
	world_begin(&w);
	plug(&w);

	Hp__Guest__Network *n = read_network(&w, &warnings);

	assert_int_equal(n->n_interfaces, 1);
	assert_string_equal(n->interfaces[0]->name, "eth0");
	assert_int_equal(n->interfaces[0]->n_addresses, 1);
	assert_int_equal(n->n_routes, 1);
	assert_int_equal(n->routes[0]->gateway.len, 4);
	assert_int_equal(warnings.count, 0);
	assert_int_equal(n->interfaces[0]->mac.len, sizeof(host.mac));
	memcpy(host.mac, n->interfaces[0]->mac.data, sizeof(host.mac));
	hp__guest__network__free_unpacked(n, NULL);
	assert_int_equal(hp_shim_network_join(w.network, &err), 0);
	host.fd = hp_shim_network_tap_fd(w.network);
	assert_true(tap_host_ping(&host, "10.9.0.2", 3000));
	assert_true(host.echoes >= 1);
	/* The plugin finds its interface as it was. */
	assert_int_not_equal(nets_index(&w.theirs, "eth0"), 0);
	/* Once it is undone the namespace answers again. */
	hp_shim_network_free(w.network);
	w.network = NULL;
	assert_true(tap_host_ping(NULL, "10.9.0.2", 3000));
	unplug(&w);
	world_end(&w);
}

static void of_two_machines_one_is_connected(void **state)
{
	AUTO(hp_strv_free) struct hp_strv warnings = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_shim_network_free) struct hp_shim_network *second = NULL;
	Hp__Guest__Network *n = NULL;
	struct world w;

	(void)state;
	world_begin(&w);
	plug(&w);
	assert_int_equal(hp_shim_network_open(hp_shim_network_path(w.network), &second, &err),
			 0);
	assert_int_equal(hp_shim_network_read(second, &n, &warnings, &err), 0);
	assert_int_equal(n->n_interfaces, 0);
	assert_int_equal(warnings.count, 1);
	assert_int_equal(hp_shim_network_join(second, &err), 0);
	hp__guest__network__free_unpacked(n, NULL);
	unplug(&w);
	world_end(&w);
}

static void leaves_the_hosts_network_alone(void **state)
{
	static const char *const hosts[] = {"host", "", "/proc/self/ns/net"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(hosts); i++) {
		AUTO(hp_strv_free) struct hp_strv warnings = {0};
		struct hp_error err = HP_ERROR_INIT;
		AUTO(hp_shim_network_free) struct hp_shim_network *host = NULL;
		Hp__Guest__Network *n = NULL;

		assert_int_equal(hp_shim_network_open(hosts[i], &host, &err), 0);
		assert_true(hp_shim_network_tap_fd(host) >= 0);
		assert_string_equal(hp_shim_network_path(host), "host");
		assert_int_equal(hp_shim_network_read(host, &n, &warnings, &err), 0);
		assert_int_equal(n->n_interfaces, 0);
		assert_int_equal(warnings.count, 1);
		assert_non_null(strstr(warnings.items[0], "cannot have the host's network"));
		assert_int_equal(hp_shim_network_join(host, &err), 0);
		hp__guest__network__free_unpacked(n, NULL);
		assert_int_equal(hp_shim_network_clear(hosts[i], &err), 0);
	}
}

static void says_which_namespace_is_none(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_network *n = NULL;

	(void)state;
	assert_int_equal(hp_shim_network_open("/run/netns/none-such", &n, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "/run/netns/none-such"));
	hp_error_clear(&err);
	assert_int_equal(hp_shim_network_open("/proc/self/status", &n, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_null(n);
}

static void says_when_the_tap_has_been_taken_away(void **state)
{
	AUTO(hp_strv_free) struct hp_strv warnings = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_request r;
	Hp__Guest__Network *n = NULL;
	struct world w;

	(void)state;
	world_begin(&w);

	struct ifinfomsg tap = {.ifi_index = (int)nets_index(&w.theirs, "harpoon0")};

	hp_netlink_begin(&r, RTM_DELLINK, 0, &tap, sizeof(tap));
	nets_ask(&w.theirs, &r);
	assert_int_equal(hp_shim_network_read(w.network, &n, &warnings, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "'harpoon0'"));
	world_end(&w);
}

/* A process that connects the namespace and ends without a word, as if it were killed. What it had
 * started may have the tap for a little longer. */
static void connect_and_die(const char *path, int64_t linger_ms)
{
	AUTO(hp_strv_free) struct hp_strv warnings = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_shim_network *network = NULL;
	Hp__Guest__Network *n = NULL;

	if (hp_shim_network_open(path, &network, &err) < 0 ||
	    hp_shim_network_read(network, &n, &warnings, &err) < 0 ||
	    hp_shim_network_join(network, &err) < 0)
		_exit(1);
	if (linger_ms > 0 && fork() == 0)
		hp_clock_sleep_ms(linger_ms);
	_exit(0);
}

static void clears_up_after_the_dead(void **state)
{
	static const int64_t lingers_ms[] = {0, 300};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(lingers_ms); i++) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO_FREE char *path = NULL;
		struct world w = {.network = NULL};
		int status = -1;
		pid_t pid;

		assert_int_equal(hp_netns_new(&w.netns_fd, &err), 0);
		nets_socket(-1, &w.ours);
		nets_socket(w.netns_fd, &w.theirs);
		plug(&w);
		path = hp_sprintf("/proc/%d/fd/%d", (int)getpid(), w.netns_fd);
		pid = fork();
		if (pid == 0)
			connect_and_die(path, lingers_ms[i]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_false(tap_host_ping(NULL, "10.9.0.2", 100));
		assert_int_equal(hp_shim_network_clear(path, &err), 0);
		assert_true(tap_host_ping(NULL, "10.9.0.2", 3000));
		assert_int_equal(hp_shim_network_clear(path, &err), 0);
		unplug(&w);
		world_end(&w);
	}
}

static void clears_nothing_of_the_living(void **state)
{
	AUTO(hp_strv_free) struct hp_strv warnings = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct tap_host host = {.mac = {2, 0, 0, 0, 0, 0x99}, .ip = htonl(0x0a090002)};
	struct world w;

	(void)state;
	world_begin(&w);
	plug(&w);
	hp__guest__network__free_unpacked(read_network(&w, &warnings), NULL);
	assert_int_equal(hp_shim_network_join(w.network, &err), 0);
	assert_int_equal(hp_shim_network_clear(hp_shim_network_path(w.network), &err), 0);
	host.fd = hp_shim_network_tap_fd(w.network);
	assert_true(tap_host_ping(&host, "10.9.0.2", 3000));
	assert_true(host.echoes >= 1);
	/* Nothing to clear, and nowhere. */
	assert_int_equal(hp_shim_network_clear("new", &err), 0);
	assert_int_equal(hp_shim_network_clear("/run/netns/none-such", &err), 0);
	assert_int_equal(hp_shim_network_clear("/proc/self/status", &err), 0);
	unplug(&w);
	world_end(&w);
}

static int all_of_it(void *data, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv warnings = {0};
	AUTO(hp_shim_network_free) struct hp_shim_network *network = NULL;
	Hp__Guest__Network *n = NULL;

	if (hp_shim_network_open(data, &network, err) < 0 ||
	    hp_shim_network_read(network, &n, &warnings, err) < 0)
		return -1;
	hp__guest__network__free_unpacked(n, NULL);
	return hp_shim_network_join(network, err);
}

static void survives_each_failure(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *path = NULL;
	struct world w = {.network = NULL};

	(void)state;
	assert_int_equal(hp_netns_new(&w.netns_fd, &err), 0);
	nets_socket(-1, &w.ours);
	nets_socket(w.netns_fd, &w.theirs);
	plug(&w);
	path = hp_sprintf("/proc/%d/fd/%d", (int)getpid(), w.netns_fd);
	torture_all(all_of_it, path, 25);
	unplug(&w);
	world_end(&w);
}

/* A start waits for all of this. Generous, for the machine that tests may be busy. */
static void is_quick(void **state)
{
	AUTO(hp_strv_free) struct hp_strv warnings = {0};
	struct hp_error err = HP_ERROR_INIT;
	int64_t t0 = hp_clock_ns();
	struct world w;
	int64_t open_ns;

	(void)state;
	world_begin(&w);
	open_ns = hp_clock_ns() - t0;
	plug(&w);
	t0 = hp_clock_ns();

	Hp__Guest__Network *n = read_network(&w, &warnings);
	int64_t read_ns = hp_clock_ns() - t0;

	assert_int_equal(hp_shim_network_join(w.network, &err), 0);
	print_message("# open %ld us, read %ld us, join %ld us\n", (long)(open_ns / 1000),
		      (long)(read_ns / 1000), (long)((hp_clock_ns() - t0 - read_ns) / 1000));
	assert_true(open_ns + hp_clock_ns() - t0 < 500 * INT64_C(1000000));
	hp__guest__network__free_unpacked(n, NULL);
	unplug(&w);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(without_an_interface_there_is_none),
		FDS_TEST(connects_what_was_plugged_in),
		FDS_TEST(of_two_machines_one_is_connected),
		FDS_TEST(leaves_the_hosts_network_alone),
		FDS_TEST(says_which_namespace_is_none),
		FDS_TEST(says_when_the_tap_has_been_taken_away),
		FDS_TEST(clears_up_after_the_dead),
		FDS_TEST(clears_nothing_of_the_living),
		FDS_TEST(survives_each_failure),
		FDS_TEST(is_quick),
	};

	nets_leave();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
