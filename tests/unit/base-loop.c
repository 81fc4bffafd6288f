/* SPDX-License-Identifier: Apache-2.0 */
/* base-loop.c - tests of src/base/loop.c. */
#include "base/loop.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "scratch.h"
#include "torture.h"

/* A descriptor with something to read, its watch, and what has been called back. */
struct end {
	int fds[2];
	struct hp_watch watch;
	struct hp_loop *loop;
	struct end *other; /* stopped by stop_other() */
	unsigned calls;
	uint32_t events;
};

static struct hp_loop *new_loop(void)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_loop *l = NULL;

	assert_int_equal(hp_loop_new(&l, &err), 0);
	return l;
}

static int once(struct hp_loop *l, int64_t timeout_ms)
{
	struct hp_error err = HP_ERROR_INIT;
	const int rc = hp_loop_once(l, timeout_ms, &err);

	assert_int_equal(err.code, HP_OK);
	return rc;
}

static void count(void *data, uint32_t events)
{
	struct end *e = data;

	e->calls++;
	e->events = events;
}

static void end_open(struct end *e, struct hp_loop *l, uint32_t events, hp_loop_fn fn)
{
	struct hp_error err = HP_ERROR_INIT;

	*e = (struct end){.loop = l};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->fds), 0);
	assert_int_equal(hp_watch_start(l, &e->watch, e->fds[0], events, fn, e, &err), 0);
}

static void end_ready(const struct end *e)
{
	assert_int_equal(write(e->fds[1], "x", 1), 1);
}

static void end_close(struct end *e)
{
	hp_watch_stop(&e->watch);
	close(e->fds[0]);
	close(e->fds[1]);
}

static void calls_back_for_events(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	struct end e;

	(void)state;
	end_open(&e, l, EPOLLIN, count);
	assert_int_equal(once(l, 0), 0);
	assert_int_equal(e.calls, 0);
	end_ready(&e);
	assert_int_equal(once(l, -1), 1);
	assert_int_equal(e.calls, 1);
	assert_int_equal(e.events, EPOLLIN);
	assert_int_equal(once(l, 0), 1); /* level-triggered */
	assert_int_equal(e.calls, 2);

	hp_watch_set(&e.watch, EPOLLIN | EPOLLOUT);
	assert_int_equal(once(l, 0), 1);
	assert_int_equal(e.events, EPOLLIN | EPOLLOUT);
	hp_watch_set(&e.watch, 0);
	assert_int_equal(once(l, 0), 0);
	hp_watch_set(&e.watch, 0);
	assert_int_equal(shutdown(e.fds[1], SHUT_RDWR), 0);
	assert_int_equal(once(l, 0), 1); /* that the peer hangs up is always told */
	assert_true(e.events & EPOLLHUP);
	end_close(&e);
	hp_watch_stop(&e.watch);
}

static void stop_other(void *data, uint32_t events)
{
	struct end *e = data;

	count(e, events);
	end_close(e->other);
	memset(&e->other->watch, 0xee, sizeof(e->other->watch)); /* as if it were freed */
}

/* Two are ready in one round, and whoever comes first frees the other. */
static void never_calls_what_was_stopped(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	struct end a;
	struct end b;

	(void)state;
	end_open(&a, l, EPOLLIN, stop_other);
	end_open(&b, l, EPOLLIN, stop_other);
	a.other = &b;
	b.other = &a;
	end_ready(&a);
	end_ready(&b);
	assert_int_equal(once(l, 0), 1);
	assert_int_equal(a.calls + b.calls, 1);
	end_close(a.calls ? &a : &b);
}

static void restart_other(void *data, uint32_t events)
{
	struct hp_error err = HP_ERROR_INIT;
	struct end *e = data;
	struct end *o = e->other;

	count(e, events);
	hp_watch_stop(&o->watch);
	assert_int_equal(
		hp_watch_start(o->loop, &o->watch, o->fds[1], EPOLLIN, restart_other, o, &err),
		0);
}

/* A watch that was started anew on another descriptor hears nothing of the old one. */
static void forgets_events_of_an_earlier_life(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	struct end a;
	struct end b;

	(void)state;
	end_open(&a, l, EPOLLIN, restart_other);
	end_open(&b, l, EPOLLIN, restart_other);
	a.other = &b;
	b.other = &a;
	end_ready(&a);
	end_ready(&b);
	assert_int_equal(once(l, 0), 1);
	assert_int_equal(a.calls + b.calls, 1);
	end_close(&a);
	end_close(&b);
}

static void stop_loop(void *data, uint32_t events)
{
	struct end *e = data;

	count(e, events);
	hp_loop_stop(e->loop);
}

static void runs_until_it_is_stopped(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	struct end a;
	struct end b;

	(void)state;
	end_open(&a, l, EPOLLIN, stop_loop);
	end_open(&b, l, EPOLLIN, stop_loop);
	end_ready(&a);
	end_ready(&b);
	assert_int_equal(hp_loop_run(l, &err), 0);
	assert_int_equal(a.calls + b.calls, 1); /* the other one is there at the next run */
	assert_int_equal(hp_loop_run(l, &err), 0);
	assert_true(a.calls + b.calls >= 2);

	const unsigned calls = a.calls + b.calls;
	hp_loop_stop(l);
	assert_int_equal(hp_loop_run(l, &err), 0);
	assert_int_equal(a.calls + b.calls, calls);
	end_close(&a);
	end_close(&b);
}

static void end_itself(void *data, uint32_t events)
{
	struct end *e = data;

	count(e, events);
	end_close(e);
}

static void runs_until_nothing_is_left(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	struct hp_timer t = {0};
	struct end e;

	(void)state;
	assert_int_equal(hp_loop_run(l, &err), 0);
	end_open(&e, l, EPOLLIN, end_itself);
	end_ready(&e);
	struct end timed = {0};
	hp_timer_start(l, &t, 5, count, &timed);
	assert_int_equal(hp_loop_run(l, &err), 0);
	assert_int_equal(e.calls, 1);
	assert_int_equal(timed.calls, 1);
	assert_int_equal(timed.events, 0);
}

static void calls_many_in_turn(void **state)
{
	enum { MANY = 150 }; /* more than a round holds */
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	static struct end ends[MANY];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		end_open(&ends[i], l, EPOLLIN, count);
		end_ready(&ends[i]);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(once(l, 0), 1);
	for (size_t i = 0; i < MANY; i++) {
		assert_true(ends[i].calls >= 1);
		end_close(&ends[i]);
	}
}

/* What the timers of a test write down. */
struct story {
	struct hp_loop *loop;
	char text[32];
	size_t len;
	struct hp_timer again;
	struct hp_timer *victim;
};

struct teller {
	struct hp_timer timer;
	struct story *story;
	char letter;
};

static void tell(void *data, uint32_t events)
{
	const struct teller *t = data;

	assert_int_equal(events, 0);
	assert_true(t->story->len < sizeof(t->story->text) - 1);
	t->story->text[t->story->len++] = t->letter;
}

static void calls_timers_in_order(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	struct story story = {.loop = l};
	struct teller t[5] = {0};
	static const int64_t ms[] = {20, 1, 20, -7, 40};
	const int64_t start = hp_clock_ms();

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(t); i++) {
		t[i].story = &story;
		t[i].letter = (char)('a' + i);
		hp_timer_start(l, &t[i].timer, ms[i], tell, &t[i]);
	}
	hp_timer_start(l, &t[1].timer, 30, tell, &t[1]); /* anew */
	hp_timer_stop(&t[4].timer);
	hp_timer_stop(&t[4].timer);
	assert_int_equal(hp_loop_run(l, &err), 0);
	assert_string_equal(story.text, "dacb");
	assert_true(hp_clock_ms() - start >= 30);
	assert_null(t[0].timer.loop);
}

static void tell_and_stop_victim(void *data, uint32_t events)
{
	struct teller *t = data;

	tell(t, events);
	hp_timer_stop(t->story->victim);
}

static void lets_timers_stop_each_other(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	struct story story = {.loop = l};
	struct teller t[3] = {{.story = &story, .letter = 'a'},
			      {.story = &story, .letter = 'b'},
			      {.story = &story, .letter = 'c'}};

	(void)state;
	/* All are due at once, so the second has been taken out to be called back. */
	story.victim = &t[1].timer;
	for (size_t i = 0; i < HP_ARRAY_LEN(t); i++)
		hp_timer_start(l, &t[i].timer, 0, tell_and_stop_victim, &t[i]);
	assert_int_equal(hp_loop_run(l, &err), 0);
	assert_string_equal(story.text, "ac");
}

static void tell_again(void *data, uint32_t events)
{
	struct teller *t = data;

	tell(t, events);
	hp_timer_start(t->story->loop, &t->timer, 0, tell_again, t);
}

/* A timer that is always due must not keep others waiting. */
static void calls_each_timer_once_a_round(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	struct story story = {.loop = l};
	struct teller t = {.story = &story, .letter = 'x'};
	struct end e;

	(void)state;
	end_open(&e, l, EPOLLIN, count);
	end_ready(&e);
	hp_timer_start(l, &t.timer, 0, tell_again, &t);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(once(l, -1), 1);
		assert_int_equal(story.len, i);
		assert_int_equal(e.calls, i);
	}
	hp_timer_stop(&t.timer);
	end_close(&e);
}

static void tell_and_stop_loop(void *data, uint32_t events)
{
	struct teller *t = data;

	tell(t, events);
	hp_loop_stop(t->story->loop);
}

static void keeps_timers_when_it_is_stopped(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	struct story story = {.loop = l};
	struct teller t[3] = {{.story = &story, .letter = 'a'},
			      {.story = &story, .letter = 'b'},
			      {.story = &story, .letter = 'c'}};
	struct teller late = {.story = &story, .letter = 'z'};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(t); i++)
		hp_timer_start(l, &t[i].timer, 0, tell_and_stop_loop, &t[i]);
	hp_timer_start(l, &late.timer, 60000, tell, &late);
	assert_int_equal(hp_loop_run(l, &err), 0);
	assert_string_equal(story.text, "a");
	assert_int_equal(hp_loop_run(l, &err), 0);
	assert_string_equal(story.text, "ab");
	assert_int_equal(hp_loop_run(l, &err), 0);
	assert_string_equal(story.text, "abc");
	hp_timer_stop(&late.timer);
	assert_int_equal(hp_loop_run(l, &err), 0);
}

static void waits_no_longer_than_asked(void **state)
{
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	struct story story = {.loop = l};
	struct teller t = {.story = &story, .letter = 'x'};
	const int64_t start = hp_clock_ms();

	(void)state;
	hp_timer_start(l, &t.timer, INT64_MAX, tell, &t); /* never */
	assert_int_equal(once(l, 0), 0);
	assert_int_equal(once(l, 20), 0);
	assert_true(hp_clock_ms() - start >= 20);
	assert_true(hp_clock_ms() - start < 10000);
	hp_timer_stop(&t.timer);
}

static void refuses_what_cannot_be_watched(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_loop_free) struct hp_loop *l = new_loop();
	AUTO_CLOSE int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct hp_watch w = {0};

	(void)state;
	assert_int_equal(hp_watch_start(l, &w, file, EPOLLIN, count, NULL, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	assert_null(w.loop);
	assert_int_equal(hp_watch_start(l, &w, -1, EPOLLIN, count, NULL, &err), -1);
	assert_int_equal(err.sys, EBADF);
	hp_watch_stop(&w);
	hp_loop_free(NULL);
}

static int make_and_run(void *arg, struct hp_error *err)
{
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	const int *fds = arg;
	struct hp_watch w = {0};
	struct end e = {0};
	int rc;

	if (hp_loop_new(&l, err) < 0)
		return -1;
	if (hp_watch_start(l, &w, fds[0], EPOLLIN, count, &e, err) < 0)
		return -1;
	rc = hp_loop_once(l, 1000, err);
	hp_watch_stop(&w);
	return rc < 0 ? -1 : 0;
}

static void reports_calls_that_fail(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	torture_all(make_and_run, fds, 3);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(calls_back_for_events),
		FDS_TEST(never_calls_what_was_stopped),
		FDS_TEST(forgets_events_of_an_earlier_life),
		FDS_TEST(runs_until_it_is_stopped),
		FDS_TEST(runs_until_nothing_is_left),
		FDS_TEST(calls_many_in_turn),
		FDS_TEST(calls_timers_in_order),
		FDS_TEST(lets_timers_stop_each_other),
		FDS_TEST(calls_each_timer_once_a_round),
		FDS_TEST(keeps_timers_when_it_is_stopped),
		FDS_TEST(waits_no_longer_than_asked),
		FDS_TEST(refuses_what_cannot_be_watched),
		FDS_TEST(reports_calls_that_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
