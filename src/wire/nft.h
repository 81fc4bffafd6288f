/* SPDX-License-Identifier: Apache-2.0 */
/* nft.h - messages of the kernel's nf_tables: what a rule looks at is put together, and of what there
 * is as much is read as tells our own rules from others'. No I/O happens here.
 * From: Linux include/uapi/linux/netfilter/nf_tables.h, nf_tables_compat.h, nfnetlink.h. */
#pragma once
#include <arpa/inet.h> /* before the kernel's headers, which then leave its types out */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "wire/netlink.h"

#define HP_NFT_COMMENT_MAX  256 /* bytes with the NUL. From: XT_MAX_COMMENT_LEN */
#define HP_NFT_COUNTERS_MAX 2   /* of one rule that are read */

/* Begin a message NFT_MSG_* for a family NFPROTO_*. */
void hp_nft_begin(struct hp_netlink_request *r, unsigned message, uint8_t family,
		  uint16_t flags);
void hp_nft_put_be32(struct hp_netlink_request *r, uint16_t type, uint32_t value);
void hp_nft_put_be64(struct hp_netlink_request *r, uint16_t type, uint64_t value);
/* The comment of a table or chain, as the attribute @type of user data that nft(8) shows. */
void hp_nft_put_comment(struct hp_netlink_request *r, uint16_t type, const char *comment);

/* Expressions, between hp_netlink_nest(r, NFTA_RULE_EXPRESSIONS) and its end. There is one value at a
 * time: it is loaded, perhaps changed, and compared; a rule goes on while comparisons hold. */
void hp_nft_load_meta(struct hp_netlink_request *r, uint32_t key);
void hp_nft_load_payload(struct hp_netlink_request *r, uint32_t base, uint32_t offset,
			 uint32_t len);
void hp_nft_mask(struct hp_netlink_request *r, const void *mask, uint32_t len);
void hp_nft_equal(struct hp_netlink_request *r, const void *value, uint32_t len);
void hp_nft_within(struct hp_netlink_request *r, const void *from, const void *to,
		   uint32_t len);
/* A match of iptables: its name, and its structure as revision 0 has it. */
void hp_nft_match(struct hp_netlink_request *r, const char *name, const void *info, size_t len);
void hp_nft_count(struct hp_netlink_request *r);
void hp_nft_drop(struct hp_netlink_request *r);

struct hp_nft_table {
	char name[NFT_NAME_MAXLEN];
	uint32_t uses; /* chains, sets and all else that is in it */
	char comment[HP_NFT_COMMENT_MAX];
};

struct hp_nft_chain {
	char table[NFT_NAME_MAXLEN];
	char name[NFT_NAME_MAXLEN];
	bool hooked;   /* packets come here by themselves */
	bool accepts;  /* what no rule of it decides */
	uint32_t uses; /* rules in it, and jumps to it */
	char comment[HP_NFT_COMMENT_MAX];
};

struct hp_nft_count {
	uint64_t packets;
	uint64_t bytes;
};

struct hp_nft_rule {
	uint64_t handle;
	char comment[HP_NFT_COMMENT_MAX]; /* of iptables' match; "" when it has none */
	struct hp_nft_count counts[HP_NFT_COUNTERS_MAX]; /* in their order */
	size_t n_counts;
};

/* Read one message of a dump. Returns: 1, 0 - it is of another kind, -1. Fails: HP_EPROTO. */
int hp_nft_read_table(const struct hp_netlink_message *m, struct hp_nft_table *ret,
		      struct hp_error *err) MUST_CHECK;
int hp_nft_read_chain(const struct hp_netlink_message *m, struct hp_nft_chain *ret,
		      struct hp_error *err) MUST_CHECK;
int hp_nft_read_rule(const struct hp_netlink_message *m, struct hp_nft_rule *ret,
		     struct hp_error *err) MUST_CHECK;
int hp_nft_read_generation(const struct hp_netlink_message *m, uint32_t *ret,
			   struct hp_error *err) MUST_CHECK;
