/* SPDX-License-Identifier: Apache-2.0 */
/* go.c - owns the reading and writing of values as Go's standard library does it. */
#include "base/go.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"

#define NS_PER_S 1000000000

static int no_value(struct hp_error *err)
{
	return hp_fail(err, HP_EINVALID, "parse error");
}

static int too_far(struct hp_error *err)
{
	return hp_fail(err, HP_ERANGE, "value out of range");
}

/* The base that the text after a sign names: 2, 8, 10 or 16. ret_skip: the prefix' length. */
static int number_base(const char *s, size_t *ret_skip)
{
	int letter = s[0] == '0' ? tolower((unsigned char)s[1]) : 0;

	*ret_skip = letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 0;
	if (letter == 'x')
		return 16;
	if (letter == 'b')
		return 2;
	return s[0] == '0' && s[1] ? 8 : 10;
}

/* Does each underscore stand between digits, or between a base's prefix and one? @s: without its
 * sign. From: Go's strconv.underscoreOK. */
static bool underscores_fit(const char *s)
{
	size_t skip;
	bool hex = number_base(s, &skip) == 16;
	/* '0' for a digit or prefix, '_', or '!' for anything else. */
	char before = skip > 0 ? '0' : '!';

	for (s += skip; *s; s++) {
		bool digit = hex ? isxdigit((unsigned char)*s) : isdigit((unsigned char)*s);

		if (*s == '_' && before != '0')
			return false;
		if (*s != '_' && !digit && before == '_')
			return false;
		before = *s == '_' ? '_' : digit ? '0' : '!';
	}
	return before != '_';
}

/* @s without its underscores; NULL when they stand where they may not. Owns: the caller. */
static char *without_underscores(const char *s)
{
	AUTO_FREE char *clean = hp_alloc(strlen(s) + 1);
	char *to = clean;

	if (!underscores_fit(s))
		return NULL;
	for (; *s; s++)
		if (*s != '_')
			*to++ = *s;
	return TAKE(clean);
}

int hp_go_int(const char *s, int64_t *ret, struct hp_error *err)
{
	bool negative = *s == '-';
	AUTO_FREE char *clean = without_underscores(s + (*s == '-' || *s == '+' ? 1 : 0));
	uint64_t n = 0;
	size_t skip;

	if (!clean)
		return no_value(err);
	int base = number_base(clean, &skip);
	const char *digits = clean + skip;
	if (!*digits)
		return no_value(err);
	for (const char *p = digits; *p; p++) {
		int digit = hp_str_hex_digit(*p);

		if (digit < 0 || digit >= base)
			return no_value(err);
		if (__builtin_mul_overflow(n, (uint64_t)base, &n) ||
		    __builtin_add_overflow(n, (uint64_t)digit, &n))
			return too_far(err);
	}
	if (n > (uint64_t)INT64_MAX + negative)
		return too_far(err);
	*ret = negative ? (int64_t)(0 - n) : (int64_t)n;
	return 0;
}

/* Skip digits; returns how many those are. */
static size_t skip_digits(const char **s, bool hex)
{
	const char *from = *s;

	while (hex ? isxdigit((unsigned char)**s) : isdigit((unsigned char)**s))
		(*s)++;
	return (size_t)(*s - from);
}

/* Is @s, without sign and underscores, a number with a point or an exponent as Go writes them? */
static bool is_float(const char *s)
{
	bool hex = s[0] == '0' && tolower((unsigned char)s[1]) == 'x';
	size_t digits;

	s += hex ? 2 : 0;
	digits = skip_digits(&s, hex);
	if (*s == '.') {
		s++;
		digits += skip_digits(&s, hex);
	}
	if (digits == 0)
		return false;
	if (tolower((unsigned char)*s) != (hex ? 'p' : 'e'))
		return !hex && !*s;
	s += s[1] == '+' || s[1] == '-' ? 2 : 1;
	return skip_digits(&s, false) > 0 && !*s;
}

int hp_go_float(const char *s, double *ret, struct hp_error *err)
{
	const char *body = s + (*s == '-' || *s == '+' ? 1 : 0);
	AUTO_FREE char *clean = without_underscores(body);
	double value;

	if (strcasecmp(s, "nan") == 0) {
		*ret = NAN;
		return 0;
	}
	if (strcasecmp(body, "inf") == 0 || strcasecmp(body, "infinity") == 0) {
		*ret = *s == '-' ? -INFINITY : INFINITY;
		return 0;
	}
	if (!clean || !is_float(clean))
		return no_value(err);
	/* The locale is always C here, so the point is a point. */
	value = strtod(clean, NULL);
	if (isinf(value))
		return too_far(err);
	*ret = *s == '-' ? -value : value;
	return 0;
}

int hp_go_bool(const char *s, bool *ret, struct hp_error *err)
{
	static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
	static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};

	for (size_t i = 0; i < HP_ARRAY_LEN(yes); i++) {
		if (strcmp(s, yes[i]) == 0 || strcmp(s, no[i]) == 0) {
			*ret = strcmp(s, yes[i]) == 0;
			return 0;
		}
	}
	return no_value(err);
}

/* The unit at the front of @s. Returns: its length, 0 when there is none. */
static size_t duration_unit(const char *s, uint64_t *ret_ns)
{
	/* From: Go's time.ParseDuration. Longer names stand before their beginnings. */
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000}, /* U+00B5 */
		{"\xce\xbcs", 1000}, /* U+03BC */
		{"ms", 1000000},
		{"s", NS_PER_S},
		{"m", UINT64_C(60) * NS_PER_S},
		{"h", UINT64_C(3600) * NS_PER_S},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(units); i++) {
		if (hp_str_starts(s, units[i].name)) {
			*ret_ns = units[i].ns;
			return strlen(units[i].name);
		}
	}
	return 0;
}

/* A number and its unit off the front of *@s, added to *@ns. */
static int take_part(const char **s, uint64_t *ns, struct hp_error *err)
{
	bool digits = isdigit((unsigned char)**s);
	bool far = false;
	uint64_t whole = 0;
	uint64_t fraction = 0;
	uint64_t unit = 0;
	double scale = 1;

	for (; isdigit((unsigned char)**s); (*s)++)
		far |= __builtin_mul_overflow(whole, UINT64_C(10), &whole) ||
		       __builtin_add_overflow(whole, (uint64_t)(**s - '0'), &whole);
	if (**s == '.') {
		(*s)++;
		digits |= isdigit((unsigned char)**s) != 0;
		for (; isdigit((unsigned char)**s); (*s)++) {
			/* Digits that are too small to count are read and dropped. */
			if (fraction > INT64_MAX / 10 - 1)
				continue;
			fraction = fraction * 10 + (uint64_t)(**s - '0');
			scale *= 10;
		}
	}
	size_t len = duration_unit(*s, &unit);
	if (!digits || len == 0)
		return no_value(err);
	*s += len;
	far |= __builtin_mul_overflow(whole, unit, &whole) ||
	       __builtin_add_overflow(
		       whole, (uint64_t)((double)fraction * ((double)unit / scale)), &whole) ||
	       __builtin_add_overflow(*ns, whole, ns);
	if (far || *ns > UINT64_C(1) << 63)
		return hp_fail(err, HP_ERANGE, "parse error");
	return 0;
}

int hp_go_duration(const char *s, int64_t *ret_ns, struct hp_error *err)
{
	bool negative = *s == '-';
	const char *at = s + (*s == '-' || *s == '+' ? 1 : 0);
	uint64_t total = 0;

	if (strcmp(at, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	do {
		if (take_part(&at, &total, err) < 0)
			return -1;
	} while (*at);
	if (!negative && total > INT64_MAX)
		return hp_fail(err, HP_ERANGE, "parse error");
	*ret_ns = negative ? (int64_t)(0 - total) : (int64_t)total;
	return 0;
}

/* @value / @unit as a decimal without the zeros at its end, and @name. */
static char *decimal_text(const char *sign, uint64_t value, uint64_t unit, const char *name)
{
	AUTO_FREE char *fraction = NULL;
	int width = 0;

	for (uint64_t scale = unit; scale > 1; scale /= 10)
		width++;
	if (value % unit == 0)
		return hp_sprintf("%s%llu%s", sign, (unsigned long long)(value / unit), name);
	fraction = hp_sprintf("%0*llu", width, (unsigned long long)(value % unit));
	for (size_t len = strlen(fraction); fraction[len - 1] == '0'; len--)
		fraction[len - 1] = '\0';
	return hp_sprintf("%s%llu.%s%s", sign, (unsigned long long)(value / unit), fraction,
			  name);
}

char *hp_go_duration_text(int64_t ns)
{
	const char *sign = ns < 0 ? "-" : "";
	uint64_t left = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	const uint64_t minute = UINT64_C(60) * NS_PER_S;

	if (left == 0)
		return hp_strdup("0s");
	if (left < 1000)
		return decimal_text(sign, left, 1, "ns");
	if (left < 1000000)
		return decimal_text(sign, left, 1000, "\xc2\xb5s");
	if (left < NS_PER_S)
		return decimal_text(sign, left, 1000000, "ms");

	AUTO_FREE char *seconds = decimal_text("", left % minute, NS_PER_S, "s");
	unsigned long long minutes = left / minute;

	if (minutes >= 60)
		return hp_sprintf("%s%lluh%llum%s", sign, minutes / 60, minutes % 60, seconds);
	if (minutes > 0)
		return hp_sprintf("%s%llum%s", sign, minutes, seconds);
	return hp_sprintf("%s%s", sign, seconds);
}

/* The letter after the backslash for @c, 0 when it has none. */
static char escape_letter(char c)
{
	static const char codes[] = "\a\b\f\n\r\t\v\"\\";
	static const char letters[] = "abfnrtv\"\\";
	const char *at = c ? strchr(codes, c) : NULL;

	return at ? letters[at - codes] : '\0';
}

char *hp_go_quote(const char *s)
{
	/* Each byte becomes at most "\u0085" or "\xff" and four bytes of it at most one such. */
	AUTO_FREE char *text = hp_alloc(strlen(s) * 6 + 3);
	char *to = text;

	*to++ = '"';
	while (*s) {
		size_t len = hp_str_utf8_len(s, strnlen(s, 4));
		unsigned char c = (unsigned char)*s;
		char letter = escape_letter(*s);

		if (letter)
			to += snprintf(to, 3, "\\%c", letter);
		else if (len == 0 || c < 0x20 || c == 0x7f)
			to += snprintf(to, 5, "\\x%02x", c);
		else if (c == 0xc2 && (unsigned char)s[1] < 0xa0)
			to += snprintf(to, 7, "\\u%04x", (unsigned char)s[1]);
		else
			to = mempcpy(to, s, len);
		s += len ? len : 1;
	}
	*to++ = '"';
	*to = '\0';
	return TAKE(text);
}
