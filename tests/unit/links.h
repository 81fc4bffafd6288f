/* SPDX-License-Identifier: Apache-2.0 */
/* links.h - what the tests of net/ share that have a loop: a pair of sockets, and patience. */
#pragma once
#include <stdbool.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/str.h"
#include "scratch.h"

/* Nothing in these tests takes longer, unless it is broken. */
#define PATIENCE_MS 20000

static inline struct hp_loop *links_loop(void)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_loop *l = NULL;

	assert_int_equal(hp_loop_new(&l, &err), 0);
	return l;
}

static inline void links_pair(int ret_fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds), 0);
}

/* Run the loop until @done says so. */
static inline void links_until(struct hp_loop *l, bool (*done)(void *arg), void *arg)
{
	const int64_t deadline = hp_deadline_in(PATIENCE_MS);

	while (!done(arg)) {
		struct hp_error err = HP_ERROR_INIT;
		const int64_t left = hp_deadline_left_ms(deadline);

		if (left == 0)
			fail_msg("it did not come within %d ms", PATIENCE_MS);
		assert_true(hp_loop_once(l, left, &err) >= 0);
	}
}

/* Run the loop until nothing is ready. */
static inline void links_settle(struct hp_loop *l)
{
	struct hp_error err = HP_ERROR_INIT;
	int rc = 1;

	for (int i = 0; rc > 0 && i < 10000; i++)
		rc = hp_loop_once(l, 0, &err);
	assert_int_equal(rc, 0);
}
