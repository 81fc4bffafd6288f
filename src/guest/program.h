/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - which program a process is, and its environment. */
#pragma once
#include "base/error.h"
#include "base/str.h"
#include "guest.pb-c.h"

/* Find program @name as the calling process would: as it is when it has a slash, else in the PATH of
 * @env. Owns: the caller.
 * Fails: HP_ENOTFOUND, HP_EDENIED, in runc's words, which clients look for. */
int hp_guest_program_find(const char *name, const char *const *env, char **ret_path,
			  struct hp_error *err) MUST_CHECK;

/* The environment of @p: of names that come twice the last; HOME from the container's /etc/passwd
 * when it is not set. @ret is empty before. From: runc, prepareEnv and setupUser. */
void hp_guest_program_env(const Hp__Guest__Process *p, struct hp_strv *ret);

/* How runc and docker spell errno. From: Go's zerrors_linux_amd64.go. Returns: static. */
const char *hp_guest_errno_text(int sys);
