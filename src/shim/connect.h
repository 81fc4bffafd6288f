/* SPDX-License-Identifier: Apache-2.0 */
/* connect.h - give the machine the container's network, right before the container starts: until
 * then others may have added to it. */
#pragma once
#include "net/ttrpc_client.h"
#include "shim/shim.h"

/* Read the namespace, connect what is there, and have the guest set it up; @done is called with the
 * guest's answer. What a machine cannot have is logged.
 * Returns: whether the guest was asked. When there is no network it is not, and neither is @done. */
int hp_shim_connect(struct hp_shim *s, hp_ttrpc_done_fn done, void *data,
		    struct hp_error *err) MUST_CHECK;
