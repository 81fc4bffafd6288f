/* SPDX-License-Identifier: Apache-2.0 */
/* vm-warm.c - tests of src/vm/warm.c. */
#include "vm/warm.h"

#include "fds.h"

static void closes_what_was_not_taken(void **state)
{
	struct hp_warm w = HP_WARM_INIT;

	(void)state;
	for (int i = 0; i < HP_WARM_FDS; i++)
		assert_int_equal(w.fds[i], -1);
	hp_warm_clear(&w);
	w.pid = 5;
	w.fds[HP_WARM_HOLD] = dup(0);
	w.fds[HP_WARM_PORT + HP_PORT_FILES] = dup(0);
	hp_warm_clear(&w);
	assert_int_equal(w.pid, 0);
	assert_int_equal(w.fds[HP_WARM_HOLD], -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(closes_what_was_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
