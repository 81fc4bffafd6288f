/* SPDX-License-Identifier: Apache-2.0 */
/* pool_wire.h - what a pool and its clients say to each other: one message each way, a line of JSON
 * with descriptors. Both are of the same version and user; it is checked all the same. */
#pragma once
#include "vm/pool.h"

#define HP_POOL_LINE 4096        /* the longest message */
#define HP_POOL_FDS  HP_WARM_FDS /* the most that go with one */

/* Owns: the caller. */
char *hp_pool__request_text(const struct hp_pool_request *r);
int hp_pool__request_read(struct hp_bytes text, struct hp_pool_request *ret,
			  struct hp_error *err) MUST_CHECK;

/* ret_fds: those that go with it, borrowed. @why: not NULL: there is no answer but this failure. */
char *hp_pool__answer_text(const struct hp_pool_answer *a, const struct hp_error *why,
			   int ret_fds[HP_POOL_FDS], size_t *ret_n);
/* take_fds: closed when they are not part of the answer. Fails: with the failure told, too. */
int hp_pool__answer_read(struct hp_bytes text, const int *take_fds, size_t n_fds,
			 struct hp_pool_answer *ret, struct hp_error *err) MUST_CHECK;
