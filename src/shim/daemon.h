/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.h - the shim itself: the process that stays with a container for all of its life. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct hp_shim_daemon_spec {
	const char *id, *ns;
	const char *bundle;        /* absolute */
	const char *socket;        /* path of what listen_fd listens on */
	int listen_fd;             /* taken */
	const char *ttrpc_address; /* of containerd, for events; "" : nobody hears of them */
	bool debug;
	int64_t executed_ns; /* hp_clock_ns() when `start` was executed */
};

/* Serve the container until Shutdown, or until nobody has asked for it in a while. What goes wrong
 * with its machine is told to whoever calls Create.
 * Fails: only when the socket cannot be served at all. */
int hp_shim_daemon_run(const struct hp_shim_daemon_spec *spec, struct hp_error *err) MUST_CHECK;
