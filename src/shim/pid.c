/* SPDX-License-Identifier: Apache-2.0 */
/* pid.c - looks processes up in /proc, and kills them. */
#include "shim/pid.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"

#define LOOK_EACH_MS 5

struct hp_shim_pid hp_shim_pid_of(pid_t pid)
{
	uint64_t started = hp_proc_start_ticks(pid);

	return started ? (struct hp_shim_pid){.pid = pid, .started = started}
		       : (struct hp_shim_pid){0};
}

bool hp_shim_pid_alive(struct hp_shim_pid p)
{
	return p.pid > 0 && p.started && hp_proc_start_ticks(p.pid) == p.started;
}

bool hp_shim_pid_kill(struct hp_shim_pid p, int64_t until_ms)
{
	AUTO_CLOSE int fd = -1;

	if (p.pid <= 0)
		return true;
	/* The descriptor keeps the number from being given away between the look and the kill. */
	fd = (int)syscall(SYS_pidfd_open, p.pid, 0);
	if (!hp_shim_pid_alive(p))
		return true;
	if (fd >= 0)
		(void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	else
		(void)kill(p.pid, SIGKILL);
	while (hp_shim_pid_alive(p)) {
		if (hp_clock_ms() >= until_ms)
			return false;
		hp_clock_sleep_ms(LOOK_EACH_MS);
	}
	return true;
}
