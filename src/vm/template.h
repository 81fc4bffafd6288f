/* SPDX-License-Identifier: Apache-2.0 */
/* template.h - a machine that was booted once and frozen, of which clones are made. On disk it is
 * state_dir/templates/KEY with the files memory (sparse), state and meta.json. */
#pragma once
#include "vm/images.h"
#include "vm/vmm.h"

/* What clones need: files in memory, sealed, so that nobody can change them. */
struct hp_template {
	int memory_fd;
	int state_fd;
};

#define HP_TEMPLATE_INIT                                                                       \
	{                                                                                      \
		.memory_fd = -1, .state_fd = -1                                                \
	}
void hp_template_clear(struct hp_template *t);
HP_AUTO_VALUE(struct hp_template, hp_template_clear);

/* The shape that holds what is wanted, out of few: config's memory, doubled until it is enough, so
 * that containers share templates. What memory a guest does not use costs nothing. */
struct hp_shape hp_shape_for(const struct hp_vm_config *c, const struct hp_machine_spec *spec);
/* So much memory as QEMU can give a machine: no less than the least, in whole pages of 2 MiB. */
uint64_t hp_shape_memory(uint64_t bytes);

/* The name of the template of such machines on this host: it changes with all that it was made
 * from. */
int hp_template_key(const struct hp_vm_config *c, const struct hp_host *h,
		    const struct hp_images *i, const struct hp_shape *shape,
		    char ret_key[HP_VM_KEY], struct hp_error *err) MUST_CHECK;
char *hp_template_dir(const struct hp_vm_config *c, const char *key); /* Owns: the caller */

bool hp_template_there(const struct hp_vm_config *c, const char *key); /* on disk */

/* Read it into memory. Fails: HP_ENOTFOUND - there is none; HP_ECORRUPT. */
int hp_template_load(const struct hp_vm_config *c, const char *key, struct hp_template *ret,
		     struct hp_error *err) MUST_CHECK;
/* Write it to its place at once, or not at all. @meta: what it is, for people: a JSON text. */
int hp_template_store(const struct hp_vm_config *c, const char *key,
		      const struct hp_template *t, const char *meta,
		      struct hp_error *err) MUST_CHECK;
/* Remove it from disk. Missing is fine. */
int hp_template_remove(const struct hp_vm_config *c, const char *key,
		       struct hp_error *err) MUST_CHECK;
/* A file in memory of @size bytes that can be sealed. */
int hp_template_new_file(const char *name, uint64_t size, int *ret_fd,
			 struct hp_error *err) MUST_CHECK;
