/* SPDX-License-Identifier: Apache-2.0 */
/* net-link.c - tests of src/net/link.c. */
#include "net/link.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include "links.h"
#include "torture.h"

struct owner {
	struct hp_link link;
	struct hp_loop *loop;
	int peer;
	unsigned calls;
	bool over;
};

static void ready(void *data, uint32_t events)
{
	struct owner *o = data;

	o->calls++;
	if (!hp_link__receive(&o->link, events))
		o->over = true;
	if (o->over)
		hp_link__close(&o->link);
}

static void owner_open(struct owner *o, size_t in, size_t out)
{
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_link_limits limits = {.in = in, .out = out};
	int fds[2];

	*o = (struct owner){.loop = links_loop()};
	links_pair(fds);
	o->peer = fds[1];
	assert_int_equal(hp_link__open(&o->link, o->loop, fds[0], &limits, ready, o, &err), 0);
}

static void owner_close(struct owner *o)
{
	hp_link__close(&o->link);
	hp_link__close(&o->link);
	if (o->peer >= 0)
		close(o->peer);
	hp_loop_free(o->loop);
}

static bool is_over(void *arg)
{
	const struct owner *o = arg;

	return o->over;
}

static bool has_input(void *arg)
{
	const struct owner *o = arg;

	return hp_link__input(&o->link).len > 0;
}

static bool put(struct owner *o, const void *data, size_t len)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_buf *queue = hp_link__queue(&o->link, len);

	if (!queue)
		return false;
	assert_int_equal(hp_buf_add(queue, data, len, &err), 0);
	hp_link__send(&o->link);
	return true;
}

static void gathers_what_comes(void **state)
{
	struct owner o;

	(void)state;
	owner_open(&o, 100, 100);
	links_settle(o.loop);
	assert_int_equal(o.calls, 0);
	assert_int_equal(hp_link__input(&o.link).len, 0);
	assert_int_equal(write(o.peer, "abc", 3), 3);
	links_settle(o.loop);
	assert_int_equal(o.calls, 1);
	hp_link__use(&o.link, 1);
	assert_int_equal(hp_link__input(&o.link).len, 2);
	assert_int_equal(write(o.peer, "def", 3), 3);
	links_settle(o.loop);
	assert_int_equal(hp_link__input(&o.link).len, 5);
	assert_memory_equal(hp_link__input(&o.link).data, "bcdef", 5);
	hp_link__use(&o.link, 5);
	assert_int_equal(hp_link__input(&o.link).len, 0);
	owner_close(&o);
}

static void holds_no_more_than_its_limit(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	char many[1000];
	struct owner o;

	(void)state;
	memset(many, 'x', sizeof(many));
	owner_open(&o, 600, 100);
	assert_int_equal(write(o.peer, many, sizeof(many)), sizeof(many));
	for (int i = 0; i < 3; i++)
		assert_int_equal(hp_loop_once(o.loop, 0, &err), 1);
	assert_int_equal(hp_link__input(&o.link).len, 600);
	hp_link__use(&o.link, 600);
	links_settle(o.loop);
	assert_int_equal(hp_link__input(&o.link).len, 400);
	assert_false(o.over);
	owner_close(&o);
}

static void sends_at_once(void **state)
{
	char got[10];
	struct owner o;

	(void)state;
	owner_open(&o, 100, 100);
	assert_true(put(&o, "hello", 5));
	assert_int_equal(hp_link__queued(&o.link), 0);
	assert_int_equal(recv(o.peer, got, sizeof(got), MSG_DONTWAIT), 5);
	assert_memory_equal(got, "hello", 5);
	links_settle(o.loop);
	assert_int_equal(o.calls, 0);
	owner_close(&o);
}

/* What the peer does not take waits, and goes in order, whatever it is cut into. */
static void queues_what_cannot_be_sent(void **state)
{
	enum { MAX = 1000000, CHUNK = 1000 };
	unsigned char chunk[CHUNK];
	size_t sent = 0;
	size_t got = 0;
	struct owner o;

	(void)state;
	owner_open(&o, 100, MAX);
	for (int round = 0; round < 3; round++) {
		for (;; sent += CHUNK) {
			for (size_t i = 0; i < CHUNK; i++)
				chunk[i] = (unsigned char)((sent + i) % 251);
			if (!put(&o, chunk, CHUNK))
				break;
		}
		assert_true(MAX - hp_link__queued(&o.link) < CHUNK);
		assert_int_equal(o.link.out.cap, MAX);
		/* Half of it, so that the next round goes on in the middle. */
		while (hp_link__queued(&o.link) > MAX / 2) {
			unsigned char bytes[7777];
			const ssize_t n = recv(o.peer, bytes, sizeof(bytes), MSG_DONTWAIT);
			assert_true(n > 0);
			for (ssize_t i = 0; i < n; i++)
				assert_int_equal(bytes[i], (got + (size_t)i) % 251);
			got += (size_t)n;
			links_settle(o.loop);
		}
	}
	while (got < sent) {
		unsigned char bytes[7777];
		const ssize_t n = recv(o.peer, bytes, sizeof(bytes), MSG_DONTWAIT);
		assert_true(n > 0);
		assert_int_equal(bytes[0], got % 251);
		got += (size_t)n;
		links_settle(o.loop);
	}
	assert_int_equal(hp_link__queued(&o.link), 0);
	assert_true(o.link.out.cap < MAX); /* given back */
	owner_close(&o);
}

static void hears_the_last_words(void **state)
{
	struct owner o;

	(void)state;
	owner_open(&o, 100, 100);
	assert_int_equal(write(o.peer, "bye", 3), 3);
	close(TAKE_FD(o.peer));
	hp_watch_stop(&o.link.watch);
	assert_true(hp_link__receive(&o.link, EPOLLIN | EPOLLHUP));
	assert_false(hp_link__receive(&o.link, EPOLLIN | EPOLLHUP));
	assert_int_equal(hp_link__input(&o.link).len, 3);
	owner_close(&o);
	assert_null(hp_link__queue(&o.link, 1));
	hp_link__break(&o.link);
}

static void tells_later_what_broke(void **state)
{
	struct owner o;

	(void)state;
	owner_open(&o, 100, 100);
	assert_int_equal(shutdown(o.peer, SHUT_RD), 0);
	assert_true(put(&o, "x", 1));
	assert_int_equal(o.calls, 0);
	assert_false(put(&o, "y", 1));
	links_until(o.loop, is_over, &o);
	owner_close(&o);

	owner_open(&o, 100, 100);
	hp_link__break(&o.link);
	assert_int_equal(o.calls, 0);
	links_until(o.loop, is_over, &o);
	owner_close(&o);
}

static void can_be_deaf(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct owner o;

	(void)state;
	owner_open(&o, 100, 100);
	hp_link__set_deaf(&o.link, true);
	assert_int_equal(write(o.peer, "abc", 3), 3);
	links_settle(o.loop);
	assert_int_equal(o.calls, 0);
	hp_link__set_deaf(&o.link, false);
	assert_int_equal(hp_loop_once(o.loop, 0, &err), 1);
	assert_int_equal(hp_link__input(&o.link).len, 3);
	hp_link__set_deaf(&o.link, true);
	close(TAKE_FD(o.peer));
	links_until(o.loop, is_over, &o);
	owner_close(&o);
}

static void can_be_eager(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct owner o;

	(void)state;
	owner_open(&o, 100, 100);
	hp_link__set_eager(&o.link, true);
	assert_int_equal(hp_loop_once(o.loop, 0, &err), 1);
	assert_int_equal(hp_loop_once(o.loop, 0, &err), 1);
	hp_link__set_eager(&o.link, false);
	links_settle(o.loop);
	assert_int_equal(o.calls, 2);
	owner_close(&o);
}

/* A terminal stands for the port of a machine: a character device, and no socket. */
static void works_on_a_character_device(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_link_limits limits = {.in = 10000, .out = 10000};
	struct owner o = {.loop = links_loop(), .peer = -1};
	char got[10];
	int fd;

	(void)state;
	o.peer = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(o.peer >= 0 && grantpt(o.peer) == 0 && unlockpt(o.peer) == 0);
	fd = open(ptsname(o.peer), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(hp_link__open(&o.link, o.loop, fd, &limits, ready, &o, &err), 0);
	assert_false(o.link.is_socket);
	assert_int_equal(write(o.peer, "line\n", 5), 5);
	links_until(o.loop, has_input, &o); /* a terminal takes its time */
	assert_int_equal(hp_link__input(&o.link).len, 5);
	hp_link__use(&o.link, 5);
	assert_true(put(&o, "hello", 5));
	assert_true(read(o.peer, got, sizeof(got)) > 0);
	close(TAKE_FD(o.peer));
	links_until(o.loop, is_over, &o);
	owner_close(&o);
}

static int open_link(void *arg, struct hp_error *err)
{
	const struct hp_link_limits limits = {.in = 100, .out = 100};
	AUTO(hp_loop_free) struct hp_loop *l = NULL;
	struct owner o = {0};
	int fds[2];
	int rc;

	(void)arg;
	if (hp_loop_new(&l, err) < 0)
		return -1;
	links_pair(fds);
	close(fds[1]);
	rc = hp_link__open(&o.link, l, fds[0], &limits, ready, &o, err);
	hp_link__close(&o.link);
	return rc;
}

static void reports_calls_that_fail(void **state)
{
	(void)state;
	torture_all(open_link, NULL, 5);
}

/* Calls that fail while bytes move are the end of the link, and nothing is lost by a signal. */
static void ends_when_calls_fail(void **state)
{
	static const int errors[] = {EIO, EINTR, ECONNRESET};
	static const unsigned nth[] = {1, 3}; /* send; the second one is the loop's; read */

	(void)state;
	for (size_t i = 0; HP_FAULTS_ON && i < 2 * HP_ARRAY_LEN(errors); i++) {
		const int sys = errors[i / 2];
		struct owner o;
		char got[10];

		owner_open(&o, 100, 100);
		assert_int_equal(write(o.peer, "abc", 3), 3);
		hp_fault_arm(nth[i % 2], sys);
		assert_true(put(&o, "hello", 5));
		links_settle(o.loop);
		assert_true(hp_fault_fired());
		hp_fault_arm(0, 0);
		assert_int_equal(o.over, sys != EINTR);
		if (sys == EINTR) {
			assert_int_equal(hp_link__input(&o.link).len, 3);
			assert_int_equal(recv(o.peer, got, sizeof(got), MSG_DONTWAIT), 5);
		}
		owner_close(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(gathers_what_comes),
		FDS_TEST(holds_no_more_than_its_limit),
		FDS_TEST(sends_at_once),
		FDS_TEST(queues_what_cannot_be_sent),
		FDS_TEST(hears_the_last_words),
		FDS_TEST(tells_later_what_broke),
		FDS_TEST(can_be_deaf),
		FDS_TEST(can_be_eager),
		FDS_TEST(works_on_a_character_device),
		FDS_TEST(reports_calls_that_fail),
		FDS_TEST(ends_when_calls_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
