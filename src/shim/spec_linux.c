/* SPDX-License-Identifier: Apache-2.0 */
/* spec_linux.c - owns "linux": namespaces, devices, paths, kernel settings.
 * From: OCI runtime-spec config-linux.md. */
#include <string.h>
#include <sys/stat.h>

#include "shim/mount_options.h"
#include "shim/spec_parts.h"

#define WHERE       "linux"
#define DEVICES_MAX 4096

/* What a namespace's entry says. */
struct namespace
{
	bool there;
	char *path;
};

enum kind {
	NS_PID,
	NS_NETWORK,
	NS_MOUNT,
	NS_IPC,
	NS_UTS,
	NS_USER,
	NS_CGROUP,
	NS_TIME,
	NS_KINDS
};
static const char *const kinds[] = {
	[NS_PID] = "pid", [NS_NETWORK] = "network", [NS_MOUNT] = "mount",   [NS_IPC] = "ipc",
	[NS_UTS] = "uts", [NS_USER] = "user",       [NS_CGROUP] = "cgroup", [NS_TIME] = "time",
};

static int read_namespaces(const struct hp_shim__reader *r, const struct hp_json *v,
			   struct namespace all[NS_KINDS], struct hp_error *err)
{
	const struct hp_json *list = NULL;

	if (hp_shim__read_array(HP_SHIM_FIELD(v, WHERE, "namespaces"), &list, err) < 0)
		return -1;
	for (size_t i = 0; i < hp_json_count(list); i++) {
		const struct hp_json *entry = hp_json_at(list, i);
		char *type = NULL;
		char *path = NULL;
		size_t kind = 0;

		if (hp_shim__read_str(r, HP_SHIM_FIELD(entry, WHERE ".namespaces", "type"),
				      &type, err) < 0 ||
		    hp_shim__read_str(r, HP_SHIM_FIELD(entry, WHERE ".namespaces", "path"),
				      &path, err) < 0)
			return -1;
		while (kind < NS_KINDS && !hp_str_eq(kinds[kind], type))
			kind++;
		if (kind == NS_KINDS)
			return hp_fail(err, HP_EINVALID,
				       WHERE ".namespaces: unknown type '%.64s'",
				       type ? type : "");
		if (!hp_str_empty(path) && *path != '/')
			return hp_fail(err, HP_EINVALID,
				       WHERE
				       ".namespaces: %s: '%.200s' is not an absolute path",
				       type, path);
		all[kind] = (struct namespace){.there = true, .path = path};
	}
	return 0;
}

/* A map of all ids onto themselves is none. */
static bool maps_ids(const struct hp_json *v, const char *key)
{
	const struct hp_json *list = hp_json_get(v, key);

	for (size_t i = 0; i < hp_json_count(list); i++) {
		const struct hp_json *m = hp_json_at(list, i);

		if (hp_json_u64(hp_json_get(m, "containerID"), 0) !=
		    hp_json_u64(hp_json_get(m, "hostID"), 0))
			return true;
	}
	return false;
}

/* What another container has cannot be joined: it is in another kernel. */
static void warn_joined(const struct hp_shim__reader *r, const struct namespace all[NS_KINDS])
{
	static const enum kind own[] = {NS_PID, NS_IPC, NS_UTS, NS_CGROUP, NS_MOUNT};

	for (size_t i = 0; i < HP_ARRAY_LEN(own); i++)
		if (!hp_str_empty(all[own[i]].path))
			hp_shim__warn(r,
				      WHERE ".namespaces: %s: '%s' is not joined, the "
					    "machine has its own",
				      kinds[own[i]], all[own[i]].path);
	if (all[NS_TIME].there)
		hp_shim__warn(r, WHERE ".namespaces: time is ignored");
}

static int set_namespaces(const struct hp_shim__reader *r, const struct hp_json *v,
			  Hp__Guest__Container *c, char **ret_netns, struct hp_error *err)
{
	struct namespace all[NS_KINDS] = {0};
	const struct namespace *net = &all[NS_NETWORK];

	if (read_namespaces(r, v, all, err) < 0)
		return -1;
	if (!hp_str_empty(all[NS_USER].path) || maps_ids(v, "uidMappings") ||
	    maps_ids(v, "gidMappings"))
		return hp_fail(err, HP_EUNSUPPORTED,
			       WHERE ".uidMappings: user namespaces are not supported; the "
				     "machine keeps users apart");
	c->pid_namespace = all[NS_PID].there;
	c->ipc_namespace = all[NS_IPC].there;
	c->uts_namespace = all[NS_UTS].there;
	c->cgroup_namespace = all[NS_CGROUP].there;
	warn_joined(r, all);
	if (!net->there)
		hp_shim__warn(r, WHERE ".namespaces: the host's network cannot be had in a "
				       "machine, which has none");
	if (!net->there)
		*ret_netns = hp_shim__arena_str(r->arena, "host");
	else
		*ret_netns = hp_str_empty(net->path) ? hp_shim__arena_str(r->arena, "new")
						     : net->path;
	return 0;
}

static int device_type(const char *type, uint32_t *ret, struct hp_error *err)
{
	if (hp_str_eq(type, "c") || hp_str_eq(type, "u"))
		*ret = S_IFCHR;
	else if (hp_str_eq(type, "b"))
		*ret = S_IFBLK;
	else if (hp_str_eq(type, "p"))
		*ret = S_IFIFO;
	else
		return hp_fail(err, HP_EINVALID, WHERE ".devices: unknown type '%.64s'",
			       type ? type : "");
	return 0;
}

static int read_device(const struct hp_shim__reader *r, const struct hp_json *v,
		       Hp__Guest__Device *d, struct hp_error *err)
{
	char *type = NULL;

	d->mode = 0666;
	if (hp_shim__read_path(r, HP_SHIM_FIELD(v, WHERE ".devices", "path"), &d->path, err) <
		    0 ||
	    hp_shim__read_str(r, HP_SHIM_FIELD(v, WHERE ".devices", "type"), &type, err) < 0 ||
	    hp_shim__read_u32(HP_SHIM_FIELD(v, WHERE ".devices", "major"), &d->major, err) <
		    0 ||
	    hp_shim__read_u32(HP_SHIM_FIELD(v, WHERE ".devices", "minor"), &d->minor, err) <
		    0 ||
	    hp_shim__read_u32(HP_SHIM_FIELD(v, WHERE ".devices", "fileMode"), &d->mode, err) <
		    0 ||
	    hp_shim__read_u32(HP_SHIM_FIELD(v, WHERE ".devices", "uid"), &d->uid, err) < 0 ||
	    hp_shim__read_u32(HP_SHIM_FIELD(v, WHERE ".devices", "gid"), &d->gid, err) < 0)
		return -1;
	if (*d->path == '\0')
		return hp_fail(err, HP_EINVALID, WHERE ".devices: an entry has no path");
	/* Some callers put the type here too. */
	d->mode &= 07777;
	return device_type(type, &d->type, err);
}

static int read_devices(const struct hp_shim__reader *r, const struct hp_json *v,
			Hp__Guest__Container *c, struct hp_error *err)
{
	const struct hp_json *list = NULL;
	size_t n;

	if (hp_shim__read_array(HP_SHIM_FIELD(v, WHERE, "devices"), &list, err) < 0)
		return -1;
	n = hp_json_count(list);
	if (n > DEVICES_MAX)
		return hp_fail(err, HP_EINVALID, WHERE ".devices: more than %d", DEVICES_MAX);
	c->devices = hp_shim__arena_array(r->arena, n, sizeof(*c->devices));
	for (size_t i = 0; i < n; i++) {
		c->devices[i] = hp_shim__arena_alloc(r->arena, sizeof(**c->devices));
		hp__guest__device__init(c->devices[i]);
		if (read_device(r, hp_json_at(list, i), c->devices[i], err) < 0)
			return -1;
	}
	c->n_devices = n;
	return 0;
}

static int read_sysctls(const struct hp_shim__reader *r, const struct hp_json *v,
			Hp__Guest__Container *c, struct hp_error *err)
{
	if (hp_shim__read_pairs(r, HP_SHIM_FIELD(v, WHERE, "sysctl"), &c->sysctls,
				&c->n_sysctls, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n_sysctls; i++) {
		const char *key = c->sysctls[i]->key;

		/* It becomes a path below /proc/sys. */
		if (*key == '\0' || *key == '/' || *key == '.' || strstr(key, ".."))
			return hp_fail(err, HP_EINVALID,
				       WHERE ".sysctl: '%.64s' is no kernel setting", key);
	}
	return 0;
}

static int read_propagation(const struct hp_shim__reader *r, const struct hp_json *v,
			    Hp__Guest__Container *c, struct hp_error *err)
{
	AUTO(hp_shim_mount_options_clear) struct hp_shim_mount_options o = {0};
	char *word = NULL;

	if (hp_shim__read_str(r, HP_SHIM_FIELD(v, WHERE, "rootfsPropagation"), &word, err) < 0)
		return -1;
	if (hp_str_empty(word))
		return 0;
	if (hp_shim_mount_options_read((const char *const *)&word, 1, &o, err) < 0)
		return hp_wrap(err, WHERE ".rootfsPropagation");
	if (o.propagation == 0)
		return hp_fail(err, HP_EINVALID, WHERE ".rootfsPropagation: unknown '%.64s'",
			       word);
	c->rootfs_propagation = o.propagation;
	return 0;
}

int hp_shim__spec_linux(const struct hp_shim__reader *r, const struct hp_json *linux_,
			Hp__Guest__Container *c, char **ret_netns, struct hp_error *err)
{
	if (set_namespaces(r, linux_, c, ret_netns, err) < 0 ||
	    read_devices(r, linux_, c, err) < 0 || read_sysctls(r, linux_, c, err) < 0 ||
	    read_propagation(r, linux_, c, err) < 0 ||
	    hp_shim__read_paths(r, HP_SHIM_FIELD(linux_, WHERE, "maskedPaths"),
				&c->masked_paths, &c->n_masked_paths, err) < 0 ||
	    hp_shim__read_paths(r, HP_SHIM_FIELD(linux_, WHERE, "readonlyPaths"),
				&c->readonly_paths, &c->n_readonly_paths, err) < 0)
		return -1;
	if (!hp_json_is_null(hp_json_get(linux_, "personality")))
		hp_shim__warn(r, WHERE ".personality is ignored");
	if (!hp_json_is_null(hp_json_get(linux_, "intelRdt")))
		hp_shim__warn(r, WHERE ".intelRdt is ignored");
	return 0;
}
