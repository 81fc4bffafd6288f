/* SPDX-License-Identifier: Apache-2.0 */
/* roots.h - where the things of one containerd are, below the roots of the program. */
#pragma once

#include "base/error.h"

/* Two daemons on one host may have the same names in them, so each has directories of its own: the
 * one below data or state root @root for the daemon at @address; absolute, as the processes that
 * use it work elsewhere. Owns: the caller. Fails: HP_ENOTFOUND - as hp_path_absolute(). */
int hp_containerd_root(const char *root, const char *address, char **ret_dir,
		       struct hp_error *err) MUST_CHECK;
