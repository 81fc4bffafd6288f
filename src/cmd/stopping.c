/* SPDX-License-Identifier: Apache-2.0 */
/* stopping.c - SIGINT, SIGTERM and SIGHUP, kept waiting and looked for. */
#include "cmd/stopping.h"

#include <signal.h>
#include <stddef.h>

#include "base/cleanup.h"

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};

int hp_stopping_asked(void *arg)
{
	sigset_t pending;

	(void)arg;
	sigpending(&pending);
	for (size_t i = 0; i < HP_ARRAY_LEN(stopping); i++)
		if (sigismember(&pending, stopping[i]) > 0)
			return 1;
	return 0;
}

void hp_stopping_block(void)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < HP_ARRAY_LEN(stopping); i++)
		sigaddset(&blocked, stopping[i]);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}
