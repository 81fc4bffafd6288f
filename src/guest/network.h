/* SPDX-License-Identifier: Apache-2.0 */
/* network.h - the container's network namespace in the machine. The machine's devices are in another
 * one, where nobody sees them, until the host says what becomes of them: a container that is given no
 * network has loopback and no more. */
#pragma once
#include "base/error.h"
#include "guest.pb-c.h"
#include "net/netlink.h"

/* Leave the namespace that has the devices, for a new one in which loopback is up. @ret: a way back to
 * what was left. */
int hp_guest_network_leave(struct hp_netlink *ret, struct hp_error *err) MUST_CHECK;
/* Take devices over from @from, and set them up with their addresses, routes and neighbours. What is
 * there already stays.
 * Fails: HP_ENOTFOUND - there is no such device, or @from is closed. */
int hp_guest_network_set(struct hp_netlink *from, const Hp__Guest__Network *n,
			 struct hp_error *err) MUST_CHECK;
