/* SPDX-License-Identifier: Apache-2.0 */
/* iptables.c - drop a share of the packets that a container receives, by rules in its network
 * namespace. args: {"interface": "eth0", "protocol": "any", "source": [], "destination": [],
 * "src_ports": [], "dst_ports": [], "mode": "random", "probability": 0.3, "every": 0, "packet": 0,
 * "match_all": false, "image": "",
 * "pull": true}; apply adds "legacy" where the host's iptables is the older one. */
#include <unistd.h>

#include "base/alloc.h"
#include "chaos/action.h"
#include "chaos/iptables.h"
#include "chaos/sidecar.h"
#include "net/netns.h"
#include "net/tc.h"
#include "net/view.h"

#define LEGACY    "legacy"
#define IPV6_FILE "/proc/sys/net/ipv6" /* of a kernel with IPv6 */

/* What is done by a thread in the target's namespace. */
struct visit {
	struct hp_fault *f;
	struct hp_iptables *t;
	struct hp_iptables_counts counts;
};

static bool find_link(const struct hp_net_view *v, const char *name)
{
	for (size_t i = 0; i < v->n_links; i++)
		if (hp_str_eq(v->links[i].name, name))
			return true;
	return false;
}

static int fail_no_link(const struct hp_fault *f, const struct hp_net_view *v, const char *name,
			struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};

	for (size_t i = 0; i < v->n_links; i++)
		hp_strv_add(&names, v->links[i].name);

	AUTO_FREE char *all = hp_strv_join(hp_strv_view(&names), ", ");

	return hp_fail(err, HP_ENOTFOUND,
		       "container '%s' has no network interface '%s', but: %s",
		       f->container->name, name, all);
}

/* What an interface receives may be redirected to a machine, past all chains. */
static int check_machine(const struct visit *x, struct hp_netlink *n,
			 const struct hp_net_view *v, struct hp_error *err)
{
	uint32_t to;

	for (size_t i = 0; i < v->n_links; i++) {
		int rc = hp_tc_target(n, v->links[i].index, &to, err);

		if (rc < 0)
			return -1;
		if (rc > 0)
			return hp_fail(err, HP_EUNSUPPORTED,
				       "container '%s' has a machine of its own, and what that "
				       "receives passes no rules of iptables",
				       x->f->container->name);
	}
	return 0;
}

static int check_links(const struct visit *x, struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};

	if (hp_netlink_open(&n, err) < 0 || hp_net_view_read_links(&n, &v, err) < 0)
		return -1;
	if (!find_link(&v, x->t->interface))
		return fail_no_link(x->f, &v, x->t->interface, err);
	return check_machine(x, &n, &v, err);
}

/* A kernel without IPv6 receives nothing by it; but who asks for an address of it should know. */
static int leave_out_ipv6(struct visit *x, struct hp_error *err)
{
	size_t kept = 0;

	if (access(IPV6_FILE, F_OK) == 0)
		return 0;
	for (size_t i = 0; i < x->t->count; i++) {
		const struct hp_iptables_rule *r = &x->t->rules[i];

		if (r->family == NFPROTO_IPV6 && (r->source || r->destination))
			return hp_fail(err, HP_EUNSUPPORTED,
				       "this kernel has no IPv6, and so nothing comes from or "
				       "for '%s'",
				       r->source ? r->source : r->destination);
		if (r->family != NFPROTO_IPV6)
			x->t->rules[kept++] = *r;
	}
	x->t->count = kept;
	return 0;
}

static int set_there(void *data, struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	struct visit *x = data;

	if (check_links(x, err) < 0 || leave_out_ipv6(x, err) < 0)
		return -1;
	/* Rules of nf_tables are found by whom they belong to, and need nothing written down. */
	if (hp_iptables_is_legacy()) {
		hp_json_set_bool(x->f->args, LEGACY, true);
		if (hp_fault_save(x->f, err) < 0)
			return -1;
		return hp_iptables_legacy_set(x->t, x->f->id, err);
	}
	if (hp_nft_open(&n, err) < 0)
		return -1;
	return hp_iptables_set(&n, x->t, x->f->id, err);
}

/* The commands whose rules these are. */
static void iptables_steps(const struct hp_fault *f, struct hp_strv *ret_apply,
			   struct hp_strv *ret_undo)
{
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	AUTO_FREE char *mark = hp_iptables_mark(f->id);
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_iptables_read(f->args, &t, &ignored) < 0)
		return;
	for (size_t i = 0; i < t.count; i++) {
		const char *program =
			t.rules[i].family == NFPROTO_IPV6 ? "ip6tables" : "iptables";
		AUTO_FREE char *line = hp_iptables_line(&t, &t.rules[i], mark);

		hp_strv_addf(ret_apply, "%s -w -I %s", program, line);
		hp_strv_addf(ret_undo, "%s -w -D %s", program, line);
	}
}

/* Have a helper container do it. */
static int run_sidecar(struct hp_fault *f, const char *image, bool undo, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv apply_steps = {0};
	AUTO(hp_strv_free) struct hp_strv undo_steps = {0};
	const struct hp_sidecar s = {
		.image = image,
		.pull = hp_json_bool(hp_json_get(f->args, "pull"), true),
		.steps = undo ? &undo_steps : &apply_steps,
		.checked = undo,
	};

	iptables_steps(f, &apply_steps, &undo_steps);
	return hp_sidecar_run(f, &s, err);
}

static int apply_here(struct hp_fault *f, struct visit *x, struct hp_error *err)
{
	int netns_fd = -1;

	if (hp_fault_netns(f, &netns_fd, err) < 0)
		return -1;
	return hp_netns_call(netns_fd, set_there, x, err);
}

static int iptables_apply(struct hp_fault *f, struct hp_error *err)
{
	const char *image = hp_sidecar_image(f, HP_SIDECAR_NET_IMAGE);
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	struct visit x = {.f = f, .t = &t};

	if (hp_iptables_read(f->args, &t, err) < 0 ||
	    (image ? run_sidecar(f, image, false, err) : apply_here(f, &x, err)) < 0)
		return hp_wrap(err, "iptables on container '%s'", f->container->name);
	return 0;
}

static int unset_there(void *data, struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	const struct visit *x = data;
	struct hp_error why = HP_ERROR_INIT;

	if (hp_json_get(x->f->args, LEGACY))
		return hp_iptables_legacy_unset(x->f->id, err);
	if (hp_nft_open(&n, &why) == 0)
		return hp_iptables_unset(&n, x->f->id, err);
	if (why.code == HP_EUNSUPPORTED)
		return 0;
	*err = why;
	return -1;
}

/* With the namespace all that was in it has gone; and in one that may not be entered nothing was
 * done. Returns: 1, 0, -1. */
static int reach(struct hp_fault *f, int *ret_netns_fd, struct hp_error *err)
{
	struct hp_error why = HP_ERROR_INIT;

	if (hp_fault_netns(f, ret_netns_fd, &why) == 0)
		return 1;
	if (why.code == HP_ENOTFOUND || why.code == HP_EINVALID || why.code == HP_EUNSUPPORTED)
		return 0;
	*err = why;
	return -1;
}

static int undo_by_sidecar(struct hp_fault *f, const char *image, struct hp_error *err)
{
	struct hp_error why = HP_ERROR_INIT;

	if (hp_sidecar_sweep(f, err) < 0)
		return -1;
	if (run_sidecar(f, image, true, &why) == 0 || why.code == HP_ENOTFOUND ||
	    why.code == HP_ESTATE)
		return 0;
	*err = why;
	return -1;
}

static int undo_here(struct hp_fault *f, struct hp_error *err)
{
	struct visit x = {.f = f};
	int netns_fd = -1;
	int rc = reach(f, &netns_fd, err);

	return rc > 0 ? hp_netns_call(netns_fd, unset_there, &x, err) : rc;
}

static int iptables_undo(struct hp_fault *f, struct hp_error *err)
{
	const char *image = hp_sidecar_image(f, HP_SIDECAR_NET_IMAGE);

	if ((image ? undo_by_sidecar(f, image, err) : undo_here(f, err)) < 0)
		return hp_wrap(err, "iptables on container '%s'", f->container->name);
	return 0;
}

static int count_there(void *data, struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink n = HP_NETLINK_INIT;
	struct visit *x = data;

	if (hp_json_get(x->f->args, LEGACY))
		return hp_iptables_legacy_count(x->f->id, &x->counts, err);
	if (hp_nft_open(&n, err) < 0)
		return -1;
	return hp_iptables_count(&n, x->f->id, &x->counts, err);
}

static void add_effect(struct hp_labels *to, const char *key, uint64_t value)
{
	AUTO_FREE char *text = hp_sprintf("%llu", (unsigned long long)value);

	hp_labels_add(to, key, text);
}

static int iptables_observe(struct hp_fault *f, struct hp_labels *ret_effects,
			    struct hp_error *err)
{
	struct visit x = {.f = f};
	int netns_fd = -1;
	int rc = hp_sidecar_image(f, HP_SIDECAR_NET_IMAGE) ? 0 : reach(f, &netns_fd, err);

	if (rc <= 0)
		return rc;
	if (hp_netns_call(netns_fd, count_there, &x, err) < 0)
		return -1;
	/* The older tables count only what they drop. */
	if (!hp_json_get(f->args, LEGACY)) {
		add_effect(ret_effects, "packets_seen", x.counts.seen.packets);
		add_effect(ret_effects, "bytes_seen", x.counts.seen.bytes);
	}
	add_effect(ret_effects, "packets_dropped", x.counts.dropped.packets);
	add_effect(ret_effects, "bytes_dropped", x.counts.dropped.bytes);
	return 0;
}

/* As Go prints a list of texts. */
static void add_list(struct hp_labels *to, const char *key, const struct hp_json *list)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	for (size_t i = 0; i < hp_json_count(list); i++)
		hp_strv_add(&words, hp_json_str(hp_json_at(list, i)));

	AUTO_FREE char *joined = hp_strv_join(hp_strv_view(&words), " ");
	AUTO_FREE char *text = hp_sprintf("[%s]", joined);

	hp_labels_add(to, key, text);
}

/* The keys are Pumba's. */
static void iptables_describe(const struct hp_json *args, struct hp_labels *ret_fields)
{
	AUTO(hp_iptables_clear) struct hp_iptables t = {.count = 0};
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_iptables_read(args, &t, &ignored) < 0)
		return;

	AUTO_FREE char *prefix =
		hp_sprintf("[-I INPUT -i %s%s%s]", t.interface, t.protocol ? " -p " : "",
			   t.protocol ? t.protocol : "");
	AUTO_FREE char *suffix = hp_iptables_chance(&t);
	AUTO_FREE char *whole = hp_sprintf("[%s -j DROP]", suffix);

	hp_labels_add(ret_fields, "commandPrefix", prefix);
	hp_labels_add(ret_fields, "commandSuffix", whole);
	add_list(ret_fields, "srcIPs", hp_json_get(args, "source"));
	add_list(ret_fields, "dstIPs", hp_json_get(args, "destination"));
	add_list(ret_fields, "sports", hp_json_get(args, "src_ports"));
	add_list(ret_fields, "dports", hp_json_get(args, "dst_ports"));
}

const struct hp_action hp_action_iptables = {
	.name = "iptables",
	.doing = "running iptables on container",
	.undoing = "stopping iptables on container",
	.flags = HP_ACTION_LOCAL,
	.apply = iptables_apply,
	.undo = iptables_undo,
	.observe = iptables_observe,
	.describe = iptables_describe,
	.steps = iptables_steps,
};
