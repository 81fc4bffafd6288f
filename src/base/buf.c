/* SPDX-License-Identifier: Apache-2.0 */
/* buf.c - owns the buffer that never outgrows its maximum. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#define FIRST_CAP 64

struct hp_bytes hp_bytes_str(const char *s)
{
	return HP_BYTES(s, s ? strlen(s) : 0);
}

void hp_buf_init(struct hp_buf *b, size_t max)
{
	/* One byte stays for the NUL that grow() always has room for. */
	*b = (struct hp_buf){.max = max < SIZE_MAX ? max : SIZE_MAX - 1};
}

void hp_buf_free(struct hp_buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
}

/* Have room for @len more bytes and, beyond cap, for a NUL after them. */
static int grow(struct hp_buf *b, size_t len, struct hp_error *err)
{
	size_t cap = b->cap > FIRST_CAP / 2 ? b->cap : FIRST_CAP / 2;
	size_t need;

	if (len > b->max - b->len)
		return hp_fail(err, HP_EEXHAUSTED,
			       "%zu bytes and %zu more are over the limit of %zu", b->len, len,
			       b->max);
	need = b->len + len;
	if (b->data && need <= b->cap)
		return 0;

	/* Doubling keeps appending linear; the maximum is never overshot for it. */
	cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap < need)
		cap = need;
	b->data = hp_realloc_array(b->data, cap + 1, 1);
	b->cap = cap;
	return 0;
}

int hp_buf_add(struct hp_buf *b, const void *data, size_t len, struct hp_error *err)
{
	if (len == 0)
		return 0;
	if (grow(b, len, err) < 0)
		return -1;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

int hp_buf_printf(struct hp_buf *b, struct hp_error *err, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		return hp_fail(err, HP_EINVALID, "a text that cannot be printed: %s", fmt);
	if (grow(b, (size_t)n, err) < 0)
		return -1;

	va_start(args, fmt);
	vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, args);
	va_end(args);
	b->len += (size_t)n;
	return 0;
}

uint8_t *hp_buf_reserve(struct hp_buf *b, size_t len, struct hp_error *err)
{
	if (grow(b, len, err) < 0)
		return NULL;
	return b->data + b->len;
}

void hp_buf_drop(struct hp_buf *b, size_t len)
{
	assert(len <= b->len);
	b->len -= len;
	if (b->len && len)
		memmove(b->data, b->data + len, b->len);
}

struct hp_bytes hp_buf_bytes(const struct hp_buf *b)
{
	return HP_BYTES(b->data, b->len);
}

char *hp_buf_take_str(struct hp_buf *b)
{
	char *text;

	if (!b->data)
		return hp_strdup("");
	b->data[b->len] = '\0';
	text = (char *)TAKE(b->data);
	hp_buf_free(b);
	return text;
}
