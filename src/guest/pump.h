/* SPDX-License-Identifier: Apache-2.0 */
/* pump.h - a process that carries FUSE requests to the host and their answers back. It never waits
 * for files itself, so that it works as long as the machine does. */
#pragma once
#include <sys/types.h>

#include "base/error.h"

/* Mount the host's files at @where and start the process that moves bytes between them and @port,
 * which stays the caller's. It ends when the host closes its end.
 * ret_ready_fd: can be read when the host has answered the mount. Owns: the caller.
 * Fails: HP_ENOTFOUND - the kernel has no FUSE. */
int hp_guest_pump_start(int port, const char *where, pid_t *ret_pid, int *ret_ready_fd,
			struct hp_error *err) MUST_CHECK;

/* Move bytes between @fuse_fd and @port until one of them is closed: requests are messages of one
 * read each, answers say their length. A byte goes to @ready_fd after the first answer. Ends
 * the process. */
_Noreturn void hp_guest_pump_run(int fuse_fd, int port, int ready_fd);
