/* SPDX-License-Identifier: Apache-2.0 */
/* log_entry.h - one line of a docker json-file log, read; no file is touched here.
 *
 * A line is {"log":"text\n","stream":"stdout","time":"2026-11-21T10:00:00.123456789Z"}. Text that
 * does not end in a newline is the beginning of a longer line of output.
 * From: Docker documentation, "JSON File logging driver".
 *
 * Output need not be text, but JSON must be. docker puts U+FFFD in the place of each byte that is
 * not UTF-8; harpoon-keeper writes byte XX as the escape "\udcXX", half of a surrogate pair that
 * can mean nothing else. Readers made for docker show such halves as U+FFFD, as they are used
 * to, and we get the byte back. From: the idea is PEP 383's. */
#pragma once
#include <harpoon/stream.h>

#include "base/error.h"

/* Longest line that is read. harpoon-keeper and docker begin a new one after 16 KiB of output, of
 * which each byte becomes six at most. */
#define HP_LOG_LINE_MAX (256u * 1024)

/* Decode @line in place; its @len bytes are without the newline and are garbage afterwards.
 * ret_chunk: borrows from @line.
 * Fails: HP_ECORRUPT - it is no log line. */
int hp_log_entry__parse(char *line, size_t len, struct hp_chunk *ret_chunk,
			struct hp_error *err) MUST_CHECK;
