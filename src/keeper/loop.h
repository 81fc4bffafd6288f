/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - the keeper at work: FIFOs in, log and clients out. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* What the command line says. */
struct hp_keeper_options {
	const char *dir;
	const char *log; /* NULL: none */
	bool tty;
	bool wait_attach;
	int64_t wait_ms;
};

struct hp_keeper;

/* Open all that is needed. Owns: the caller, until hp_keeper__free(). */
int hp_keeper__open(const struct hp_keeper_options *o, struct hp_keeper **ret_keeper,
		    struct hp_error *err) MUST_CHECK;
/* Work until both outputs have ended and every client has all of it, or until SIGTERM. */
int hp_keeper__run(struct hp_keeper *k, struct hp_error *err) MUST_CHECK;
/* Remove the socket and let go of everything. NULL is fine. */
void hp_keeper__free(struct hp_keeper *k);
