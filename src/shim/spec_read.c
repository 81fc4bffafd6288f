/* SPDX-License-Identifier: Apache-2.0 */
/* spec_read.c - owns how fields of a configuration are read: by type, and named when wrong. */
#include <stdarg.h>

#include "base/alloc.h"
#include "shim/spec_parts.h"

static void *keep(struct hp_shim__arena *a, void *take_p)
{
	/* Doubled whenever a power of two is reached, so that the size need not be kept. */
	if ((a->count & (a->count - 1)) == 0)
		a->items = hp_realloc_array(a->items, a->count ? a->count * 2 : 1,
					    sizeof(*a->items));
	a->items[a->count++] = take_p;
	return take_p;
}

void *hp_shim__arena_alloc(struct hp_shim__arena *a, size_t size)
{
	return keep(a, hp_alloc(size));
}

void *hp_shim__arena_array(struct hp_shim__arena *a, size_t count, size_t size)
{
	return keep(a, hp_alloc_array(count, size));
}

char *hp_shim__arena_take(struct hp_shim__arena *a, char *take_s)
{
	return keep(a, take_s);
}

char *hp_shim__arena_str(struct hp_shim__arena *a, const char *s)
{
	return keep(a, hp_strdup(s));
}

void hp_shim__arena_clear(struct hp_shim__arena *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->items[i]);
	free(a->items);
	*a = (struct hp_shim__arena){0};
}

void hp_shim__warn(const struct hp_shim__reader *r, const char *fmt, ...)
{
	va_list args;

	if (!r->warnings)
		return;
	va_start(args, fmt);
	hp_strv_take(r->warnings, hp_vsprintf(fmt, args));
	va_end(args);
}

static const struct hp_json *value_of(const struct hp_shim__field *f)
{
	return hp_json_get(f->object, f->key);
}

static int fail_type(const struct hp_shim__field *f, const char *expected, struct hp_error *err)
{
	return hp_fail(err, HP_EINVALID, "%s.%s: must be %s", f->where, f->key, expected);
}

int hp_shim__read_str(const struct hp_shim__reader *r, const struct hp_shim__field *f,
		      char **ret, struct hp_error *err)
{
	const struct hp_json *v = value_of(f);

	if (hp_json_is_null(v))
		return 0;
	if (!hp_json_str(v))
		return fail_type(f, "a string", err);
	*ret = hp_shim__arena_str(r->arena, hp_json_str(v));
	return 0;
}

int hp_shim__read_path(const struct hp_shim__reader *r, const struct hp_shim__field *f,
		       char **ret, struct hp_error *err)
{
	char *path = NULL;

	if (hp_shim__read_str(r, f, &path, err) < 0)
		return -1;
	if (!path)
		return 0;
	if (*path != '/')
		return hp_fail(err, HP_EINVALID, "%s.%s: '%.200s' is not an absolute path",
			       f->where, f->key, path);
	*ret = path;
	return 0;
}

int hp_shim__read_strs(const struct hp_shim__reader *r, const struct hp_shim__field *f,
		       char ***ret, size_t *ret_n, struct hp_error *err)
{
	const struct hp_json *v = value_of(f);
	size_t n = hp_json_count(v);
	char **list;

	if (hp_json_is_null(v))
		return 0;
	if (!hp_json_is_array(v))
		return fail_type(f, "a list of strings", err);
	/* One more, so that it is also NULL-terminated. */
	list = hp_shim__arena_array(r->arena, n + 1, sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		const char *s = hp_json_str(hp_json_at(v, i));

		if (!s)
			return fail_type(f, "a list of strings", err);
		list[i] = hp_shim__arena_str(r->arena, s);
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

int hp_shim__read_paths(const struct hp_shim__reader *r, const struct hp_shim__field *f,
			char ***ret, size_t *ret_n, struct hp_error *err)
{
	char **list = NULL;
	size_t n = 0;

	if (hp_shim__read_strs(r, f, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (*list[i] != '/')
			return hp_fail(err, HP_EINVALID,
				       "%s.%s: '%.200s' is not an absolute path", f->where,
				       f->key, list[i]);
	*ret = list;
	*ret_n = n;
	return 0;
}

int hp_shim__read_bool(const struct hp_shim__field *f, bool *ret, struct hp_error *err)
{
	const struct hp_json *v = value_of(f);

	if (hp_json_is_null(v))
		return 0;
	if (hp_json_bool(v, true) != hp_json_bool(v, false))
		return fail_type(f, "true or false", err);
	*ret = hp_json_bool(v, false);
	return 0;
}

int hp_shim__read_i64(const struct hp_shim__field *f, int64_t *ret, struct hp_error *err)
{
	const struct hp_json *v = value_of(f);

	if (hp_json_is_null(v))
		return 0;
	if (hp_json_i64(v, 0) != hp_json_i64(v, 1))
		return fail_type(f, "a whole number of 64 bits", err);
	*ret = hp_json_i64(v, 0);
	return 0;
}

int hp_shim__read_u64(const struct hp_shim__field *f, uint64_t *ret, struct hp_error *err)
{
	const struct hp_json *v = value_of(f);

	if (hp_json_is_null(v))
		return 0;
	if (hp_json_u64(v, 0) != hp_json_u64(v, 1))
		return fail_type(f, "a whole number from 0 on", err);
	*ret = hp_json_u64(v, 0);
	return 0;
}

int hp_shim__read_u32(const struct hp_shim__field *f, uint32_t *ret, struct hp_error *err)
{
	uint64_t n = *ret;

	if (hp_shim__read_u64(f, &n, err) < 0)
		return -1;
	if (n > UINT32_MAX)
		return fail_type(f, "a number of 32 bits", err);
	*ret = (uint32_t)n;
	return 0;
}

int hp_shim__read_object(const struct hp_shim__field *f, const struct hp_json **ret,
			 struct hp_error *err)
{
	const struct hp_json *v = value_of(f);

	if (!hp_json_is_null(v) && !hp_json_is_object(v))
		return fail_type(f, "an object", err);
	*ret = v;
	return 0;
}

int hp_shim__read_array(const struct hp_shim__field *f, const struct hp_json **ret,
			struct hp_error *err)
{
	const struct hp_json *v = value_of(f);

	if (!hp_json_is_null(v) && !hp_json_is_array(v))
		return fail_type(f, "a list", err);
	*ret = v;
	return 0;
}

int hp_shim__read_pairs(const struct hp_shim__reader *r, const struct hp_shim__field *f,
			Hp__Guest__Sysctl ***ret, size_t *ret_n, struct hp_error *err)
{
	const struct hp_json *v = NULL;
	Hp__Guest__Sysctl **list;
	size_t n;

	if (hp_shim__read_object(f, &v, err) < 0)
		return -1;
	n = hp_json_count(v);
	list = hp_shim__arena_array(r->arena, n, sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		const char *value = hp_json_str(hp_json_value_at(v, i));

		if (!value)
			return fail_type(f, "an object of strings", err);
		list[i] = hp_shim__arena_alloc(r->arena, sizeof(**list));
		hp__guest__sysctl__init(list[i]);
		list[i]->key = hp_shim__arena_str(r->arena, hp_json_key_at(v, i));
		list[i]->value = hp_shim__arena_str(r->arena, value);
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

Hp__Guest__Int *hp_shim__int(const struct hp_shim__reader *r, int64_t value)
{
	Hp__Guest__Int *n = hp_shim__arena_alloc(r->arena, sizeof(*n));

	hp__guest__int__init(n);
	n->value = value;
	return n;
}
