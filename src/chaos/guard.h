/* SPDX-License-Identifier: Apache-2.0 */
/* guard.h - the process that holds one fault, and undoes it whatever happens to the run.
 *
 * It is forked by the run, which talks to it over a socketpair. It journals and applies the fault
 * and says so; it undoes it when the fault's time is over, when its workload has ended, when the run
 * asks for it, when the run is gone in whatever way, or when it gets SIGTERM; and says so. Killed
 * itself, it leaves an orphan in the journal, which the run undoes, or `chaos recover`. */
#pragma once
#include "chaos/fault.h"

struct hp_guard {
	pid_t pid;
	int fd;                 /* to poll for POLLIN */
	struct hp_fault *fault; /* as it was when the guard was forked; owned */
	bool applied;
	bool over; /* the last news has come */
};

/* Fork one for @take_fault. It is the caller's child. */
int hp_guard_start(struct hp_fault *take_fault, struct hp_guard *ret,
		   struct hp_error *err) MUST_CHECK;
/* Wait for its end, which is near once its last news has come, and let go. The fault of a guard that
 * is not over is undone by that. */
void hp_guard_clear(struct hp_guard *g);
/* Let go without waiting: it undoes and ends by itself. */
void hp_guard_forget(struct hp_guard *g);
/* Have it undo now. */
void hp_guard_release(struct hp_guard *g);
/* Have it end without an undo: for actions that have none. */
void hp_guard_abandon(struct hp_guard *g);

enum hp_guard_what {
	HP_GUARD_APPLIED, /* for actions without an undo it is the last */
	HP_GUARD_FAILED,  /* it could not be applied, and nothing of it is left; the last */
	HP_GUARD_UNDOING,
	HP_GUARD_UNDONE, /* the last */
	HP_GUARD_STUCK,  /* it cannot be undone, and its entry stays; the last */
	HP_GUARD_DIED,   /* without a word; the last */
};
struct hp_guard_news {
	enum hp_guard_what what;
	struct hp_error err;      /* of FAILED and STUCK; of UNDONE when the workload failed */
	struct hp_labels effects; /* of UNDOING; of APPLIED without an undo */
	char *output;             /* of APPLIED; NULL: none */
};
void hp_guard_news_clear(struct hp_guard_news *news);
HP_AUTO_VALUE(struct hp_guard_news, hp_guard_news_clear);
/* What it has to tell. Returns: HP_NEXT_ITEM; HP_NEXT_WAIT when there is nothing now; HP_NEXT_END
 * after the last news. */
int hp_guard_next(struct hp_guard *g, struct hp_guard_news *ret);

/* The other side: what the guard does, from journalling to the end. Never returns. For guard.c. */
_Noreturn void hp_guard_main(struct hp_fault *f, int sock);
/* A message as it goes over the socketpair, and back. */
struct hp_json *hp_guard_news_to_json(const struct hp_guard_news *news);
int hp_guard_news_from_json(const struct hp_json *message, struct hp_guard_news *ret,
			    struct hp_error *err) MUST_CHECK;
