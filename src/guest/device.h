/* SPDX-License-Identifier: Apache-2.0 */
/* device.h - the devices of a container and the links beside them. */
#pragma once
#include "base/error.h"
#include "guest.pb-c.h"

/* Make the devices of @c, those that every container has, and the links that programs expect in
 * /dev, all below @root_fd. What is there already stays.
 * From: OCI runtime-spec config-linux.md, "Default Devices"; runtime-linux.md, "Dev symbolic
 * links". */
int hp_guest_devices_make(int root_fd, const Hp__Guest__Container *c,
			  struct hp_error *err) MUST_CHECK;
