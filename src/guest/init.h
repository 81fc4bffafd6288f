/* SPDX-License-Identifier: Apache-2.0 */
/* init.h - the machine's first process, once it is up: it serves the host until that is gone. */
#pragma once
#include "base/error.h"
#include "guest/boot.h"

/* Serve on @ports, which are consumed. @cgroup: the directory of cgroups; NULL: none.
 * Returns: 0 when the host has closed the control port.
 * Fails: what must not end has: the machine cannot be used any more. */
int hp_guest_init_run(struct hp_guest_ports *ports, const char *cgroup,
		      struct hp_error *err) MUST_CHECK;
