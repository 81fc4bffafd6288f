/* SPDX-License-Identifier: Apache-2.0 */
/* nft.h - ask the kernel's nf_tables: what there is, and transactions, which happen as a whole or not
 * at all. */
#pragma once
#include "net/netlink.h"
#include "wire/nft.h"

/* Open a socket for the network namespace of the calling thread.
 * Fails: HP_EUNSUPPORTED - this kernel has no nf_tables. */
int hp_nft_open(struct hp_netlink *n, struct hp_error *err) MUST_CHECK;

/* The generation of all that is there; each transaction of anybody's makes another. */
int hp_nft_generation(struct hp_netlink *n, uint32_t *ret, struct hp_error *err) MUST_CHECK;

/* Where rules are. */
struct hp_nft_place {
	uint8_t family; /* NFPROTO_* */
	const char *table;
	const char *chain;
};
/* Append to @ret, an empty buffer, all NFT_MSG_GETTABLE or NFT_MSG_GETCHAIN of the family, or with
 * NFT_MSG_GETRULE the rules of the chain. A table that is not there has none.
 * Fails: as hp_netlink_dump(). */
int hp_nft_list(struct hp_netlink *n, unsigned message, const struct hp_nft_place *place,
		struct hp_buf *ret, struct hp_error *err) MUST_CHECK;

/* Begin a transaction; @generation: it happens only if this is still the one; 0: in any. */
int hp_nft_transaction(struct hp_netlink_batch *b, struct hp_netlink *n, uint32_t generation,
		       struct hp_error *err) MUST_CHECK;
/* End it, with what was added by hp_netlink_batch_add(): one at least.
 * Fails: HP_EABORTED - the generation was another, and nothing has happened; as the errno says. */
int hp_nft_commit(struct hp_netlink *n, struct hp_netlink_batch *b,
		  struct hp_error *err) MUST_CHECK;
