/* SPDX-License-Identifier: Apache-2.0 */
/* pid.h - processes by their number and the time of their start, so that a number that was given
 * to another process since names nobody. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct hp_shim_pid {
	pid_t pid; /* 0: none */
	uint64_t
		started; /* clock ticks after the boot. From: proc(5), /proc/PID/stat field 22 */
};

/* Of a process that is there now; pid 0 when it is not. */
struct hp_shim_pid hp_shim_pid_of(pid_t pid);
/* Is it still there, and no zombie? */
bool hp_shim_pid_alive(struct hp_shim_pid p);
/* Send SIGKILL, and wait for its end until hp_clock_ms() is @until_ms.
 * Returns: whether it is gone. One that is gone already, or another's number, is fine. */
bool hp_shim_pid_kill(struct hp_shim_pid p, int64_t until_ms);
