/* SPDX-License-Identifier: Apache-2.0 */
/* apart.h - run what mounts, names the host or gives up rights in a process of its own. */
#pragma once
#include <sched.h>
#include <sys/mount.h>

#include "scratch.h"

/* Call @fn in a child with its own mounts, names and IPC; what it makes of them is gone afterwards.
 * Returns: what it returns, or 200 and more when it did not. */
static inline int apart(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC) < 0 ||
		    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			_exit(201);
		_exit(fn(arg));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 202 : WEXITSTATUS(status);
}

/* For use in there, where cmocka cannot: say what does not hold, and where. */
#define APART_CHECK(condition)                                                                 \
	do {                                                                                   \
		if (!(condition)) {                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);        \
			return 1;                                                              \
		}                                                                              \
	} while (0)
/* The same of a call that fills @e when it fails. */
#define APART_DONE(rc, e)                                                                      \
	do {                                                                                   \
		if ((rc) < 0) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, (e)->msg);          \
			return 1;                                                              \
		}                                                                              \
	} while (0)
