/* SPDX-License-Identifier: Apache-2.0 */
/* suite.h - the tests of the guest's contract, a table a file. Their state is a struct world. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "box.h"

int suite_open(void **state);
int suite_close(void **state);
#define GUEST_TEST(fn) cmocka_unit_test_setup_teardown(fn, suite_open, suite_close)

extern const struct CMUnitTest suite_life[];
extern const size_t suite_life_count;
extern const struct CMUnitTest suite_identity[];
extern const size_t suite_identity_count;
extern const struct CMUnitTest suite_exec[];
extern const size_t suite_exec_count;
extern const struct CMUnitTest suite_streams[];
extern const size_t suite_streams_count;
extern const struct CMUnitTest suite_root[];
extern const size_t suite_root_count;

/* Run the box to its end, and check status and output. */
void suite_run(struct world *w, struct box *b, uint32_t status, const char *output);
