/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - programs that we start, and their end. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Whom to become, without supplementary groups. */
struct hp_child_user {
	uid_t uid;
	gid_t gid;
};

/* What to run. fds[i] becomes descriptor i of the child; -1 is /dev/null. Nothing else is
 * inherited. */
struct hp_child {
	const char *path;        /* searched in PATH when it has no slash */
	const char *const *argv; /* NULL-terminated, argv[0] too */
	const char *const *env;  /* NULL: ours */
	const int *fds;          /* n_fds of them; at least 0, 1, 2 are set up */
	size_t n_fds;
	const char *cwd; /* NULL: ours */
	bool detach;     /* a session of its own, and not our child: it is never waited for */
	int parent_death_signal; /* 0: none; not with detach */
	bool new_session;        /* a session of its own, but our child */
	bool no_new_privs;       /* nor does what it executes gain any. From: prctl(2) */
	const struct hp_child_user *user; /* NULL: ours */
	const int *cgroup_fd;             /* a cgroup's directory to begin in; NULL: ours */
};

/* Start it. ret_pid: of the child; of the detached grandchild with detach.
 * Fails: HP_ENOCMD - there is no such program; HP_ENOEXEC - it cannot be executed. */
int hp_child_start(const struct hp_child *c, pid_t *ret_pid, struct hp_error *err) MUST_CHECK;
/* Undo what its parent has done about signals: for a child of fork(2) that hp_child_start() does not
 * start. */
void hp_child_reset_signals(void);
/* Wait for its end, at most @timeout_ms (0: for ever). ret_status: exit status or 128 + signal.
 * Fails: HP_ETIMEOUT - it still runs. */
int hp_child_wait(pid_t pid, int64_t timeout_ms, int *ret_status,
		  struct hp_error *err) MUST_CHECK;
