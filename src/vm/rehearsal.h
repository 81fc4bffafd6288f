/* SPDX-License-Identifier: Apache-2.0 */
/* rehearsal.h - the container that a warm clone runs before it is handed over. */
#pragma once
#include <stddef.h>

/* Make the packed CreateRequest of a container as most are: with all namespaces, the usual mounts,
 * devices, protected paths and capabilities, a filter of system calls, and a program that ends at
 * once. Where TCG runs the guest, this has its code translated before the container comes that
 * counts. Owns: the caller. */
unsigned char *hp_rehearsal_create(size_t *ret_len);
