/* SPDX-License-Identifier: Apache-2.0 */
/* nft.c - transactions and dumps of nf_tables on a netlink socket.
 * From: Linux net/netfilter/nfnetlink.c, nf_tables_api.c. */
#include "net/nft.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>

int hp_nft_open(struct hp_netlink *n, struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink opened = HP_NETLINK_INIT;
	struct hp_error why = HP_ERROR_INIT;
	uint32_t generation;

	if (hp_netlink_open_for(&opened, NETLINK_NETFILTER, &why) == 0 &&
	    hp_nft_generation(&opened, &generation, &why) == 0) {
		*n = opened;
		opened.fd = -1;
		return 0;
	}
	/* EINVAL: the netlink is there, and nf_tables is not. */
	if (why.code == HP_EUNSUPPORTED || why.sys == EINVAL || why.sys == EOPNOTSUPP)
		return hp_fail(err, HP_EUNSUPPORTED,
			       "the kernel has no nf_tables: load its modules with 'modprobe "
			       "-a nf_tables nft_compat'");
	*err = why;
	return -1;
}

int hp_nft_generation(struct hp_netlink *n, uint32_t *ret, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf answer = {0};
	struct hp_netlink_request r;
	struct hp_netlink_message m;
	int rc;

	hp_buf_init(&answer, HP_NETLINK_DUMP_MAX);
	hp_nft_begin(&r, NFT_MSG_GETGEN, NFPROTO_UNSPEC, 0);
	if (hp_netlink_get(n, &r, &answer, err) < 0)
		return hp_wrap(err, "ask for the generation of rules");
	for (struct hp_bytes in = hp_buf_bytes(&answer);
	     (rc = hp_netlink_next(&in, &m, err)) > 0;) {
		rc = hp_nft_read_generation(&m, ret, err);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	return rc < 0 ? -1 : hp_fail(err, HP_EPROTO, "the kernel says no generation of rules");
}

int hp_nft_list(struct hp_netlink *n, unsigned message, const struct hp_nft_place *place,
		struct hp_buf *ret, struct hp_error *err)
{
	struct hp_error why = HP_ERROR_INIT;
	struct hp_netlink_request r;

	hp_nft_begin(&r, message, place->family, 0);
	if (message == NFT_MSG_GETRULE) {
		hp_netlink_put_str(&r, NFTA_RULE_TABLE, place->table);
		hp_netlink_put_str(&r, NFTA_RULE_CHAIN, place->chain);
	}
	if (hp_netlink_dump(n, &r, ret, &why) == 0)
		return 0;
	if (why.sys == ENOENT) {
		ret->len = 0;
		return 0;
	}
	*err = why;
	return hp_wrap(err, "list rules");
}

static void begin_frame(struct hp_netlink_request *r, uint16_t type)
{
	struct nfgenmsg fixed = {.nfgen_family = AF_UNSPEC,
				 .version = NFNETLINK_V0,
				 .res_id = htons(NFNL_SUBSYS_NFTABLES)};

	hp_netlink_begin(r, type, 0, &fixed, sizeof(fixed));
}

int hp_nft_transaction(struct hp_netlink_batch *b, struct hp_netlink *n, uint32_t generation,
		       struct hp_error *err)
{
	struct hp_netlink_request r;

	hp_netlink_batch_init(b);
	begin_frame(&r, NFNL_MSG_BATCH_BEGIN);
	if (generation != 0)
		hp_nft_put_be32(&r, NFNL_BATCH_GENID, generation);
	return hp_netlink_batch_add(b, n, &r, err);
}

int hp_nft_commit(struct hp_netlink *n, struct hp_netlink_batch *b, struct hp_error *err)
{
	struct hp_netlink_request r;

	hp_netlink_batch_ack(b);
	begin_frame(&r, NFNL_MSG_BATCH_END);
	if (hp_netlink_batch_add(b, n, &r, err) < 0)
		return -1;
	if (hp_netlink_batch_send(n, b, err) == 0)
		return 0;
	/* The kernel has no word of its own for it. From: nfnetlink_rcv_batch(). */
	if (err->sys == ERESTART)
		err->code = HP_EABORTED;
	return -1;
}
