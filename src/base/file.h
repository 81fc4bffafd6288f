/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - what the files of base/ share below fd.h. */
#pragma once
#include <stdint.h>

/* openat2(2), close-on-exec; new files get mode 0644. @resolve: RESOLVE_* of linux/openat2.h.
 * Returns: a descriptor, or -1 with errno. */
int hp_file__openat2(int dir_fd, const char *path, int flags, uint64_t resolve);
