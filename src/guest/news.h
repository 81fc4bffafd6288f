/* SPDX-License-Identifier: Apache-2.0 */
/* news.h - what has happened and the host is to be told: ends of processes, kills for memory. */
#pragma once
#include "guest/guest.h"

/* Process @number has ended with what wait(2) says. Init's end is told last of all. */
void hp_guest_news_exit(struct hp_guest *g, uint32_t number, int wait_status);
/* Take in a Watch call; it is answered when there is something to tell.
 * Fails: HP_ESTATE - one waits already; it is not consumed then. */
int hp_guest_news_watch(struct hp_guest *g, struct hp_ttrpc_call *take_call,
			struct hp_error *err) MUST_CHECK;
/* Tell what there is, when somebody waits for it. */
void hp_guest_news_tell(struct hp_guest *g);
/* Look whether the kernel has killed for memory since the last time. */
void hp_guest_news_check_oom(struct hp_guest *g);
void hp_guest_news_free(struct hp_guest *g);
