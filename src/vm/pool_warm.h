/* SPDX-License-Identifier: Apache-2.0 */
/* pool_warm.h - the clones that a pool holds ready: config's number, of the template that was asked
 * for last. They are made one after the other, when nobody has asked for a moment. */
#pragma once
#include "vm/pool_holder.h"
#include "vm/pool_store.h"

struct hp_pool_warm;

struct hp_pool_warm *hp_pool_warm_new(struct hp_loop *l, const struct hp_vm_config *c,
				      struct hp_pool_store *store);
void hp_pool_warm_free(struct hp_pool_warm *w); /* ends those that wait; NULL is fine */
HP_AUTO_PTR(struct hp_pool_warm, hp_pool_warm_free);

/* Such machines are wanted: those that wait for another template end. */
void hp_pool_warm_want(struct hp_pool_warm *w, const struct hp_pool_request *request);
/* Returns: whether one of these was ready; it is the caller's then. */
bool hp_pool_warm_take(struct hp_pool_warm *w, const char *key, struct hp_warm *ret);
/* Its template is no more. */
void hp_pool_warm_forget(struct hp_pool_warm *w, const char *key);
