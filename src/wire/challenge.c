/* SPDX-License-Identifier: Apache-2.0 */
/* challenge.c - take a WWW-Authenticate header apart. */
#include "wire/challenge.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"

/* From: RFC 9110 section 5.6.2, tchar. */
static const char token_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789!#$%&'*+-.^_`|~";

void hp_challenge_clear(struct hp_challenge *c)
{
	free(c->realm);
	free(c->service);
	free(c->scope);
	*c = (struct hp_challenge){0};
}

static const char *skip(const char *p, const char *what)
{
	return p + strspn(p, what);
}

/* A token or a quoted string at *@p, which then points behind it. Owns: the caller. */
static char *take_value(const char **p)
{
	if (**p != '"') {
		const size_t len = strcspn(*p, ", \t");
		char *value = hp_strndup(*p, len);
		*p += len;
		return value;
	}
	char *value = hp_alloc(strlen(*p) + 1);
	size_t n = 0;
	const char *at = *p + 1;
	for (; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		value[n++] = *at;
	}
	*p = *at ? at + 1 : at;
	return value;
}

/* Is the token of @len bytes at @p that @word? Letters' case does not matter. */
static bool is_word(const char *p, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(p, word, len) == 0;
}

/* The first value of a name counts. */
static void set_param(struct hp_challenge *c, const char *name, size_t len, char *take_text)
{
	char **field = is_word(name, len, "realm")     ? &c->realm
		       : is_word(name, len, "service") ? &c->service
		       : is_word(name, len, "scope")   ? &c->scope
						       : NULL;

	if (field && !*field)
		*field = TAKE(take_text);
	free(take_text);
}

static enum hp_challenge_scheme scheme_of(const char *p, size_t len)
{
	if (is_word(p, len, "bearer"))
		return HP_CHALLENGE_BEARER;
	return is_word(p, len, "basic") ? HP_CHALLENGE_BASIC : HP_CHALLENGE_NONE;
}

/* Keep the better of the two in @best; @c is empty afterwards. */
static void keep_best(struct hp_challenge *best, struct hp_challenge *c)
{
	if (c->scheme > best->scheme) {
		hp_challenge_clear(best);
		*best = *c;
		*c = (struct hp_challenge){0};
	}
	hp_challenge_clear(c);
}

void hp_challenge_parse(const char *header, struct hp_challenge *ret)
{
	struct hp_challenge now = {0};
	const char *p = header ? header : "";

	while (*(p = skip(p, " \t,"))) {
		const char *name = p;
		const size_t len = strspn(p, token_letters);
		p = skip(name + len, " \t");
		if (len == 0) {
			p += strcspn(p, ",") + (*p == ',');
		} else if (*p == '=') {
			p = skip(p + 1, " \t");
			set_param(&now, name, len, take_value(&p));
		} else {
			/* A name without a value begins the next challenge. */
			keep_best(ret, &now);
			now.scheme = scheme_of(name, len);
		}
	}
	keep_best(ret, &now);
}
