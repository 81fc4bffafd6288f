/* SPDX-License-Identifier: Apache-2.0 */
/* go.h - values as Go's standard library reads and writes them, for command lines that were born
 * there. All functions are pure. Errors say what Go's package flag says: "parse error" with
 * HP_EINVALID, or "value out of range" with HP_ERANGE. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* "10", "-0x1f", "0b101", "0o17", "017", "1_000".
 * From: Go's strconv.ParseInt with base 0 and 64 bits. */
int hp_go_int(const char *s, int64_t *ret, struct hp_error *err) MUST_CHECK;
/* Also "1e3", "0x1p-2", "inf" and "nan"; what is too small is 0.
 * From: Go's strconv.ParseFloat with 64 bits. */
int hp_go_float(const char *s, double *ret, struct hp_error *err) MUST_CHECK;
/* 1 t T TRUE true True, 0 f F FALSE false False. From: Go's strconv.ParseBool. */
int hp_go_bool(const char *s, bool *ret, struct hp_error *err) MUST_CHECK;

/* "1h2m3.5s", "-300ms", "0"; a number other than 0 needs its unit.
 * Fails: HP_ERANGE - over 292 years; the text is "parse error" as with all others.
 * From: Go's time.ParseDuration. */
int hp_go_duration(const char *s, int64_t *ret_ns, struct hp_error *err) MUST_CHECK;
/* "1h2m3.5s", "300ms", "0s". Owns: the caller. From: Go's time.Duration.String. */
char *hp_go_duration_text(int64_t ns);

/* @s within double quotes, with what cannot be printed as escapes. Owns: the caller.
 * From: Go's strconv.Quote. Of the characters above ASCII only controls count as not printable. */
char *hp_go_quote(const char *s);
