/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.h - kernel parameters of a container. */
#pragma once
#include "base/error.h"
#include "guest.pb-c.h"

/* Set all of @c's, in the namespaces of the calling process, by the machine's /proc. */
int hp_guest_sysctls_set(const Hp__Guest__Container *c, struct hp_error *err) MUST_CHECK;
/* The file of @key: "net.ipv4.ip_forward" or "net/ipv4/conf/eth0.1/forwarding", whichever separator
 * comes first. Owns: the caller. From: sysctl(8). */
char *hp_guest_sysctl_path(const char *key);
