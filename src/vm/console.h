/* SPDX-License-Identifier: Apache-2.0 */
/* console.h - the last of what a guest's kernel has said. */
#pragma once
#include "base/buf.h"

#define HP_CONSOLE_MAX   (16 * 1024)
#define HP_CONSOLE_PANIC "Kernel panic" /* From: Linux kernel/panic.c, panic() */

struct hp_console {
	char text[HP_CONSOLE_MAX + 1]; /* NUL-terminated; control characters are left out */
	size_t len;
};

void hp_console_add(struct hp_console *c, struct hp_bytes bytes);
/* What tells most of an end, on one line: a panic's first line, or the last lines with " | " between.
 * Writes "" when there is none. */
void hp_console_tell(const struct hp_console *c, char *ret, size_t size);
