/* SPDX-License-Identifier: Apache-2.0 */
/* tc.c - the ingress queue of a device, with a u32 filter that matches everything and whose action
 * is a redirect. u32, for it is in every kernel's configuration; matchall is not.
 * From: Linux include/uapi/linux/pkt_sched.h, pkt_cls.h, tc_act/tc_mirred.h; net/sched/cls_u32.c. */
#include "net/tc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>

/* The place of our filter among others. Those that set limits are given small numbers by hand and
 * come first, those that the kernel numbers come later. */
#define PRIORITY    0x4850u
#define QUEUE       TC_H_MAKE(TC_H_INGRESS, 0)
#define CHAIN       TC_H_MAKE(TC_H_INGRESS, TC_H_MIN_INGRESS) /* of ingress and of clsact queues */
#define FILTERS_MAX ((size_t)256 * 1024)

static int add_queue(struct hp_netlink *n, uint32_t link, struct hp_error *err)
{
	struct tcmsg fixed = {
		.tcm_ifindex = (int)link, .tcm_handle = QUEUE, .tcm_parent = TC_H_INGRESS};
	struct hp_error cause = HP_ERROR_INIT;
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
	hp_netlink_put_str(&r, TCA_KIND, "ingress");
	if (hp_netlink_ask(n, &r, &cause) == 0)
		return 0;
	/* Also a clsact queue, which has an ingress side, is in the way and does as well. */
	if (cause.sys == EEXIST)
		return 0;
	if (cause.sys == ENOENT)
		return hp_fail(err, HP_ENOTFOUND,
			       "the kernel has no ingress queue: load its module with "
			       "'modprobe sch_ingress'");
	*err = cause;
	return hp_wrap(err, "add an ingress queue");
}

static void put_action(struct hp_netlink_request *r, uint32_t to)
{
	struct tc_mirred mirred = {
		.action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = to};
	size_t actions = hp_netlink_nest(r, TCA_U32_ACT);
	size_t first = hp_netlink_nest(r, 1);

	hp_netlink_put_str(r, TCA_ACT_KIND, "mirred");

	size_t options = hp_netlink_nest(r, TCA_ACT_OPTIONS);

	hp_netlink_put(r, TCA_MIRRED_PARMS, &mirred, sizeof(mirred));
	hp_netlink_nest_end(r, options);
	hp_netlink_nest_end(r, first);
	hp_netlink_nest_end(r, actions);
}

static struct tcmsg filter_of(uint32_t link)
{
	return (struct tcmsg){
		.tcm_ifindex = (int)link,
		.tcm_parent = CHAIN,
		.tcm_info = TC_H_MAKE(PRIORITY << 16, htons(ETH_P_ALL)),
	};
}

static int add_filter(struct hp_netlink *n, uint32_t from, uint32_t to, struct hp_error *err)
{
	struct tcmsg fixed = filter_of(from);
	/* Without keys it matches also a frame that is too short to have one. */
	struct tc_u32_sel selector = {.flags = TC_U32_TERMINAL};
	struct hp_error cause = HP_ERROR_INIT;
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
	hp_netlink_put_str(&r, TCA_KIND, "u32");

	size_t options = hp_netlink_nest(&r, TCA_OPTIONS);

	put_action(&r, to);
	hp_netlink_put(&r, TCA_U32_SEL, &selector, sizeof(selector));
	hp_netlink_nest_end(&r, options);
	if (hp_netlink_ask(n, &r, &cause) == 0)
		return 0;
	if (cause.sys == ENOENT)
		return hp_fail(err, HP_ENOTFOUND,
			       "the kernel cannot redirect: load its modules with "
			       "'modprobe -a cls_u32 act_mirred'");
	*err = cause;
	return hp_wrap(err, "add a filter");
}

/* Returns: whether there was one, or -1. */
static int remove_filter(struct hp_netlink *n, uint32_t link, struct hp_error *err)
{
	struct tcmsg fixed = filter_of(link);
	struct hp_error cause = HP_ERROR_INIT;
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_DELTFILTER, 0, &fixed, sizeof(fixed));
	hp_netlink_put_str(&r, TCA_KIND, "u32");
	if (hp_netlink_ask(n, &r, &cause) == 0)
		return 1;
	/* EINVAL: the link has no ingress queue; ENOENT: no filter of ours is in it. */
	if (cause.sys == EINVAL || cause.sys == ENOENT || cause.sys == ENODEV)
		return 0;
	*err = cause;
	return hp_wrap(err, "remove a filter");
}

static int list_filters(struct hp_netlink *n, uint32_t link, struct hp_buf *ret,
			struct hp_error *err)
{
	struct tcmsg fixed = {.tcm_ifindex = (int)link, .tcm_parent = CHAIN};
	struct hp_netlink_request r;

	hp_buf_init(ret, FILTERS_MAX);
	hp_netlink_begin(&r, RTM_GETTFILTER, 0, &fixed, sizeof(fixed));
	if (hp_netlink_dump(n, &r, ret, err) < 0)
		return hp_wrap(err, "list filters");
	return 0;
}

/* Are there filters of others? */
static int count_filters(struct hp_netlink *n, uint32_t link, size_t *ret, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct hp_netlink_message m;
	int rc;

	if (list_filters(n, link, &dump, err) < 0)
		return -1;

	struct hp_bytes in = hp_buf_bytes(&dump);

	*ret = 0;
	while ((rc = hp_netlink_next(&in, &m, err)) > 0)
		*ret += m.type == RTM_NEWTFILTER ? 1 : 0;
	return rc;
}

/* Where the first action of a filter of ours leads. Returns: 1, 0 - it is no such filter, -1. */
static int read_target(const struct hp_netlink_message *m, uint32_t *ret, struct hp_error *err)
{
	struct hp_bytes table[TCA_OPTIONS + 1];
	struct hp_bytes options[TCA_U32_ACT + 1];
	struct hp_bytes actions[2];
	struct hp_bytes action[TCA_ACT_OPTIONS + 1];
	struct hp_bytes params[TCA_MIRRED_PARMS + 1];
	struct tc_mirred mirred;
	struct tcmsg fixed;

	if (m->type != RTM_NEWTFILTER)
		return 0;
	if (hp_netlink_read(m->body, &fixed, sizeof(fixed), table, HP_ARRAY_LEN(table), err) <
		    0 ||
	    hp_netlink_read_nested(table[TCA_OPTIONS], options, HP_ARRAY_LEN(options), err) <
		    0 ||
	    hp_netlink_read_nested(options[TCA_U32_ACT], actions, HP_ARRAY_LEN(actions), err) <
		    0 ||
	    hp_netlink_read_nested(actions[1], action, HP_ARRAY_LEN(action), err) < 0 ||
	    hp_netlink_read_nested(action[TCA_ACT_OPTIONS], params, HP_ARRAY_LEN(params), err) <
		    0)
		return -1;
	if (TC_H_MAJ(fixed.tcm_info) >> 16 != PRIORITY ||
	    params[TCA_MIRRED_PARMS].len < sizeof(mirred))
		return 0;
	memcpy(&mirred, params[TCA_MIRRED_PARMS].data, sizeof(mirred));
	*ret = mirred.ifindex;
	return 1;
}

int hp_tc_target(struct hp_netlink *n, uint32_t from, uint32_t *ret, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct hp_netlink_message m;
	int found = 0;
	int rc = list_filters(n, from, &dump, err) < 0 ? -1 : 1;

	for (struct hp_bytes in = hp_buf_bytes(&dump); rc > 0 && found == 0;) {
		rc = hp_netlink_next(&in, &m, err);
		if (rc > 0)
			found = read_target(&m, ret, err);
	}
	return rc < 0 || found < 0 ? hp_wrap(err, "link %u", from) : found;
}

static int remove_queue(struct hp_netlink *n, uint32_t link, struct hp_error *err)
{
	struct tcmsg fixed = {
		.tcm_ifindex = (int)link, .tcm_handle = QUEUE, .tcm_parent = TC_H_INGRESS};
	struct hp_error cause = HP_ERROR_INIT;
	struct hp_netlink_request r;

	hp_netlink_begin(&r, RTM_DELQDISC, 0, &fixed, sizeof(fixed));
	hp_netlink_put_str(&r, TCA_KIND, "ingress");
	/* EINVAL: it is of another kind, and so not ours. */
	if (hp_netlink_ask(n, &r, &cause) == 0 || cause.sys == EINVAL || cause.sys == ENOENT ||
	    cause.sys == ENODEV)
		return 0;
	*err = cause;
	return hp_wrap(err, "remove an ingress queue");
}

int hp_tc_redirect(struct hp_netlink *n, uint32_t from, uint32_t to, struct hp_error *err)
{
	/* A filter of an end that nobody tidied up after would come before the new one. */
	if (remove_filter(n, from, err) < 0 || add_queue(n, from, err) < 0 ||
	    add_filter(n, from, to, err) < 0)
		return hp_wrap(err, "redirect what link %u receives to link %u", from, to);
	return 0;
}

int hp_tc_release(struct hp_netlink *n, uint32_t from, struct hp_error *err)
{
	int removed = remove_filter(n, from, err);
	size_t others = 0;

	if (removed > 0)
		removed = count_filters(n, from, &others, err) < 0 ? -1 : removed;
	if (removed > 0 && others == 0)
		removed = remove_queue(n, from, err);
	return removed < 0 ? hp_wrap(err, "release link %u", from) : 0;
}
