/* SPDX-License-Identifier: Apache-2.0 */
/* loopback.h - block devices of the kernel's that have a file for their content. From: loop(4). */
#pragma once
#include <stdbool.h>

#include "base/error.h"

/* Attach the file @path to a loop device that goes away with its last user.
 * ret_name: the device's, the caller's. Returns: a descriptor that keeps it until then.
 * Fails: HP_ENOTFOUND - there is no such file, or no loop devices; HP_EDENIED. */
int hp_loopback_attach(const char *path, bool read_only, char **ret_name,
		       struct hp_error *err) MUST_CHECK;
