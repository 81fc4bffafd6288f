/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - owns the epoll descriptor, the round of events under way and the list of timers. */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"

/* How many events one call of epoll_wait(2) brings; the others come with the next. */
#define ROUND_MAX 64

struct hp_loop {
	int fd;
	size_t n_watches;
	bool stopped;
	bool in_round;
	struct hp_timer
		*timers;      /* the earliest first; those of one moment as they were started */
	struct hp_timer *due; /* taken out of @timers to be called back in this round */
	struct epoll_event
		events[ROUND_MAX]; /* of this round; data.ptr is NULL: stopped since */
	int n_events;
};

int hp_loop_new(struct hp_loop **ret, struct hp_error *err)
{
	int fd = HP_SYS("epoll_create", epoll_create1(EPOLL_CLOEXEC));

	if (fd < 0)
		return hp_fail_errno(err, errno, "make an epoll descriptor");

	struct hp_loop *l = hp_alloc(sizeof(*l));
	l->fd = fd;
	*ret = l;
	return 0;
}

void hp_loop_free(struct hp_loop *l)
{
	if (!l)
		return;
	assert(!l->in_round && l->n_watches == 0 && !l->timers && !l->due);
	close(l->fd);
	free(l);
}

/* Call back for the events that have come, as long as nobody stops the loop: what is left is
 * still there at the next wait. Returns: how many were. */
static int call_watches(struct hp_loop *l)
{
	int called = 0;

	for (int i = 0; i < l->n_events && !l->stopped; i++) {
		const struct hp_watch *w = l->events[i].data.ptr;

		if (!w)
			continue;
		called++;
		w->fn(w->data, l->events[i].events);
	}
	l->n_events = 0;
	return called;
}

/* Call back for the timers whose moment has come. One that is started meanwhile waits for the next
 * round, so that one that starts itself anew keeps nobody else from being called. */
static int call_timers(struct hp_loop *l)
{
	const int64_t now = hp_clock_ms();
	struct hp_timer **end = &l->timers;
	int called = 0;

	while (*end && (*end)->at_ms <= now)
		end = &(*end)->next;
	if (end == &l->timers)
		return 0;
	l->due = l->timers;
	l->timers = *end;
	*end = NULL;

	while (l->due) {
		struct hp_timer *t = l->due;

		/* Put back those that are left: they are due at once. */
		if (l->stopped) {
			while (t->next)
				t = t->next;
			t->next = l->timers;
			l->timers = TAKE(l->due);
			break;
		}
		l->due = t->next;
		t->loop = NULL;
		called++;
		t->fn(t->data, 0);
	}
	return called;
}

/* How long to wait at most, for epoll_wait(2). */
static int wait_ms(const struct hp_loop *l, int64_t timeout_ms)
{
	if (l->timers) {
		const int64_t left = l->timers->at_ms - hp_clock_ms();

		if (timeout_ms < 0 || left < timeout_ms)
			timeout_ms = left > 0 ? left : 0;
	}
	if (timeout_ms > INT_MAX)
		return INT_MAX;
	return timeout_ms < 0 ? -1 : (int)timeout_ms;
}

int hp_loop_once(struct hp_loop *l, int64_t timeout_ms, struct hp_error *err)
{
	const int wait = wait_ms(l, timeout_ms);
	const int n = HP_SYS("epoll_wait", epoll_wait(l->fd, l->events, ROUND_MAX, wait));
	int called;

	/* A signal is as good as an event for coming back early. */
	if (n < 0 && errno != EINTR)
		return hp_fail_errno(err, errno, "wait for events");
	assert(!l->in_round);
	l->in_round = true;
	l->n_events = n > 0 ? n : 0;
	called = call_watches(l);
	called += call_timers(l);
	l->in_round = false;
	return called > 0;
}

int hp_loop_run(struct hp_loop *l, struct hp_error *err)
{
	int rc = 0;

	while (rc >= 0 && !l->stopped && (l->n_watches > 0 || l->timers))
		rc = hp_loop_once(l, -1, err);
	l->stopped = false;
	return rc < 0 ? -1 : 0;
}

void hp_loop_stop(struct hp_loop *l)
{
	l->stopped = true;
}

int hp_watch_start(struct hp_loop *l, struct hp_watch *w, int fd, uint32_t events,
		   hp_loop_fn fn, void *data, struct hp_error *err)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	assert(!w->loop);
	if (HP_SYS("epoll_ctl", epoll_ctl(l->fd, EPOLL_CTL_ADD, fd, &event)) < 0) {
		if (errno == EPERM)
			return hp_fail(err, HP_EINVALID,
				       "watch descriptor %d: a file that is always ready", fd);
		return hp_fail_errno(err, errno, "watch descriptor %d", fd);
	}
	*w = (struct hp_watch){.loop = l, .fd = fd, .events = events, .fn = fn, .data = data};
	l->n_watches++;
	return 0;
}

void hp_watch_set(struct hp_watch *w, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	assert(w->loop);
	if (w->events == events)
		return;
	/* It fails only for a descriptor that is not watched; hp_watch_start() has seen to that. */
	(void)epoll_ctl(w->loop->fd, EPOLL_CTL_MOD, w->fd, &event);
	w->events = events;
}

void hp_watch_stop(struct hp_watch *w)
{
	struct hp_loop *l = w->loop;

	if (!l)
		return;
	(void)epoll_ctl(l->fd, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = 0; i < l->n_events; i++)
		if (l->events[i].data.ptr == w)
			l->events[i].data.ptr = NULL;
	l->n_watches--;
	w->loop = NULL;
}

void hp_timer_start(struct hp_loop *l, struct hp_timer *t, int64_t ms, hp_loop_fn fn,
		    void *data)
{
	struct hp_timer **at = &l->timers;
	int64_t at_ms;

	hp_timer_stop(t);
	if (__builtin_add_overflow(hp_clock_ms(), ms > 0 ? ms : 0, &at_ms))
		at_ms = INT64_MAX;
	while (*at && (*at)->at_ms <= at_ms)
		at = &(*at)->next;
	*t = (struct hp_timer){.loop = l, .at_ms = at_ms, .next = *at, .fn = fn, .data = data};
	*at = t;
}

static bool unlink_timer(struct hp_timer **at, const struct hp_timer *t)
{
	while (*at && *at != t)
		at = &(*at)->next;
	if (!*at)
		return false;
	*at = t->next;
	return true;
}

void hp_timer_stop(struct hp_timer *t)
{
	struct hp_loop *l = t->loop;

	if (!l)
		return;
	if (!unlink_timer(&l->timers, t))
		unlink_timer(&l->due, t);
	t->loop = NULL;
}
