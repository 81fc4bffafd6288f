/* SPDX-License-Identifier: Apache-2.0 */
/* alloc.c - owns the policy that memory is there or the process ends. */
#include "base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void *check(void *p, size_t size)
{
	if (p)
		return p;
	fprintf(stderr, "out of memory: %zu bytes\n", size);
	abort();
}

void *hp_alloc(size_t size)
{
	return check(calloc(1, size ? size : 1), size);
}

void *hp_alloc_array(size_t count, size_t size)
{
	if (count == 0 || size == 0)
		return hp_alloc(0);
	/* calloc() refuses a product that overflows. */
	return check(calloc(count, size), count);
}

void *hp_realloc_array(void *p, size_t count, size_t size)
{
	/* A size of 0 would free @p and return NULL. */
	if (count == 0 || size == 0)
		return check(realloc(p, 1), 1);
	return check(reallocarray(p, count, size), count);
}

char *hp_strdup(const char *s)
{
	return s ? hp_memdup(s, strlen(s) + 1) : NULL;
}

char *hp_strndup(const char *s, size_t len)
{
	size_t n = len ? strnlen(s, len) : 0;
	char *copy = hp_alloc(n + 1);

	if (n)
		memcpy(copy, s, n);
	return copy;
}

void *hp_memdup(const void *p, size_t len)
{
	void *copy = check(malloc(len ? len : 1), len);

	if (len)
		memcpy(copy, p, len);
	return copy;
}

char *hp_vsprintf(const char *fmt, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, args) < 0)
		check(NULL, 0);
	return text;
}

char *hp_sprintf(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = hp_vsprintf(fmt, args);
	va_end(args);
	return text;
}
