/* SPDX-License-Identifier: Apache-2.0 */
/* fds.h - what unit tests share: cmocka itself, and a teardown that finds leaked descriptors. */
#pragma once
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* How many descriptors this process has open. */
static inline int fds_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static inline int fds_note(void **state)
{
	*state = (void *)(intptr_t)fds_count();
	return 0;
}

static inline int fds_compare(void **state)
{
	int before = (int)(intptr_t)*state;
	int after = fds_count();

	if (before == after)
		return 0;
	fprintf(stderr, "descriptors before the test: %d, after: %d\n", before, after);
	return -1;
}

/* A test that fails when it leaves a descriptor behind; its state is taken. */
#define FDS_TEST(fn) cmocka_unit_test_setup_teardown(fn, fds_note, fds_compare)
