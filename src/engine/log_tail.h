/* SPDX-License-Identifier: Apache-2.0 */
/* log_tail.h - where in a log its last lines begin. */
#pragma once
#include <stdint.h>

#include "base/error.h"
#include "engine/log_kind.h"

/* Find the offset from which the last @lines lines of the log @fd are read. It is found from the
 * end, so the work grows with @lines and not with the log. Pieces of one long line count once; a
 * torn line at the end does not count. */
int hp_log_tail__find(int fd, uint64_t lines, const struct hp_log_kind *kind,
		      uint64_t *ret_offset, struct hp_error *err) MUST_CHECK;
