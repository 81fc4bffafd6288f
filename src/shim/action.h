/* SPDX-License-Identifier: Apache-2.0 */
/* action.h - what the shim's program does when containerd executes it. */
#pragma once
#include <stdint.h>

#include "shim/args.h"

/* `start`: listen, leave a daemon behind and print its address.
 * @executed_ns: hp_clock_ns() at the program's beginning. */
int hp_shim_action_start(const struct hp_shim_args *args, int64_t executed_ns,
			 struct hp_error *err) MUST_CHECK;
/* `delete`: end and remove whatever is left of the container, and print a DeleteResponse. Works
 * without the shim, and again when all is gone. */
int hp_shim_action_delete(const struct hp_shim_args *args, struct hp_error *err) MUST_CHECK;
/* `-info`: print a RuntimeInfo. */
int hp_shim_action_info(struct hp_error *err) MUST_CHECK;
