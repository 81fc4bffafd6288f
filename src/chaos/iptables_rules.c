/* SPDX-License-Identifier: Apache-2.0 */
/* iptables_rules.c - owns what rules there are for an action's arguments. No I/O happens here. */
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/alloc.h"
#include "chaos/iptables.h"
#include "wire/filter.h"

#define PROBABILITY_ONE 0x80000000u /* From: Linux net/netfilter/xt_statistic.c */

/* The dimensions in which a packet is selected, in the order in which Pumba adds its rules. */
static const struct {
	const char *key;
	size_t at;
	bool is_network;
} dimensions[] = {
	{"source", offsetof(struct hp_iptables_rule, source), true},
	{"destination", offsetof(struct hp_iptables_rule, destination), true},
	{"src_ports", offsetof(struct hp_iptables_rule, src_ports), false},
	{"dst_ports", offsetof(struct hp_iptables_rule, dst_ports), false},
};

static const char **field(struct hp_iptables_rule *r, size_t dimension)
{
	return (const char **)(void *)((char *)r + dimensions[dimension].at);
}

static uint8_t family_of(const char *network)
{
	return strchr(network, ':') ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

void hp_iptables_clear(struct hp_iptables *t)
{
	free(t->rules);
	*t = (struct hp_iptables){.count = 0};
}

uint8_t hp_iptables_protocol(const struct hp_iptables *t, uint8_t family)
{
	if (!t->protocol)
		return 0;
	if (hp_str_eq(t->protocol, "tcp"))
		return IPPROTO_TCP;
	if (hp_str_eq(t->protocol, "udp"))
		return IPPROTO_UDP;
	return family == NFPROTO_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

char *hp_iptables_mark(const char *fault_id)
{
	return hp_sprintf("harpoon:%s", fault_id);
}

/* Does @text say the same as what the reader of the command line makes of it? */
static int check_value(size_t dimension, const char *text, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv ports = {0};
	AUTO_FREE char *network = NULL;

	if (!text)
		return hp_fail(err, HP_EINVALID, "'%s' of iptables is no list of texts",
			       dimensions[dimension].key);
	if (dimensions[dimension].is_network) {
		if (hp_filter_network(text, &network, err) < 0)
			return hp_wrap(err, "'%s' of iptables", dimensions[dimension].key);
		if (strcmp(network, text) != 0)
			return hp_fail(err, HP_EINVALID,
				       "'%s' of iptables: '%s' must be written '%s'",
				       dimensions[dimension].key, text, network);
		return 0;
	}
	if (hp_filter_ports(text, &ports, err) < 0)
		return hp_wrap(err, "'%s' of iptables", dimensions[dimension].key);
	if (ports.count != 1)
		return hp_fail(err, HP_EINVALID, "'%s' of iptables: '%s' is not one port",
			       dimensions[dimension].key, text);
	return 0;
}

static int add_rule(struct hp_iptables *t, const struct hp_iptables_rule *r,
		    struct hp_error *err)
{
	if (t->count >= HP_IPTABLES_RULES_MAX)
		return hp_fail(err, HP_ERANGE, "more than %d rules of iptables",
			       HP_IPTABLES_RULES_MAX);
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 4;
		t->rules = hp_realloc_array(t->rules, t->room, sizeof(*t->rules));
	}
	t->rules[t->count++] = *r;
	return 0;
}

/* Add it for the families that its addresses allow: both without any, none when they differ. */
static int add_families(struct hp_iptables *t, struct hp_iptables_rule r, struct hp_error *err)
{
	static const uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};

	for (size_t i = 0; i < HP_ARRAY_LEN(families); i++) {
		r.family = families[i];
		if ((r.source && family_of(r.source) != r.family) ||
		    (r.destination && family_of(r.destination) != r.family))
			continue;
		if (add_rule(t, &r, err) < 0)
			return -1;
	}
	return 0;
}

/* A rule for each value of each dimension; one of any of them is enough. */
static int read_any(const struct hp_json *args, struct hp_iptables *t, struct hp_error *err)
{
	for (size_t d = 0; d < HP_ARRAY_LEN(dimensions); d++) {
		const struct hp_json *values = hp_json_get(args, dimensions[d].key);

		for (size_t i = 0; i < hp_json_count(values); i++) {
			struct hp_iptables_rule r = {.family = 0};

			*field(&r, d) = hp_json_str(hp_json_at(values, i));
			if (add_families(t, r, err) < 0)
				return -1;
		}
	}
	return t->count > 0 ? 0 : add_families(t, (struct hp_iptables_rule){.family = 0}, err);
}

/* A rule for each combination of values, one of each dimension that has any. */
static int read_all(const struct hp_json *args, struct hp_iptables *t, struct hp_error *err)
{
	size_t combinations = 1;

	for (size_t d = 0; d < HP_ARRAY_LEN(dimensions); d++) {
		size_t count = hp_json_count(hp_json_get(args, dimensions[d].key));

		combinations *= count ? count : 1;
		if (combinations > HP_IPTABLES_COMBINATIONS_MAX)
			return hp_fail(err, HP_ERANGE,
				       "more than %d combinations of addresses and ports",
				       HP_IPTABLES_COMBINATIONS_MAX);
	}
	for (size_t n = 0; n < combinations; n++) {
		struct hp_iptables_rule r = {.family = 0};
		size_t rest = n;

		for (size_t d = 0; d < HP_ARRAY_LEN(dimensions); d++) {
			const struct hp_json *values = hp_json_get(args, dimensions[d].key);
			size_t count = hp_json_count(values);

			if (count > 0)
				*field(&r, d) = hp_json_str(hp_json_at(values, rest % count));
			rest /= count ? count : 1;
		}
		if (add_families(t, r, err) < 0)
			return -1;
	}
	if (t->count == 0)
		return hp_fail(
			err, HP_EINVALID,
			"no packet has both a source and a destination of these: some are "
			"IPv4, the others IPv6");
	return 0;
}

static int check_values(const struct hp_json *args, struct hp_error *err)
{
	const char *protocol = hp_json_get_str(args, "protocol");

	for (size_t d = 0; d < HP_ARRAY_LEN(dimensions); d++) {
		const struct hp_json *values = hp_json_get(args, dimensions[d].key);
		const size_t count = hp_json_count(values);

		if (values && !hp_json_is_array(values))
			return check_value(d, NULL, err);
		for (size_t i = 0; i < count; i++)
			if (check_value(d, hp_json_str(hp_json_at(values, i)), err) < 0)
				return -1;
		if (count > 0 && !dimensions[d].is_network && !hp_str_eq(protocol, "tcp") &&
		    !hp_str_eq(protocol, "udp"))
			return hp_fail(err, HP_EINVALID,
				       "only the protocols tcp and udp have ports");
	}
	return 0;
}

static int read_interface(const struct hp_json *args, struct hp_iptables *t,
			  struct hp_error *err)
{
	t->interface = hp_json_get_str(args, "interface");
	if (hp_str_empty(t->interface) || strlen(t->interface) >= IF_NAMESIZE ||
	    strpbrk(t->interface, " /\t\n\"'\\"))
		return hp_fail(err, HP_EINVALID, "'%s' is no name of a network interface",
			       t->interface ? t->interface : "");
	return 0;
}

static int read_protocol(const struct hp_json *args, struct hp_iptables *t,
			 struct hp_error *err)
{
	static const char *const known[] = {"tcp", "udp", "icmp"};
	const char *name = hp_json_get_str(args, "protocol");

	if (hp_str_empty(name) || hp_str_eq(name, "any"))
		return 0;
	for (size_t i = 0; i < HP_ARRAY_LEN(known); i++)
		if (hp_str_eq(known[i], name))
			t->protocol = known[i];
	if (!t->protocol)
		return hp_fail(err, HP_EINVALID,
			       "protocol '%s' is none of any, tcp, udp and icmp", name);
	return 0;
}

static int read_nth(const struct hp_json *args, struct hp_iptables *t, struct hp_error *err)
{
	int64_t every = hp_json_i64(hp_json_get(args, "every"), 0);
	int64_t packet = hp_json_i64(hp_json_get(args, "packet"), 0);

	if (every < 1 || every > INT32_MAX)
		return hp_fail(err, HP_ERANGE, "every: must be a number from 1 to %d",
			       INT32_MAX);
	if (packet < 0 || packet >= every)
		return hp_fail(err, HP_ERANGE, "packet: must be a number from 0 to %lld",
			       (long long)every - 1);
	t->nth = true;
	t->every = (uint32_t)every;
	t->packet = (uint32_t)packet;
	return 0;
}

static int read_statistic(const struct hp_json *args, struct hp_iptables *t,
			  struct hp_error *err)
{
	const char *mode = hp_json_get_str(args, "mode");
	double probability = hp_json_double(hp_json_get(args, "probability"), 0);

	if (hp_str_eq(mode, "nth"))
		return read_nth(args, t, err);
	if (mode && !hp_str_eq(mode, "random"))
		return hp_fail(err, HP_EINVALID, "mode '%s' is neither random nor nth", mode);
	if (hp_filter_share("probability", probability, 1, err) < 0)
		return -1;
	t->below = (uint32_t)(probability * PROBABILITY_ONE + 0.5);
	return 0;
}

int hp_iptables_read(const struct hp_json *args, struct hp_iptables *ret, struct hp_error *err)
{
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	bool all = hp_json_bool(hp_json_get(args, "match_all"), false);

	if (read_interface(args, &t, err) < 0 || read_protocol(args, &t, err) < 0 ||
	    read_statistic(args, &t, err) < 0 || check_values(args, err) < 0)
		return -1;
	if ((all ? read_all(args, &t, err) : read_any(args, &t, err)) < 0)
		return -1;
	*ret = t;
	t.rules = NULL;
	return 0;
}

static void add_option(struct hp_strv *words, const char *option, const char *value)
{
	if (value)
		hp_strv_addf(words, "%s %s", option, value);
}

/* iptables writes a range with a colon. */
static void add_ports(struct hp_strv *words, const char *option, const char *ports)
{
	const char *dash = ports ? strchr(ports, '-') : NULL;

	if (dash)
		hp_strv_addf(words, "%s %.*s:%s", option, (int)(dash - ports), ports, dash + 1);
	else
		add_option(words, option, ports);
}

char *hp_iptables_chance(const struct hp_iptables *t)
{
	if (t->nth)
		return hp_sprintf("-m statistic --mode nth --every %u --packet %u", t->every,
				  t->packet);
	return hp_sprintf("-m statistic --mode random --probability %.11f",
			  (double)t->below / PROBABILITY_ONE);
}

char *hp_iptables_line(const struct hp_iptables *t, const struct hp_iptables_rule *r,
		       const char *mark)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	hp_strv_addf(&words, "INPUT -i %s", t->interface);
	if (t->protocol && hp_iptables_protocol(t, r->family) == IPPROTO_ICMPV6)
		hp_strv_add(&words, "-p ipv6-icmp");
	else
		add_option(&words, "-p", t->protocol);
	add_option(&words, "-s", r->source);
	add_option(&words, "-d", r->destination);
	add_ports(&words, "--sport", r->src_ports);
	add_ports(&words, "--dport", r->dst_ports);
	hp_strv_take(&words, hp_iptables_chance(t));
	hp_strv_addf(&words, "-m comment --comment %s -j DROP", mark);
	return hp_strv_join(hp_strv_view(&words), " ");
}
