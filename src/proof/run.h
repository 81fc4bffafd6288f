/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - what the phases of a proof share. */
#pragma once
#include "base/clock.h"
#include "proof/proof.h"

/* A proof under way. */
struct hp_run {
	struct hp_engine *engine;
	const struct hp_proof_options *options;
	struct hp_proof *proof;
	char prefix[64];         /* of the names of all containers of this run */
	unsigned made;           /* containers so far, for their names */
	int64_t create_start_ns; /* median of create and start, from the leak phase; 0: not known */
};

/* Begin and end a row: begin tells the progress and returns the time, end adds the row. */
int64_t hp_run__begin(struct hp_run *r, const char *name);
void hp_run__pass(struct hp_run *r, const char *phase, const char *name, int64_t began_ns,
		  char *take_measured, const char *target);
/* A row that failed for @err, which is emptied. */
void hp_run__fail(struct hp_run *r, const char *phase, const char *name, int64_t began_ns,
		  struct hp_error *err, const char *target);
/* A row that passes when @ok, with what was measured either way. */
void hp_run__check(struct hp_run *r, const char *phase, const char *name, bool ok,
		   char *take_measured, const char *target);
bool hp_run__interrupted(const struct hp_run *r);

/* Make a container of this run that runs @args within @limits (NULL: none). Owns: *ret_id. */
int hp_run__create(struct hp_run *r, const char *const *args, const struct hp_resources *limits,
		   char **ret_id, struct hp_error *err) MUST_CHECK;
/* Remove what this run, or an earlier one whose process is gone, has made. */
int hp_run__clean(struct hp_run *r, struct hp_error *err) MUST_CHECK;

/* A program that runs until it is asked to end, and then ends at once with 0. */
extern const char *const hp_run__sleeper[];

/* The phases. Each adds its rows. Returns: whether the next makes sense. */
bool hp_run__lifecycle(struct hp_run *r);
bool hp_run__leaks(struct hp_run *r);
bool hp_run__limits(struct hp_run *r);
void hp_run__targets(struct hp_run *r);

/* memory.c: this process' memory in bytes. */
uint64_t hp_run__rss_bytes(void);
uint64_t hp_run__heap_bytes(void);

/* A text for people. Owns: the caller. */
char *hp_run__ms(int64_t ns);
