/* SPDX-License-Identifier: Apache-2.0 */
/* warm.c - let go of a clone that stood ready. */
#include "vm/warm.h"

_Static_assert(HP_WARM_FDS == 8, "HP_WARM_INIT names each of them");

void hp_warm_clear(struct hp_warm *w)
{
	for (int i = 0; i < HP_WARM_FDS; i++)
		if (w->fds[i] >= 0)
			close(TAKE_FD(w->fds[i]));
	w->pid = 0;
}
