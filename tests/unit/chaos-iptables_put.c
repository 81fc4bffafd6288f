/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-iptables_put.c - tests of src/chaos/iptables_put.c: messages as such; what the kernel makes of
 * them is in chaos-iptables_nft.c and chaos-iptables.c. */
#include "chaos/iptables_put.h"

#include <linux/netfilter/nfnetlink.h>

#include "chaos_net.h"

static const struct hp_nft_place INPUT = {NFPROTO_IPV6, "filter", "INPUT"};

static struct hp_netlink_message message_of(struct hp_netlink_request *r)
{
	struct hp_bytes in = hp_netlink_end(r, 0, 1);
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_message m;

	assert_false(r->too_long);
	assert_int_equal(hp_netlink_next(&in, &m, &err), 1);
	return m;
}

/* The longest of all, with the longest mark. */
static void the_longest_rule_fits(void **state)
{
	AUTO(hp_json_free)
	struct hp_json *args = chaos_net_args(
		"{'interface':'fifteen-letters','protocol':'tcp','source':['fd00::/127'],"
		"'destination':['fd00::/127'],'src_ports':['1-2'],'dst_ports':['1-2'],"
		"'match_all':true,'probability':0.5}");
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_request r;
	struct hp_nft_rule rule;
	char id[120];

	(void)state;
	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	AUTO_FREE char *mark = hp_iptables_mark(id);
	assert_int_equal(hp_iptables_read(args, &t, &err), 0);
	hp_iptables__put_rule(&r, &INPUT, &t, &t.rules[0], mark);
	struct hp_netlink_message m = message_of(&r);
	assert_int_equal(hp_nft_read_rule(&m, &rule, &err), 1);
	assert_string_equal(rule.comment, mark);
	assert_int_equal(rule.n_counts, 2);
}

static void says_who_has_made_it(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_request r;
	struct hp_nft_table table;
	struct hp_nft_chain chain;

	(void)state;
	hp_iptables__put_table(&r, &INPUT);
	struct hp_netlink_message m = message_of(&r);
	assert_int_equal(hp_nft_read_table(&m, &table, &err), 1);
	assert_string_equal(table.name, "filter");
	assert_string_equal(table.comment, HP_IPTABLES__MADE_BY);
	hp_iptables__put_chain(&r, &INPUT);
	m = message_of(&r);
	assert_int_equal(hp_nft_read_chain(&m, &chain, &err), 1);
	assert_string_equal(chain.name, "INPUT");
	assert_string_equal(chain.comment, HP_IPTABLES__MADE_BY);
	assert_true(chain.hooked);
}

static void removes_only_what_is_empty(void **state)
{
	struct hp_netlink_request r;

	(void)state;
	hp_iptables__put_removal(&r, NFT_MSG_DELTABLE, &INPUT, 0);
	assert_true(message_of(&r).flags & NLM_F_NONREC);
	hp_iptables__put_removal(&r, NFT_MSG_DELCHAIN, &INPUT, 0);
	assert_true(message_of(&r).flags & NLM_F_NONREC);
	hp_iptables__put_removal(&r, NFT_MSG_DELRULE, &INPUT, 7);
	assert_int_equal(message_of(&r).type, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELRULE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(the_longest_rule_fits),
		FDS_TEST(says_who_has_made_it),
		FDS_TEST(removes_only_what_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
