/* SPDX-License-Identifier: Apache-2.0 */
/* initramfs.h - the guest's first files: our init, and the modules that it loads. */
#pragma once
#include "base/error.h"

/* Write to the file @path an archive that the kernel whose modules are in @modules starts from:
 * "init", which is the program @init; modules below "lib/modules"; and "lib/modules/load", a line
 * for each with its path in the order in which they are to be loaded.
 * From: Linux Documentation/driver-api/early-userspace/buffer-format.rst. */
int hp_initramfs_write(const char *modules, const char *init, const char *path,
		       struct hp_error *err) MUST_CHECK;
