/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_iptables.c - chaos iptables loss. Its args:
 *   {"interface": "eth0", "protocol": "any" "tcp" "udp" "icmp", "source": ["10.0.0.0/8"],
 *    "destination": [], "src_ports": ["80", "1000-2000"], "dst_ports": [],
 *    "mode": "random", "probability": 0.3   or   "mode": "nth", "every": 3, "packet": 0,
 *    "match_all": false, "image": "", "pull": true}
 * Networks and ports are as wire/filter.h spells them. image only when it was given, as without one
 * the rules are set from this host. */
#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "chaos/action.h"
#include "cmd/chaos.h"
#include "wire/filter.h"

/* From: Pumba 1.6, limits of --match-all. */
enum { COMBINATIONS_MAX = 256 };

struct iptables_args {
	struct hp_pflags_base base;
	int64_t duration_ns;
	const char *interface;
	const char *protocol;
	struct hp_strv source;
	struct hp_strv destination;
	const char *src_ports;
	const char *dst_ports;
	bool match_all;
	const char *image;
	bool pull;
	int64_t limit;
};

struct loss_args {
	struct hp_pflags_base base;
	const char *mode;
	double probability;
	int64_t every;
	int64_t packet;
};

#define PARENT(m) offsetof(struct iptables_args, m)
#define LOSS(m)   offsetof(struct loss_args, m)

/* clang-format off: one row a flag */
static const struct hp_pflag iptables_flags[] = {
	{HP_PFLAG_DURATION, "duration, d", NULL, "0s", "how long; must be given",
	 PARENT(duration_ns)},
	{HP_PFLAG_STR, "interface, i", NULL, "eth0", "the container's network interface",
	 PARENT(interface)},
	{HP_PFLAG_STR, "protocol, p", NULL, "any", "any, tcp, udp or icmp", PARENT(protocol)},
	{HP_PFLAG_LIST, "source, src, s", NULL, NULL,
	 "only packets from this address or network; once for each", PARENT(source)},
	{HP_PFLAG_LIST, "destination, dest", NULL, NULL,
	 "only packets to this address or network; once for each", PARENT(destination)},
	{HP_PFLAG_STR, "src-port, sport", NULL, NULL,
	 "only packets from these ports, 80,443,1000-2000", PARENT(src_ports)},
	{HP_PFLAG_STR, "dst-port, dport", NULL, NULL, "only packets to these ports",
	 PARENT(dst_ports)},
	{HP_PFLAG_BOOL, "match-all", NULL, NULL,
	 "packets must match one of each kind that is given, and not just any one",
	 PARENT(match_all)},
	{HP_PFLAG_STR, "iptables-image", NULL, NULL,
	 "image with iptables to set the rules from; without it they are set from the host",
	 PARENT(image)},
	{HP_PFLAG_BOOL, "pull-image", NULL, "true", "pull that image before", PARENT(pull)},
	{HP_PFLAG_INT, "limit", NULL, "0", "at most so many containers; 0 is all",
	 PARENT(limit)},
	HP_PFLAG_HELP(struct iptables_args),
	{.type = HP_PFLAG_END},
};

static const struct hp_pflag loss_flags[] = {
	{HP_PFLAG_STR, "mode", NULL, "random", "which packets are lost: random or nth",
	 LOSS(mode)},
	{HP_PFLAG_FLOAT, "probability", NULL, "0", "random: of one packet, from 0.0 to 1.0",
	 LOSS(probability)},
	{HP_PFLAG_INT, "every", NULL, "0", "nth: one of so many packets", LOSS(every)},
	{HP_PFLAG_INT, "packet", NULL, "0", "nth: the first that is lost, from 0 to every - 1",
	 LOSS(packet)},
	HP_PFLAG_HELP(struct loss_args),
	{.type = HP_PFLAG_END},
};
/* clang-format on */

/* A letter, then letters, digits and . : _ - , as Pumba wants it. */
static int check_interface(const char *name, struct hp_error *err)
{
	bool good = isalpha((unsigned char)name[0]) != 0;

	for (const char *c = name; *c; c++)
		good &= isalnum((unsigned char)*c) || strchr(".:_-", *c);
	if (good)
		return 0;
	return hp_fail(err, HP_EUSAGE,
		       "invalid network interface name '%s'; it is a letter, then letters, "
		       "digits and . : _ -",
		       name);
}

static int check_times(const struct hp_chaos_use *use, const struct iptables_args *args,
		       struct hp_error *err)
{
	const struct hp_span *interval = &use->chaos->globals.interval;

	if (args->duration_ns <= 0)
		return hp_fail(err, HP_EUSAGE,
			       "unset or invalid duration value; it is a time such as 30s");
	if (interval->max_ns > 0 && args->duration_ns >= interval->min_ns)
		return hp_fail(err, HP_EUSAGE, "duration must be shorter than interval");
	return 0;
}

static int add_networks(struct hp_json *json, const char *key, const struct hp_strv *given,
			struct hp_error *err)
{
	struct hp_json *list = hp_json_array();

	hp_json_set(json, key, list);
	for (size_t i = 0; i < given->count; i++) {
		AUTO_FREE char *network = NULL;
		if (hp_filter_network(given->items[i], &network, err) < 0)
			return hp_wrap(err, "invalid %s", key);
		hp_json_add(list, hp_json_new_str(network));
	}
	return 0;
}

static int add_ports(struct hp_json *json, const char *key, const char *given,
		     struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv ports = {0};

	if (hp_filter_ports(given, &ports, err) < 0)
		return -1;
	hp_json_set_strs(json, key, hp_strv_view(&ports));
	return 0;
}

static int check_protocol(const struct iptables_args *args, struct hp_error *err)
{
	bool has_ports = hp_str_eq(args->protocol, "tcp") || hp_str_eq(args->protocol, "udp");

	if (!has_ports && !hp_str_eq(args->protocol, "any") &&
	    !hp_str_eq(args->protocol, "icmp"))
		return hp_fail(err, HP_EUSAGE,
			       "invalid protocol '%s'; there are any, tcp, udp and icmp",
			       args->protocol);
	if (!has_ports && (args->src_ports[0] || args->dst_ports[0]))
		return hp_fail(err, HP_EUSAGE,
			       "invalid protocol '%s': ports need --protocol tcp or udp",
			       args->protocol);
	return 0;
}

/* Each combination is a rule of its own. */
static int check_combinations(const struct hp_json *json, struct hp_error *err)
{
	static const char *const keys[] = {"source", "destination", "src_ports", "dst_ports"};
	size_t rules = 1;

	for (size_t i = 0; i < HP_ARRAY_LEN(keys); i++) {
		size_t count = hp_json_count(hp_json_get(json, keys[i]));
		rules *= count ? count : 1;
		if (rules > COMBINATIONS_MAX)
			return hp_fail(err, HP_EUSAGE,
				       "invalid filters: --match-all makes more than %d "
				       "combinations of them",
				       COMBINATIONS_MAX);
	}
	return 0;
}

static int add_filters(const struct iptables_args *args, struct hp_json *json,
		       struct hp_error *err)
{
	if (check_interface(args->interface, err) < 0 || check_protocol(args, err) < 0)
		return -1;
	hp_json_set_str(json, "interface", args->interface);
	hp_json_set_str(json, "protocol", args->protocol);
	hp_json_set_bool(json, "match_all", args->match_all);
	if (add_networks(json, "source", &args->source, err) < 0 ||
	    add_networks(json, "destination", &args->destination, err) < 0 ||
	    add_ports(json, "src_ports", args->src_ports, err) < 0 ||
	    add_ports(json, "dst_ports", args->dst_ports, err) < 0)
		return -1;
	return args->match_all ? check_combinations(json, err) : 0;
}

static int add_loss(const struct loss_args *args, struct hp_json *json, struct hp_error *err)
{
	hp_json_set_str(json, "mode", args->mode);
	if (hp_str_eq(args->mode, "random")) {
		hp_json_set(json, "probability", hp_json_new_double(args->probability));
		if (hp_filter_share("probability", args->probability, 1, err) < 0)
			return hp_wrap(err, "invalid loss");
		return 0;
	}
	if (!hp_str_eq(args->mode, "nth"))
		return hp_fail(err, HP_EUSAGE,
			       "invalid loss mode '%s'; there are random and nth", args->mode);
	if (args->every <= 0)
		return hp_fail(err, HP_EUSAGE,
			       "invalid loss: mode nth needs --every of 1 or more");
	if (args->packet < 0 || args->packet >= args->every)
		return hp_fail(err, HP_EUSAGE,
			       "invalid loss: packet %lld is not from 0 to every - 1, %lld",
			       (long long)args->packet, (long long)args->every - 1);
	hp_json_set_i64(json, "every", args->every);
	hp_json_set_i64(json, "packet", args->packet);
	return 0;
}

static int loss_plan(const struct hp_chaos_use *use, struct hp_plan *plan,
		     struct hp_json **ret_args, struct hp_error *err)
{
	const struct iptables_args *args = use->parent;
	AUTO(hp_json_free) struct hp_json *json = hp_json_object();

	if (check_times(use, args, err) < 0 || add_filters(args, json, err) < 0 ||
	    add_loss(use->args, json, err) < 0)
		return hp_wrap(err, "error parsing iptables parameters");
	if (args->image[0])
		hp_json_set_str(json, "image", args->image);
	hp_json_set_bool(json, "pull", args->pull);
	plan->action = &hp_action_iptables;
	plan->duration_ns = args->duration_ns;
	plan->select.limit = args->limit;
	*ret_args = TAKE(json);
	return 0;
}

static const struct hp_chaos_cmd loss = {
	.name = "loss",
	.usage = "drop packets that containers get",
	.flags = loss_flags,
	.args_size = sizeof(struct loss_args),
	.plan = loss_plan,
};

static const struct hp_chaos_cmd *const subs[] = {&loss, NULL};

const struct hp_chaos_cmd hp_chaos_cmd_iptables = {
	.name = "iptables",
	.usage = "filter the packets that containers get",
	.flags = iptables_flags,
	.args_size = sizeof(struct iptables_args),
	.subs = subs,
};
