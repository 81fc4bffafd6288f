/* SPDX-License-Identifier: Apache-2.0 */
/* vm-kvm.c - tests of src/vm/kvm.c. */
#include "vm/kvm.h"

#include <sys/wait.h>

#include "base/clock.h"
#include "scratch.h"

static void says_why_or_nothing(void **state)
{
	char why[128];
	const int64_t begin = hp_clock_ms();
	const bool works = hp_kvm_works(why, sizeof(why));

	(void)state;
	assert_true(works == (why[0] == '\0'));
	if (!scratch_has("/dev/kvm"))
		assert_non_null(strstr(why, "/dev/kvm"));
	/* The limit of the probe, and what a busy host adds. */
	assert_true(hp_clock_ms() - begin < 5000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(says_why_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
