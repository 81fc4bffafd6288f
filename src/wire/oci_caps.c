/* SPDX-License-Identifier: Apache-2.0 */
/* oci_caps.c - capabilities: which there are, which are given, and by what rule. */
#include "wire/oci_parts.h"

#include <strings.h>

/* In the kernel's order. From: Linux include/uapi/linux/capability.h. */
static const char *const known[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
	NULL,
};
#define N_KNOWN (HP_ARRAY_LEN(known) - 1)

/* From: moby oci/caps/defaults.go. */
static const char *const defaults[] = {
	"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
	"CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
	"CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
	"CAP_KILL",    "CAP_AUDIT_WRITE",
};

/* A set of capabilities, a bit for each row of the table. */
typedef uint64_t cap_set;

static bool is_all(const char *name)
{
	return strcasecmp(name, "ALL") == 0 || strcasecmp(name, "CAP_ALL") == 0;
}

/* The bit of "NET_ADMIN", "cap_net_admin", ...; 0 when there is no such capability. */
static cap_set cap_bit(const char *name)
{
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < N_KNOWN; i++)
		if (strcasecmp(name, known[i] + 4) == 0)
			return (cap_set)1 << i;
	return 0;
}

/* What the kernel knows; capabilities that are newer than our table are beyond us. */
static cap_set kernel_set(const char *const *all_caps)
{
	cap_set set = 0;

	if (!all_caps)
		all_caps = known;
	for (; *all_caps; all_caps++)
		set |= cap_bit(*all_caps);
	return set;
}

/* Read a list of names. ret_all: whether "ALL" is among them. */
static int parse_names(const char *const *names, cap_set kernel, cap_set *ret_set,
		       bool *ret_all, struct hp_error *err)
{
	cap_set set = 0;
	bool all = false;

	for (; names && *names; names++) {
		cap_set bit = cap_bit(*names);

		if (is_all(*names)) {
			all = true;
			continue;
		}
		if (bit == 0)
			return hp_fail(err, HP_EINVALID, "unknown capability '%.64s'", *names);
		if ((bit & kernel) == 0)
			return hp_fail(err, HP_EINVALID,
				       "capability '%.64s' is not known to this kernel",
				       *names);
		set |= bit;
	}
	*ret_set = set;
	*ret_all = all;
	return 0;
}

static cap_set default_set(void)
{
	cap_set set = 0;

	for (size_t i = 0; i < HP_ARRAY_LEN(defaults); i++)
		set |= cap_bit(defaults[i]);
	return set;
}

/* From: moby oci/caps/utils.go, TweakCapabilities. */
static int choose(const struct hp_container_spec *spec, cap_set kernel, cap_set *ret,
		  struct hp_error *err)
{
	cap_set add = 0;
	cap_set drop = 0;
	bool add_all = false;
	bool drop_all = false;

	/* Also a privileged container's lists must make sense. */
	if (parse_names(spec->cap_add, kernel, &add, &add_all, err) < 0 ||
	    parse_names(spec->cap_drop, kernel, &drop, &drop_all, err) < 0)
		return -1;
	if (spec->privileged)
		*ret = kernel;
	else if (add_all)
		*ret = drop_all ? add : kernel & ~drop;
	else if (drop_all)
		*ret = add;
	else
		*ret = (default_set() & kernel & ~drop) | add;
	return 0;
}

int hp_oci_caps(const struct hp_container_spec *spec, const char *const *all_caps,
		struct hp_strv *ret, struct hp_error *err)
{
	cap_set set = 0;

	if (choose(spec, kernel_set(all_caps), &set, err) < 0)
		return -1;
	for (size_t i = 0; i < N_KNOWN; i++)
		if (set & ((cap_set)1 << i))
			hp_strv_add(ret, known[i]);
	return 0;
}

/* Root holds its set; any other user could only hold it by ambient capabilities, which docker
 * gives to nobody. Nothing is inheritable. From: moby GHSA-2mm7-x5h6-5pvq (CVE-2022-24769). */
struct hp_json *hp_oci__capabilities(const char *const *caps, uint32_t uid)
{
	struct hp_json *v = hp_json_object();

	hp_json_set_strs(v, "bounding", caps);
	if (uid == 0) {
		hp_json_set_strs(v, "effective", caps);
		hp_json_set_strs(v, "permitted", caps);
	}
	return v;
}

const char *hp_oci_cap_name(unsigned number)
{
	return number < HP_ARRAY_LEN(known) ? known[number] : NULL;
}
