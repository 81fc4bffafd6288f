/* SPDX-License-Identifier: Apache-2.0 */
/* boot.h - bring the machine up as far as its init needs it, or make do inside of another one. */
#pragma once
#include <stdint.h>

#include "base/error.h"
#include "net/netlink.h"

/* Where modules are named that are to be loaded, one path a line, in order. */
#define HP_GUEST_MODULES "/lib/modules/load"

/* The ports of the machine, and a way to its network devices; -1: none. */
struct hp_guest_ports {
	int control;
	int stdio;
	int files;
	struct hp_netlink devices;
};
#define HP_GUEST_PORTS_INIT                                                                    \
	{                                                                                      \
		.control = -1, .stdio = -1, .files = -1, .devices = HP_NETLINK_INIT            \
	}

/* As the first process of a machine: file systems, modules, a network namespace, ports. */
int hp_guest_boot(struct hp_guest_ports *ret, struct hp_error *err) MUST_CHECK;
/* As the first process of PID and mount namespaces: file systems of its own, out of which @shares
 * (NULL: none) is what the host serves. */
int hp_guest_boot_inside(const char *shares, struct hp_error *err) MUST_CHECK;

/* Load the modules that file @list names; those that are there already are passed over. */
int hp_guest_boot_modules(const char *list, struct hp_error *err) MUST_CHECK;
/* Open the port named @name out of those in @class_dir and @dev_dir, which may yet have to come.
 * Fails: HP_ENOTFOUND - it has not come in @timeout_ms. */
int hp_guest_boot_port(const char *class_dir, const char *dev_dir, const char *name,
		       int64_t timeout_ms, int *ret_fd, struct hp_error *err) MUST_CHECK;
