/* SPDX-License-Identifier: Apache-2.0 */
/* proc.h - what the kernel tells about processes of this host. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* When process @pid was started, in clock ticks since the boot. Together with the pid this names
 * a process for good, which the pid alone does not. Returns: 0 when there is no such process or
 * it has ended and was not waited for.
 * From: proc(5), /proc/PID/stat field 22. */
uint64_t hp_proc_start_ticks(pid_t pid);
/* The same as Unix time in nanoseconds; 0 as above. */
int64_t hp_proc_start_ns(pid_t pid);
/* The program that it runs, a path. Owns: the caller; NULL when it cannot be told. */
char *hp_proc_exe(pid_t pid);
/* Does its command line have @word as one of its words? */
bool hp_proc_has_word(pid_t pid, const char *word);
