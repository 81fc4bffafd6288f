/* SPDX-License-Identifier: Apache-2.0 */
/* network.h - the machine's network devices, as the container's network namespace on the host has
 * them. */
#pragma once
#include <stdbool.h>

#include "base/error.h"
#include "guest.pb-c.h"

/* Set up devices, addresses, routes and neighbours. What is there already stays. */
int hp_guest_network_set(const Hp__Guest__Network *n, struct hp_error *err) MUST_CHECK;
/* Turn device @name on. */
int hp_guest_network_up(const char *name, struct hp_error *err) MUST_CHECK;
