/* SPDX-License-Identifier: Apache-2.0 */
/* oci_devices.c - device nodes in a container, and what its cgroup lets it do with devices. */
#include "wire/oci_parts.h"

#include <sys/stat.h>

/* A rule of the device cgroup. A number of -1 is any.
 * From: OCI runtime-spec config-linux.md, "Allowed Device list". */
struct rule {
	bool allow;
	char type; /* 'a', 'b', 'c' */
	int64_t major;
	int64_t minor;
	const char *access;
};

/* From: moby oci/defaults.go, DefaultLinuxSpec; Linux Documentation/admin-guide/devices.txt. */
static const struct rule default_rules[] = {
	{false, 'a', -1, -1, "rwm"},  /* nothing but what follows */
	{true, 'c', 1, 5, "rwm"},     /* /dev/zero */
	{true, 'c', 1, 3, "rwm"},     /* /dev/null */
	{true, 'c', 1, 9, "rwm"},     /* /dev/urandom */
	{true, 'c', 1, 8, "rwm"},     /* /dev/random */
	{true, 'c', 5, 0, "rwm"},     /* /dev/tty */
	{true, 'c', 5, 1, "rwm"},     /* /dev/console */
	{false, 'c', 10, 229, "rwm"}, /* /dev/fuse */
};

static struct hp_json *build_rule(const struct rule *r)
{
	const char type[] = {r->type, '\0'};
	struct hp_json *v = hp_json_object();

	hp_json_set_bool(v, "allow", r->allow);
	/* Without a type it is for all. */
	if (r->type != 'a')
		hp_json_set_str(v, "type", type);
	if (r->major >= 0)
		hp_json_set_i64(v, "major", r->major);
	if (r->minor >= 0)
		hp_json_set_i64(v, "minor", r->minor);
	hp_json_set_str(v, "access", r->access);
	return v;
}

struct hp_json *hp_oci__device_rules(const struct hp_oci_input *in)
{
	static const struct rule everything = {true, 'a', -1, -1, "rwm"};
	struct hp_json *list = hp_json_array();

	if (in->spec->privileged) {
		hp_json_add(list, build_rule(&everything));
		return list;
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(default_rules); i++)
		hp_json_add(list, build_rule(&default_rules[i]));
	for (size_t i = 0; i < in->n_devices; i++) {
		const struct hp_oci_device *d = &in->devices[i];
		struct rule r = {
			.allow = true,
			.type = d->type,
			.major = d->major,
			.minor = d->minor,
			.access = hp_str_empty(d->cgroup_rwm) ? "rwm" : d->cgroup_rwm,
		};

		hp_json_add(list, build_rule(&r));
	}
	return list;
}

/* From: OCI runtime-spec config-linux.md, "Devices". */
struct hp_json *hp_oci__devices(const struct hp_oci_input *in)
{
	struct hp_json *list = hp_json_array();

	for (size_t i = 0; i < in->n_devices; i++) {
		const struct hp_oci_device *d = &in->devices[i];
		const char type[] = {d->type, '\0'};
		struct hp_json *v = hp_json_object();

		hp_json_set_str(v, "path", d->path);
		hp_json_set_str(v, "type", type);
		hp_json_set_u64(v, "major", d->major);
		hp_json_set_u64(v, "minor", d->minor);
		hp_json_set_u64(v, "fileMode", d->mode & ALLPERMS);
		hp_json_set_u64(v, "uid", d->uid);
		hp_json_set_u64(v, "gid", d->gid);
		hp_json_add(list, v);
	}
	return list;
}
