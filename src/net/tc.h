/* SPDX-License-Identifier: Apache-2.0 */
/* tc.h - have what a network device receives leave by another, before this kernel sees it. */
#pragma once
#include "net/netlink.h"

/* What comes in by link @from goes out by link @to, all of it, from now on. Replaces what an
 * earlier call did. What others have attached to the link's ingress stays, and is asked first.
 * Fails: HP_ENOTFOUND - the kernel lacks what it needs, which is said. */
int hp_tc_redirect(struct hp_netlink *n, uint32_t from, uint32_t to,
		   struct hp_error *err) MUST_CHECK;
/* Which link is what comes in by @from redirected to? It is 0 when that link has gone.
 * Returns: 1, 0 - it is not redirected, -1. */
int hp_tc_target(struct hp_netlink *n, uint32_t from, uint32_t *ret,
		 struct hp_error *err) MUST_CHECK;
/* Undo it, with the ingress queue if nothing else is there. Nothing to undo is fine, and so is a
 * link that has gone. */
int hp_tc_release(struct hp_netlink *n, uint32_t from, struct hp_error *err) MUST_CHECK;
