/* SPDX-License-Identifier: Apache-2.0 */
/* iptables_put.c - rules as messages of nf_tables: what iptables-nft would make of the same line, so
 * that it can list them. */
#include "chaos/iptables_put.h"

#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_statistic.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdlib.h>
#include <string.h>

/* Where a port is in the header of TCP and of UDP. */
enum { SOURCE_PORT = 0, DESTINATION_PORT = 2, PORT_LEN = 2 };

static void put_interface(struct hp_netlink_request *r, const struct hp_iptables *t)
{
	hp_nft_load_meta(r, NFT_META_IIFNAME);
	hp_nft_equal(r, t->interface, (uint32_t)strlen(t->interface) + 1);
}

static void put_protocol(struct hp_netlink_request *r, uint8_t protocol)
{
	if (!protocol)
		return;
	hp_nft_load_meta(r, NFT_META_L4PROTO);
	hp_nft_equal(r, &protocol, sizeof(protocol));
}

/* Texts of networks and ports have been checked by hp_iptables_read(). */
static void put_network(struct hp_netlink_request *r, const char *text, uint32_t offset)
{
	const char *slash = strchr(text, '/');
	const bool v6 = strchr(text, ':') != NULL;
	const uint32_t len = v6 ? 16 : 4;
	const unsigned keep = (unsigned)strtoul(slash + 1, NULL, 10);
	char host[INET6_ADDRSTRLEN] = "";
	uint8_t address[16];
	uint8_t mask[16] = {0};

	memcpy(host, text, (size_t)(slash - text));
	if (inet_pton(v6 ? AF_INET6 : AF_INET, host, address) != 1)
		return;
	for (unsigned i = 0; i < keep; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	hp_nft_load_payload(r, NFT_PAYLOAD_NETWORK_HEADER, offset, len);
	if (keep < len * 8)
		hp_nft_mask(r, mask, len);
	hp_nft_equal(r, address, len);
}

static void put_networks(struct hp_netlink_request *r, const struct hp_iptables_rule *rule)
{
	const bool v6 = rule->family == NFPROTO_IPV6;

	if (rule->source)
		put_network(r, rule->source,
			    v6 ? offsetof(struct ip6_hdr, ip6_src)
			       : offsetof(struct iphdr, saddr));
	if (rule->destination)
		put_network(r, rule->destination,
			    v6 ? offsetof(struct ip6_hdr, ip6_dst)
			       : offsetof(struct iphdr, daddr));
}

static void put_ports(struct hp_netlink_request *r, const char *text, uint32_t offset)
{
	const char *dash = text ? strchr(text, '-') : NULL;

	if (!text)
		return;

	const uint16_t from = htons((uint16_t)strtoul(text, NULL, 10));
	const uint16_t to = dash ? htons((uint16_t)strtoul(dash + 1, NULL, 10)) : from;

	hp_nft_load_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, offset, PORT_LEN);
	if (from == to)
		hp_nft_equal(r, &from, sizeof(from));
	else
		hp_nft_within(r, &from, &to, sizeof(from));
}

/* As iptables writes it: its own match, for which the kernel has a translation. */
static void put_statistic(struct hp_netlink_request *r, const struct hp_iptables *t)
{
	struct xt_statistic_info info = {.mode = XT_STATISTIC_MODE_RANDOM};

	info.u.random.probability = t->below;
	if (t->nth) {
		info.mode = XT_STATISTIC_MODE_NTH;
		/* From: iptables extensions/libxt_statistic.c: the kernel counts from 0. */
		info.u.nth.every = t->every - 1;
		info.u.nth.packet = t->packet;
		info.u.nth.count = t->every - 1 - t->packet;
	}
	hp_nft_match(r, "statistic", &info, sizeof(info));
}

static void put_comment(struct hp_netlink_request *r, const char *mark)
{
	struct xt_comment_info info = {.comment = ""};
	size_t len = strlen(mark);

	if (len >= sizeof(info.comment))
		len = sizeof(info.comment) - 1;
	memcpy(info.comment, mark, len);
	hp_nft_match(r, "comment", &info, sizeof(info));
}

/* Two counters: what was selected, and what was dropped; iptables shows the last one. */
static void put_expressions(struct hp_netlink_request *r, const struct hp_iptables *t,
			    const struct hp_iptables_rule *rule, const char *mark)
{
	put_interface(r, t);
	put_protocol(r, hp_iptables_protocol(t, rule->family));
	put_networks(r, rule);
	put_ports(r, rule->src_ports, SOURCE_PORT);
	put_ports(r, rule->dst_ports, DESTINATION_PORT);
	hp_nft_count(r);
	put_statistic(r, t);
	put_comment(r, mark);
	hp_nft_count(r);
	hp_nft_drop(r);
}

void hp_iptables__put_rule(struct hp_netlink_request *r, const struct hp_nft_place *place,
			   const struct hp_iptables *t, const struct hp_iptables_rule *rule,
			   const char *mark)
{
	/* Without NLM_F_APPEND it is put at the chain's head. */
	hp_nft_begin(r, NFT_MSG_NEWRULE, place->family, NLM_F_CREATE);
	hp_netlink_put_str(r, NFTA_RULE_TABLE, place->table);
	hp_netlink_put_str(r, NFTA_RULE_CHAIN, place->chain);

	size_t list = hp_netlink_nest(r, NFTA_RULE_EXPRESSIONS);

	put_expressions(r, t, rule, mark);
	hp_netlink_nest_end(r, list);
}

void hp_iptables__put_table(struct hp_netlink_request *r, const struct hp_nft_place *place)
{
	hp_nft_begin(r, NFT_MSG_NEWTABLE, place->family, NLM_F_CREATE);
	hp_netlink_put_str(r, NFTA_TABLE_NAME, place->table);
	hp_nft_put_comment(r, NFTA_TABLE_USERDATA, HP_IPTABLES__MADE_BY);
}

void hp_iptables__put_chain(struct hp_netlink_request *r, const struct hp_nft_place *place)
{
	hp_nft_begin(r, NFT_MSG_NEWCHAIN, place->family, NLM_F_CREATE);
	hp_netlink_put_str(r, NFTA_CHAIN_TABLE, place->table);
	hp_netlink_put_str(r, NFTA_CHAIN_NAME, place->chain);

	size_t hook = hp_netlink_nest(r, NFTA_CHAIN_HOOK);

	hp_nft_put_be32(r, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_IN);
	hp_nft_put_be32(r, NFTA_HOOK_PRIORITY, 0);
	hp_netlink_nest_end(r, hook);
	hp_netlink_put_str(r, NFTA_CHAIN_TYPE, "filter");
	/* No policy: it would be set for a chain that is there. */
	hp_nft_put_comment(r, NFTA_CHAIN_USERDATA, HP_IPTABLES__MADE_BY);
}

void hp_iptables__put_removal(struct hp_netlink_request *r, unsigned message,
			      const struct hp_nft_place *place, uint64_t handle)
{
	/* NLM_F_NONREC: only when nothing is in it any more. */
	hp_nft_begin(r, message, place->family, message == NFT_MSG_DELRULE ? 0 : NLM_F_NONREC);
	switch (message) {
	case NFT_MSG_DELTABLE:
		hp_netlink_put_str(r, NFTA_TABLE_NAME, place->table);
		break;
	case NFT_MSG_DELCHAIN:
		hp_netlink_put_str(r, NFTA_CHAIN_TABLE, place->table);
		hp_netlink_put_str(r, NFTA_CHAIN_NAME, place->chain);
		break;
	default:
		hp_netlink_put_str(r, NFTA_RULE_TABLE, place->table);
		hp_netlink_put_str(r, NFTA_RULE_CHAIN, place->chain);
		hp_nft_put_be64(r, NFTA_RULE_HANDLE, handle);
	}
}
