/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - what a process may do: limits, users and groups, capabilities, system calls. All of it
 * is for the calling process, and there is no way back. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "guest.pb-c.h"

int hp_guest_limits_set(const Hp__Guest__Process *p, struct hp_error *err) MUST_CHECK;
/* Go to the working directory, and become the user with these groups and capabilities, in the order
 * that runc has. Standard streams become the user's.
 * Fails: also HP_ENOTFOUND and HP_EDENIED - the directory, in runc's words. */
int hp_guest_identity_assume(const Hp__Guest__Process *p, struct hp_error *err) MUST_CHECK;
int hp_guest_no_new_privileges(struct hp_error *err) MUST_CHECK;
/* Filter system calls from now on. @filter: struct sock_filter[]; empty: none. */
int hp_guest_seccomp_load(struct hp_bytes filter, uint32_t flags,
			  struct hp_error *err) MUST_CHECK;
