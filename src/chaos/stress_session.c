/* SPDX-License-Identifier: Apache-2.0 */
/* stress_session.c - ends a session in a cgroup where others are, too. Its number is not given away
 * as long as one process is in it, so that together with the cgroup it says whose they are. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/proc.h"
#include "chaos/stress.h"

/* From: proc(5), /proc/PID/stat field 6; the name before it may have anything in it. */
static pid_t session_of(pid_t pid)
{
	AUTO_FREE char *dir = hp_sprintf("/proc/%d", (int)pid);
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO_FREE char *text = NULL;
	const char *at;
	int session = 0;

	if (hp_cgroup_get(dir, "stat", &text, &ignored) < 0)
		return 0;
	at = strrchr(text, ')');
	return at && sscanf(at + 1, " %*c %*d %*d %d", &session) == 1 ? session : 0;
}

static int kill_in(pid_t leader, const char *dir, struct hp_error *err)
{
	AUTO_FREE pid_t *pids = NULL;
	size_t count = 0;
	int killed = 0;

	if (hp_cgroup_pids(dir, &pids, &count, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		if (session_of(pids[i]) == leader && kill(pids[i], SIGKILL) == 0)
			killed++;
	return killed;
}

int hp_stress_kill_session(pid_t leader, uint64_t started, const struct hp_strv *dirs,
			   struct hp_error *err)
{
	uint64_t now = hp_proc_start_ticks(leader);
	int killed = 0;

	/* The number belongs to another process: nobody was left who kept it. */
	if (leader <= 1 || (now != 0 && now != started))
		return 0;
	for (size_t i = 0; i < dirs->count; i++) {
		int n = kill_in(leader, dirs->items[i], err);

		if (n < 0)
			return hp_wrap(err, "end the stress");
		if (n > killed)
			killed = n;
	}
	return killed;
}
