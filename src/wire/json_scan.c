/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan.c - caps on JSON text, and valid UTF-8 for what goes into it. */
#include "wire/json_scan.h"

#include "base/alloc.h"

struct scanner {
	struct hp_bytes text;
	size_t at;
	size_t depth;
	size_t containers;
	size_t commas;
	size_t members;
};

/* Go behind the closing quote. From: RFC 8259 section 7. */
static int skip_string(struct scanner *s, struct hp_error *err)
{
	static const char nul[] = "u0000";
	const uint8_t *data = s->text.data;

	while (s->at < s->text.len && data[s->at] != '"') {
		size_t left = s->text.len - s->at;

		if (data[s->at] < 0x20)
			return hp_fail(err, HP_ECORRUPT,
				       "JSON: control character in a string at byte %zu",
				       s->at);
		/* Our strings end at a NUL, so one with a NUL inside would be another string. */
		if (data[s->at] == '\\' && left > 5 && memcmp(data + s->at + 1, nul, 5) == 0)
			return hp_fail(err, HP_ECORRUPT, "JSON: NUL in a string at byte %zu",
				       s->at);
		s->at += data[s->at] == '\\' ? 2 : 1;
	}
	s->at++;
	return 0;
}

static bool is_digit(const struct scanner *s)
{
	return s->at < s->text.len && s->text.data[s->at] >= '0' && s->text.data[s->at] <= '9';
}

/* Is the next byte one of @set? Then go behind it. */
static bool take_one(struct scanner *s, const char *set)
{
	bool is =
		s->at < s->text.len && s->text.data[s->at] && strchr(set, s->text.data[s->at]);

	s->at += is;
	return is;
}

/* Go behind digits. Returns: false when there are none. */
static bool take_digits(struct scanner *s)
{
	size_t before = s->at;

	while (is_digit(s))
		s->at++;
	return s->at > before;
}

/* Go behind a number; what follows it is for the parser. From: RFC 8259 section 6. */
static int skip_number(struct scanner *s, struct hp_error *err)
{
	size_t start = s->at;
	bool good = true;

	take_one(s, "-");
	if (take_one(s, "0"))
		good = !is_digit(s);
	else
		good = take_digits(s);
	if (good && take_one(s, "."))
		good = take_digits(s);
	if (good && take_one(s, "eE")) {
		take_one(s, "+-");
		good = take_digits(s);
	}
	if (!good)
		return hp_fail(err, HP_ECORRUPT, "JSON: not a number at byte %zu", start);
	return 0;
}

static int scan_open(struct scanner *s, struct hp_error *err)
{
	if (++s->depth > HP_JSON_DEPTH)
		return hp_fail(err, HP_ECORRUPT, "JSON: over %d levels at byte %zu",
			       HP_JSON_DEPTH, s->at);
	if (++s->containers > HP_JSON_CONTAINERS)
		return hp_fail(err, HP_ECORRUPT, "JSON: over %d arrays and objects at byte %zu",
			       HP_JSON_CONTAINERS, s->at);
	return 0;
}

/* May @c stand outside of a string? json-c's strict mode is laxer. From: RFC 8259 section 2. */
static bool is_grammar(uint8_t c)
{
	static const char grammar[] = "{}[]:,\"truefalsn \t\n\r";

	return memchr(grammar, c, sizeof(grammar) - 1) != NULL;
}

static int scan_byte(struct scanner *s, struct hp_error *err)
{
	uint8_t c = s->text.data[s->at];

	if (c == '-' || is_digit(s))
		return skip_number(s, err);
	if (!is_grammar(c))
		return hp_fail(err, HP_ECORRUPT, "JSON: unexpected character at byte %zu",
			       s->at);
	s->at++;
	switch (c) {
	case '"':
		return skip_string(s, err);
	case '[':
	case '{':
		return scan_open(s, err);
	case ']':
	case '}':
		/* Unbalanced text is the parser's to refuse. */
		if (s->depth > 0)
			s->depth--;
		return 0;
	case ':':
		s->members++;
		return 0;
	case ',':
		if (++s->commas > HP_JSON_VALUES)
			return hp_fail(err, HP_ECORRUPT, "JSON: over %d values at byte %zu",
				       HP_JSON_VALUES, s->at);
		return 0;
	default:
		return 0;
	}
}

int hp_json__scan(struct hp_bytes text, struct hp_json_scan *ret, struct hp_error *err)
{
	struct scanner s = {.text = text};

	if (text.len > HP_JSON_MAX)
		return hp_fail(err, HP_ECORRUPT, "JSON: %zu bytes, over the limit of %u",
			       text.len, HP_JSON_MAX);
	while (s.at < text.len)
		if (scan_byte(&s, err) < 0)
			return -1;
	ret->members = s.members;
	return 0;
}

/* How many bytes the UTF-8 character at @s has, 0 when it is none. */
static size_t utf8_len(const unsigned char *s)
{
	size_t len = 1;
	unsigned char low = 0x80;
	unsigned char high = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	/* No overlong forms, no surrogates, nothing above U+10FFFF. */
	if (s[0] == 0xe0)
		low = 0xa0;
	if (s[0] == 0xed)
		high = 0x9f;
	if (s[0] == 0xf0)
		low = 0x90;
	if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	/* A NUL ends the loop early, as it is no continuation. */
	for (size_t i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return len;
}

char *hp_json__valid_text(const char *s)
{
	static const char replacement[] = "\xef\xbf\xbd";
	/* A bad byte becomes three. */
	char *copy = hp_alloc_array(strlen(s) + 1, 3);
	char *out = copy;

	while (*s) {
		size_t len = utf8_len((const unsigned char *)s);

		if (len == 0) {
			memcpy(out, replacement, 3);
			out += 3;
			s++;
			continue;
		}
		memcpy(out, s, len);
		out += len;
		s += len;
	}
	return copy;
}
