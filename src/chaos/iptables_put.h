/* SPDX-License-Identifier: Apache-2.0 */
/* iptables_put.h - the messages that set rules and remove them. No I/O happens here. */
#pragma once
#include "chaos/iptables.h"

/* The comment of tables and chains that we have made, by which we know them again. */
#define HP_IPTABLES__MADE_BY "made by harpoon"

/* A rule with the mark of a fault, at the head of a chain. */
void hp_iptables__put_rule(struct hp_netlink_request *r, const struct hp_nft_place *place,
			   const struct hp_iptables *t, const struct hp_iptables_rule *rule,
			   const char *mark);
/* A table, and a chain where packets for this host come. Those that are there are left as they are. */
void hp_iptables__put_table(struct hp_netlink_request *r, const struct hp_nft_place *place);
void hp_iptables__put_chain(struct hp_netlink_request *r, const struct hp_nft_place *place);
/* message: NFT_MSG_DELTABLE, NFT_MSG_DELCHAIN, each when it is empty; NFT_MSG_DELRULE. */
void hp_iptables__put_removal(struct hp_netlink_request *r, unsigned message,
			      const struct hp_nft_place *place, uint64_t handle);
