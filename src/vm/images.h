/* SPDX-License-Identifier: Apache-2.0 */
/* images.h - the two files that a machine boots from, kernel and initramfs, as QEMU wants them:
 * made once from the host's packages and our init, and kept in state_dir/images/KEY. */
#pragma once
#include "vm/kernel.h"
#include "wire/digest.h"

#define HP_VM_KEY 17 /* 16 hex digits and NUL: names what was made from which files */

struct hp_images {
	struct hp_kernel source;
	char *init;
	char key[HP_VM_KEY]; /* of the sources: their paths, sizes and times */
	char *dir;
	char *vmlinux; /* in dir */
	char *initrd;  /* in dir */
};

void hp_images_clear(struct hp_images *i);
HP_AUTO_VALUE(struct hp_images, hp_images_clear);

/* Find what there is to make them from. A few stat(2)s; nothing is read or written.
 * Fails: HP_ENOTFOUND - no kernel, modules or init; the message says how to get it. */
int hp_images_find(const struct hp_vm_config *c, struct hp_images *ret,
		   struct hp_error *err) MUST_CHECK;
/* Find the guest's init alone. Owns: the caller. Fails: as above. */
int hp_vm_find_init(const struct hp_vm_config *c, char **ret, struct hp_error *err) MUST_CHECK;
bool hp_images_made(const struct hp_images *i);
/* Make them, unless they are there. Many may do so at once. */
int hp_images_make(const struct hp_images *i, struct hp_error *err) MUST_CHECK;

/* For keys: count in which file it is, without reading it. Fails: as stat(2). */
int hp_vm_key_add_file(struct hp_digest *d, const char *path, struct hp_error *err) MUST_CHECK;
void hp_vm_key_end(struct hp_digest *d, char ret_key[HP_VM_KEY]);
