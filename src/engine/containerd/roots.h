/* SPDX-License-Identifier: Apache-2.0 */
/* roots.h - where the things of one containerd are, below the roots of the program. */
#pragma once

/* Two daemons on one host may have the same names in them, so each has directories of its own: the
 * one below data or state root @root for the daemon at @address. Owns: the caller. */
char *hp_containerd_root(const char *root, const char *address);
