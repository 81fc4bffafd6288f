/* SPDX-License-Identifier: Apache-2.0 */
/* base-fault.c - tests of src/base/fault.c. */
#include "base/fault.h"

#include <unistd.h>

#include "fds.h"

static void fails_the_nth_call_once(void **state)
{
	(void)state;
	hp_fault_arm(3, EIO);
	assert_int_equal(hp_fault("a"), 0);
	assert_int_equal(hp_fault("b"), 0);
	assert_false(hp_fault_fired());
	assert_int_equal(hp_fault("c"), EIO);
	assert_true(hp_fault_fired());
	for (int i = 0; i < 10; i++)
		assert_int_equal(hp_fault("d"), 0);
}

static void is_idle_unless_armed(void **state)
{
	(void)state;
	hp_fault_arm(1, EIO);
	hp_fault_arm(0, 0);
	assert_int_equal(hp_fault("a"), 0);
	assert_false(hp_fault_fired());
}

static void replaces_the_call(void **state)
{
	int calls = 0;

	(void)state;
	hp_fault_arm(1, ENOSPC);
	errno = 0;
	if (HP_FAULTS_ON) {
		assert_int_equal(HP_SYS("call", calls++), -1);
		assert_int_equal(errno, ENOSPC);
		assert_int_equal(calls, 0);
	}
	hp_fault_arm(0, 0);
	assert_int_equal(HP_SYS("call", ++calls), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(fails_the_nth_call_once),
		FDS_TEST(is_idle_unless_armed),
		FDS_TEST(replaces_the_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
