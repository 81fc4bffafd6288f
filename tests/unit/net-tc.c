/* SPDX-License-Identifier: Apache-2.0 */
/* net-tc.c - tests of src/net/tc.c: frames go from a veth pair to a tap and back, and the network
 * stack between them does not see them. */
#include "net/tc.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include "net/tap.h"
#include "nets.h"
#include "tap_host.h"
#include "torture.h"

/* "outer0" here has 10.9.0.1; "eth0" in a namespace of its own has 10.9.0.2; the tap is there. */
struct world {
	struct hp_netlink ours, theirs;
	int netns_fd;
	uint32_t eth0, tap;
	struct tap_host host;
};

static int open_tap(void *data, struct hp_error *err)
{
	char name[IF_NAMESIZE];

	return hp_tap_open("harpoon%d", name, data, err);
}

static void world_begin(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;

	*w = (struct world){.host = {.mac = {2, 0, 0, 0, 0, 0x99}, .ip = htonl(0x0a090002)}};
	assert_int_equal(hp_netns_new(&w->netns_fd, &err), 0);
	assert_int_equal(hp_netns_call(w->netns_fd, open_tap, &w->host.fd, &err), 0);
	nets_socket(-1, &w->ours);
	nets_socket(w->netns_fd, &w->theirs);
	nets_veth(&w->ours, "outer0", "eth0", w->netns_fd);
	w->eth0 = nets_index(&w->theirs, "eth0");
	w->tap = nets_index(&w->theirs, "harpoon0");

	uint32_t outer = nets_index(&w->ours, "outer0");

	nets_up(&w->ours, outer);
	nets_up(&w->theirs, w->eth0);
	nets_address(&w->ours, outer, "10.9.0.1", 24);
	nets_address(&w->theirs, w->eth0, "10.9.0.2", 24);
	nets_up(&w->theirs, w->tap);
}

/* The pair goes first: a namespace that has ended is cleared away later. */
static void world_end(struct world *w)
{
	struct ifinfomsg outer = {.ifi_index = (int)nets_index(&w->ours, "outer0")};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_DELLINK, 0, &outer, sizeof(outer));
	nets_ask(&w->ours, &r);
	hp_netlink_close(&w->ours);
	hp_netlink_close(&w->theirs);
	close(w->host.fd);
	close(w->netns_fd);
}

static void redirect(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_tc_redirect(&w->theirs, w->tap, w->eth0, &err) < 0 ||
	    hp_tc_redirect(&w->theirs, w->eth0, w->tap, &err) < 0)
		fail_msg("%s", err.msg);
}

/* How many queues or filters of "eth0" have this parent. */
static size_t count_of(struct world *w, uint16_t get, uint16_t type, uint32_t parent)
{
	struct tcmsg fixed = {.tcm_ifindex = (int)w->eth0, .tcm_parent = parent};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct hp_netlink_request r;
	struct hp_netlink_message m;
	size_t count = 0;

	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	hp_netlink_begin(&r, get, 0, &fixed, sizeof(fixed));
	assert_int_equal(hp_netlink_dump(&w->theirs, &r, &dump, &err), 0);
	for (struct hp_bytes in = hp_buf_bytes(&dump); hp_netlink_next(&in, &m, &err) > 0;) {
		if (m.type != type)
			continue;
		memcpy(&fixed, m.body.data, sizeof(fixed));
		count += fixed.tcm_ifindex == (int)w->eth0 && fixed.tcm_parent == parent;
	}
	return count;
}

static size_t queues(struct world *w)
{
	return count_of(w, RTM_GETQDISC, RTM_NEWQDISC, TC_H_INGRESS);
}

#define FILTER 3 /* one is dumped as its place among others, its table, and what is in that */

static size_t filters(struct world *w)
{
	return count_of(w, RTM_GETTFILTER, RTM_NEWTFILTER,
			TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS));
}

static void frames_pass_both_ways(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	assert_true(tap_host_ping(NULL, "10.9.0.2", 2000)); /* the namespace itself, so far */
	redirect(&w);
	assert_false(tap_host_ping(NULL, "10.9.0.2", 300));
	assert_true(tap_host_ping(&w.host, "10.9.0.2", 2000));
	assert_true(w.host.echoes >= 1);
	world_end(&w);
}

static void the_stack_between_does_not_answer(void **state)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	struct world w;

	(void)state;
	world_begin(&w);
	redirect(&w);
	/* Nobody answers for 10.9.0.2 but the tap: its hardware address is learned. */
	assert_false(tap_host_ping(NULL, "10.9.0.2", 300));
	assert_true(tap_host_ping(&w.host, "10.9.0.2", 3000));
	assert_true(w.host.arps >= 1);
	nets_view(&w.ours, &v);

	struct hp_net_ip ip = nets_ip("10.9.0.2");
	size_t known = 0;

	for (size_t i = 0; i < v.n_neighbours; i++) {
		if (memcmp(&v.neighbours[i].ip, &ip, sizeof(ip)) != 0)
			continue;
		known++;
		assert_memory_equal(v.neighbours[i].mac, w.host.mac, 6);
	}
	assert_int_equal(known, 1);
	world_end(&w);
}

static void is_undone(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	uint32_t target = 0;
	struct world w;

	(void)state;
	world_begin(&w);
	assert_int_equal(hp_tc_target(&w.theirs, w.eth0, &target, &err), 0);
	redirect(&w);
	assert_int_equal(hp_tc_target(&w.theirs, w.eth0, &target, &err), 1);
	assert_int_equal(target, w.tap);
	assert_int_equal(queues(&w), 1);
	assert_int_equal(filters(&w), FILTER);
	redirect(&w);
	assert_int_equal(filters(&w), FILTER);
	assert_int_equal(hp_tc_release(&w.theirs, w.eth0, &err), 0);
	assert_int_equal(queues(&w), 0);
	assert_int_equal(hp_tc_release(&w.theirs, w.eth0, &err), 0);
	assert_int_equal(hp_tc_release(&w.theirs, 4321, &err), 0);
	assert_true(tap_host_ping(NULL, "10.9.0.2", 3000));
	world_end(&w);
}

/* What another program may have put there: a clsact queue, and a u32 filter that lets pass. */
static void add_foreign(struct world *w, const char *queue, bool filter)
{
	struct tcmsg fixed = {.tcm_ifindex = (int)w->eth0,
			      .tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0),
			      .tcm_parent = TC_H_INGRESS};
	struct tc_u32_sel selector = {.flags = TC_U32_TERMINAL, .nkeys = 0};
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
	hp_netlink_put_str(&r, TCA_KIND, queue);
	nets_ask(&w->theirs, &r);
	if (!filter)
		return;
	fixed.tcm_handle = 0;
	fixed.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
	fixed.tcm_info = TC_H_MAKE(0xc000u << 16, htons(ETH_P_ALL));
	hp_netlink_begin(&r, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
	hp_netlink_put_str(&r, TCA_KIND, "u32");

	size_t options = hp_netlink_nest(&r, TCA_OPTIONS);

	hp_netlink_put(&r, TCA_U32_SEL, &selector, sizeof(selector));
	hp_netlink_nest_end(&r, options);
	nets_ask(&w->theirs, &r);
}

static void leaves_what_others_made(void **state)
{
	static const struct {
		const char *queue;
		bool filter;
	} rows[] = {{"clsact", false}, {"clsact", true}, {"ingress", true}};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		struct world w;

		world_begin(&w);
		add_foreign(&w, rows[i].queue, rows[i].filter);

		size_t before = filters(&w);
		uint32_t target = 0;

		assert_int_equal(hp_tc_target(&w.theirs, w.eth0, &target, &err), 0);
		redirect(&w);
		assert_int_equal(hp_tc_target(&w.theirs, w.eth0, &target, &err), 1);
		assert_int_equal(target, w.tap);
		assert_int_equal(filters(&w), before + FILTER);
		assert_true(tap_host_ping(&w.host, "10.9.0.2", 3000));
		assert_true(w.host.echoes >= 1);
		assert_int_equal(hp_tc_release(&w.theirs, w.eth0, &err), 0);
		assert_int_equal(filters(&w), before);
		assert_int_equal(queues(&w), 1);
		world_end(&w);
	}
}

static void replaces_what_points_nowhere(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	uint32_t target = 7;
	struct world w;

	(void)state;
	world_begin(&w);
	redirect(&w);
	/* The shim was killed: its tap has gone, the rest has not. */
	close(w.host.fd);
	assert_int_equal(hp_tc_target(&w.theirs, w.eth0, &target, &err), 1);
	assert_int_equal(target, 0);
	assert_false(tap_host_ping(NULL, "10.9.0.2", 200));
	assert_int_equal(hp_netns_call(w.netns_fd, open_tap, &w.host.fd, &err), 0);
	w.tap = nets_index(&w.theirs, "harpoon0");
	nets_up(&w.theirs, w.tap);
	redirect(&w);
	assert_true(tap_host_ping(&w.host, "10.9.0.2", 3000));
	world_end(&w);
}

static void says_what_failed(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct world w;

	(void)state;
	world_begin(&w);
	assert_int_equal(hp_tc_redirect(&w.theirs, 4321, w.tap, &err), -1);
	assert_non_null(strstr(err.msg, "what link 4321 receives"));
	hp_error_clear(&err);
	assert_int_equal(hp_tc_redirect(&w.theirs, w.eth0, 4321, &err), -1);
	assert_non_null(strstr(err.msg, "add a filter"));
	hp_error_clear(&err);
	assert_int_equal(hp_tc_release(&w.theirs, w.eth0, &err), 0);
	world_end(&w);
}

static int there_and_back(void *data, struct hp_error *err)
{
	struct world *w = data;
	uint32_t target;

	if (hp_tc_redirect(&w->theirs, w->eth0, w->tap, err) < 0 ||
	    hp_tc_target(&w->theirs, w->eth0, &target, err) < 0)
		return -1;
	return hp_tc_release(&w->theirs, w->eth0, err);
}

static void survives_each_failure(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	torture_all(there_and_back, &w, 14);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(frames_pass_both_ways),
		FDS_TEST(the_stack_between_does_not_answer),
		FDS_TEST(is_undone),
		FDS_TEST(leaves_what_others_made),
		FDS_TEST(replaces_what_points_nowhere),
		FDS_TEST(says_what_failed),
		FDS_TEST(survives_each_failure),
	};

	nets_leave();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
