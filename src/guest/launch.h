/* SPDX-License-Identifier: Apache-2.0 */
/* launch.h - what happens between the fork and the exec of a container's process, and how the forked
 * child tells about it. */
#pragma once
#include <stdbool.h>

#include "base/error.h"
#include "guest.pb-c.h"

/* What the child says on its report socket, which is closed on exec: an end of file after all was
 * well means that the program runs. */
enum hp_guest_said {
	HP_GUEST_SAID_TERMINAL, /* the terminal's other end comes along as a descriptor */
	HP_GUEST_SAID_READY, /* init only: all is set up; a byte from the parent lets it exec */
	HP_GUEST_SAID_FAILED, /* error says why; the child ends */
};
struct hp_guest_report {
	enum hp_guest_said said;
	struct hp_error error;
};

struct hp_guest_launch {
	const Hp__Guest__Container *container; /* NULL: beside init, not in the container */
	const Hp__Guest__Process *process;
	bool is_init;   /* builds the container; else joins it */
	int join_pidfd; /* of the container's init */
	int report_fd;  /* SOCK_SEQPACKET */
	int fds[3];     /* to be its streams, all over 2; not used with a terminal */
};

/* The namespaces that clone(2) makes for init: CLONE_NEW*. The mount namespace is always new; the
 * cgroup namespace init makes by itself, when it is in its cgroup. */
unsigned hp_guest_launch_namespaces(const Hp__Guest__Container *c);

/* Become the process. Runs in the forked child only, with all signals blocked. */
_Noreturn void hp_guest_launch_run(const struct hp_guest_launch *launch);
