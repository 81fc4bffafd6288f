/* SPDX-License-Identifier: Apache-2.0 */
/* rehearsal.h - the container that a machine runs before the one that counts comes: the guest's
 * kernel has done once then what each container needs done. In a template this fills its caches; in a
 * clone that is made ready it also has TCG translate its code, which no template can keep. */
#pragma once
#include "net/ttrpc_client.h"

/* Make the packed CreateRequest of a container as most are: with all namespaces, the usual mounts,
 * devices, protected paths and capabilities, a filter of system calls, and a program that ends at
 * once. Owns: the caller. */
unsigned char *hp_rehearsal_create(size_t *ret_len);

/* Run it @rounds times in the machine whose Hello has been answered. @done is called once, also when
 * it fails, and not from inside of this; it may free @guest. Not when @guest is freed before. */
typedef void (*hp_rehearsal_fn)(void *data, const struct hp_error *why);
void hp_rehearse(struct hp_ttrpc_client *guest, unsigned rounds, hp_rehearsal_fn done,
		 void *data);
