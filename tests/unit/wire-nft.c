/* SPDX-License-Identifier: Apache-2.0 */
/* wire-nft.c - tests of src/wire/nft.c: what is written is read back as the kernel would send it. */
#include "wire/nft.h"

#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "fds.h"

/* Finish what is in @r, and read it as a message. */
static struct hp_netlink_message message_of(struct hp_netlink_request *r)
{
	struct hp_bytes in = hp_netlink_end(r, 0, 1);
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_message m;

	assert_false(r->too_long);
	assert_int_equal(hp_netlink_next(&in, &m, &err), 1);
	return m;
}

static void reads_tables(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_request r;
	struct hp_nft_table t;

	(void)state;
	hp_nft_begin(&r, NFT_MSG_NEWTABLE, NFPROTO_IPV4, 0);
	hp_netlink_put_str(&r, NFTA_TABLE_NAME, "filter");
	hp_nft_put_be32(&r, NFTA_TABLE_USE, 3);
	hp_nft_put_comment(&r, NFTA_TABLE_USERDATA, "ours");

	struct hp_netlink_message m = message_of(&r);

	assert_int_equal(hp_nft_read_table(&m, &t, &err), 1);
	assert_string_equal(t.name, "filter");
	assert_int_equal(t.uses, 3);
	assert_string_equal(t.comment, "ours");
	m.type++;
	assert_int_equal(hp_nft_read_table(&m, &t, &err), 0);
}

static void reads_chains(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_request r;
	struct hp_nft_chain c;

	(void)state;
	hp_nft_begin(&r, NFT_MSG_NEWCHAIN, NFPROTO_IPV6, 0);
	hp_netlink_put_str(&r, NFTA_CHAIN_TABLE, "filter");
	hp_netlink_put_str(&r, NFTA_CHAIN_NAME, "INPUT");
	hp_nft_put_be32(&r, NFTA_CHAIN_POLICY, NF_ACCEPT);
	hp_nft_put_be32(&r, NFTA_CHAIN_USE, 7);

	size_t hook = hp_netlink_nest(&r, NFTA_CHAIN_HOOK);

	hp_nft_put_be32(&r, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_IN);
	hp_netlink_nest_end(&r, hook);

	struct hp_netlink_message m = message_of(&r);

	assert_int_equal(hp_nft_read_chain(&m, &c, &err), 1);
	assert_string_equal(c.table, "filter");
	assert_string_equal(c.name, "INPUT");
	assert_true(c.hooked);
	assert_true(c.accepts);
	assert_int_equal(c.uses, 7);
	assert_string_equal(c.comment, "");
}

static void begin_rule(struct hp_netlink_request *r, uint64_t handle)
{
	hp_nft_begin(r, NFT_MSG_NEWRULE, NFPROTO_IPV4, 0);
	hp_nft_put_be64(r, NFTA_RULE_HANDLE, handle);
}

static void reads_rules(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char comment[HP_NFT_COMMENT_MAX] = "harpoon:run-1";
	struct hp_netlink_request r;
	struct hp_nft_rule rule;

	(void)state;
	begin_rule(&r, 1ull << 40 | 5);

	size_t list = hp_netlink_nest(&r, NFTA_RULE_EXPRESSIONS);

	hp_nft_load_meta(&r, NFT_META_IIFNAME);
	hp_nft_equal(&r, "eth0", 5);
	hp_nft_count(&r);
	hp_nft_match(&r, "comment", comment, sizeof(comment));
	hp_nft_count(&r);
	hp_nft_count(&r);
	hp_nft_drop(&r);
	hp_netlink_nest_end(&r, list);

	struct hp_netlink_message m = message_of(&r);

	assert_int_equal(hp_nft_read_rule(&m, &rule, &err), 1);
	assert_true(rule.handle == (1ull << 40 | 5));
	assert_string_equal(rule.comment, comment);
	/* The third is one more than is read. */
	assert_int_equal(rule.n_counts, 2);
	assert_int_equal(rule.counts[1].packets, 0);
}

static void reads_rules_of_others(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_request r;
	struct hp_nft_rule rule;

	(void)state;
	begin_rule(&r, 4);

	struct hp_netlink_message m = message_of(&r);

	assert_int_equal(hp_nft_read_rule(&m, &rule, &err), 1);
	assert_string_equal(rule.comment, "");
	assert_int_equal(rule.n_counts, 0);

	/* An attribute that says it is longer than what is there. */
	begin_rule(&r, 4);
	hp_netlink_put(&r, NFTA_RULE_EXPRESSIONS, (const uint8_t[]){64, 0, 1, 0}, 4);
	m = message_of(&r);
	assert_int_equal(hp_nft_read_rule(&m, &rule, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
}

static void reads_the_generation(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_request r;
	uint32_t generation = 0;

	(void)state;
	hp_nft_begin(&r, NFT_MSG_NEWGEN, NFPROTO_UNSPEC, 0);
	hp_nft_put_be32(&r, NFTA_GEN_ID, 0x01020304);

	struct hp_netlink_message m = message_of(&r);

	assert_int_equal(hp_nft_read_generation(&m, &generation, &err), 1);
	assert_int_equal(generation, 0x01020304);
}

/* User data is whatever a program has put there. */
static void takes_no_other_user_data_for_comments(void **state)
{
	static const uint8_t others[][4] = {{0, 9, 'a', 0}, {1, 2, 'a', 0}, {0, 0, 0, 7}};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(others); i++) {
		struct hp_netlink_request r;
		struct hp_nft_table t;

		hp_nft_begin(&r, NFT_MSG_NEWTABLE, NFPROTO_IPV4, 0);
		hp_netlink_put(&r, NFTA_TABLE_USERDATA, others[i], sizeof(others[i]));

		struct hp_netlink_message m = message_of(&r);

		assert_int_equal(hp_nft_read_table(&m, &t, &err), 1);
		assert_string_equal(t.comment, "");
	}
}

static void refuses_a_comment_that_is_too_long(void **state)
{
	struct hp_netlink_request r;
	char comment[300];

	(void)state;
	memset(comment, 'x', sizeof(comment) - 1);
	comment[sizeof(comment) - 1] = '\0';
	hp_nft_begin(&r, NFT_MSG_NEWTABLE, NFPROTO_IPV4, 0);
	hp_nft_put_comment(&r, NFTA_TABLE_USERDATA, comment);
	assert_true(r.too_long);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_tables),
		FDS_TEST(reads_chains),
		FDS_TEST(reads_rules),
		FDS_TEST(reads_rules_of_others),
		FDS_TEST(reads_the_generation),
		FDS_TEST(takes_no_other_user_data_for_comments),
		FDS_TEST(refuses_a_comment_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
