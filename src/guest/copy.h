/* SPDX-License-Identifier: Apache-2.0 */
/* copy.h - copy a tree of files into an empty directory, as a tmpfs mount with copy-up wants. */
#pragma once
#include "base/error.h"

/* Copy what is in directory @from_fd into directory @to_fd: all kinds of files, with their owners,
 * modes, times and extended attributes. Both must be open for reading.
 * Limits: trees of up to 128 directories in depth; deeper ones fail as HP_ERANGE. */
int hp_guest_copy_tree(int from_fd, int to_fd, struct hp_error *err) MUST_CHECK;
