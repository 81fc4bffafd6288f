/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.h - the guest's kernel: found among Debian's packages, and taken out of its wrapping. */
#pragma once
#include "base/error.h"
#include "vm/config.h"

struct hp_kernel {
	char *image;   /* vmlinuz or vmlinux */
	char *modules; /* its directory of modules */
	char *version; /* as in the directory's name */
};

void hp_kernel_clear(struct hp_kernel *k);
HP_AUTO_VALUE(struct hp_kernel, hp_kernel_clear);

/* Find the one that @c names, else the newest cloud kernel below /var/lib/harpoon/kernel, else that
 * of the host, else the newest of any kind.
 * Fails: HP_ENOTFOUND - none, or it has no modules; the message says how to get one. */
int hp_kernel_find(const struct hp_vm_config *c, struct hp_kernel *ret,
		   struct hp_error *err) MUST_CHECK;
/* The same, with / being @root. */
int hp_kernel__find_below(const char *root, const struct hp_vm_config *c, struct hp_kernel *ret,
			  struct hp_error *err) MUST_CHECK;

/* Write the ELF file that is in @image, a bzImage, or is it, to the file @path: QEMU starts that
 * in a second less than it takes the kernel to unpack itself.
 * Limits: 512 MiB. Fails: HP_ECORRUPT - it is no kernel of either kind.
 * From: Linux Documentation/x86/boot.rst, "The Real-Mode Kernel Header". */
int hp_kernel_unpack(const char *image, const char *path, struct hp_error *err) MUST_CHECK;
