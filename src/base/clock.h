/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - time: deadlines, timestamps and their texts. */
#pragma once
#include <stdint.h>

#include "base/error.h"

int64_t hp_clock_ms(void);      /* monotonic */
int64_t hp_clock_ns(void);      /* monotonic */
int64_t hp_clock_unix_ns(void); /* wall clock */
void hp_clock_sleep_ms(int64_t ms);

/* A moment that a blocking call may not pass. 0 is "never". */
int64_t hp_deadline_in(int64_t timeout_ms); /* 0 gives "never", less has passed */
/* What is left, for poll(2): -1 for "never", 0 when it has passed. */
int64_t hp_deadline_left_ms(int64_t deadline);

/* RFC 3339 in UTC with nanoseconds, such as "2026-11-21T10:00:00.123456789Z". */
#define HP_TIME_TEXT 36
void hp_time_format(int64_t unix_ns, char ret_text[HP_TIME_TEXT]);
/* RFC 3339, with an offset too. Year 1, Go's "no time", is 0. Fails: HP_EINVALID - also outside
 * of 1678 to 2262. */
int hp_time_parse(const char *text, int64_t *ret_unix_ns, struct hp_error *err) MUST_CHECK;
/* For --since and --until: RFC 3339; the same without an offset, in local time, down to the day
 * alone ("2026-11-21"); a Unix time in seconds ("1700000000.5"), or a Go duration
 * before @now_ns ("10m"). */
int hp_time_parse_user(const char *text, int64_t now_ns, int64_t *ret_unix_ns,
		       struct hp_error *err) MUST_CHECK;
/* "3 minutes ago", "About an hour ago": docker's words. Owns: the caller. */
char *hp_time_ago(int64_t unix_ns, int64_t now_ns);
