/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - owns the decoding and the checks of requests. */
#include "guest/request.h"

#include <limits.h>
#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/str.h"

/* From: gethostname(2), HOST_NAME_MAX. */
#define HOSTNAME_MAX     64
#define ENTROPY_MAX      4096
#define LOG_BYTES_MAX    (1024 * 1024)
/* From: Linux kernel/signal.c, _NSIG. */
#define SIGNAL_MAX       64
#define DISKS_MAX        26
#define DEVICES_MAX      16
/* From: Linux include/linux/capability.h and include/uapi/linux/filter.h, BPF_MAXINSNS. */
#define FILTER_BYTES_MAX (BPF_MAXINSNS * sizeof(struct sock_filter))

static int refuse(struct hp_error *err, const char *what, const char *value)
{
	return hp_fail(err, HP_EINVALID, "%s '%.128s'", what, value);
}

static bool has_dotdot(const char *path)
{
	for (const char *at = path; *at; at += *at == '/') {
		size_t len = strcspn(at, "/");

		if (len == 2 && strncmp(at, "..", 2) == 0)
			return true;
		at += len;
	}
	return false;
}

/* A path in the container: links are resolved when it is used, and lead nowhere else. */
static int check_inside(const char *what, const char *path, struct hp_error *err)
{
	if (path[0] != '/' || strlen(path) >= PATH_MAX)
		return refuse(err, what, path);
	return 0;
}

/* What is below the share directory: whatever it is, it stays there. */
static int check_share(const char *what, const char *path, struct hp_error *err)
{
	if (*path == '\0' || *path == '/' || has_dotdot(path) || strlen(path) >= PATH_MAX)
		return refuse(err, what, path);
	return 0;
}

static int check_file_name(const char *what, const char *name, struct hp_error *err)
{
	if (*name == '\0' || *name == '.' || strchr(name, '/') || strlen(name) > NAME_MAX)
		return refuse(err, what, name);
	return 0;
}

static int check_process(const Hp__Guest__Process *p, struct hp_error *err)
{
	if (!p)
		return hp_fail(err, HP_EINVALID, "no process");
	if (p->n_args == 0)
		return hp_fail(err, HP_EINVALID, "a process without arguments");
	if (*p->cwd && check_inside("working directory", p->cwd, err) < 0)
		return -1;
	if (p->width > UINT16_MAX || p->height > UINT16_MAX)
		return hp_fail(err, HP_EINVALID, "a terminal of %ux%u", p->width, p->height);
	for (size_t i = 0; i < p->n_rlimits; i++)
		if (p->rlimits[i]->resource >= RLIM_NLIMITS)
			return hp_fail(err, HP_EINVALID, "resource limit %u",
				       p->rlimits[i]->resource);
	for (size_t i = 0; i < p->n_env; i++)
		if (p->env[i][0] == '=' || !strchr(p->env[i], '='))
			return refuse(err, "environment entry", p->env[i]);
	return 0;
}

static int check_mount(const Hp__Guest__Mount *m, struct hp_error *err)
{
	if (check_inside("mount destination", m->destination, err) < 0)
		return -1;
	if (hp_str_eq(m->type, "bind"))
		return check_share("source of a bind mount", m->source, err);
	return *m->type ? 0 : refuse(err, "no type for the mount at", m->destination);
}

static int check_device(const Hp__Guest__Device *d, struct hp_error *err)
{
	if (d->type != S_IFCHR && d->type != S_IFBLK && d->type != S_IFIFO)
		return hp_fail(err, HP_EINVALID, "device '%.128s' of type %#o", d->path,
			       d->type);
	if (d->mode & ~07777u)
		return hp_fail(err, HP_EINVALID, "device '%.128s' with mode %#o", d->path,
			       d->mode);
	return check_inside("device", d->path, err);
}

static int check_sysctl(const Hp__Guest__Sysctl *s, struct hp_error *err)
{
	const char *key = s->key;

	if (*key == '\0' || *key == '/' || *key == '.' || strlen(key) >= PATH_MAX - 16 ||
	    strstr(key, "..") || has_dotdot(key))
		return refuse(err, "sysctl", key);
	/* With slashes for separators the dots are part of names, and the other way round. */
	return strstr(key, "//") ? refuse(err, "sysctl", key) : 0;
}

static int check_resources(const Hp__Guest__Resources *r, struct hp_error *err)
{
	for (size_t i = 0; r && i < r->n_unified; i++)
		if (check_file_name("cgroup file", r->unified[i]->key, err) < 0)
			return -1;
	return 0;
}

static int check_root(const Hp__Guest__Container *c, struct hp_error *err)
{
	if (c->rehearsal)
		return 0;
	if (!c->root_block)
		return check_share("root", c->rootfs, err);
	if (c->root_block->slot >= DISKS_MAX)
		return hp_fail(err, HP_EINVALID, "block device %u", c->root_block->slot);
	return *c->root_block->type ? 0 : hp_fail(err, HP_EINVALID, "a root of no type");
}

static int check_lists(const Hp__Guest__Container *c, struct hp_error *err)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (check_mount(c->mounts[i], err) < 0)
			return -1;
	for (size_t i = 0; i < c->n_devices; i++)
		if (check_device(c->devices[i], err) < 0)
			return -1;
	for (size_t i = 0; i < c->n_masked_paths; i++)
		if (check_inside("masked path", c->masked_paths[i], err) < 0)
			return -1;
	for (size_t i = 0; i < c->n_readonly_paths; i++)
		if (check_inside("read-only path", c->readonly_paths[i], err) < 0)
			return -1;
	for (size_t i = 0; i < c->n_sysctls; i++)
		if (check_sysctl(c->sysctls[i], err) < 0)
			return -1;
	return 0;
}

static int check_create(const ProtobufCMessage *m, struct hp_error *err)
{
	const Hp__Guest__Container *c = ((const Hp__Guest__CreateRequest *)m)->container;

	if (!c)
		return hp_fail(err, HP_EINVALID, "no container");
	if (strlen(c->hostname) > HOSTNAME_MAX || strlen(c->domainname) > HOSTNAME_MAX)
		return refuse(err, "hostname or domain name", c->hostname);
	if (c->seccomp.len % sizeof(struct sock_filter) || c->seccomp.len > FILTER_BYTES_MAX)
		return hp_fail(err, HP_EINVALID, "a seccomp filter of %zu bytes",
			       c->seccomp.len);
	if (check_root(c, err) < 0 || check_process(c->process, err) < 0 ||
	    check_resources(c->resources, err) < 0)
		return -1;
	return check_lists(c, err);
}

static int check_number(uint32_t number, struct hp_error *err)
{
	if (number >= HP_GUEST_NUMBER_MAX)
		return hp_fail(err, HP_EINVALID, "process number %u", number);
	return 0;
}

static int check_exec(const ProtobufCMessage *m, struct hp_error *err)
{
	const Hp__Guest__ExecRequest *r = (const Hp__Guest__ExecRequest *)m;

	if (r->number == 0)
		return hp_fail(err, HP_EINVALID, "process number 0 is the container's init");
	return check_number(r->number, err) < 0 ? -1 : check_process(r->process, err);
}

static int check_signal(const ProtobufCMessage *m, struct hp_error *err)
{
	const Hp__Guest__SignalRequest *r = (const Hp__Guest__SignalRequest *)m;

	if (r->signal == 0 || r->signal > SIGNAL_MAX)
		return hp_fail(err, HP_EINVALID, "signal %u", r->signal);
	return check_number(r->number, err);
}

static int check_resize(const ProtobufCMessage *m, struct hp_error *err)
{
	const Hp__Guest__ResizeRequest *r = (const Hp__Guest__ResizeRequest *)m;

	if (r->width > UINT16_MAX || r->height > UINT16_MAX)
		return hp_fail(err, HP_EINVALID, "a terminal of %ux%u", r->width, r->height);
	return check_number(r->number, err);
}

static int check_update(const ProtobufCMessage *m, struct hp_error *err)
{
	const Hp__Guest__Resources *r = ((const Hp__Guest__UpdateRequest *)m)->resources;

	return r ? check_resources(r, err) : hp_fail(err, HP_EINVALID, "no resources");
}

static int check_address(const char *what, ProtobufCBinaryData address, uint32_t prefix,
			 struct hp_error *err)
{
	if ((address.len != 4 && address.len != 16) || prefix > address.len * 8)
		return hp_fail(err, HP_EINVALID, "%s of %zu bytes, prefix %u", what,
			       address.len, prefix);
	return 0;
}

static int check_device_name(const char *name, struct hp_error *err)
{
	if (strlen(name) >= IFNAMSIZ || strpbrk(name, ": \t\n"))
		return refuse(err, "network device", name);
	return check_file_name("network device", name, err);
}

static int check_interface(const Hp__Guest__Interface *i, struct hp_error *err)
{
	if (i->slot >= DEVICES_MAX)
		return hp_fail(err, HP_EINVALID, "network device %u", i->slot);
	if (*i->name && check_device_name(i->name, err) < 0)
		return -1;
	if (i->mac.len != 0 && i->mac.len != 6)
		return hp_fail(err, HP_EINVALID, "a MAC of %zu bytes", i->mac.len);
	for (size_t n = 0; n < i->n_addresses; n++)
		if (check_address("address", i->addresses[n]->address, i->addresses[n]->prefix,
				  err) < 0)
			return -1;
	return 0;
}

static int check_route(const Hp__Guest__Route *r, struct hp_error *err)
{
	size_t len = r->ipv6 ? 16 : 4;

	/* From: RFC 8950: an IPv4 route may have a gateway that is reached by IPv6. */
	if ((r->destination.len && r->destination.len != len) ||
	    (r->gateway.len && r->gateway.len != len && r->gateway.len != 16) ||
	    (r->source.len && r->source.len != len))
		return hp_fail(err, HP_EINVALID, "a route with addresses of another family");
	if (r->prefix > (r->destination.len ? len * 8 : 0) || r->scope > UINT8_MAX)
		return hp_fail(err, HP_EINVALID, "a route with prefix %u, scope %u", r->prefix,
			       r->scope);
	return *r->device ? check_device_name(r->device, err) : 0;
}

static int check_neighbour(const Hp__Guest__Neighbour *n, struct hp_error *err)
{
	if (n->mac.len != 6)
		return hp_fail(err, HP_EINVALID, "a MAC of %zu bytes", n->mac.len);
	if (check_address("neighbour", n->address, 0, err) < 0)
		return -1;
	return check_device_name(n->device, err);
}

static int check_network(const Hp__Guest__Network *n, struct hp_error *err)
{
	for (size_t i = 0; i < n->n_interfaces; i++)
		if (check_interface(n->interfaces[i], err) < 0)
			return -1;
	for (size_t i = 0; i < n->n_routes; i++)
		if (check_route(n->routes[i], err) < 0)
			return -1;
	for (size_t i = 0; i < n->n_neighbours; i++)
		if (check_neighbour(n->neighbours[i], err) < 0)
			return -1;
	return 0;
}

static int check_setup(const ProtobufCMessage *m, struct hp_error *err)
{
	const Hp__Guest__SetupRequest *r = (const Hp__Guest__SetupRequest *)m;

	if (r->unix_ns < 0)
		return hp_fail(err, HP_EINVALID, "a time before 1970");
	if (r->entropy.len > ENTROPY_MAX)
		return hp_fail(err, HP_EINVALID, "%zu bytes of entropy", r->entropy.len);
	if (strlen(r->hostname) > HOSTNAME_MAX)
		return refuse(err, "hostname", r->hostname);
	return r->network ? check_network(r->network, err) : 0;
}

static int check_clock(const ProtobufCMessage *m, struct hp_error *err)
{
	if (((const Hp__Guest__ClockRequest *)m)->unix_ns <= 0)
		return hp_fail(err, HP_EINVALID, "a time before 1970");
	return 0;
}

static int check_log(const ProtobufCMessage *m, struct hp_error *err)
{
	if (((const Hp__Guest__LogRequest *)m)->bytes > LOG_BYTES_MAX)
		return hp_fail(err, HP_EINVALID, "over %d bytes of log", LOG_BYTES_MAX);
	return 0;
}

/* clang-format off: one row a method */
static const struct {
	const char *method;
	const ProtobufCMessageDescriptor *type;
	int (*check)(const ProtobufCMessage *m,
		     struct hp_error *err); /* NULL: nothing to check */
} methods[] = {
	{"Hello", &hp__guest__hello_request__descriptor, NULL},
	{"Setup", &hp__guest__setup_request__descriptor, check_setup},
	{"Create", &hp__guest__create_request__descriptor, check_create},
	{"Start", &hp__guest__start_request__descriptor, NULL},
	{"Exec", &hp__guest__exec_request__descriptor, check_exec},
	{"Signal", &hp__guest__signal_request__descriptor, check_signal},
	{"Resize", &hp__guest__resize_request__descriptor, check_resize},
	{"Update", &hp__guest__update_request__descriptor, check_update},
	{"Stats", &hp__guest__stats_request__descriptor, NULL},
	{"Watch", &hp__guest__watch_request__descriptor, NULL},
	{"Clock", &hp__guest__clock_request__descriptor, check_clock},
	{"Log", &hp__guest__log_request__descriptor, check_log},
};
/* clang-format on */

int hp_guest_request_read(const char *method, struct hp_bytes in, ProtobufCMessage **ret,
			  struct hp_error *err)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(methods); i++) {
		ProtobufCMessage *m;

		if (!hp_str_eq(methods[i].method, method))
			continue;
		m = protobuf_c_message_unpack(methods[i].type, NULL, in.len, in.data);
		if (!m)
			return hp_fail(err, HP_EPROTO, "%s: not a request", method);
		if (methods[i].check && methods[i].check(m, err) < 0) {
			protobuf_c_message_free_unpacked(m, NULL);
			return hp_wrap(err, "%s", method);
		}
		*ret = m;
		return 0;
	}
	return hp_fail(err, HP_EUNSUPPORTED, "no method '%.64s'", method);
}
