/* SPDX-License-Identifier: Apache-2.0 */
/* wire-netlink.c - tests of src/wire/netlink.c. */
#include "wire/netlink.h"

#include <string.h>

#include "fds.h"

/* What requests look like is compared with bytes of this machine's order. */
static void puts_messages_together(void **state)
{
	struct hp_netlink_request r;
	uint16_t fixed = 0x0102;
	const struct nlmsghdr *header = (const void *)r.bytes;
	const struct nlattr *a;

	(void)state;
	hp_netlink_begin(&r, 16, NLM_F_CREATE, &fixed, sizeof(fixed));
	hp_netlink_put_str(&r, 3, "eth0");

	size_t nest = hp_netlink_nest(&r, 18);

	hp_netlink_put_u32(&r, 1, 7);
	hp_netlink_put(&r, 2, "9", 1);
	hp_netlink_nest_end(&r, nest);

	struct hp_bytes message = hp_netlink_end(&r, NLM_F_ACK, 77);

	assert_false(r.too_long);
	/* Header, fixed 2 + 2, string 4 + 5 + 3, nest 4, number 4 + 4, byte 4 + 1 + 3. */
	assert_int_equal(message.len, 16 + 4 + 12 + 4 + 8 + 8);
	assert_int_equal(header->nlmsg_len, message.len);
	assert_int_equal(header->nlmsg_type, 16);
	assert_int_equal(header->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK);
	assert_int_equal(header->nlmsg_seq, 77);
	assert_memory_equal(message.data + 16, &fixed, 2);
	assert_memory_equal(message.data + 18, "\0\0", 2);
	a = (const void *)(message.data + 20);
	assert_int_equal(a->nla_len, 9);
	assert_memory_equal(message.data + 24, "eth0\0\0\0\0", 8);
	a = (const void *)(message.data + 32);
	assert_int_equal(a->nla_type, 18 | NLA_F_NESTED);
	assert_int_equal(a->nla_len, 20);
}

static void takes_them_apart(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_request r;
	struct hp_netlink_message m;
	struct hp_bytes table[4];
	struct hp_bytes inner[3];
	uint64_t fixed = 0x1122334455667788;
	uint64_t seen = 0;
	char text[8];

	(void)state;
	hp_netlink_begin(&r, 20, 0, &fixed, sizeof(fixed));
	hp_netlink_put_u32(&r, 1, 5);
	hp_netlink_put_u32(&r, 1, 6);
	hp_netlink_put_str(&r, 9, "not looked for");

	size_t nest = hp_netlink_nest(&r, 3);

	hp_netlink_put_str(&r, 2, "in a nest");
	hp_netlink_nest_end(&r, nest);

	struct hp_bytes in = hp_netlink_end(&r, 0, 3);

	assert_int_equal(hp_netlink_next(&in, &m, &err), 1);
	assert_int_equal(m.type, 20);
	assert_int_equal(m.number, 3);
	assert_int_equal(hp_netlink_read(m.body, &seen, sizeof(seen), table, 4, &err), 0);
	assert_true(seen == fixed);
	assert_int_equal(hp_netlink_u32(table[1]), 6);
	assert_null(table[2].data);
	assert_int_equal(hp_netlink_u32(table[2]), 0);
	assert_int_equal(hp_netlink_read_nested(table[3], inner, 3, &err), 0);
	hp_netlink_str(inner[2], text, sizeof(text));
	assert_string_equal(text, "in a ne");
	hp_netlink_str(inner[1], text, sizeof(text));
	assert_string_equal(text, "");
	/* A text without its NUL ends where the attribute does. */
	hp_netlink_str(HP_BYTES("abc", 2), text, sizeof(text));
	assert_string_equal(text, "ab");
	assert_int_equal(hp_netlink_next(&in, &m, &err), 0);
}

static void refuses_what_does_not_fit(void **state)
{
	static const uint8_t big[HP_NETLINK_REQUEST_MAX];
	struct hp_netlink_request r;

	(void)state;
	hp_netlink_begin(&r, 1, 0, big, 8);
	hp_netlink_put(&r, 1, big, HP_NETLINK_REQUEST_MAX - 16 - 8 - 4);
	assert_false(r.too_long);
	assert_int_equal(r.len, sizeof(r.bytes));

	size_t nest = hp_netlink_nest(&r, 2);

	hp_netlink_nest_end(&r, nest);
	assert_true(r.too_long);
	assert_int_equal(hp_netlink_end(&r, 0, 1).len, sizeof(r.bytes));
	hp_netlink_begin(&r, 1, 0, big, 8);
	assert_false(r.too_long);
	hp_netlink_put(&r, 1, big, SIZE_MAX - 2);
	assert_true(r.too_long);
	hp_netlink_begin(&r, 1, 0, big, sizeof(big));
	assert_true(r.too_long);
}

static void refuses_lengths_that_lie(void **state)
{
	struct hp_netlink_request r;
	struct hp_bytes table[2];
	uint32_t fixed = 0;

	(void)state;
	hp_netlink_begin(&r, 1, 0, &fixed, sizeof(fixed));
	hp_netlink_put_u32(&r, 1, 1);

	struct hp_bytes whole = hp_netlink_end(&r, 0, 1);

	for (size_t len = 1; len < whole.len; len++) {
		struct hp_error err = HP_ERROR_INIT;
		struct hp_bytes in = HP_BYTES(whole.data, len);
		struct hp_netlink_message m;

		assert_int_equal(hp_netlink_next(&in, &m, &err), -1);
		assert_int_equal(err.code, HP_EPROTO);
	}
	for (size_t len = 0; len < 12; len++) {
		struct hp_error err = HP_ERROR_INIT;
		int rc = hp_netlink_read(HP_BYTES(whole.data + 16, len), &fixed, sizeof(fixed),
					 table, 2, &err);

		assert_int_equal(rc, len == 4 ? 0 : -1);
		assert_int_equal(err.code, len == 4 ? HP_OK : HP_EPROTO);
	}
	/* A message shorter than its header, an attribute shorter than its own. */
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_message m;
	uint32_t words[4] = {15};
	struct hp_bytes in = HP_BYTES(words, sizeof(words));

	assert_int_equal(hp_netlink_next(&in, &m, &err), -1);
	hp_error_clear(&err);
	words[0] = 3;
	assert_int_equal(hp_netlink_read_nested(in, table, 2, &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
}

/* An answer to a request of 8 bytes after its header. */
static struct hp_netlink_message answer(struct hp_netlink_request *r, int error, uint16_t flags)
{
	struct hp_error err = HP_ERROR_INIT;
	struct nlmsgerr fixed = {.error = error, .msg.nlmsg_len = sizeof(struct nlmsghdr) + 8};
	struct hp_netlink_message m = {.type = 0};
	uint8_t echo[sizeof(fixed) + 8] = {0};

	memcpy(echo, &fixed, sizeof(fixed));
	hp_netlink_begin(r, NLMSG_ERROR, flags, echo,
			 flags & NLM_F_CAPPED ? sizeof(fixed) : sizeof(echo));
	hp_netlink_put_str(r, NLMSGERR_ATTR_MSG, "because");

	struct hp_bytes in = hp_netlink_end(r, 0, 1);

	assert_int_equal(hp_netlink_next(&in, &m, &err), 1);
	return m;
}

static void reads_verdicts(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_netlink_request r;
	struct hp_netlink_message m = answer(&r, -17, NLM_F_ACK_TLVS);
	char words[16];
	int sys;

	(void)state;
	assert_int_equal(hp_netlink_verdict(&m, &sys, words, sizeof(words), &err), 0);
	assert_int_equal(sys, 17);
	assert_string_equal(words, "because");
	m = answer(&r, -2, NLM_F_ACK_TLVS | NLM_F_CAPPED);
	assert_int_equal(hp_netlink_verdict(&m, &sys, words, sizeof(words), &err), 0);
	assert_int_equal(sys, 2);
	assert_string_equal(words, "because");
	/* Without the flag what follows is the request. */
	m = answer(&r, 0, 0);
	assert_int_equal(hp_netlink_verdict(&m, &sys, words, sizeof(words), &err), 0);
	assert_int_equal(sys, 0);
	assert_string_equal(words, "");
	m = answer(&r, INT32_MIN, 0);
	assert_int_equal(hp_netlink_verdict(&m, &sys, words, sizeof(words), &err), 0);
	assert_int_equal(sys, 0);
	m.body.len = 19;
	assert_int_equal(hp_netlink_verdict(&m, &sys, words, sizeof(words), &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
	hp_error_clear(&err);
	m = answer(&r, 0, 0);
	m.type = NLMSG_DONE;
	assert_int_equal(hp_netlink_verdict(&m, &sys, words, sizeof(words), &err), -1);
	assert_int_equal(err.code, HP_EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(puts_messages_together),
		FDS_TEST(takes_them_apart),
		FDS_TEST(refuses_what_does_not_fit),
		FDS_TEST(refuses_lengths_that_lie),
		FDS_TEST(reads_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
