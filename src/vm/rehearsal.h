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

typedef void (*hp_rehearsal_fn)(void *data, const struct hp_error *why);
struct hp_rehearsal {
	struct hp_ttrpc_client *guest;
	unsigned rounds;
	hp_rehearsal_fn done;
	void *data;
};

/* Wait until the guest and its files are up, and run it as often as @r says. done is called once, also
 * when it fails, and not from inside of this; it may free the guest. It is not called when the guest is
 * freed before. @r stays in its place until either has happened. */
void hp_rehearse(struct hp_rehearsal *r);
