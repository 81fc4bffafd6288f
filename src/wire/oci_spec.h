/* SPDX-License-Identifier: Apache-2.0 */
/* oci_spec.h - the OCI runtime configuration (config.json) of a container or a process.
 * From: OCI runtime-spec config.md and config-linux.md; defaults as docker and nerdctl set them. */
#pragma once
#include "base/error.h"
#include "wire/json.h"
#include "wire/oci_image.h"
#include "wire/passwd.h"
#include <harpoon/spec.h>

/* A mount, resolved: what hp_mount and volumes became. */
struct hp_oci_mount {
	const char *type; /* "bind", "tmpfs" */
	const char *source;
	const char *target;
	const char *const *options; /* words, NULL-terminated */
};

/* A device node, looked up on the host by the caller. */
struct hp_oci_device {
	const char *path; /* in the container */
	char type;        /* 'c' or 'b' */
	uint32_t major, minor;
	uint32_t mode; /* permission bits */
	uint32_t uid, gid;
	const char *cgroup_rwm;
};

/* All that the builder needs; it reads no file and asks no kernel. */
struct hp_oci_input {
	const struct hp_container_spec *spec;
	const struct hp_image_config *image;
	const struct hp_user *user;
	const char *id;
	const char *cgroups_path; /* such as "/default/ID" */
	const char *hostname;
	/* What spec->network means when it names a namespace that is there already ("container:NAME",
	 * "ns:PATH"); NULL: it does not. */
	const char *netns_path;
	const struct hp_oci_mount *mounts; /* user's, after the default ones */
	size_t n_mounts;
	const struct hp_oci_device *devices; /* asked for; with privileged: all of the host */
	size_t n_devices;
	const char
		*init_path; /* with spec->init: the host's init, bound to /sbin/docker-init */
	const struct hp_json *seccomp; /* linux.seccomp ready-made; NULL: none */
	const char *apparmor;          /* profile name; NULL: none */
	const char *const *all_caps;   /* what this kernel knows, for "ALL" and privileged */
	bool cgroup_v2;
	/* The kernel can limit swap: then a limit of memory without one of swap gets docker's
	 * default, twice the memory for both. */
	bool swap_accounting;
};

/* Which program the container runs: entrypoint and args with the image's defaults.
 * Fails: HP_EINVALID - there is none. Owns: *ret_args. */
int hp_oci_args(const struct hp_container_spec *spec, const struct hp_image_config *image,
		struct hp_strv *ret_args, struct hp_error *err) MUST_CHECK;
/* The whole config.json. Fails: HP_EINVALID - unknown capability, ulimit, limits that contradict. */
int hp_oci_spec_build(const struct hp_oci_input *in, struct hp_json **ret,
		      struct hp_error *err) MUST_CHECK;
/* The "process" object for exec, made from the container's config.json.
 * user: NULL keeps the container's. */
int hp_oci_process_build(const struct hp_json *config, const struct hp_exec_spec *spec,
			 const struct hp_user *user, const char *const *all_caps,
			 struct hp_json **ret, struct hp_error *err) MUST_CHECK;
/* The linux.resources object; for create and for update. */
int hp_oci_resources_build(const struct hp_resources *r, struct hp_json **ret,
			   struct hp_error *err) MUST_CHECK;
/* The default seccomp profile as linux.seccomp for a container with capabilities @caps
 * (NULL-terminated, "CAP_..."). */
struct hp_json *hp_oci_seccomp_default(const char *const *caps);
/* Turn docker's profile format (archMap, includes, excludes, syscalls[].names) into linux.seccomp.
 * Fails: HP_EINVALID. */
int hp_oci_seccomp_from_docker(const struct hp_json *profile, const char *const *caps,
			       struct hp_json **ret, struct hp_error *err) MUST_CHECK;
/* The capability set of a spec, "CAP_..." upper case, in kernel order. */
int hp_oci_caps(const struct hp_container_spec *spec, const char *const *all_caps,
		struct hp_strv *ret, struct hp_error *err) MUST_CHECK;
/* The name of capability @number of the kernel, "CAP_...". Returns: static; NULL when unknown.
 * From: linux/capability.h. */
const char *hp_oci_cap_name(unsigned number);
/* Is @name a limit of getrlimit(2), such as "nofile"? */
bool hp_oci_ulimit_known(const char *name);
