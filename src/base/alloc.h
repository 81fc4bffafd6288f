/* SPDX-License-Identifier: Apache-2.0 */
/* alloc.h - memory that is always there: these abort when there is none. */
#pragma once
#include <stdarg.h>
#include <stddef.h>

#include "base/cleanup.h"

/* Zeroed memory, freed with free(3). Never NULL, also for size 0. */
void *hp_alloc(size_t size);
/* Zeroed array; aborts on overflow. */
void *hp_alloc_array(size_t count, size_t size);
/* Grow or shrink; new bytes are not zeroed. */
void *hp_realloc_array(void *p, size_t count, size_t size);
char *hp_strdup(const char *s);              /* NULL stays NULL */
char *hp_strndup(const char *s, size_t len); /* up to @len bytes, always terminated */
void *hp_memdup(const void *p, size_t len);
char *hp_sprintf(const char *fmt, ...) PRINTF(1, 2); /* a new string */
char *hp_vsprintf(const char *fmt, va_list args) PRINTF(1, 0);
