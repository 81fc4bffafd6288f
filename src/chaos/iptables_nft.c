/* SPDX-License-Identifier: Apache-2.0 */
/* iptables_nft.c - sets rules and removes them, in transactions: a removal is of what was there when
 * it was looked at, or it is tried again, so that nobody's work beside ours can be lost. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "chaos/iptables_put.h"

#define DUMP_MAX ((size_t)16 * 1024 * 1024)
#define TRIES    50
#define PAUSE_MS 2 /* between tries, growing with each */

static const struct hp_nft_place inputs[] = {
	{NFPROTO_IPV4, "filter", "INPUT"},
	{NFPROTO_IPV6, "filter", "INPUT"},
};

static int add_place(struct hp_netlink *n, struct hp_netlink_batch *b,
		     const struct hp_nft_place *place, struct hp_error *err)
{
	struct hp_netlink_request r;

	hp_iptables__put_table(&r, place);
	if (hp_netlink_batch_add(b, n, &r, err) < 0)
		return -1;
	hp_iptables__put_chain(&r, place);
	return hp_netlink_batch_add(b, n, &r, err);
}

static int add_rules(struct hp_netlink *n, struct hp_netlink_batch *b,
		     const struct hp_nft_place *place, const struct hp_iptables *t,
		     const char *mark, struct hp_error *err)
{
	struct hp_netlink_request r;

	for (size_t i = 0; i < t->count; i++) {
		if (t->rules[i].family != place->family)
			continue;
		hp_iptables__put_rule(&r, place, t, &t->rules[i], mark);
		if (hp_netlink_batch_add(b, n, &r, err) < 0)
			return -1;
	}
	return 0;
}

static bool has_family(const struct hp_iptables *t, uint8_t family)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->rules[i].family == family)
			return true;
	return false;
}

static int add_inputs(struct hp_netlink *n, struct hp_netlink_batch *b,
		      const struct hp_iptables *t, const char *fault_id, struct hp_error *err)
{
	AUTO_FREE char *mark = hp_iptables_mark(fault_id);

	for (size_t i = 0; i < HP_ARRAY_LEN(inputs); i++)
		if (has_family(t, inputs[i].family) &&
		    (add_place(n, b, &inputs[i], err) < 0 ||
		     add_rules(n, b, &inputs[i], t, mark, err) < 0))
			return -1;
	return 0;
}

/* The kernel's errno says little about what it lacks. */
static int explain(struct hp_error *err)
{
	struct hp_error why = *err;

	if (why.sys != ENOENT && why.sys != EOPNOTSUPP && why.sys != EEXIST)
		return -1;
	hp_error_clear(err);
	if (why.sys == EEXIST)
		return hp_fail(
			err, HP_EEXISTS,
			"the chain INPUT of the table filter, which is there already, is "
			"none of iptables': %s",
			why.msg);
	return hp_fail(err, HP_EUNSUPPORTED,
		       "the kernel lacks what rules of iptables need: load its modules with "
		       "'modprobe -a nft_compat xt_statistic xt_comment': %s",
		       why.msg);
}

int hp_iptables_set(struct hp_netlink *n, const struct hp_iptables *t, const char *fault_id,
		    struct hp_error *err)
{
	AUTO(hp_netlink_batch_free) struct hp_netlink_batch b = {.count = 0};

	if (hp_nft_transaction(&b, n, 0, err) < 0 || add_inputs(n, &b, t, fault_id, err) < 0)
		return -1;
	return hp_nft_commit(n, &b, err) < 0 ? explain(err) : 0;
}

/* What is done with each thing that a list has. */
typedef int (*item_fn)(const struct hp_netlink_message *m, void *data, struct hp_error *err);

static int for_each(struct hp_netlink *n, unsigned message, const struct hp_nft_place *place,
		    item_fn fn, void *data, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf dump = {0};
	struct hp_netlink_message m;
	int rc;

	hp_buf_init(&dump, DUMP_MAX);
	if (hp_nft_list(n, message, place, &dump, err) < 0)
		return -1;
	for (struct hp_bytes in = hp_buf_bytes(&dump);
	     (rc = hp_netlink_next(&in, &m, err)) > 0;)
		if (fn(&m, data, err) < 0)
			return -1;
	return rc;
}

/* What is to be removed from one place, and what is known about it. */
struct removal {
	struct hp_netlink *n;
	struct hp_netlink_batch *b;
	const struct hp_nft_place *place;
	const char *mark;
	uint32_t rules;        /* of ours, in the chain */
	bool made_table;       /* by us */
	uint32_t uses;         /* of the table */
	uint32_t unused;       /* chains of it, which nobody uses once our rules are gone */
	bool made_chain;       /* by us, and unused */
	struct hp_strv chains; /* those that are unused */
};

static int remove_rule(const struct hp_netlink_message *m, void *data, struct hp_error *err)
{
	struct removal *x = data;
	struct hp_netlink_request r;
	struct hp_nft_rule rule;
	int rc = hp_nft_read_rule(m, &rule, err);

	if (rc <= 0 || !hp_str_eq(rule.comment, x->mark))
		return rc;
	x->rules++;
	hp_iptables__put_removal(&r, NFT_MSG_DELRULE, x->place, rule.handle);
	return hp_netlink_batch_add(x->b, x->n, &r, err);
}

static int look_at_table(const struct hp_netlink_message *m, void *data, struct hp_error *err)
{
	struct removal *x = data;
	struct hp_nft_table t;
	int rc = hp_nft_read_table(m, &t, err);

	if (rc <= 0 || !hp_str_eq(t.name, x->place->table))
		return rc;
	x->made_table = hp_str_eq(t.comment, HP_IPTABLES__MADE_BY);
	x->uses = t.uses;
	return 0;
}

/* iptables' own chains without a rule and with their first policy do nothing, whoever made them. */
static bool is_plain(const struct hp_nft_chain *c, uint32_t uses)
{
	return c->hooked && c->accepts && uses == 0 &&
	       (hp_str_eq(c->name, "INPUT") || hp_str_eq(c->name, "FORWARD") ||
		hp_str_eq(c->name, "OUTPUT"));
}

static int look_at_chain(const struct hp_netlink_message *m, void *data, struct hp_error *err)
{
	struct removal *x = data;
	struct hp_nft_chain c;
	int rc = hp_nft_read_chain(m, &c, err);

	if (rc <= 0 || !hp_str_eq(c.table, x->place->table))
		return rc;

	const bool ours = hp_str_eq(c.name, x->place->chain);

	if (!is_plain(&c, c.uses - (ours ? x->rules : 0)))
		return 0;
	x->unused++;
	if (ours && hp_str_eq(c.comment, HP_IPTABLES__MADE_BY))
		x->made_chain = true;
	hp_strv_add(&x->chains, c.name);
	return 0;
}

static int remove_place(struct removal *x, struct hp_error *err)
{
	const bool table = x->made_table && x->unused == x->uses;
	struct hp_nft_place place = *x->place;
	struct hp_netlink_request r;

	for (size_t i = 0; i < x->chains.count; i++) {
		place.chain = x->chains.items[i];
		if (!table && !(x->made_chain && hp_str_eq(place.chain, x->place->chain)))
			continue;
		hp_iptables__put_removal(&r, NFT_MSG_DELCHAIN, &place, 0);
		if (hp_netlink_batch_add(x->b, x->n, &r, err) < 0)
			return -1;
	}
	if (!table)
		return 0;
	hp_iptables__put_removal(&r, NFT_MSG_DELTABLE, &place, 0);
	return hp_netlink_batch_add(x->b, x->n, &r, err);
}

static int add_removal(struct removal *x, struct hp_error *err)
{
	int rc = for_each(x->n, NFT_MSG_GETRULE, x->place, remove_rule, x, err);

	if (rc == 0)
		rc = for_each(x->n, NFT_MSG_GETTABLE, x->place, look_at_table, x, err);
	if (rc == 0)
		rc = for_each(x->n, NFT_MSG_GETCHAIN, x->place, look_at_chain, x, err);
	if (rc == 0)
		rc = remove_place(x, err);
	hp_strv_free(&x->chains);
	return rc;
}

/* Fails: HP_EABORTED, HP_ENOTFOUND - somebody has changed the rules meanwhile. */
static int unset_once(struct hp_netlink *n, const char *mark, struct hp_error *err)
{
	AUTO(hp_netlink_batch_free) struct hp_netlink_batch b = {.count = 0};
	uint32_t generation;

	if (hp_nft_generation(n, &generation, err) < 0 ||
	    hp_nft_transaction(&b, n, generation, err) < 0)
		return -1;
	for (size_t i = 0; i < HP_ARRAY_LEN(inputs); i++) {
		struct removal x = {.n = n, .b = &b, .place = &inputs[i], .mark = mark};

		if (add_removal(&x, err) < 0)
			return -1;
	}
	/* The first message only begins the transaction. */
	return b.count > 1 ? hp_nft_commit(n, &b, err) : 0;
}

int hp_iptables_unset(struct hp_netlink *n, const char *fault_id, struct hp_error *err)
{
	AUTO_FREE char *mark = hp_iptables_mark(fault_id);

	for (int i = 1;; i++) {
		struct hp_error why = HP_ERROR_INIT;

		if (unset_once(n, mark, &why) == 0)
			return 0;
		if (i >= TRIES || (why.code != HP_EABORTED && why.code != HP_ENOTFOUND)) {
			*err = why;
			return hp_wrap(err, "remove rules");
		}
		hp_clock_sleep_ms((int64_t)i * PAUSE_MS);
	}
}

struct tally {
	const char *mark;
	struct hp_iptables_counts counts;
};

static void add_count(struct hp_nft_count *to, const struct hp_nft_count *from)
{
	to->packets += from->packets;
	to->bytes += from->bytes;
}

static int tally_rule(const struct hp_netlink_message *m, void *data, struct hp_error *err)
{
	struct tally *y = data;
	struct hp_nft_rule rule;
	int rc = hp_nft_read_rule(m, &rule, err);

	if (rc <= 0 || !hp_str_eq(rule.comment, y->mark) || rule.n_counts < 1)
		return rc;
	/* One that somebody has saved and restored has only the counter that iptables knows. */
	if (rule.n_counts > 1)
		add_count(&y->counts.seen, &rule.counts[0]);
	add_count(&y->counts.dropped, &rule.counts[rule.n_counts - 1]);
	return 0;
}

int hp_iptables_count(struct hp_netlink *n, const char *fault_id,
		      struct hp_iptables_counts *ret, struct hp_error *err)
{
	AUTO_FREE char *mark = hp_iptables_mark(fault_id);
	struct tally y = {.mark = mark};

	for (size_t i = 0; i < HP_ARRAY_LEN(inputs); i++)
		if (for_each(n, NFT_MSG_GETRULE, &inputs[i], tally_rule, &y, err) < 0)
			return -1;
	*ret = y.counts;
	return 0;
}
