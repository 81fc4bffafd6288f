/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - JSON over json-c: what a stranger sends is scanned before the library sees it.
 *
 * A struct hp_json is a struct json_object under another name, so JSON's null is a NULL pointer. */
#include "wire/json.h"

#include <math.h>

#include <json-c/json.h>

#include "base/alloc.h"
#include "wire/json_scan.h"

/* The parser's own limit; the scan has enforced ours before. */
#define PARSER_DEPTH (HP_JSON_DEPTH + 2)

static struct json_object *of(const struct hp_json *v)
{
	return (struct json_object *)(uintptr_t)v;
}

static struct hp_json *to(struct json_object *o)
{
	return (struct hp_json *)o;
}

/* A new value of json-c's, which is NULL only when memory is out. */
static struct json_object *there(struct json_object *o)
{
	if (!o)
		abort();
	return o;
}

/* How many members the objects in @o have, all levels together; -1 when one object has too many.
 * The recursion is as deep as the scan allowed. */
static int64_t count_members(struct json_object *o)
{
	int64_t sum = 0;

	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			int64_t n = count_members(json_object_array_get_idx(o, i));

			if (n < 0)
				return -1;
			sum += n;
		}
		return sum;
	}
	if (!json_object_is_type(o, json_type_object))
		return 0;
	if (json_object_object_length(o) > HP_JSON_MEMBERS)
		return -1;
	json_object_object_foreach(o, key, value)
	{
		int64_t n = count_members(value);

		(void)key;
		if (n < 0)
			return -1;
		sum += n + 1;
	}
	return sum;
}

HP_AUTO_PTR(struct json_tokener, json_tokener_free);

int hp_json_parse(struct hp_bytes text, struct hp_json **ret, struct hp_error *err)
{
	AUTO(json_tokener_free) struct json_tokener *parser = NULL;
	AUTO(hp_json_free) struct hp_json *v = NULL;
	struct hp_json_scan scan = {0};

	if (hp_json__scan(text, &scan, err) < 0)
		return -1;
	parser = json_tokener_new_ex(PARSER_DEPTH);
	if (!parser)
		abort();
	json_tokener_set_flags(parser, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* The scan has capped the length far below INT_MAX. */
	v = to(json_tokener_parse_ex(parser, (const char *)text.data, (int)text.len));
	size_t end = json_tokener_get_parse_end(parser);

	/* A number at the end of the text goes on until something else follows. */
	if (json_tokener_get_error(parser) == json_tokener_continue)
		v = to(json_tokener_parse_ex(parser, "", 1));
	if (json_tokener_get_error(parser) != json_tokener_success)
		return hp_fail(err, HP_ECORRUPT, "JSON: %s at byte %zu",
			       json_tokener_error_desc(json_tokener_get_error(parser)), end);
	if (end < text.len)
		return hp_fail(err, HP_ECORRUPT, "JSON: text after the value at byte %zu", end);

	int64_t members = count_members(of(v));

	if (members < 0)
		return hp_fail(err, HP_ECORRUPT, "JSON: an object of over %d members",
			       HP_JSON_MEMBERS);
	/* The last of two equal keys would win here and the first elsewhere. */
	if ((size_t)members != scan.members)
		return hp_fail(err, HP_ECORRUPT, "JSON: an object has the same key twice");

	*ret = TAKE(v);
	return 0;
}

void hp_json_free(struct hp_json *v)
{
	json_object_put(of(v));
}

const struct hp_json *hp_json_get(const struct hp_json *v, const char *key)
{
	struct json_object *found = NULL;

	if (!json_object_is_type(of(v), json_type_object))
		return NULL;
	json_object_object_get_ex(of(v), key, &found);
	return to(found);
}

const struct hp_json *hp_json_path(const struct hp_json *v, const char *path)
{
	AUTO_FREE char *copy = hp_strdup(path);
	char *rest = copy;

	for (char *key = strsep(&rest, "."); key; key = strsep(&rest, "."))
		v = hp_json_get(v, key);
	return v;
}

size_t hp_json_count(const struct hp_json *v)
{
	if (hp_json_is_array(v))
		return json_object_array_length(of(v));
	if (hp_json_is_object(v))
		return (size_t)json_object_object_length(of(v));
	return 0;
}

const struct hp_json *hp_json_at(const struct hp_json *array, size_t i)
{
	if (!hp_json_is_array(array))
		return NULL;
	return to(json_object_array_get_idx(of(array), i));
}

/* Member @i of an object, NULL when there is none. */
static struct lh_entry *entry_at(const struct hp_json *object, size_t i)
{
	if (i >= hp_json_count(object) || !hp_json_is_object(object))
		return NULL;

	struct lh_entry *entry = json_object_get_object(of(object))->head;

	for (; entry && i > 0; i--)
		entry = entry->next;
	return entry;
}

const char *hp_json_key_at(const struct hp_json *object, size_t i)
{
	const struct lh_entry *entry = entry_at(object, i);

	return entry ? entry->k : NULL;
}

const struct hp_json *hp_json_value_at(const struct hp_json *object, size_t i)
{
	const struct lh_entry *entry = entry_at(object, i);

	return entry ? entry->v : NULL;
}

const char *hp_json_str(const struct hp_json *v)
{
	return json_object_is_type(of(v), json_type_string) ? json_object_get_string(of(v))
							    : NULL;
}

const char *hp_json_get_str(const struct hp_json *v, const char *key)
{
	return hp_json_str(hp_json_get(v, key));
}

int64_t hp_json_i64(const struct hp_json *v, int64_t otherwise)
{
	if (!json_object_is_type(of(v), json_type_int))
		return otherwise;
	/* json-c gives the nearest value that fits; one that does not fit is nothing here. */
	if (json_object_get_int64(of(v)) >= 0 && json_object_get_uint64(of(v)) > INT64_MAX)
		return otherwise;
	return json_object_get_int64(of(v));
}

uint64_t hp_json_u64(const struct hp_json *v, uint64_t otherwise)
{
	if (!json_object_is_type(of(v), json_type_int) || json_object_get_int64(of(v)) < 0)
		return otherwise;
	return json_object_get_uint64(of(v));
}

double hp_json_double(const struct hp_json *v, double otherwise)
{
	if (!json_object_is_type(of(v), json_type_double) &&
	    !json_object_is_type(of(v), json_type_int))
		return otherwise;
	return json_object_get_double(of(v));
}

bool hp_json_bool(const struct hp_json *v, bool otherwise)
{
	if (!json_object_is_type(of(v), json_type_boolean))
		return otherwise;
	return json_object_get_boolean(of(v));
}

bool hp_json_is_object(const struct hp_json *v)
{
	return json_object_is_type(of(v), json_type_object);
}

bool hp_json_is_array(const struct hp_json *v)
{
	return json_object_is_type(of(v), json_type_array);
}

bool hp_json_is_null(const struct hp_json *v)
{
	return v == NULL;
}

struct hp_json *hp_json_object(void)
{
	return to(there(json_object_new_object()));
}

struct hp_json *hp_json_array(void)
{
	return to(there(json_object_new_array()));
}

struct hp_json *hp_json_new_str(const char *s)
{
	if (!s)
		return NULL;

	AUTO_FREE char *text = hp_json__valid_text(s);

	return to(there(json_object_new_string(text)));
}

struct hp_json *hp_json_new_i64(int64_t n)
{
	return to(there(json_object_new_int64(n)));
}

struct hp_json *hp_json_new_u64(uint64_t n)
{
	return to(there(json_object_new_uint64(n)));
}

struct hp_json *hp_json_new_bool(bool b)
{
	return to(there(json_object_new_boolean(b)));
}

struct hp_json *hp_json_new_double(double d)
{
	char text[32];

	/* JSON has no word for these. From: RFC 8259 section 6. */
	if (!isfinite(d))
		return NULL;
	/* 15 digits read as people wrote them; 17 are needed where 15 lose something. */
	snprintf(text, sizeof(text), "%.15g", d);
	if (strtod(text, NULL) < d || strtod(text, NULL) > d)
		snprintf(text, sizeof(text), "%.17g", d);
	/* The host program's locale may have put a comma. */
	char *comma = strchr(text, ',');

	if (comma)
		*comma = '.';
	return to(there(json_object_new_double_s(d, text)));
}

struct hp_json *hp_json_copy(const struct hp_json *v)
{
	struct json_object *copy = NULL;

	if (!v)
		return NULL;
	if (json_object_deep_copy(of(v), &copy, NULL) < 0)
		abort();
	return to(copy);
}

void hp_json_set(struct hp_json *object, const char *key, struct hp_json *take_value)
{
	AUTO_FREE char *text = hp_json__valid_text(key);

	if (json_object_object_add(of(object), text, of(take_value)) < 0)
		abort();
}

void hp_json_remove(struct hp_json *object, const char *key)
{
	json_object_object_del(of(object), key);
}

void hp_json_add(struct hp_json *array, struct hp_json *take_value)
{
	if (json_object_array_add(of(array), of(take_value)) < 0)
		abort();
}

void hp_json_set_str(struct hp_json *object, const char *key, const char *s)
{
	hp_json_set(object, key, hp_json_new_str(s));
}

void hp_json_set_i64(struct hp_json *object, const char *key, int64_t n)
{
	hp_json_set(object, key, hp_json_new_i64(n));
}

void hp_json_set_u64(struct hp_json *object, const char *key, uint64_t n)
{
	hp_json_set(object, key, hp_json_new_u64(n));
}

void hp_json_set_bool(struct hp_json *object, const char *key, bool b)
{
	hp_json_set(object, key, hp_json_new_bool(b));
}

void hp_json_set_strs(struct hp_json *object, const char *key, const char *const *strings)
{
	struct hp_json *array = hp_json_array();

	for (size_t i = 0; strings && strings[i]; i++)
		hp_json_add(array, hp_json_new_str(strings[i]));
	hp_json_set(object, key, array);
}

char *hp_json_text(const struct hp_json *v, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;

	const char *text = json_object_to_json_string_ext(of(v), flags);

	if (!text)
		abort();
	return hp_strdup(text);
}
