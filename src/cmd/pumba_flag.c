/* SPDX-License-Identifier: Apache-2.0 */
/* pumba_flag.c - parse an argument vector as Pumba does.
 * From: Go's flag.FlagSet.parseOne and urfave/cli v1.22, normalizeFlags. */
#include "cmd/pumba_flag.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/go.h"

enum { ROWS_MAX = 64 };

/* What is being parsed. */
struct parse {
	const struct hp_pflag *flags;
	const char *const *argv;
	size_t next; /* index of the word after the current one */
	void *args;
	unsigned used[ROWS_MAX]; /* by which of its names a row was given, a bit a name */
};

/* The name at the front of a list with ", " between. Returns: its length. */
static size_t name_length(const char *names)
{
	return strcspn(names, ",");
}

static const char *name_after(const char *name)
{
	name += name_length(name);
	return *name ? name + strspn(name, ", ") : name;
}

/* The row with a name of @len bytes. ret_nth: which of its names that is. */
static const struct hp_pflag *find(const struct hp_pflag *flags, const char *name, size_t len,
				   unsigned *ret_nth)
{
	for (const struct hp_pflag *f = flags; f->type != HP_PFLAG_END; f++) {
		*ret_nth = 0;
		for (const char *n = f->names; *n; n = name_after(n), (*ret_nth)++)
			if (name_length(n) == len && memcmp(n, name, len) == 0)
				return f;
	}
	return NULL;
}

static int set_span(const char *value, struct hp_span *span, struct hp_error *err)
{
	const char *tilde = strchr(value, '~');
	AUTO_FREE char *least =
		hp_strndup(value, tilde ? (size_t)(tilde - value) : strlen(value));
	struct hp_span read = {0};

	if (hp_go_duration(least, &read.min_ns, err) < 0)
		return -1;
	read.max_ns = read.min_ns;
	if (tilde && hp_go_duration(tilde + 1, &read.max_ns, err) < 0)
		return -1;
	if (read.max_ns < read.min_ns)
		return hp_fail(err, HP_EINVALID, "the range runs backwards");
	*span = read;
	return 0;
}

/* Write a value into its member. Errors say only what is wrong with it. */
static int set(const struct hp_pflag *f, void *args, const char *value, struct hp_error *err)
{
	void *member = (char *)args + f->at;

	switch (f->type) {
	case HP_PFLAG_BOOL:
		return hp_go_bool(value, member, err);
	case HP_PFLAG_INT:
		return hp_go_int(value, member, err);
	case HP_PFLAG_FLOAT:
		return hp_go_float(value, member, err);
	case HP_PFLAG_STR:
		*(const char **)member = value;
		return 0;
	case HP_PFLAG_DURATION:
		return hp_go_duration(value, member, err);
	case HP_PFLAG_SPAN:
		return set_span(value, member, err);
	case HP_PFLAG_LIST:
		hp_strv_add(member, value);
		return 0;
	case HP_PFLAG_END:
		break;
	}
	return hp_fail(err, HP_EINTERNAL, "a row without a type");
}

/* The value that the environment gives, NULL when it gives none. An empty one is none: for flags
 * that are on or off it means off, which is what they are. */
static const char *from_environment(const struct hp_pflag *f)
{
	for (const char *n = f->env ? f->env : ""; *n; n = name_after(n)) {
		AUTO_FREE char *name = hp_strndup(n, name_length(n));
		const char *value = getenv(name);

		if (!hp_str_empty(value))
			return value;
	}
	return NULL;
}

static const char *type_word(enum hp_pflag_type type)
{
	switch (type) {
	case HP_PFLAG_BOOL:
		return "bool";
	case HP_PFLAG_INT:
		return "int";
	case HP_PFLAG_FLOAT:
		return "float";
	case HP_PFLAG_DURATION:
	case HP_PFLAG_SPAN:
		return "duration";
	case HP_PFLAG_STR:
	case HP_PFLAG_LIST:
	case HP_PFLAG_END:
		break;
	}
	return "text";
}

int hp_pflags_preset(const struct hp_pflag *flags, void *args, struct hp_error *err)
{
	for (const struct hp_pflag *f = flags; f->type != HP_PFLAG_END; f++) {
		const char *value = from_environment(f);
		struct hp_error why = HP_ERROR_INIT;

		if (!value)
			value = f->preset;
		if (!value && f->type == HP_PFLAG_STR)
			value = "";
		if (value && set(f, args, value, &why) < 0)
			return hp_fail(err, HP_EUSAGE,
				       "could not parse %s as %s value for flag %s ($%s): %s",
				       value, type_word(f->type), f->names, f->env, why.msg);
	}
	return 0;
}

/* "Cannot use two forms": the names of a row exclude each other. */
static int check_forms(const struct parse *p, struct hp_error *err)
{
	for (size_t i = 0; p->flags[i].type != HP_PFLAG_END; i++) {
		const char *first = NULL;
		unsigned nth = 0;

		for (const char *n = p->flags[i].names; *n; n = name_after(n), nth++) {
			if (!(p->used[i] & 1u << nth))
				continue;
			if (first)
				return hp_fail(
					err, HP_EUSAGE,
					"Cannot use two forms of the same flag: %.*s %.*s",
					(int)name_length(n), n, (int)name_length(first), first);
			first = n;
		}
	}
	return 0;
}

/* One flag; @word begins with a dash and is not "-" or "--". */
static int take_flag(struct parse *p, const char *word, struct hp_error *err)
{
	const char *name = word + (word[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	struct hp_error why = HP_ERROR_INIT;
	unsigned nth = 0;

	if (len == 0 || name[0] == '-')
		return hp_fail(err, HP_EUSAGE, "bad flag syntax: %s", word);
	const struct hp_pflag *f = find(p->flags, name, len, &nth);
	if (!f)
		return hp_fail(err, HP_EUSAGE, "flag provided but not defined: -%.*s", (int)len,
			       name);
	if (!value && f->type == HP_PFLAG_BOOL)
		value = "true";
	else if (!value && !p->argv[p->next])
		return hp_fail(err, HP_EUSAGE, "flag needs an argument: -%.*s", (int)len, name);
	else if (!value)
		value = p->argv[p->next++];
	if (set(f, p->args, value, &why) < 0) {
		AUTO_FREE char *quoted = hp_go_quote(value);
		return hp_fail(err, HP_EUSAGE, "invalid %s %s for %s-%.*s: %s",
			       f->type == HP_PFLAG_BOOL ? "boolean value" : "value", quoted,
			       f->type == HP_PFLAG_BOOL ? "" : "flag ", (int)len, name,
			       why.msg);
	}
	assert(f - p->flags < ROWS_MAX);
	((struct hp_pflags_base *)p->args)->given |= UINT64_C(1) << (f - p->flags);
	p->used[f - p->flags] |= 1u << nth;
	return 0;
}

int hp_pflags_parse(const struct hp_pflag *flags, bool mixed, const char *const *argv,
		    void *args, struct hp_strv *ret_operands, struct hp_error *err)
{
	struct parse p = {.flags = flags, .argv = argv, .args = args};
	AUTO(hp_strv_free) struct hp_strv operands = {0};
	bool flags_end = false;

	for (const char *word = argv[0]; word; word = argv[p.next]) {
		p.next++;
		if (!flags_end && strcmp(word, "--") == 0) {
			flags_end = true;
		} else if (!flags_end && word[0] == '-' && word[1]) {
			if (take_flag(&p, word, err) < 0)
				return -1;
		} else {
			hp_strv_add(&operands, word);
			flags_end |= !mixed;
		}
	}
	if (check_forms(&p, err) < 0)
		return -1;
	*ret_operands = operands;
	operands = (struct hp_strv){0};
	return 0;
}

void hp_pflags_clear(const struct hp_pflag *flags, void *args)
{
	for (const struct hp_pflag *f = flags; f->type != HP_PFLAG_END; f++)
		if (f->type == HP_PFLAG_LIST)
			hp_strv_free((struct hp_strv *)(void *)((char *)args + f->at));
}

bool hp_pflags_given(const struct hp_pflag *flags, const void *args, size_t at)
{
	const struct hp_pflags_base *base = args;

	for (size_t i = 0; flags[i].type != HP_PFLAG_END; i++)
		if (flags[i].at == at)
			return base->given & UINT64_C(1) << i;
	return false;
}

void hp_pflag_names(const struct hp_pflag *flag, struct hp_strv *names)
{
	for (const char *n = flag->names; *n; n = name_after(n))
		hp_strv_addf(names, "%s%.*s", name_length(n) == 1 ? "-" : "--",
			     (int)name_length(n), n);
}

char *hp_pflag_form(const struct hp_pflag *flag)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};
	const char *value = flag->type == HP_PFLAG_BOOL ? "" : " value";

	hp_pflag_names(flag, &names);
	AUTO_FREE char *sep = hp_sprintf("%s, ", value);
	AUTO_FREE char *all = hp_strv_join(hp_strv_view(&names), sep);
	return hp_sprintf("%s%s", all, value);
}

char *hp_pflag_text(const struct hp_pflag *flag)
{
	AUTO_FREE char *preset = NULL;
	AUTO(hp_strv_free) struct hp_strv variables = {0};

	if (flag->type == HP_PFLAG_STR && flag->preset && flag->preset[0])
		preset = hp_sprintf(" (default: \"%s\")", flag->preset);
	else if (flag->type != HP_PFLAG_STR && flag->preset)
		preset = hp_sprintf(" (default: %s)", flag->preset);
	for (const char *n = flag->env ? flag->env : ""; *n; n = name_after(n))
		hp_strv_addf(&variables, "$%.*s", (int)name_length(n), n);
	AUTO_FREE char *env = hp_strv_join(hp_strv_view(&variables), ", ");
	return hp_sprintf("%s%s%s%s%s", flag->help, preset ? preset : "", env[0] ? " [" : "",
			  env, env[0] ? "]" : "");
}
