/* SPDX-License-Identifier: Apache-2.0 */
/* mount_options.h - the words that say how to mount, as numbers for mount(2). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct hp_shim_mount_options {
	uint64_t flags;       /* MS_* */
	uint64_t propagation; /* MS_SHARED and so on, with MS_REC; 0: not said */
	bool loop;            /* the source is a file, for a loop device */
	bool copy_up;         /* a tmpfs is filled with what is below it */
	char *data;           /* what the file system itself is told; "" when nothing */
};

/* Read @n words. Owns: the caller, until hp_shim_mount_options_clear().
 * Fails: HP_EUNSUPPORTED - a word asks for mapped ids.
 * From: mount(8); opencontainers/runtime-spec config.md, "Linux mount options"; containerd
 * mount/mount_linux.go. */
int hp_shim_mount_options_read(const char *const *words, size_t n,
			       struct hp_shim_mount_options *ret,
			       struct hp_error *err) MUST_CHECK;
void hp_shim_mount_options_clear(struct hp_shim_mount_options *o);
HP_AUTO_VALUE(struct hp_shim_mount_options, hp_shim_mount_options_clear);
