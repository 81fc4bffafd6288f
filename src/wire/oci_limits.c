/* SPDX-License-Identifier: Apache-2.0 */
/* oci_limits.c - limits of each process, and kernel settings that a container has of its own. */
#include "wire/oci_parts.h"

#include <ctype.h>

/* From: getrlimit(2); OCI runtime-spec config.md, "rlimits", which wants these names. */
static const char *const limit_names[] = {
	"as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
	"nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack",
};

bool hp_oci_ulimit_known(const char *name)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(limit_names); i++)
		if (hp_str_eq(name, limit_names[i]))
			return true;
	return false;
}

static int build_rlimit(const struct hp_ulimit *u, struct hp_json **ret, struct hp_error *err)
{
	char type[32] = "RLIMIT_";

	if (!u->name || !hp_oci_ulimit_known(u->name))
		return hp_fail(err, HP_EINVALID, "unknown ulimit '%.64s'",
			       u->name ? u->name : "");
	if (u->soft > u->hard)
		return hp_fail(err, HP_EINVALID,
			       "ulimit '%s': the soft limit %llu is over the hard limit %llu",
			       u->name, (unsigned long long)u->soft,
			       (unsigned long long)u->hard);
	for (size_t i = 0; u->name[i]; i++) {
		type[7 + i] = (char)toupper((unsigned char)u->name[i]);
		type[8 + i] = '\0';
	}

	struct hp_json *v = hp_json_object();

	hp_json_set_str(v, "type", type);
	hp_json_set_u64(v, "hard", u->hard);
	hp_json_set_u64(v, "soft", u->soft);
	*ret = v;
	return 0;
}

/* Does a later entry name the same limit? The last one wins, as with environment variables. */
static bool is_overridden(const struct hp_container_spec *spec, size_t at)
{
	for (size_t i = at + 1; i < spec->n_ulimits; i++)
		if (hp_str_eq(spec->ulimits[i].name, spec->ulimits[at].name))
			return true;
	return false;
}

int hp_oci__rlimits(const struct hp_container_spec *spec, struct hp_json **ret,
		    struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *list = hp_json_array();

	for (size_t i = 0; i < spec->n_ulimits; i++) {
		struct hp_json *limit = NULL;

		if (is_overridden(spec, i))
			continue;
		if (build_rlimit(&spec->ulimits[i], &limit, err) < 0)
			return -1;
		hp_json_add(list, limit);
	}
	*ret = TAKE(list);
	return 0;
}

/* The IPC namespace's own. From: moby opts/opts.go, ValidateSysctl; sysctl in ipc_namespaces(7). */
static const char *const ipc_sysctls[] = {
	"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
	"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
};

static bool is_ipc_sysctl(const char *key)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(ipc_sysctls); i++)
		if (hp_str_eq(key, ipc_sysctls[i]))
			return true;
	return hp_str_starts(key, "fs.mqueue.");
}

static int check_sysctl(const struct hp_container_spec *spec, const char *key,
			struct hp_error *err)
{
	bool is_net = hp_str_starts(key, "net.");
	bool is_ipc = is_ipc_sysctl(key);

	/* A path would lead elsewhere below /proc/sys. */
	if (strchr(key, '/') || strstr(key, "..") || (!is_net && !is_ipc))
		return hp_fail(err, HP_EINVALID,
			       "sysctl '%.100s' is not one that a container has of its own",
			       key);
	if (is_net && hp_oci__is_host(spec->network))
		return hp_fail(err, HP_EINVALID,
			       "sysctl '%.100s' would be the host's with the host's network",
			       key);
	if (is_ipc && hp_oci__is_host(spec->ipc_mode))
		return hp_fail(err, HP_EINVALID,
			       "sysctl '%.100s' would be the host's with the host's ipc mode",
			       key);
	return 0;
}

int hp_oci__sysctls(const struct hp_container_spec *spec, struct hp_json **ret,
		    struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *v = hp_json_object();

	for (size_t i = 0; i < spec->n_sysctls; i++) {
		if (check_sysctl(spec, spec->sysctls[i].key, err) < 0)
			return -1;
		hp_json_set_str(v, spec->sysctls[i].key, spec->sysctls[i].value);
	}
	*ret = TAKE(v);
	return 0;
}
