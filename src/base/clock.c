/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - owns clocks and deadlines. */
#include "base/clock.h"

#include <errno.h>
#include <time.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	/* It cannot fail: the clocks asked for are always there. */
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t hp_clock_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t hp_clock_ms(void)
{
	return hp_clock_ns() / NS_PER_MS;
}

int64_t hp_clock_unix_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

void hp_clock_sleep_ms(int64_t ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS};

	if (ms <= 0)
		return;
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}

int64_t hp_deadline_in(int64_t timeout_ms)
{
	int64_t deadline;

	if (timeout_ms == 0)
		return 0;
	/* 1 has passed long ago; 0 would mean "never". */
	if (timeout_ms < 0)
		return 1;
	if (__builtin_add_overflow(hp_clock_ms(), timeout_ms, &deadline))
		return INT64_MAX;
	return deadline;
}

int64_t hp_deadline_left_ms(int64_t deadline)
{
	int64_t now;

	if (deadline == 0)
		return -1;
	now = hp_clock_ms();
	return deadline > now ? deadline - now : 0;
}
