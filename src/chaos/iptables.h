/* SPDX-License-Identifier: Apache-2.0 */
/* iptables.h - the rules that drop a share of what a container receives: read from an action's
 * arguments, written as iptables(8) has them, set in the kernel, found again, counted and removed.
 *
 * They belong to their owner, a fault, whose mark each carries: the comment "harpoon:ID". */
#pragma once
#include "base/str.h"
#include "net/nft.h"
#include "wire/json.h"

#define HP_IPTABLES_RULES_MAX        1024
#define HP_IPTABLES_COMBINATIONS_MAX 256 /* with match_all. From: Pumba 1.6, --match-all */

/* One rule. What it selects is borrowed from the arguments; NULL selects all. */
struct hp_iptables_rule {
	uint8_t family;     /* NFPROTO_IPV4, NFPROTO_IPV6 */
	const char *source; /* "10.0.0.0/8" */
	const char *destination;
	const char *src_ports; /* "80", "1000-2000" */
	const char *dst_ports;
};

/* What all rules have in common, and the rules. */
struct hp_iptables {
	const char *interface;
	const char *protocol; /* "tcp", "udp", "icmp"; NULL: any */
	bool nth;             /* of each @every packets number @packet, from 0 */
	uint32_t every;
	uint32_t packet;
	uint32_t below; /* else those whose random number of 31 bits is below this */
	struct hp_iptables_rule *rules;
	size_t count;
	size_t room;
};

/* Read and check an action's arguments, from which the result borrows; action.h has their form.
 * Fails: HP_EINVALID - saying which is wrong; HP_ERANGE - too many rules. */
int hp_iptables_read(const struct hp_json *args, struct hp_iptables *ret,
		     struct hp_error *err) MUST_CHECK;
void hp_iptables_clear(struct hp_iptables *t);
HP_AUTO_VALUE(struct hp_iptables, hp_iptables_clear);

/* The number of IPPROTO_* in a family; 0: any. */
uint8_t hp_iptables_protocol(const struct hp_iptables *t, uint8_t family);
/* The mark of a fault's rules. Owns: the caller. */
char *hp_iptables_mark(const char *fault_id);
/* "-m statistic --mode ...". Owns: the caller. */
char *hp_iptables_chance(const struct hp_iptables *t);
/* A rule without its command: "INPUT -i eth0 ... -j DROP". Owns: the caller. */
char *hp_iptables_line(const struct hp_iptables *t, const struct hp_iptables_rule *r,
		       const char *mark);

/* What rules have counted. */
struct hp_iptables_counts {
	struct hp_nft_count seen; /* that they selected */
	struct hp_nft_count dropped;
};

/* iptables_nft.c: in the network namespace of @n, an nf_tables socket. */

/* Set all rules at once, or none, in the chain INPUT of iptables' own table "filter".
 * Fails: HP_EUNSUPPORTED - the kernel lacks what rules need, which is said. */
int hp_iptables_set(struct hp_netlink *n, const struct hp_iptables *t, const char *fault_id,
		    struct hp_error *err) MUST_CHECK;
/* Remove the fault's rules, and what was made for them and nobody uses. None is
 * fine. */
int hp_iptables_unset(struct hp_netlink *n, const char *fault_id,
		      struct hp_error *err) MUST_CHECK;
int hp_iptables_count(struct hp_netlink *n, const char *fault_id,
		      struct hp_iptables_counts *ret, struct hp_error *err) MUST_CHECK;

/* iptables_save.c: what iptables-save(8) prints. */

/* Append a line "-D ..." for each rule with the mark; NULL @removals: none.
 * ret_dropped: what these rules have counted, as "-c" makes it print that; NULL: not wanted.
 * Fails: HP_EEXHAUSTED. */
int hp_iptables_read_save(const char *text, const char *mark, struct hp_buf *removals,
			  struct hp_nft_count *ret_dropped, struct hp_error *err) MUST_CHECK;

/* iptables_legacy.c: where the host's iptables(8) is the one that knows no nf_tables, rules are set by
 * that program, for it and the kernel's older tables share nothing with nf_tables. All are called in
 * the target's network namespace. The table "filter", once it has been used, stays with it. */

/* Is it? */
bool hp_iptables_is_legacy(void);
int hp_iptables_legacy_set(const struct hp_iptables *t, const char *fault_id,
			   struct hp_error *err) MUST_CHECK;
int hp_iptables_legacy_unset(const char *fault_id, struct hp_error *err) MUST_CHECK;
int hp_iptables_legacy_count(const char *fault_id, struct hp_iptables_counts *ret,
			     struct hp_error *err) MUST_CHECK;
