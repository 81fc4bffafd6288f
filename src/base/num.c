/* SPDX-License-Identifier: Apache-2.0 */
/* num.c - owns numbers as users write and read them: plain, with units, as durations. */
#include "base/str.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/go.h"

/* A decimal number taken off the front of a text. */
struct decimal {
	uint64_t whole;
	uint64_t fraction; /* of @scale */
	uint64_t scale;    /* 1, 10, 100, ... */
	bool too_big;
};

/* Take digits, a point and at most @max_fraction digits after it. Returns: what follows, NULL
 * when this is no number. */
static const char *take_decimal(const char *s, int max_fraction, struct decimal *ret)
{
	struct decimal d = {.scale = 1};
	bool digits = isdigit((unsigned char)*s);

	for (; isdigit((unsigned char)*s); s++)
		d.too_big |= __builtin_mul_overflow(d.whole, UINT64_C(10), &d.whole) ||
			     __builtin_add_overflow(d.whole, (uint64_t)(*s - '0'), &d.whole);
	if (*s == '.') {
		s++;
		if (!digits && !isdigit((unsigned char)*s))
			return NULL;
		digits = true;
		for (; isdigit((unsigned char)*s); s++, max_fraction--) {
			if (max_fraction <= 0)
				return NULL;
			d.fraction = d.fraction * 10 + (uint64_t)(*s - '0');
			d.scale *= 10;
		}
	}
	*ret = d;
	return digits ? s : NULL;
}

/* @d times @unit, without what is smaller than 1. */
static bool decimal_times(const struct decimal *d, uint64_t unit, int64_t *ret)
{
	uint64_t whole;
	uint64_t part;

	/* The fraction is below 1e9 and a unit below 2^42, so the product may pass 2^64; dividing
	 * the unit in two steps keeps it exact. */
	part = unit / d->scale * d->fraction + unit % d->scale * d->fraction / d->scale;
	if (d->too_big || __builtin_mul_overflow(d->whole, unit, &whole) ||
	    __builtin_add_overflow(whole, part, &whole) || whole > INT64_MAX)
		return false;
	*ret = (int64_t)whole;
	return true;
}

int hp_str_u64(const char *s, uint64_t *ret, struct hp_error *err)
{
	uint64_t n = 0;

	if (!*s || s[strspn(s, "0123456789")])
		return hp_fail(err, HP_EINVALID, "'%s' is not a whole number", s);
	for (const char *p = s; *p; p++)
		if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return hp_fail(err, HP_ERANGE, "'%s' is too big", s);
	*ret = n;
	return 0;
}

int hp_str_i64(const char *s, int64_t *ret, struct hp_error *err)
{
	bool negative = *s == '-';
	const char *digits = s + (negative ? 1 : 0);
	int64_t n = 0;

	if (!*digits || digits[strspn(digits, "0123456789")])
		return hp_fail(err, HP_EINVALID, "'%s' is not a whole number", s);
	/* Counted on the side of its sign, as INT64_MIN has no positive twin. */
	for (const char *p = digits; *p; p++)
		if (__builtin_mul_overflow(n, INT64_C(10), &n) ||
		    __builtin_add_overflow(n, negative ? '0' - *p : *p - '0', &n))
			return hp_fail(err, HP_ERANGE, "'%s' is too %s", s,
				       negative ? "small" : "big");
	*ret = n;
	return 0;
}

/* "", "b", "k", "kb", "kib", ... Returns: bytes, 0 when it is no unit. */
static uint64_t size_unit(const char *s)
{
	static const char letters[] = "kmgt";
	const char *letter;
	uint64_t unit = 1;

	letter = *s ? strchr(letters, tolower((unsigned char)*s)) : NULL;
	if (letter) {
		unit = UINT64_C(1) << (10 * (letter - letters + 1));
		s++;
		if (*s == 'i' || *s == 'I')
			s++;
		else if (!*s)
			return unit;
		else if (*s != 'b' && *s != 'B')
			return 0;
	}
	if (*s == 'b' || *s == 'B')
		s++;
	return *s ? 0 : unit;
}

int hp_str_size(const char *s, int64_t *ret_bytes, struct hp_error *err)
{
	struct decimal d;
	const char *end = take_decimal(s, 9, &d);
	uint64_t unit = end ? size_unit(end) : 0;

	if (unit == 0)
		return hp_fail(err, HP_EINVALID, "'%s' is not a size such as 512, 64m or 1.5g",
			       s);
	if (!decimal_times(&d, unit, ret_bytes))
		return hp_fail(err, HP_ERANGE, "size '%s' is too big", s);
	return 0;
}

int hp_str_nano(const char *s, int64_t *ret_nano, struct hp_error *err)
{
	struct decimal d;
	const char *end = take_decimal(s, 9, &d);

	if (!end || *end)
		return hp_fail(err, HP_EINVALID,
			       "'%s' is not a number such as 2 or 0.5, of at most 9 decimals",
			       s);
	if (!decimal_times(&d, UINT64_C(1000000000), ret_nano))
		return hp_fail(err, HP_ERANGE, "'%s' is too big", s);
	return 0;
}

int hp_str_duration(const char *s, int64_t *ret_ms, struct hp_error *err)
{
	struct hp_error why = HP_ERROR_INIT;
	bool bare = *s && !s[strspn(s, "0123456789.")];
	int64_t total = 0;
	int rc;

	/* No duration of ours is negative, so there is no sign. */
	if (*s == '-' || *s == '+')
		rc = hp_fail(&why, HP_EINVALID, "a sign");
	else
		rc = bare ? hp_str_nano(s, &total, &why) : hp_go_duration(s, &total, &why);
	if (rc < 0 && why.code == HP_ERANGE)
		return hp_fail(err, HP_ERANGE, "duration '%s' is too long", s);
	if (rc < 0)
		return hp_fail(err, HP_EINVALID,
			       "'%s' is not a duration such as 10s, 1m30s or 300ms", s);

	/* Rounded up: 0 means "no limit" to most who ask. */
	*ret_ms = total / 1000000 + (total % 1000000 ? 1 : 0);
	return 0;
}

char *hp_str_human_bytes(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t i = 0;
	double value = (double)bytes / 1024;

	if (bytes < 1024)
		return hp_sprintf("%u B", (unsigned)bytes);
	/* 1023.95 would be printed as 1024.0 of the smaller unit. */
	for (; value >= 1023.95 && i + 1 < HP_ARRAY_LEN(units); i++)
		value /= 1024;
	return hp_sprintf("%.1f %s", value, units[i]);
}
