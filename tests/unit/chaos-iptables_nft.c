/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-iptables_nft.c - tests of src/chaos/iptables_nft.c: rules in a real namespace, packets over a
 * veth pair, and what iptables and nft say about it. */
#include "chaos_net.h"

#include "base/clock.h"

#define PORT 4000

static void set(struct chaos_net *w, const char *fault_id, const char *text)
{
	AUTO(hp_json_free) struct hp_json *args = chaos_net_args(text);
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_iptables_read(args, &t, &err) < 0 ||
	    hp_iptables_set(&w->nft, &t, fault_id, &err) < 0)
		fail_msg("%s", err.msg);
}

static void unset(struct chaos_net *w, const char *fault_id)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_iptables_unset(&w->nft, fault_id, &err) < 0)
		fail_msg("%s", err.msg);
}

static int arrive(const struct chaos_net *w, const char *to, uint16_t from_port,
		  uint16_t to_port, int count)
{
	struct chaos_packets p = {
		.to = to, .from_port = from_port, .to_port = to_port, .count = count};

	chaos_net_send(w, &p);
	return p.arrived;
}

static void expect_all(const struct chaos_net *w, const char *before)
{
	AUTO_FREE char *after = chaos_net_all(w);

	assert_string_equal(after, before);
}

static void drops_all_of_both_families(void **state)
{
	struct hp_iptables_counts counts;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	AUTO_FREE char *before = chaos_net_all(&w);
	assert_string_equal(before, "");
	assert_int_equal(arrive(&w, "10.9.0.2", 0, PORT, 20), 20);
	assert_int_equal(arrive(&w, "fd09::2", 0, PORT, 20), 20);
	set(&w, "r-1", "{'interface':'eth0','probability':1}");
	assert_int_equal(arrive(&w, "10.9.0.2", 0, PORT, 20), 0);
	assert_int_equal(arrive(&w, "fd09::2", 0, PORT, 20), 0);
	assert_int_equal(hp_iptables_count(&w.nft, "r-1", &counts, &err), 0);
	/* Neighbours may have been looked for, too. */
	assert_true(counts.dropped.packets >= 40);
	assert_int_equal(counts.dropped.packets, counts.seen.packets);
	assert_true(counts.dropped.bytes >= 20 * (28 + 4) + 20 * (48 + 4));
	unset(&w, "r-1");
	expect_all(&w, before);
	assert_int_equal(arrive(&w, "10.9.0.2", 0, PORT, 20), 20);
}

static void drops_a_share(void **state)
{
	struct hp_iptables_counts counts;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	set(&w, "r-1",
	    "{'interface':'eth0','protocol':'udp','dst_ports':['4000'],'probability':0.3}");
	int arrived = arrive(&w, "10.9.0.2", 0, PORT, 3000);
	/* Six times the deviation of chance, which is 25. */
	assert_in_range(arrived, 2100 - 150, 2100 + 150);
	assert_int_equal(hp_iptables_count(&w.nft, "r-1", &counts, &err), 0);
	assert_int_equal(counts.seen.packets, 3000);
	assert_int_equal(counts.dropped.packets, 3000 - arrived);
	unset(&w, "r-1");
}

/* Which of the first packets came. Owns: the caller. */
static char *came(const struct chaos_net *w)
{
	struct chaos_packets p = {.to = "10.9.0.2", .to_port = PORT, .count = 300};

	chaos_net_send(w, &p);
	assert_int_equal(p.arrived, 200);
	return hp_strndup(p.came, 300);
}

/* The same ones as with a rule that iptables itself has set. */
static void drops_each_nth(void **state)
{
	static const char *const begins[] = {"011011", "101101", "110110"};

	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	for (int i = 0; i < 3; i++) {
		AUTO_FREE char *args =
			hp_sprintf("{'interface':'eth0','protocol':'udp','dst_ports':['4000'],"
				   "'mode':'nth','every':3,'packet':%d}",
				   i);
		AUTO_FREE char *theirs =
			hp_sprintf("iptables -I INPUT -i eth0 -p udp --dport 4000 -m statistic "
				   "--mode nth --every 3 --packet %d -j DROP",
				   i);

		set(&w, "r-1", args);
		AUTO_FREE char *ours = came(&w);
		unset(&w, "r-1");
		assert_memory_equal(ours, begins[i], strlen(begins[i]));
		free(chaos_net_shell(w.netns_fd, theirs));
		AUTO_FREE char *same = came(&w);
		assert_string_equal(ours, same);
		free(chaos_net_shell(w.netns_fd, "iptables -F INPUT"));
	}
}

/* What is sent, and whether it passes rules that drop all that they select. */
static const struct {
	const char *args;
	const char *to;
	uint16_t from_port;
	uint16_t to_port;
	bool arrives;
} selected[] = {
	{"'interface':'lo'", "10.9.0.2", 0, PORT, true},
	{"'interface':'eth0','protocol':'tcp'", "10.9.0.2", 0, PORT, true},
	{"'interface':'eth0','protocol':'icmp'", "10.9.0.2", 0, PORT, true},
	{"'interface':'eth0','protocol':'udp'", "fd09::2", 0, PORT, false},
	{"'interface':'eth0','source':['10.9.0.1/32']", "10.9.0.2", 0, PORT, false},
	{"'interface':'eth0','source':['10.9.0.1/32']", "fd09::2", 0, PORT, true},
	{"'interface':'eth0','source':['10.9.0.3/32']", "10.9.0.2", 0, PORT, true},
	{"'interface':'eth0','source':['10.8.0.0/15']", "10.9.0.2", 0, PORT, false},
	{"'interface':'eth0','source':['10.10.0.0/15']", "10.9.0.2", 0, PORT, true},
	{"'interface':'eth0','source':['0.0.0.0/0']", "10.9.0.2", 0, PORT, false},
	{"'interface':'eth0','source':['fd08::/15']", "fd09::2", 0, PORT, false},
	{"'interface':'eth0','destination':['fd09::2/128']", "fd09::2", 0, PORT, false},
	{"'interface':'eth0','destination':['fd09::3/128']", "fd09::2", 0, PORT, true},
	{"'interface':'eth0','destination':['10.9.0.2/32']", "10.9.0.2", 0, PORT, false},
	{"'interface':'eth0','protocol':'udp','src_ports':['4100']", "10.9.0.2", 4100, PORT,
	 false},
	{"'interface':'eth0','protocol':'udp','src_ports':['4100']", "10.9.0.2", 4101, PORT,
	 true},
	{"'interface':'eth0','protocol':'udp','dst_ports':['3999-4001']", "fd09::2", 0, PORT,
	 false},
	{"'interface':'eth0','protocol':'udp','dst_ports':['3000-3999']", "fd09::2", 0, PORT,
	 true},
	/* One of them is enough, or all are needed. */
	{"'interface':'eth0','protocol':'udp','source':['10.9.0.1/32'],'dst_ports':['1']",
	 "10.9.0.2", 0, PORT, false},
	{"'interface':'eth0','protocol':'udp','source':['10.9.0.1/32'],'dst_ports':['1'],"
	 "'match_all':true",
	 "10.9.0.2", 0, PORT, true},
	{"'interface':'eth0','protocol':'udp','source':['10.9.0.1/32'],"
	 "'dst_ports':['1','4000'],'match_all':true",
	 "10.9.0.2", 0, PORT, false},
	{"'interface':'eth0','protocol':'udp','source':['fd00::/16','fd09::1/128'],"
	 "'destination':['fd09::2/128'],'src_ports':['4100'],'dst_ports':['4000'],"
	 "'match_all':true",
	 "fd09::2", 4100, PORT, false},
};

static void selects_as_it_is_told(void **state)
{
	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	for (size_t i = 0; i < HP_ARRAY_LEN(selected); i++) {
		AUTO_FREE char *args = hp_sprintf("{%s,'probability':1}", selected[i].args);
		const int expected = selected[i].arrives ? 5 : 0;
		int arrived;

		set(&w, "r-1", args);
		arrived = arrive(&w, selected[i].to, selected[i].from_port, selected[i].to_port,
				 5);
		unset(&w, "r-1");
		if (arrived != expected)
			fail_msg("%s: %d have arrived", args, arrived);
	}
	expect_all(&w, "");
}

/* All kinds of rules, as iptables itself lists them. */
static void is_listed_by_iptables(void **state)
{
	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	set(&w, "r-1",
	    "{'interface':'eth0','protocol':'tcp','source':['10.0.0.0/9'],"
	    "'destination':['10.1.2.3/32'],'src_ports':['80'],'dst_ports':['1000-2000'],"
	    "'match_all':true,'mode':'nth','every':4,'packet':1}");
	set(&w, "r-2",
	    "{'interface':'eth0','protocol':'icmp','source':['fd00::/9'],'probability':0.25}");
	AUTO_FREE char *v4 = chaos_net_shell(w.netns_fd, "iptables -S INPUT");
	assert_string_equal(
		v4, "-P INPUT ACCEPT\n"
		    "-A INPUT -s 10.0.0.0/9 -d 10.1.2.3/32 -i eth0 -p tcp -m tcp --sport 80 "
		    "--dport 1000:2000 -m statistic --mode nth --every 4 --packet 1 -m comment "
		    "--comment \"harpoon:r-1\" -j DROP\n");
	AUTO_FREE char *v6 = chaos_net_shell(w.netns_fd, "ip6tables -S INPUT");
	assert_string_equal(v6, "-P INPUT ACCEPT\n"
				"-A INPUT -s fd00::/9 -i eth0 -p ipv6-icmp -m statistic --mode "
				"random --probability 0.25000000000 -m comment --comment "
				"\"harpoon:r-2\" -j DROP\n");
	assert_int_equal(arrive(&w, "10.9.0.2", 0, PORT, 5), 5);
	unset(&w, "r-1");
	unset(&w, "r-2");
	expect_all(&w, "");
}

/* iptables shows what was dropped, not what was looked at. */
static void iptables_shows_what_was_dropped(void **state)
{
	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	set(&w, "r-1",
	    "{'interface':'eth0','protocol':'udp','dst_ports':['4000'],'mode':'nth','every':4}");
	assert_int_equal(arrive(&w, "10.9.0.2", 0, PORT, 40), 30);
	AUTO_FREE char *shown = chaos_net_shell(
		w.netns_fd, "iptables -nvxL INPUT | awk '/harpoon/ {print $1, $2}'");
	assert_string_equal(shown, "10 320\n");
	unset(&w, "r-1");
}

/* What others have, and do meanwhile, is theirs. */
static void leaves_others_alone(void **state)
{
	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	free(chaos_net_shell(
		w.netns_fd,
		"iptables -A INPUT -p tcp --dport 9 -j DROP; iptables -P INPUT DROP;"
		"iptables -A INPUT -j ACCEPT; ip6tables -N mine;"
		"nft add table inet theirs"));
	AUTO_FREE char *before = chaos_net_all(&w);
	assert_non_null(strstr(before, "theirs"));
	for (int i = 0; i < 2; i++) {
		set(&w, "r-1", "{'interface':'eth0','probability':0.5}");
		set(&w, "r-2", "{'interface':'eth0','probability':0.5}");
		set(&w, "r-11", "{'interface':'eth0','probability':0.5}");
		unset(&w, "r-1");
		unset(&w, "r-1");
		AUTO_FREE char *left = chaos_net_shell(
			w.netns_fd, "iptables -S | grep -o 'harpoon:[^\"]*' | sort | xargs");
		assert_string_equal(left, "harpoon:r-11 harpoon:r-2\n");
		unset(&w, "r-2");
		unset(&w, "r-11");
		expect_all(&w, before);
	}
}

/* The table is there because of us; what others put in it while it is keeps it there. */
static void keeps_what_others_begin_to_use(void **state)
{
	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	set(&w, "r-1", "{'interface':'eth0','probability':0.5}");
	free(chaos_net_shell(w.netns_fd, "iptables -A OUTPUT -p tcp --dport 9 -j DROP;"
					 "ip6tables -P INPUT DROP"));
	unset(&w, "r-1");
	AUTO_FREE char *after = chaos_net_shell(w.netns_fd, "iptables -S; ip6tables -S");
	assert_string_equal(after, "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"
				   "-A OUTPUT -p tcp -m tcp --dport 9 -j DROP\n"
				   "-P INPUT DROP\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n");
	/* Once they need it no more, the next one takes away what the first has made. */
	free(chaos_net_shell(w.netns_fd, "iptables -F; ip6tables -P INPUT ACCEPT"));
	set(&w, "r-2", "{'interface':'eth0','probability':0.5}");
	unset(&w, "r-2");
	expect_all(&w, "");
}

static void lists_do_no_harm(void **state)
{
	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	set(&w, "r-1", "{'interface':'eth0','probability':0.5}");
	free(chaos_net_shell(w.netns_fd, "iptables -L; iptables -F OUTPUT; ip6tables -L"));
	unset(&w, "r-1");
	expect_all(&w, "");
}

#define WORKERS 4
#define ROUNDS  40

static void many_at_once(void **state)
{
	pid_t pids[WORKERS];

	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;

		struct hp_error err = HP_ERROR_INIT;
		char id[16];

		snprintf(id, sizeof(id), "r-%d", i);
		hp_netlink_close(&w.nft);
		if (hp_netns_call(w.netns_fd, chaos_net__open, &w.nft, &err) < 0)
			_exit(1);
		for (int n = 0; n < ROUNDS; n++) {
			set(&w, id, "{'interface':'eth0','probability':0.5}");
			unset(&w, id);
		}
		_exit(0);
	}
	for (int i = 0; i < WORKERS; i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	expect_all(&w, "");
}

static void sets_all_or_nothing(void **state)
{
	AUTO(hp_json_free)
	struct hp_json *args = chaos_net_args("{'interface':'eth0','probability':1}");
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	/* A chain of that name that is none of iptables'. */
	free(chaos_net_shell(w.netns_fd,
			     "nft add table ip6 filter; nft add chain ip6 filter INPUT"));
	AUTO_FREE char *before = chaos_net_shell(w.netns_fd, "nft list ruleset");
	assert_int_equal(hp_iptables_read(args, &t, &err), 0);
	assert_int_equal(hp_iptables_set(&w.nft, &t, "r-1", &err), -1);
	assert_non_null(strstr(err.msg, "INPUT"));
	AUTO_FREE char *after = chaos_net_shell(w.netns_fd, "nft list ruleset");
	assert_string_equal(after, before);
	unset(&w, "r-1");
}

static void takes_as_many_rules_as_there_may_be(void **state)
{
	AUTO(hp_json_free)
	struct hp_json *args =
		chaos_net_args("{'interface':'eth0','protocol':'udp','probability':1}");
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	struct hp_json *ports = hp_json_array();
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO(chaos_net_close) struct chaos_net w;

	chaos_net_open(&w);
	for (int i = 0; i < HP_IPTABLES_RULES_MAX / 2; i++) {
		AUTO_FREE char *port = hp_sprintf("%d", PORT + i);

		hp_json_add(ports, hp_json_new_str(port));
	}
	hp_json_set(args, "dst_ports", ports);
	assert_int_equal(hp_iptables_read(args, &t, &err), 0);
	assert_int_equal(t.count, HP_IPTABLES_RULES_MAX);
	if (hp_iptables_set(&w.nft, &t, "r-1", &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(arrive(&w, "10.9.0.2", 0, PORT + 511, 5), 0);
	assert_int_equal(arrive(&w, "10.9.0.2", 0, PORT + 512, 5), 5);
	unset(&w, "r-1");
	expect_all(&w, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(drops_all_of_both_families),
		FDS_TEST(drops_a_share),
		FDS_TEST(drops_each_nth),
		FDS_TEST(selects_as_it_is_told),
		FDS_TEST(is_listed_by_iptables),
		FDS_TEST(iptables_shows_what_was_dropped),
		FDS_TEST(leaves_others_alone),
		FDS_TEST(keeps_what_others_begin_to_use),
		FDS_TEST(lists_do_no_harm),
		FDS_TEST(many_at_once),
		FDS_TEST(sets_all_or_nothing),
		FDS_TEST(takes_as_many_rules_as_there_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
