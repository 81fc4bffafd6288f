/* SPDX-License-Identifier: Apache-2.0 */
/* base-clock.c - tests of src/base/clock.c. */
#include "base/clock.h"

#include "fds.h"

static void goes_forward(void **state)
{
	int64_t ns = hp_clock_ns();
	int64_t ms = hp_clock_ms();

	(void)state;
	hp_clock_sleep_ms(5);
	assert_true(hp_clock_ns() - ns >= 5000000);
	assert_true(hp_clock_ms() - ms >= 4);
	/* After 2020 and before the counter ends. */
	assert_true(hp_clock_unix_ns() > INT64_C(1577836800000000000));
}

static void sleeps_not_at_all_for_nothing(void **state)
{
	int64_t ms = hp_clock_ms();

	(void)state;
	hp_clock_sleep_ms(0);
	hp_clock_sleep_ms(-1000);
	assert_true(hp_clock_ms() - ms < 1000);
}

static void keeps_deadlines(void **state)
{
	int64_t soon = hp_deadline_in(60000);

	(void)state;
	assert_int_equal(hp_deadline_in(0), 0);
	assert_int_equal(hp_deadline_left_ms(0), -1);
	assert_true(hp_deadline_left_ms(soon) > 50000);
	assert_true(hp_deadline_left_ms(soon) <= 60000);
	assert_int_equal(hp_deadline_left_ms(hp_clock_ms() - 5), 0);
	assert_int_equal(hp_deadline_left_ms(hp_deadline_in(-1)), 0);
	assert_int_equal(hp_deadline_left_ms(hp_deadline_in(INT64_MIN)), 0);
	assert_true(hp_deadline_left_ms(hp_deadline_in(INT64_MAX)) > INT64_MAX / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(goes_forward),
		FDS_TEST(sleeps_not_at_all_for_nothing),
		FDS_TEST(keeps_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
