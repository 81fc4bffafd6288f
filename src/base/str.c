/* SPDX-License-Identifier: Apache-2.0 */
/* str.c - owns tests on strings and vectors of strings. */
#include "base/str.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

#define ID_MAX 76 /* From: containerd/identifiers validate.go, maxLength. */

bool hp_str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool hp_str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool hp_str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s);
	size_t n = strlen(suffix);

	return len >= n && strcmp(s + len - n, suffix) == 0;
}

bool hp_str_empty(const char *s)
{
	return !s || !*s;
}

bool hp_str_bool(const char *s, bool *ret)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{"true", true}, {"false", false}, {"1", true},  {"0", false},
		{"yes", true},  {"no", false},    {"on", true}, {"off", false},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(words); i++) {
		if (strcasecmp(s, words[i].word) == 0) {
			*ret = words[i].value;
			return true;
		}
	}
	return false;
}

size_t hp_str_utf8_len(const void *text, size_t len)
{
	const uint8_t *data = text;
	uint8_t first = len > 0 ? data[0] : 0;
	uint8_t low = 0x80;
	uint8_t high = 0xbf;
	size_t need = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (len < need)
		return 0;
	if (need == 1)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (data[1] < low || data[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if (data[i] < 0x80 || data[i] > 0xbf)
			return 0;
	return need;
}

void hp_strv_take(struct hp_strv *v, char *take_s)
{
	size_t n = v->count + 1; /* with the NULL that ends it */

	/* Room is 2, 4, 8, ... so it must grow exactly when @n is 1, 2, 4, ... */
	if ((n & (n - 1)) == 0)
		v->items = hp_realloc_array(v->items, n * 2, sizeof(*v->items));
	v->items[v->count++] = take_s;
	v->items[v->count] = NULL;
}

void hp_strv_add(struct hp_strv *v, const char *s)
{
	hp_strv_take(v, hp_strdup(s));
}

void hp_strv_addf(struct hp_strv *v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	hp_strv_take(v, hp_vsprintf(fmt, args));
	va_end(args);
}

bool hp_strv_has(const struct hp_strv *v, const char *s)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->items[i], s) == 0)
			return true;
	return false;
}

void hp_strv_free(struct hp_strv *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->items[i]);
	free(v->items);
	*v = (struct hp_strv){0};
}

void hp_strv_split(struct hp_strv *v, const char *s, char sep)
{
	const char *end;

	if (!*s)
		return;
	for (; (end = strchr(s, sep)); s = end + 1)
		hp_strv_take(v, hp_strndup(s, (size_t)(end - s)));
	hp_strv_add(v, s);
}

void hp_strv_words(struct hp_strv *v, const char *s, const char *separators)
{
	for (s += strspn(s, separators); *s; s += strspn(s, separators)) {
		size_t len = strcspn(s, separators);

		hp_strv_take(v, hp_strndup(s, len));
		s += len;
	}
}

char *hp_strv_join(const char *const *items, const char *sep)
{
	size_t len = 1;
	char *text;
	char *at;

	for (size_t i = 0; items && items[i]; i++)
		len += strlen(items[i]) + strlen(sep);
	text = hp_alloc(len);
	at = text;
	for (size_t i = 0; items && items[i]; i++) {
		if (i > 0)
			at = stpcpy(at, sep);
		at = stpcpy(at, items[i]);
	}
	return text;
}

const char *const *hp_strv_view(const struct hp_strv *v)
{
	static const char *const empty[] = {NULL};

	return v->items ? (const char *const *)v->items : empty;
}

/* Is @id [A-Za-z0-9]+([._-][A-Za-z0-9]+)*? */
static bool id_valid(const char *id)
{
	bool after_separator = true;

	for (; *id; id++) {
		bool separator = strchr("._-", *id) != NULL;

		if (!separator && !isalnum((unsigned char)*id))
			return false;
		if (separator && after_separator)
			return false;
		after_separator = separator;
	}
	return !after_separator;
}

int hp_str_check_id(const char *what, const char *id, struct hp_error *err)
{
	if (strlen(id) > ID_MAX)
		return hp_fail(err, HP_EINVALID, "%s '%s' is longer than %d bytes", what, id,
			       ID_MAX);
	if (!id_valid(id))
		return hp_fail(
			err, HP_EINVALID,
			"%s '%s' is not letters and digits, with single '.', '_' or '-' between",
			what, id);
	return 0;
}

int hp_str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
