/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - processes of the container, from their fork to the news of their end. */
#pragma once
#include "guest/guest.h"

/* Fork process @number of the container as @p says; init with number 0. @take_call is answered when
 * it has executed or is ready to, and consumed only on success.
 * Fails: HP_EEXISTS - there is one of that number; HP_EEXHAUSTED. */
int hp_guest_process_start(struct hp_guest *g, uint32_t number, const Hp__Guest__Process *p,
			   struct hp_ttrpc_call *take_call, struct hp_error *err) MUST_CHECK;
/* NULL when there is none, also when it has ended. */
struct hp_guest_process *hp_guest_process_find(struct hp_guest *g, uint32_t number);
/* Let init execute; @take_call is answered when it has. Consumed on success only. */
int hp_guest_process_release(struct hp_guest_process *p, struct hp_ttrpc_call *take_call,
			     struct hp_error *err) MUST_CHECK;
/* Take in all children that have ended. Returns: whether the pump is among them. */
bool hp_guest_process_reap(struct hp_guest *g);
/* Forget all of them, without a word. Children are born in our own PID namespace again. */
void hp_guest_process_free_all(struct hp_guest *g);
