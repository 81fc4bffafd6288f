/* SPDX-License-Identifier: Apache-2.0 */
/* stdio_place.c - owns the texts that name where a stream goes. */
#include "shim/stdio_parts.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

#define PLACE_MAX 65536 /* bytes of one text */

static const struct {
	const char *prefix;
	enum hp_shim__place_kind kind;
	bool says_ready;
} schemes[] = {
	{"fifo://", HP_SHIM_PLACE_PATH, false},
	{"file://", HP_SHIM_PLACE_FILE, false},
	{"binary://", HP_SHIM_PLACE_LOGGER, false},
	{"binary-v2://", HP_SHIM_PLACE_LOGGER, true},
};

/* Undo the percent-encoding of @len bytes. Owns: the caller. Returns: NULL when it is none. */
static char *decode(const char *text, size_t len, bool plus_is_space)
{
	AUTO_FREE char *out = hp_alloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high;
		int low;

		out[n++] = plus_is_space && text[i] == '+' ? ' ' : text[i];
		if (text[i] != '%')
			continue;
		if (i + 2 >= len)
			return NULL;
		high = hp_str_hex_digit(text[i + 1]);
		low = hp_str_hex_digit(text[i + 2]);
		/* A NUL would cut the text short. */
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return NULL;
		out[n - 1] = (char)(high * 16 + low);
		i += 2;
	}
	return TAKE(out);
}

static bool has_key(const struct hp_strv *args, const char *key)
{
	for (size_t i = 0; i < args->count; i += 2)
		if (strcmp(args->items[i], key) == 0)
			return true;
	return false;
}

/* "k=v&k2&k=w": the first value of each key counts, a key without one has an empty one. */
static int parse_query(const char *query, struct hp_strv *args, struct hp_error *err)
{
	for (size_t len; *query; query += len + (query[len] == '&')) {
		AUTO_FREE char *key = NULL;
		AUTO_FREE char *value = NULL;
		size_t key_len;

		len = strcspn(query, "&");
		key_len = strcspn(query, "=&");
		if (len == 0)
			continue;
		key = decode(query, key_len, true);
		value = key_len < len ? decode(query + key_len + 1, len - key_len - 1, true)
				      : hp_strdup("");
		if (!key || !value)
			return hp_fail(err, HP_EINVALID, "'%.*s' is not percent-encoded",
				       (int)(len < 64 ? len : 64), query);
		if (has_key(args, key))
			continue;
		hp_strv_take(args, TAKE(key));
		hp_strv_take(args, TAKE(value));
	}
	return 0;
}

static int parse_url(const char *rest, struct hp_shim__place *p, struct hp_error *err)
{
	size_t path_len = strcspn(rest, "?#");

	p->path = decode(rest, path_len, false);
	if (!p->path)
		return hp_fail(err, HP_EINVALID, "its path is not percent-encoded");
	if (rest[path_len] == '?') {
		AUTO_FREE char *query =
			hp_strndup(rest + path_len + 1, strcspn(rest + path_len + 1, "#"));

		return parse_query(query, &p->args, err);
	}
	return 0;
}

static int parse(const char *text, struct hp_shim__place *p, struct hp_error *err)
{
	if (strlen(text) > PLACE_MAX)
		return hp_fail(err, HP_EINVALID, "longer than %d bytes", PLACE_MAX);
	if (!strstr(text, "://") || *text == '/') {
		p->kind = HP_SHIM_PLACE_PATH;
		p->path = hp_strdup(text);
	}
	for (size_t i = 0; !p->path && i < HP_ARRAY_LEN(schemes); i++) {
		if (!hp_str_starts(text, schemes[i].prefix))
			continue;
		p->kind = schemes[i].kind;
		p->says_ready = schemes[i].says_ready;
		if (parse_url(text + strlen(schemes[i].prefix), p, err) < 0)
			return -1;
	}
	if (!p->path)
		return hp_fail(err, HP_EINVALID,
			       "unknown scheme; known are fifo, file, binary and binary-v2");
	if (*p->path != '/')
		return hp_fail(err, HP_EINVALID, "not an absolute path");
	return 0;
}

int hp_shim__place_parse(const char *text, struct hp_shim__place *ret, struct hp_error *err)
{
	AUTO(hp_shim__place_clear) struct hp_shim__place p = {0};

	if (!hp_str_empty(text) && parse(text, &p, err) < 0)
		return hp_wrap(err, "stream '%.200s'", text);
	*ret = p;
	p = (struct hp_shim__place){0};
	return 0;
}

void hp_shim__place_clear(struct hp_shim__place *p)
{
	free(p->path);
	hp_strv_free(&p->args);
	*p = (struct hp_shim__place){0};
}
