/* SPDX-License-Identifier: Apache-2.0 */
/* torture.h - run a piece of code again and again, each time with a later system call failing. */
#pragma once
#include <errno.h>
#include <stdbool.h>

#include "base/fault.h"
#include "fds.h"
#include <harpoon/error.h>

#define TORTURE_MAX 2000

/* What is run: 0, or -1 with @err filled; all that it opened or made is gone again either way. */
typedef int torture_fn(void *arg, struct hp_error *err);

/* Run fn(arg) with call 1, 2, 3, ... failing with @sys until none fails. Returns: how many did;
 * in a build without faults that is 0. */
static inline unsigned torture(torture_fn *fn, void *arg, int sys)
{
	for (unsigned n = 1; n <= TORTURE_MAX; n++) {
		struct hp_error err = HP_ERROR_INIT;
		int fds = fds_count();
		bool fired;
		int rc;

		hp_fault_arm(n, sys);
		rc = fn(arg, &err);
		fired = hp_fault_fired();
		hp_fault_arm(0, 0);

		assert_int_equal(fds_count(), fds);
		assert_true(rc == 0 ? err.code == HP_OK : err.code != HP_OK && err.msg[0]);
		if (!fired) {
			assert_int_equal(rc, 0);
			return n - 1;
		}
	}
	fail_msg("no end after %d calls", TORTURE_MAX);
	return 0;
}

/* The same with the errors that matter: a plain one, interruption, and a lack of descriptors. */
static inline void torture_all(torture_fn *fn, void *arg, unsigned at_least)
{
	static const int errors[] = {EIO, EINTR, EMFILE, EACCES};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		unsigned n = torture(fn, arg, errors[i]);

		if (HP_FAULTS_ON)
			assert_true(n >= at_least);
	}
}
