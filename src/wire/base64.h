/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h - bytes as base64 text and back. From: RFC 4648 section 4. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

/* With padding. Owns: the caller. */
char *hp_base64_text(struct hp_bytes data);
/* Padding may be left out; line ends are no part of it. ret: initialised by the call, its maximum
 * is what the text can hold. Fails: HP_ECORRUPT - it is no base64. */
int hp_base64_parse(const char *text, struct hp_buf *ret, struct hp_error *err) MUST_CHECK;
