/* SPDX-License-Identifier: Apache-2.0 */
/* tap.h - a network device whose cable ends in a descriptor. */
#pragma once
#include <net/if.h>

#include "base/error.h"

/* Make one in the network namespace of the calling thread, with the header of virtio-net before
 * each frame, and without IPv6, so that this kernel has nothing to say on it of itself. It is gone
 * when the last copy of the descriptor is.
 * pattern: its name, in which "%d" is the first number that is free; ret_name: what became of it.
 * Fails: HP_ENOTFOUND - the kernel has no tun, or no /dev/net/tun; HP_EDENIED. */
int hp_tap_open(const char *pattern, char ret_name[IF_NAMESIZE], int *ret_fd,
		struct hp_error *err) MUST_CHECK;
/* The same in a network namespace that nobody else sees and that ends with it: a cable that leads
 * nowhere, for machines that have a network device and nothing to connect it to. */
int hp_tap_open_hidden(int *ret_fd, struct hp_error *err) MUST_CHECK;
/* Let the device of @new_fd, made in another namespace, be the one of @old_fd: in its namespace, and
 * by its name. It is down then. The old one stays, down and under another name, until its descriptor
 * is closed. */
int hp_tap_replace(int old_fd, int new_fd, struct hp_error *err) MUST_CHECK;
