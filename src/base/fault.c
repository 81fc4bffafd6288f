/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - owns the count of system calls by which tests make one of them fail. */
#include "base/fault.h"

/* One for the process: it is armed by single-threaded tests only, and idle everywhere else. */
static struct {
	unsigned left; /* calls until the one that fails; 0: not armed */
	int sys;
	bool fired;
	bool paused;
} fault;

void hp_fault_arm(unsigned nth, int sys)
{
	fault.left = nth;
	fault.sys = sys;
	fault.fired = false;
}

void hp_fault_pause(bool paused)
{
	fault.paused = paused;
}

bool hp_fault_fired(void)
{
	return fault.fired;
}

int hp_fault(const char *op)
{
	(void)op; /* for breakpoints: the name of the call is on the stack */
	if (fault.left == 0 || fault.paused)
		return 0;
	if (--fault.left > 0)
		return 0;
	fault.fired = true;
	return fault.sys;
}
