/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - children of the shim whose end its loop waits for. */
#pragma once
#include <sys/types.h>

#include "base/loop.h"

/* A child has ended, and is reaped. @status: exit status, or 128 + signal. */
typedef void (*hp_shim_child_fn)(void *data, int status);

/* A child that is watched. Lives inside its owner, zeroed before its first use. */
struct hp_shim_child {
	pid_t pid; /* 0: none, or it has been reaped */
	int fd;    /* its pidfd */
	struct hp_watch watch;
	hp_shim_child_fn fn;
	void *data;
};

/* Call @fn once when the child @pid has ended. When this fails the child is killed and reaped. */
int hp_shim_child_watch(struct hp_loop *l, struct hp_shim_child *c, pid_t pid,
			hp_shim_child_fn fn, void *data, struct hp_error *err) MUST_CHECK;
/* Send it @signal, if it is there. */
void hp_shim_child_signal(const struct hp_shim_child *c, int signal);
/* Kill and reap it, if it is there; its fn is not called. */
void hp_shim_child_end(struct hp_shim_child *c);
/* Let it go on by itself: asked to end by SIGTERM after @quiet_ms, killed after another @kill_ms.
 * This returns at once, and needs neither the loop nor this process any more. */
void hp_shim_child_leave(struct hp_shim_child *c, int quiet_ms, int kill_ms);
