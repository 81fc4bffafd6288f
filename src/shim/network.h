/* SPDX-License-Identifier: Apache-2.0 */
/* network.h - the container's network namespace on the host, and the cable from it to the machine.
 *
 * The machine's network device is a tap in the namespace, made before the machine starts. What the
 * namespace is given until the container starts, an interface with addresses and routes, the guest
 * is given then, and the frames of the one go to the other; the interface itself keeps what it has,
 * so that whoever gave it finds it as it was. */
#pragma once
#include "base/error.h"
#include "base/str.h"
#include "guest.pb-c.h"

#define HP_SHIM_NETWORK_DEVICES 1 /* that a machine has */

struct hp_shim_network;

/* Make the namespace, or open it, and make the tap in it. Of the host's own network nothing is
 * touched: a machine cannot have it, and gets a tap that leads nowhere.
 * netns: as hp_shim_spec_netns().
 * Fails: HP_ENOTFOUND - no such namespace, or the kernel has no taps; HP_EINVALID - the file is no
 * network namespace. */
int hp_shim_network_open(const char *netns, struct hp_shim_network **ret,
			 struct hp_error *err) MUST_CHECK;
/* Lets the interface go, closes everything. NULL is fine. */
void hp_shim_network_free(struct hp_shim_network *n);
HP_AUTO_PTR(struct hp_shim_network, hp_shim_network_free);

/* Where the namespace can be entered by our children, for as long as @n lives: a path, or "host". */
const char *hp_shim_network_path(const struct hp_shim_network *n);
/* For hp_machine_spec; borrowed. */
int hp_shim_network_tap_fd(const struct hp_shim_network *n);

/* Choose the interface that the machine gets, and say what the guest is to set up; nothing in it
 * when there is none. What a machine cannot have is left out, and added to @warnings.
 * Owns: the caller, until hp__guest__network__free_unpacked(). */
int hp_shim_network_read(struct hp_shim_network *n, Hp__Guest__Network **ret,
			 struct hp_strv *warnings, struct hp_error *err) MUST_CHECK;
/* Connect what was chosen; nothing is fine. From now on the guest answers, and not this kernel. */
int hp_shim_network_join(struct hp_shim_network *n, struct hp_error *err) MUST_CHECK;

/* For when the shim that connected it is dead: let go in the namespace @netns what leads to no
 * machine. A namespace that is not there any more is fine, and the host's is left alone. */
int hp_shim_network_clear(const char *netns, struct hp_error *err) MUST_CHECK;
