/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - an input as an argument vector, for targets that parse one. */
#pragma once
#include <stddef.h>
#include <string.h>

enum { MAX_WORDS = 64 };

/* Lines are words. Returns how many; the last is NULL. */
static inline size_t split(char *text, const char *words[MAX_WORDS + 1])
{
	size_t n = 0;

	for (char *at = text; *at && n < MAX_WORDS;) {
		words[n++] = at;
		at += strcspn(at, "\n");
		if (*at)
			*at++ = '\0';
	}
	words[n] = NULL;
	return n;
}
