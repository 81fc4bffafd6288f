/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - one thread that waits for descriptors and timers, for programs that run long: the shim,
 * the guest's init, the pool. On epoll(7) and nothing else, for the guest links no library.
 *
 * A child of fork(2) shares the epoll instance with its parent: it closes the descriptors it has
 * and leaves the loop and all that is in it alone, for what it stopped would stop in the parent. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct hp_loop;

/* What is called when something has happened. @events: EPOLLIN and so on; 0 for a timer. */
typedef void (*hp_loop_fn)(void *data, uint32_t events);

/* A descriptor that is watched. Lives inside its owner, zeroed before its first use; all fields
 * are the loop's. */
struct hp_watch {
	struct hp_loop *loop; /* NULL: not watched */
	int fd;
	uint32_t events;
	hp_loop_fn fn;
	void *data;
};

/* A moment that is waited for, once. As struct hp_watch. */
struct hp_timer {
	struct hp_loop *loop; /* NULL: not running */
	int64_t at_ms;
	struct hp_timer *next;
	hp_loop_fn fn;
	void *data;
};

int hp_loop_new(struct hp_loop **ret, struct hp_error *err) MUST_CHECK;
void hp_loop_free(
	struct hp_loop *l); /* NULL is fine; watches and timers must have been stopped */
HP_AUTO_PTR(struct hp_loop, hp_loop_free);

/* Call back for what happens, until hp_loop_stop() or until nothing is watched or waited for.
 * Callbacks may start and stop any watch and timer, their own too, and free what holds them: a
 * watch that was stopped is never called for events of the same round. */
int hp_loop_run(struct hp_loop *l, struct hp_error *err) MUST_CHECK;
/* The same, but return after at most @timeout_ms without an event (0: only what is ready, -1: no
 * limit), after a signal, and after one round of events. Not from inside of a callback.
 * Returns: whether something was called back, or -1. */
int hp_loop_once(struct hp_loop *l, int64_t timeout_ms, struct hp_error *err) MUST_CHECK;
/* Have hp_loop_run() return after the callback that says so, or at once when it is called. */
void hp_loop_stop(struct hp_loop *l);

/* Watch @fd for @events (EPOLLIN, EPOLLOUT, 0 for errors only), level-triggered. The descriptor
 * stays the caller's; stop before closing it. A descriptor can be watched once.
 * Fails: HP_EINVALID - a file that epoll cannot watch. */
int hp_watch_start(struct hp_loop *l, struct hp_watch *w, int fd, uint32_t events,
		   hp_loop_fn fn, void *data, struct hp_error *err) MUST_CHECK;
void hp_watch_set(struct hp_watch *w, uint32_t events); /* of a watch that is running */
void hp_watch_stop(struct hp_watch *w);                 /* one that is not running is fine */

/* Call back in @ms from now; one that runs is set anew. */
void hp_timer_start(struct hp_loop *l, struct hp_timer *t, int64_t ms, hp_loop_fn fn,
		    void *data);
void hp_timer_stop(struct hp_timer *t);
