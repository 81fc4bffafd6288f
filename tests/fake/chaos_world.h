/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_world.h - what tests of chaos share: the fake engine with containers, a journal, an action
 * whose effect is a file, and what a run has told. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/path.h"
#include "chaos/hold.h"
#include "chaos/journal.h"
#include "chaos/run.h"
#include "chaos/undo.h"

#define PATIENCE_MS 20000

/* Makes the file DIR/FAULT-ID, and removes it. args: {"dir": DIR, "refuse": make it, then fail;
 * "stuck": undo fails as long as DIR/stuck is there; "workload": "true" or "false", a program that is
 * the fault}. mark_shared: makes and removes DIR/shared, a state of the target. */
extern const struct hp_action chaos_mark;
extern const struct hp_action chaos_mark_shared;
extern const struct hp_action chaos_mark_other; /* the same, by another name */
/* Nothing undoes it: makes DIR/FAULT-ID. "refuse" as above; "sleep_ms": before. */
extern const struct hp_action chaos_strike;
extern const struct hp_action chaos_strike_slow;

struct chaos_world {
	char *dir;   /* of marks */
	char *state; /* root of the journal */
	char *journal;
	struct hp_client_config config;
	struct hp_engine *engine;
	struct hp_json *args;
	struct hp_plan plan;
	struct hp_strv told;  /* one word an event, with the container's name */
	struct hp_strv words; /* output, effects and errors in the order of their coming */
	int stop_fds[2];      /* a pipe: what is written into [1] tells the run to stop */
	struct hp_chaos_run run;
	void (*on_event)(struct chaos_world *w,
			 const struct hp_chaos_event *e); /* NULL: nothing */
};
/* The engine has running containers "a", "b", ... and a plan of chaos_mark for 10 s on all. */
void chaos_world_open(struct chaos_world *w, unsigned containers);
void chaos_world_close(struct chaos_world *w); /* fails when an entry is left in the journal */

/* Make one more container, and start it unless told not to. */
void chaos_world_add(struct chaos_world *w, const char *name, bool start);
enum hp_state chaos_world_state(struct chaos_world *w, const char *name);
/* The fault of w->plan on container @name, with number @n. Owns: the caller. */
struct hp_fault *chaos_world_fault(struct chaos_world *w, const char *name, unsigned n);

bool chaos_world_has(const struct chaos_world *w, const char *mark);
size_t chaos_world_marks(const struct chaos_world *w);   /* files in dir */
size_t chaos_world_entries(const struct chaos_world *w); /* in the journal */
/* Wait until there are so many marks; fails after PATIENCE_MS. */
void chaos_world_await_marks(const struct chaos_world *w, size_t count);

/* Run it in this process. Returns: HP_OK or the error's code; its text in the last of w->words. */
enum hp_code chaos_world_run(struct chaos_world *w);
size_t chaos_world_count(const struct chaos_world *w, const char *told);

#define OK(call)                                                                               \
	do {                                                                                   \
		struct hp_error err = HP_ERROR_INIT;                                           \
		if ((call) < 0)                                                                \
			fail_msg("%s: %s: %s", #call, hp_code_name(err.code), err.msg);        \
	} while (0)
#define FAILS(want, call)                                                                      \
	do {                                                                                   \
		struct hp_error err = HP_ERROR_INIT;                                           \
		if ((call) >= 0)                                                               \
			fail_msg("%s: it succeeded", #call);                                   \
		if (err.code != (want))                                                        \
			fail_msg("%s: %s: %s", #call, hp_code_name(err.code), err.msg);        \
		assert_true(err.msg[0]);                                                       \
	} while (0)
