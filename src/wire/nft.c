/* SPDX-License-Identifier: Apache-2.0 */
/* nft.c - attributes of nf_tables' messages. Numbers in them are in network order, but for what is
 * compared, which is as the packet or the kernel has it. */
#include "wire/nft.h"

#include <endian.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

/* Of the list of types, lengths and values in user data, that of a comment.
 * From: libnftnl include/libnftnl/udata.h. */
#define UDATA_COMMENT 0
#define UDATA_HEADER  2 /* bytes: type, length */

#define REGISTER NFT_REG_1

void hp_nft_begin(struct hp_netlink_request *r, unsigned message, uint8_t family,
		  uint16_t flags)
{
	struct nfgenmsg fixed = {.nfgen_family = family, .version = NFNETLINK_V0};

	hp_netlink_begin(r, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message), flags, &fixed,
			 sizeof(fixed));
}

void hp_nft_put_be32(struct hp_netlink_request *r, uint16_t type, uint32_t value)
{
	hp_netlink_put_u32(r, type, htonl(value));
}

void hp_nft_put_be64(struct hp_netlink_request *r, uint16_t type, uint64_t value)
{
	uint64_t big = htobe64(value);

	hp_netlink_put(r, type, &big, sizeof(big));
}

void hp_nft_put_comment(struct hp_netlink_request *r, uint16_t type, const char *comment)
{
	uint8_t data[UDATA_HEADER + UINT8_MAX] = {UDATA_COMMENT};
	size_t len = strlen(comment) + 1;

	if (len > UINT8_MAX) {
		r->too_long = true;
		return;
	}
	data[1] = (uint8_t)len;
	memcpy(data + UDATA_HEADER, comment, len);
	hp_netlink_put(r, type, data, UDATA_HEADER + len);
}

/* An expression is an element of a list: its name, and attributes of its own. */
struct expression {
	size_t element;
	size_t data;
};

static struct expression begin(struct hp_netlink_request *r, const char *name)
{
	struct expression e = {.element = hp_netlink_nest(r, NFTA_LIST_ELEM)};

	hp_netlink_put_str(r, NFTA_EXPR_NAME, name);
	e.data = hp_netlink_nest(r, NFTA_EXPR_DATA);
	return e;
}

static void end(struct hp_netlink_request *r, struct expression e)
{
	hp_netlink_nest_end(r, e.data);
	hp_netlink_nest_end(r, e.element);
}

static void put_value(struct hp_netlink_request *r, uint16_t type, const void *value,
		      uint32_t len)
{
	size_t data = hp_netlink_nest(r, type);

	hp_netlink_put(r, NFTA_DATA_VALUE, value, len);
	hp_netlink_nest_end(r, data);
}

void hp_nft_load_meta(struct hp_netlink_request *r, uint32_t key)
{
	struct expression e = begin(r, "meta");

	hp_nft_put_be32(r, NFTA_META_KEY, key);
	hp_nft_put_be32(r, NFTA_META_DREG, REGISTER);
	end(r, e);
}

void hp_nft_load_payload(struct hp_netlink_request *r, uint32_t base, uint32_t offset,
			 uint32_t len)
{
	struct expression e = begin(r, "payload");

	hp_nft_put_be32(r, NFTA_PAYLOAD_DREG, REGISTER);
	hp_nft_put_be32(r, NFTA_PAYLOAD_BASE, base);
	hp_nft_put_be32(r, NFTA_PAYLOAD_OFFSET, offset);
	hp_nft_put_be32(r, NFTA_PAYLOAD_LEN, len);
	end(r, e);
}

void hp_nft_mask(struct hp_netlink_request *r, const void *mask, uint32_t len)
{
	static const uint8_t flip[16];
	struct expression e = begin(r, "bitwise");

	hp_nft_put_be32(r, NFTA_BITWISE_SREG, REGISTER);
	hp_nft_put_be32(r, NFTA_BITWISE_DREG, REGISTER);
	hp_nft_put_be32(r, NFTA_BITWISE_LEN, len);
	put_value(r, NFTA_BITWISE_MASK, mask, len);
	put_value(r, NFTA_BITWISE_XOR, flip, len);
	end(r, e);
}

void hp_nft_equal(struct hp_netlink_request *r, const void *value, uint32_t len)
{
	struct expression e = begin(r, "cmp");

	hp_nft_put_be32(r, NFTA_CMP_SREG, REGISTER);
	hp_nft_put_be32(r, NFTA_CMP_OP, NFT_CMP_EQ);
	put_value(r, NFTA_CMP_DATA, value, len);
	end(r, e);
}

void hp_nft_within(struct hp_netlink_request *r, const void *from, const void *to, uint32_t len)
{
	struct expression e = begin(r, "range");

	hp_nft_put_be32(r, NFTA_RANGE_SREG, REGISTER);
	hp_nft_put_be32(r, NFTA_RANGE_OP, NFT_RANGE_EQ);
	put_value(r, NFTA_RANGE_FROM_DATA, from, len);
	put_value(r, NFTA_RANGE_TO_DATA, to, len);
	end(r, e);
}

void hp_nft_match(struct hp_netlink_request *r, const char *name, const void *info, size_t len)
{
	struct expression e = begin(r, "match");

	hp_netlink_put_str(r, NFTA_MATCH_NAME, name);
	hp_nft_put_be32(r, NFTA_MATCH_REV, 0);
	hp_netlink_put(r, NFTA_MATCH_INFO, info, len);
	end(r, e);
}

void hp_nft_count(struct hp_netlink_request *r)
{
	struct expression e = begin(r, "counter");

	hp_nft_put_be64(r, NFTA_COUNTER_BYTES, 0);
	hp_nft_put_be64(r, NFTA_COUNTER_PACKETS, 0);
	end(r, e);
}

void hp_nft_drop(struct hp_netlink_request *r)
{
	struct expression e = begin(r, "immediate");

	hp_nft_put_be32(r, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);

	size_t data = hp_netlink_nest(r, NFTA_IMMEDIATE_DATA);
	size_t verdict = hp_netlink_nest(r, NFTA_DATA_VERDICT);

	hp_nft_put_be32(r, NFTA_VERDICT_CODE, NF_DROP);
	hp_netlink_nest_end(r, verdict);
	hp_netlink_nest_end(r, data);
	end(r, e);
}

static bool is(const struct hp_netlink_message *m, unsigned message)
{
	return m->type == (NFNL_SUBSYS_NFTABLES << 8 | message);
}

static int read_table(const struct hp_netlink_message *m, struct hp_bytes *table, size_t count,
		      struct hp_error *err)
{
	struct nfgenmsg fixed;

	return hp_netlink_read(m->body, &fixed, sizeof(fixed), table, count, err);
}

static uint32_t be32(struct hp_bytes attribute)
{
	return ntohl(hp_netlink_u32(attribute));
}

static uint64_t be64(struct hp_bytes attribute)
{
	uint64_t big = 0;

	if (attribute.len == sizeof(big))
		memcpy(&big, attribute.data, sizeof(big));
	return be64toh(big);
}

/* What is no list of types, lengths and values is another program's, and says nothing to us. */
static void read_comment(struct hp_bytes data, char ret[HP_NFT_COMMENT_MAX])
{
	ret[0] = '\0';
	while (data.len >= UDATA_HEADER && data.data[1] <= data.len - UDATA_HEADER) {
		const size_t len = data.data[1];

		if (data.data[0] == UDATA_COMMENT)
			hp_netlink_str(HP_BYTES(data.data + UDATA_HEADER, len), ret,
				       HP_NFT_COMMENT_MAX);
		data = HP_BYTES(data.data + UDATA_HEADER + len, data.len - UDATA_HEADER - len);
	}
}

int hp_nft_read_table(const struct hp_netlink_message *m, struct hp_nft_table *ret,
		      struct hp_error *err)
{
	struct hp_bytes table[NFTA_TABLE_MAX + 1];

	if (!is(m, NFT_MSG_NEWTABLE))
		return 0;
	if (read_table(m, table, HP_ARRAY_LEN(table), err) < 0)
		return -1;
	hp_netlink_str(table[NFTA_TABLE_NAME], ret->name, sizeof(ret->name));
	ret->uses = be32(table[NFTA_TABLE_USE]);
	read_comment(table[NFTA_TABLE_USERDATA], ret->comment);
	return 1;
}

int hp_nft_read_chain(const struct hp_netlink_message *m, struct hp_nft_chain *ret,
		      struct hp_error *err)
{
	struct hp_bytes table[NFTA_CHAIN_MAX + 1];

	if (!is(m, NFT_MSG_NEWCHAIN))
		return 0;
	if (read_table(m, table, HP_ARRAY_LEN(table), err) < 0)
		return -1;
	hp_netlink_str(table[NFTA_CHAIN_TABLE], ret->table, sizeof(ret->table));
	hp_netlink_str(table[NFTA_CHAIN_NAME], ret->name, sizeof(ret->name));
	ret->hooked = table[NFTA_CHAIN_HOOK].len > 0;
	ret->accepts = be32(table[NFTA_CHAIN_POLICY]) == NF_ACCEPT;
	ret->uses = be32(table[NFTA_CHAIN_USE]);
	read_comment(table[NFTA_CHAIN_USERDATA], ret->comment);
	return 1;
}

static int read_count(struct hp_bytes data, struct hp_nft_rule *ret, struct hp_error *err)
{
	struct hp_bytes table[NFTA_COUNTER_MAX + 1];

	if (hp_netlink_read_nested(data, table, HP_ARRAY_LEN(table), err) < 0)
		return -1;
	if (ret->n_counts < HP_NFT_COUNTERS_MAX)
		ret->counts[ret->n_counts++] =
			(struct hp_nft_count){.packets = be64(table[NFTA_COUNTER_PACKETS]),
					      .bytes = be64(table[NFTA_COUNTER_BYTES])};
	return 0;
}

static int read_match(struct hp_bytes data, struct hp_nft_rule *ret, struct hp_error *err)
{
	struct hp_bytes table[NFTA_MATCH_MAX + 1];
	char name[32];

	if (hp_netlink_read_nested(data, table, HP_ARRAY_LEN(table), err) < 0)
		return -1;
	hp_netlink_str(table[NFTA_MATCH_NAME], name, sizeof(name));
	if (strcmp(name, "comment") == 0)
		hp_netlink_str(table[NFTA_MATCH_INFO], ret->comment, sizeof(ret->comment));
	return 0;
}

static int read_expression(struct hp_bytes element, struct hp_nft_rule *ret,
			   struct hp_error *err)
{
	struct hp_bytes table[NFTA_EXPR_MAX + 1];
	char name[32];

	if (hp_netlink_read_nested(element, table, HP_ARRAY_LEN(table), err) < 0)
		return -1;
	hp_netlink_str(table[NFTA_EXPR_NAME], name, sizeof(name));
	if (strcmp(name, "counter") == 0)
		return read_count(table[NFTA_EXPR_DATA], ret, err);
	if (strcmp(name, "match") == 0)
		return read_match(table[NFTA_EXPR_DATA], ret, err);
	return 0;
}

int hp_nft_read_rule(const struct hp_netlink_message *m, struct hp_nft_rule *ret,
		     struct hp_error *err)
{
	struct hp_bytes table[NFTA_RULE_MAX + 1];
	struct hp_bytes element;
	uint16_t type;
	int rc;

	if (!is(m, NFT_MSG_NEWRULE))
		return 0;
	if (read_table(m, table, HP_ARRAY_LEN(table), err) < 0)
		return -1;
	*ret = (struct hp_nft_rule){.handle = be64(table[NFTA_RULE_HANDLE])};

	struct hp_bytes list = table[NFTA_RULE_EXPRESSIONS];

	while ((rc = hp_netlink_next_attribute(&list, &type, &element, err)) > 0)
		if (type == NFTA_LIST_ELEM && read_expression(element, ret, err) < 0)
			return -1;
	return rc < 0 ? -1 : 1;
}

int hp_nft_read_generation(const struct hp_netlink_message *m, uint32_t *ret,
			   struct hp_error *err)
{
	struct hp_bytes table[NFTA_GEN_MAX + 1];

	if (!is(m, NFT_MSG_NEWGEN))
		return 0;
	if (read_table(m, table, HP_ARRAY_LEN(table), err) < 0)
		return -1;
	*ret = be32(table[NFTA_GEN_ID]);
	return 1;
}
