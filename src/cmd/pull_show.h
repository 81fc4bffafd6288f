/* SPDX-License-Identifier: Apache-2.0 */
/* pull_show.h - pull an image and show how it goes on: bars on a terminal, lines elsewhere. */
#pragma once
#include <harpoon/harpoon.h>

#include "base/cleanup.h"

/* Pull what @what says, with the progress on stderr unless @quiet; its callbacks are set here. A
 * signal that asks the program to end ends it in order.
 * Owns: the caller, hp_pulled_clear(). */
int hp_pull_show(struct hp_engine *engine, struct hp_pull *what, bool quiet,
		 struct hp_pulled *ret_pulled, struct hp_error *err) MUST_CHECK;
