/* SPDX-License-Identifier: Apache-2.0 */
/* run_in.h - run a program in a container and read what it says. */
#pragma once
#include "engine/engine_impl.h"

/* Run it to its end. Of its output the first 16 KiB are kept, without newlines at the end.
 * Returns: its exit status, or -1. Owns: *ret_output, NULL when it said nothing. */
int hp_run_in(struct hp_engine *engine, const char *ref, const struct hp_exec_spec *spec,
	      char **ret_output, struct hp_error *err) MUST_CHECK;
