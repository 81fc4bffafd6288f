/* SPDX-License-Identifier: Apache-2.0 */
/* pool_store.h - the templates that a pool has in memory. */
#pragma once
#include "vm/template.h"

struct hp_pool_store;

struct hp_pool_store *hp_pool_store_new(const struct hp_vm_config *c);
void hp_pool_store_free(struct hp_pool_store *s);
HP_AUTO_PTR(struct hp_pool_store, hp_pool_store_free);

/* The template @key, read from disk when it is not in memory, or has been made anew or removed
 * since. ret: borrowed until the next call. Fails: HP_ENOTFOUND - there is none on disk; one that is
 * broken is removed. */
int hp_pool_store_get(struct hp_pool_store *s, const char *key, const struct hp_template **ret,
		      struct hp_error *err) MUST_CHECK;
/* Forget those that nobody has asked for in @idle_ms. Clones keep what they use. */
void hp_pool_store_trim(struct hp_pool_store *s, int64_t idle_ms);
