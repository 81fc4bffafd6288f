/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - let a test make the nth system call of base/ fail. */
#pragma once
#include <errno.h>
#include <stdbool.h>

#include "base/compat.h"

/* Make the @nth call from now on (1 is the next one) fail with @sys, once; 0 disarms. */
void hp_fault_arm(unsigned nth, int sys);
/* Let calls through uncounted, or count on: for what a test does around the code it tests. */
void hp_fault_pause(bool paused);
/* Has the armed call been reached? A test goes on with the next n until this says no. */
bool hp_fault_fired(void);
/* Count one call of @op. Returns: the errno to fail it with, 0 to let it through. */
int hp_fault(const char *op);

/* Make the system call @call, or fail as it would have: -1 and errno. */
#define HP_SYS(op, call)                                                                       \
	(__extension__({                                                                       \
		int fault_ = HP_FAULTS_ON ? hp_fault(op) : 0;                                  \
		if (fault_)                                                                    \
			errno = fault_;                                                        \
		fault_ ? -1 : (call);                                                          \
	}))
