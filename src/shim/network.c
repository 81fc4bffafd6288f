/* SPDX-License-Identifier: Apache-2.0 */
/* network.c - owns the container's network namespace and the machine's tap in it. */
#include "shim/network.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/netns.h"
#include "net/tap.h"
#include "net/tc.h"
#include "shim/network_parts.h"

#define CLEAR_MS      1000
#define CLEAR_EACH_MS 10
#define LOOPBACK      1 /* its index in every namespace. From: Linux include/net/net_namespace.h */

struct hp_shim_network {
	char *path;   /* "host", and then only the tap is there */
	int netns_fd; /* -1: none */
	int tap_fd;
	char tap_name[IF_NAMESIZE];
	struct hp_netlink netlink; /* in the namespace */
	uint32_t tap;              /* once it was read */
	uint32_t link;             /* that was chosen; 0: none */
	uint32_t mtu;
};

/* In the namespace. */
static int open_ends(void *data, struct hp_error *err)
{
	struct hp_shim_network *n = data;

	if (hp_netlink_open(&n->netlink, err) < 0)
		return -1;
	return hp_tap_open(HP_SHIM__TAP, n->tap_name, &n->tap_fd, err);
}

/* Open the namespace, unless it is the host's. */
static int open_namespace(struct hp_shim_network *n, const char *netns, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;
	bool ours = false;

	if (hp_str_empty(netns) || hp_str_eq(netns, "host"))
		return 0;
	if (hp_str_eq(netns, "new"))
		return hp_netns_new(&n->netns_fd, err);
	if (hp_netns_open(netns, &fd, err) < 0 || hp_netns_is_ours(fd, &ours, err) < 0)
		return -1;
	if (!ours)
		n->netns_fd = TAKE_FD(fd);
	return 0;
}

static int open_network(struct hp_shim_network *n, const char *netns, struct hp_error *err)
{
	if (open_namespace(n, netns, err) < 0)
		return -1;
	if (n->netns_fd < 0) {
		n->path = hp_strdup("host");
		/* With a device it is like other machines, and can be a clone of their template. */
		return hp_tap_open_hidden(&n->tap_fd, err);
	}
	n->path = hp_sprintf("/proc/%d/fd/%d", (int)getpid(), n->netns_fd);
	if (hp_netns_call(n->netns_fd, open_ends, n, err) < 0)
		return -1;
	/* As every runtime does in a namespace that it makes. */
	return hp_str_eq(netns, "new") ? hp_net_link_up(&n->netlink, LOOPBACK, 0, err) : 0;
}

int hp_shim_network_open(const char *netns, struct hp_shim_network **ret, struct hp_error *err)
{
	AUTO(hp_shim_network_free) struct hp_shim_network *n = hp_alloc(sizeof(*n));

	n->netns_fd = -1;
	n->tap_fd = -1;
	n->netlink = (struct hp_netlink)HP_NETLINK_INIT;
	if (open_network(n, netns, err) < 0)
		return hp_wrap(err, "container's network");
	*ret = TAKE(n);
	return 0;
}

void hp_shim_network_free(struct hp_shim_network *n)
{
	struct hp_error err = HP_ERROR_INIT;

	if (!n)
		return;
	if (n->link && hp_tc_release(&n->netlink, n->link, &err) < 0)
		hp_log(HP_LOG_WARN, "network", "%s", err.msg);
	hp_netlink_close(&n->netlink);
	if (n->tap_fd >= 0)
		close(n->tap_fd);
	if (n->netns_fd >= 0)
		close(n->netns_fd);
	free(n->path);
	free(n);
}

const char *hp_shim_network_path(const struct hp_shim_network *n)
{
	return n->path;
}

int hp_shim_network_tap_fd(const struct hp_shim_network *n)
{
	return n->tap_fd;
}

static int find_tap(const struct hp_shim_network *n, const struct hp_net_view *v, uint32_t *ret,
		    struct hp_error *err)
{
	for (size_t i = 0; i < v->n_links; i++)
		if (hp_str_eq(v->links[i].name, n->tap_name)) {
			*ret = v->links[i].index;
			return 0;
		}
	return hp_fail(err, HP_ENOTFOUND,
		       "the machine's own interface '%s' has been taken away", n->tap_name);
}

int hp_shim_network_read(struct hp_shim_network *n, Hp__Guest__Network **ret,
			 struct hp_strv *warnings, struct hp_error *err)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	const struct hp_net_link *l;

	if (n->netns_fd < 0) {
		hp_strv_add(warnings, "a machine cannot have the host's network: the container "
				      "has no interface but loopback");
		*ret = hp_shim__network_describe(&v, NULL, warnings);
		return 0;
	}
	if (hp_net_view_read(&n->netlink, &v, err) < 0 || find_tap(n, &v, &n->tap, err) < 0)
		return hp_wrap(err, "container's network");
	l = hp_shim__network_choose(&v, n->tap, warnings);
	n->link = l ? l->index : 0;
	n->mtu = l ? hp_shim__network_mtu(l) : 0;
	*ret = hp_shim__network_describe(&v, l, warnings);
	return 0;
}

int hp_shim_network_join(struct hp_shim_network *n, struct hp_error *err)
{
	if (n->link == 0)
		return 0;
	if (hp_net_link_up(&n->netlink, n->tap, n->mtu, err) < 0 ||
	    hp_tc_redirect(&n->netlink, n->tap, n->link, err) < 0 ||
	    hp_tc_redirect(&n->netlink, n->link, n->tap, err) < 0)
		return hp_wrap(err, "connect the container's network");
	return 0;
}

static bool has_link(const struct hp_net_view *v, uint32_t index)
{
	for (size_t i = 0; i < v->n_links; i++)
		if (v->links[i].index == index)
			return true;
	return false;
}

/* Release the interfaces that lead to no tap any more.
 * Returns: whether there are others, whose tap is another machine's, or about to go; or -1. */
static int clear_once(struct hp_netlink *netlink, struct hp_error *err)
{
	AUTO(hp_net_view_clear) struct hp_net_view v = {.links = NULL};
	int others = 0;

	if (hp_net_view_read_links(netlink, &v, err) < 0)
		return -1;
	for (size_t i = 0; i < v.n_links; i++) {
		uint32_t link = v.links[i].index;
		uint32_t tap = 0;
		int rc = hp_shim__network_is_tap(&v.links[i])
				 ? 0
				 : hp_tc_target(netlink, link, &tap, err);

		if (rc > 0 && has_link(&v, tap))
			others = 1;
		else if (rc > 0)
			rc = hp_tc_release(netlink, link, err);
		if (rc < 0)
			return -1;
	}
	return others;
}

/* The VMM is dead, but its last thread, and with it the tap, may yet have to go. */
static int clear(struct hp_netlink *netlink, struct hp_error *err)
{
	int64_t end_ms = hp_clock_ms() + CLEAR_MS;
	int rc;

	while ((rc = clear_once(netlink, err)) > 0 && hp_clock_ms() < end_ms)
		hp_clock_sleep_ms(CLEAR_EACH_MS);
	return rc < 0 ? -1 : 0;
}

static int open_netlink(void *data, struct hp_error *err)
{
	return hp_netlink_open(data, err);
}

int hp_shim_network_clear(const char *netns, struct hp_error *err)
{
	AUTO(hp_netlink_close) struct hp_netlink netlink = HP_NETLINK_INIT;
	struct hp_error cause = HP_ERROR_INIT;
	AUTO_CLOSE int fd = -1;
	bool ours = false;

	/* One that the shim made has ended with it. */
	if (hp_str_empty(netns) || hp_str_eq(netns, "host") || hp_str_eq(netns, "new"))
		return 0;
	if (hp_netns_open(netns, &fd, &cause) < 0) {
		/* What is left of the name of one that has ended is an ordinary file. */
		if (cause.code == HP_ENOTFOUND || cause.code == HP_EINVALID)
			return 0;
		*err = cause;
		return -1;
	}
	if (hp_netns_is_ours(fd, &ours, err) < 0)
		return -1;
	if (ours)
		return 0;
	if (hp_netns_call(fd, open_netlink, &netlink, err) < 0 || clear(&netlink, err) < 0)
		return hp_wrap(err, "let the network of '%s' go", netns);
	return 0;
}
