/* SPDX-License-Identifier: Apache-2.0 */
/* warm.h - a clone that stands ready: loaded, its code translated, and stopped. A small process, the
 * holder, is its parent; it ends the machine when nobody has the other end of its socket any more,
 * which is how a machine is handed from the pool to a shim. */
#pragma once
#include "vm/vmm.h"

/* What there is of it on this side. */
enum hp_warm_fd {
	HP_WARM_PORT, /* and one more for each port */
	HP_WARM_CONSOLE = HP_PORTS,
	HP_WARM_CONTROL, /* of the VMM: see hp_vmm_release() */
	HP_WARM_PID,     /* a pidfd of the VMM */
	HP_WARM_HOLD, /* the holder's socket: struct hp_warm_end comes out of it at the end */
	HP_WARM_TAP,  /* of its network device; -1 when it has none */
	HP_WARM_FDS
};

struct hp_warm {
	pid_t pid;
	int fds[HP_WARM_FDS];
};

/* How the VMM ended, in the terms of waitid(2). */
struct hp_warm_end {
	int code;
	int status;
};

#define HP_WARM_INIT                                                                           \
	{                                                                                      \
		.fds = { -1, -1, -1, -1, -1, -1, -1, -1 }                                      \
	}
/* Closes what was not taken, which ends the machine unless somebody else has it. */
void hp_warm_clear(struct hp_warm *w);
HP_AUTO_VALUE(struct hp_warm, hp_warm_clear);
