/* SPDX-License-Identifier: Apache-2.0 */
/* net-nft.c - tests of src/net/nft.c with the kernel, in a network namespace of our own. */
#include "net/nft.h"

#include "nets.h"
#include "torture.h"

static void open_nft(struct hp_netlink *ret)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_nft_open(ret, &err) < 0)
		fail_msg("%s", err.msg);
}

static int add(struct hp_netlink *n, struct hp_netlink_batch *b, unsigned message,
	       uint16_t flags, const char *table, struct hp_error *err)
{
	struct hp_netlink_request r;

	hp_nft_begin(&r, message, NFPROTO_IPV4, flags);
	hp_netlink_put_str(&r, NFTA_TABLE_NAME, table);
	hp_nft_put_comment(&r, NFTA_TABLE_USERDATA, "of a test");
	return hp_netlink_batch_add(b, n, &r, err);
}

/* One transaction with one message. */
static int change(struct hp_netlink *n, uint32_t generation, unsigned message, uint16_t flags,
		  const char *table, struct hp_error *err)
{
	AUTO(hp_netlink_batch_free) struct hp_netlink_batch b = {.count = 0};

	if (hp_nft_transaction(&b, n, generation, err) < 0 ||
	    add(n, &b, message, flags, table, err) < 0)
		return -1;
	return hp_nft_commit(n, &b, err);
}

static const struct hp_nft_place INPUT = {NFPROTO_IPV4, "filter", "INPUT"};

static size_t tables(struct hp_netlink *n)
{
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_message m;
	size_t count = 0;

	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	assert_int_equal(hp_nft_list(n, NFT_MSG_GETTABLE, &INPUT, &dump, &err), 0);
	for (struct hp_bytes in = hp_buf_bytes(&dump); hp_netlink_next(&in, &m, &err) > 0;) {
		struct hp_nft_table t;

		if (hp_nft_read_table(&m, &t, &err) > 0) {
			assert_string_equal(t.comment, "of a test");
			count++;
		}
	}
	return count;
}

static void makes_and_removes(void **state)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	open_nft(&n);
	assert_int_equal(tables(&n), 0);
	assert_int_equal(change(&n, 0, NFT_MSG_NEWTABLE, NLM_F_CREATE, "one", &err), 0);
	assert_int_equal(tables(&n), 1);
	/* Also when it is there, unless that is forbidden. */
	assert_int_equal(change(&n, 0, NFT_MSG_NEWTABLE, NLM_F_CREATE, "one", &err), 0);
	assert_int_equal(
		change(&n, 0, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, "one", &err), -1);
	assert_int_equal(err.code, HP_EEXISTS);
	hp_error_clear(&err);
	assert_int_equal(change(&n, 0, NFT_MSG_DELTABLE, 0, "one", &err), 0);
	assert_int_equal(tables(&n), 0);
}

static void happens_as_a_whole(void **state)
{
	AUTO(hp_netlink_batch_free) struct hp_netlink_batch b = {.count = 0};
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	open_nft(&n);
	assert_int_equal(hp_nft_transaction(&b, &n, 0, &err), 0);
	assert_int_equal(add(&n, &b, NFT_MSG_NEWTABLE, NLM_F_CREATE, "first", &err), 0);
	assert_int_equal(add(&n, &b, NFT_MSG_DELTABLE, 0, "none such", &err), 0);
	assert_int_equal(add(&n, &b, NFT_MSG_NEWTABLE, NLM_F_CREATE, "last", &err), 0);
	assert_int_equal(hp_nft_commit(&n, &b, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	assert_int_equal(tables(&n), 0);
}

/* More than a socket takes by itself, and each fails. */
static void takes_many(void **state)
{
	AUTO(hp_netlink_batch_free) struct hp_netlink_batch good = {.count = 0};
	AUTO(hp_netlink_batch_free) struct hp_netlink_batch bad = {.count = 0};
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	struct hp_error err = HP_ERROR_INIT;
	char name[160];

	(void)state;
	open_nft(&n);
	assert_int_equal(hp_nft_transaction(&good, &n, 0, &err), 0);
	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "%0150d", i);
		assert_int_equal(add(&n, &good, NFT_MSG_NEWTABLE, NLM_F_CREATE, name, &err), 0);
	}
	assert_true(good.bytes.len > (size_t)256 * 1024);
	if (hp_nft_commit(&n, &good, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(tables(&n), 1500);

	assert_int_equal(hp_nft_transaction(&bad, &n, 0, &err), 0);
	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "%0150d", i);
		assert_int_equal(
			add(&n, &bad, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, name, &err),
			0);
	}
	assert_int_equal(hp_nft_commit(&n, &bad, &err), -1);
	assert_int_equal(err.code, HP_EEXISTS);
	hp_error_clear(&err);
	/* What of the answers was not read disturbs nobody. */
	assert_int_equal(tables(&n), 1500);
}

static void knows_when_it_was_changed(void **state)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_netlink_close) struct hp_netlink other = HP_NETLINK_INIT;
	struct hp_error err = HP_ERROR_INIT;
	uint32_t before, after;

	(void)state;
	open_nft(&n);
	open_nft(&other);
	assert_int_equal(hp_nft_generation(&n, &before, &err), 0);
	assert_int_equal(change(&other, 0, NFT_MSG_NEWTABLE, NLM_F_CREATE, "theirs", &err), 0);
	assert_int_equal(hp_nft_generation(&n, &after, &err), 0);
	assert_int_not_equal(before, after);
	assert_int_equal(change(&n, before, NFT_MSG_DELTABLE, 0, "theirs", &err), -1);
	assert_int_equal(err.code, HP_EABORTED);
	hp_error_clear(&err);
	assert_int_equal(tables(&n), 1);
	assert_int_equal(change(&n, after, NFT_MSG_DELTABLE, 0, "theirs", &err), 0);
	assert_int_equal(tables(&n), 0);
}

static void a_table_that_is_not_there_has_no_rules(void **state)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_message m;

	(void)state;
	open_nft(&n);
	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	assert_int_equal(hp_nft_list(&n, NFT_MSG_GETRULE, &INPUT, &dump, &err), 0);
	for (struct hp_bytes in = hp_buf_bytes(&dump); hp_netlink_next(&in, &m, &err) > 0;)
		assert_int_equal(m.type, NLMSG_DONE);
}

static int all_of_it(void *data, struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_buf_free) struct hp_buf dump = {0};

	(void)data;
	hp_buf_init(&dump, HP_NETLINK_DUMP_MAX);
	if (hp_nft_open(&n, err) < 0 ||
	    change(&n, 0, NFT_MSG_NEWTABLE, NLM_F_CREATE, "one", err) < 0)
		return -1;
	return hp_nft_list(&n, NFT_MSG_GETTABLE, &INPUT, &dump, err);
}

static void survives_each_failure(void **state)
{
	(void)state;
	torture_all(all_of_it, NULL, 8);
}

static int in_new_network(void **state)
{
	nets_leave();
	return fds_note(state);
}

#define NET_TEST(fn) cmocka_unit_test_setup_teardown(fn, in_new_network, fds_compare)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(makes_and_removes),
		NET_TEST(happens_as_a_whole),
		NET_TEST(takes_many),
		NET_TEST(knows_when_it_was_changed),
		NET_TEST(a_table_that_is_not_there_has_no_rules),
		NET_TEST(survives_each_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
