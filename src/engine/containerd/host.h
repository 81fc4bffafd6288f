/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - what this host has that a container's spec depends on. */
#pragma once
#include <stdbool.h>

#include "base/str.h"
#include "wire/oci_spec.h"

/* The capabilities that this kernel knows and processes here may have, as "CAP_...". */
void hp_host__caps(struct hp_strv *ret_caps);
/* Does this host use cgroup v2 only? */
bool hp_host__cgroup_v2(void);
/* Does its kernel count swap by cgroup? */
bool hp_host__swap_accounting(void);
/* Is AppArmor on, and profile @name loaded? */
bool hp_host__apparmor_has(const char *name);
/* A small init program of this host, for --init. Owns: *ret_path.
 * Fails: HP_ENOTFOUND, naming the packages that have one. */
int hp_host__init_program(char **ret_path, struct hp_error *err);

/* Device nodes for a spec. */
struct hp_host_devices {
	struct hp_oci_device *items;
	size_t count;
	struct hp_strv paths; /* owns the strings of items */
};
/* Add a node, or all below a directory, as it is now. Fails: HP_ENOTFOUND - no such device;
 * HP_EINVALID - not a device. */
int hp_host__device_add(struct hp_host_devices *d, const struct hp_device *want,
			struct hp_error *err);
/* Add all devices of the host that make sense in a privileged container. */
int hp_host__device_add_all(struct hp_host_devices *d, struct hp_error *err);
void hp_host__devices_clear(struct hp_host_devices *d);
HP_AUTO_VALUE(struct hp_host_devices, hp_host__devices_clear);
