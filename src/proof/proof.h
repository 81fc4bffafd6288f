/* SPDX-License-Identifier: Apache-2.0 */
/* proof.h - prove on this machine that an engine takes containers from image to deletion. */
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <harpoon/engine.h>

#include "base/error.h"

/* What to prove, and with what. Zero is the default where one is said; strings are borrowed. */
struct hp_proof_options {
	const char *image;   /* must have sh, sleep and dd, as busybox does */
	const char *runtime; /* NULL: the engine's default */
	const char *snapshotter;
	unsigned cycles;    /* of the leak test; 0: 100 */
	uint32_t settle_ms; /* how long the engine may take to collect garbage; 0: 15,000 */
	uint32_t cpu_ms;    /* how long a CPU limit is measured; 0: 3,000 */
	/* Set by a signal handler to stop early; what was made is cleaned up. NULL: never. */
	const volatile sig_atomic_t *interrupted;
	/* Called before each row and within long ones; NULL for silence. */
	void (*progress)(void *arg, const char *name, unsigned done, unsigned total);
	void *progress_arg;
};

/* One thing that was to be proven. Strings are never NULL. */
struct hp_proof_row {
	const char *phase; /* "lifecycle", "leaks", "limits", "targets" */
	const char *name;
	bool pass;
	int64_t time_ns; /* it took, 0 where that says nothing */
	char *measured;  /* "12.3 ms", "pid 4711": what was found; or why it failed */
	char *target;    /* "< 2 s": what was to be found; "" when finding it is all */
};

/* All rows in the order of the work. */
struct hp_proof {
	struct hp_proof_row *rows;
	size_t count;
	bool interrupted;
};

/* Run all of it. A row that fails does not stop the rest, unless the rest needs it.
 * Owns: *ret_proof, until hp_proof_clear(). Returns: 0 also when rows failed; -1 only when
 * what it made could not be cleaned up, *ret_proof being filled then too. */
int hp_proof_run(struct hp_engine *engine, const struct hp_proof_options *options,
		 struct hp_proof *ret_proof, struct hp_error *err) MUST_CHECK;
/* Did every row pass, and was it not interrupted? */
bool hp_proof_passed(const struct hp_proof *proof);
void hp_proof_clear(struct hp_proof *proof);
HP_AUTO_VALUE(struct hp_proof, hp_proof_clear);
