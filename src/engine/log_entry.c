/* SPDX-License-Identifier: Apache-2.0 */
/* log_entry.c - the decoder of one json-file log line.
 *
 * It is not done with wire/json.h because output may hold NUL bytes and bytes that are no text,
 * and because a log has millions of lines: this one decodes in place and allocates nothing. */
#include "engine/log_entry.h"

#include <ctype.h>

#include "base/clock.h"

/* Deepest nesting of a value that we do not know, such as docker's "attrs". */
#define MAX_DEPTH 8

struct scanner {
	char *at;
	char *end;
};

/* A decoded string inside the line; a NUL follows it. */
struct text {
	char *data;
	size_t len;
};

static void skip_blanks(struct scanner *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r'))
		s->at++;
}

static bool take(struct scanner *s, char c)
{
	skip_blanks(s);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* Four hexadecimal digits. -1 when there are none. */
static int32_t take_hex4(struct scanner *s)
{
	int32_t value = 0;

	if (s->end - s->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)*s->at++;
		if (!isxdigit(c))
			return -1;
		value = value * 16 + (isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	return value;
}

/* From: RFC 3629, section 3. */
static char *put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
		return out;
	}
	if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (c & 0x3f));
	return out;
}

/* What stands after "\u". From: RFC 8259, section 7, and the head of log_entry.h. */
static char *take_unicode(struct scanner *s, char *out)
{
	int32_t unit = take_hex4(s);

	if (unit < 0)
		return NULL;
	if (unit >= 0xdc80 && unit <= 0xdcff) {
		*out++ = (char)(unit - 0xdc00);
		return out;
	}
	if (unit >= 0xd800 && unit < 0xdc00 && s->end - s->at >= 6 && s->at[0] == '\\' &&
	    s->at[1] == 'u') {
		struct scanner ahead = {s->at + 2, s->end};
		int32_t low = take_hex4(&ahead);
		if (low >= 0xdc00 && low <= 0xdfff) {
			s->at = ahead.at;
			return put_utf8(out, 0x10000 + ((uint32_t)(unit - 0xd800) << 10) +
						     (uint32_t)(low - 0xdc00));
		}
	}
	if (unit >= 0xd800 && unit <= 0xdfff)
		unit = 0xfffd;
	return put_utf8(out, (uint32_t)unit);
}

/* From: RFC 8259, section 7. */
static char *take_escape(struct scanner *s, char *out)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char means[] = "\"\\/\b\f\n\r\t";

	if (s->at == s->end)
		return NULL;
	char c = *s->at++;
	if (c == 'u')
		return take_unicode(s, out);
	const char *found = memchr(letters, c, sizeof(letters) - 1);
	if (!found)
		return NULL;
	*out++ = means[found - letters];
	return out;
}

/* A string, decoded where it stands: no escape is shorter than what it means. */
static bool take_string(struct scanner *s, struct text *ret)
{
	if (!take(s, '"'))
		return false;
	char *out = s->at;
	ret->data = out;
	while (s->at < s->end) {
		char c = *s->at++;
		if (c == '"') {
			*out = '\0';
			ret->len = (size_t)(out - ret->data);
			return true;
		}
		if ((unsigned char)c < ' ')
			return false;
		if (c == '\\')
			out = take_escape(s, out);
		else
			*out++ = c;
		if (!out)
			return false;
	}
	return false;
}

static bool skip_scalar(struct scanner *s)
{
	char *start = s->at;

	while (s->at < s->end && (isalnum((unsigned char)*s->at) || strchr("+-.", *s->at)))
		s->at++;
	return s->at > start;
}

/* Pass over a value that we have no use for. It is not checked in full; it has to end. */
static bool skip_value(struct scanner *s)
{
	struct text ignored;
	int depth = 0;

	do {
		skip_blanks(s);
		if (s->at == s->end)
			return false;
		char c = *s->at;
		if (c == '"') {
			if (!take_string(s, &ignored))
				return false;
		} else if (c == '{' || c == '[') {
			s->at++;
			if (++depth > MAX_DEPTH)
				return false;
		} else if (depth && strchr("}],:", c)) {
			s->at++;
			depth -= c == '}' || c == ']';
		} else if (!skip_scalar(s)) {
			return false;
		}
	} while (depth);
	return true;
}

static bool text_is(const struct text *t, const char *word)
{
	return t->len == strlen(word) && !memcmp(t->data, word, t->len);
}

/* The three members that we know, wherever they stand. */
struct members {
	struct text log;
	struct text stream;
	struct text time;
};

static bool take_member(struct scanner *s, struct members *m)
{
	struct text key;

	if (!take_string(s, &key) || !take(s, ':'))
		return false;
	if (text_is(&key, "log"))
		return take_string(s, &m->log);
	if (text_is(&key, "stream"))
		return take_string(s, &m->stream);
	if (text_is(&key, "time"))
		return take_string(s, &m->time);
	return skip_value(s);
}

static bool take_members(struct scanner *s, struct members *m)
{
	if (!take(s, '{'))
		return false;
	do {
		if (!take_member(s, m))
			return false;
	} while (take(s, ','));
	if (!take(s, '}'))
		return false;
	skip_blanks(s);
	return s->at == s->end && m->log.data && m->stream.data && m->time.data;
}

int hp_log_entry__parse(char *line, size_t len, struct hp_chunk *ret_chunk,
			struct hp_error *err)
{
	struct scanner s = {line, line + len};
	struct members m = {0};
	int64_t time_ns = 0;

	if (!take_members(&s, &m))
		return hp_fail(err, HP_ECORRUPT, "not a log line");
	if (!text_is(&m.stream, "stdout") && !text_is(&m.stream, "stderr"))
		return hp_fail(err, HP_ECORRUPT, "a log line of no known stream");
	/* A NUL inside would make two times of it. */
	if (strlen(m.time.data) != m.time.len)
		return hp_fail(err, HP_ECORRUPT, "a log line without a time");
	if (hp_time_parse(m.time.data, &time_ns, err) < 0) {
		err->code = HP_ECORRUPT;
		return hp_wrap(err, "a log line without a time");
	}
	*ret_chunk = (struct hp_chunk){
		.channel = text_is(&m.stream, "stdout") ? HP_CHANNEL_STDOUT : HP_CHANNEL_STDERR,
		.time_ns = time_ns,
		.data = m.log.data,
		.len = m.log.len,
	};
	return 0;
}
