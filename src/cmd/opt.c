/* SPDX-License-Identifier: Apache-2.0 */
/* opt.c - parse an argument vector by a table of options.
 *
 * getopt_long(3) is not used: it takes abbreviations of names, which breaks scripts as soon as an
 * option is added, and it keeps its state in globals. */
#include "cmd/opt.h"

#include <string.h>

#include "base/alloc.h"

/* What is being parsed. */
struct parse {
	const struct hp_opt *opts;
	const char *const *argv;
	size_t next; /* index of the word after the current one */
	void *args;
};

static const struct hp_opt *find(const struct hp_opt *opts, const char *name, size_t len)
{
	for (const struct hp_opt *o = opts; o && o->type != HP_OPT_END_TYPE; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct hp_opt *find_letter(const struct hp_opt *opts, char letter)
{
	for (const struct hp_opt *o = opts; o && o->type != HP_OPT_END_TYPE; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

const struct hp_opt *hp_opts_find(const struct hp_opt *opts, const char *name)
{
	return find(opts, name, strlen(name));
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t hp_opts_distance(const char *a, const char *b)
{
	enum { MOST = 32 };
	size_t la = strnlen(a, MOST);
	size_t lb = strnlen(b, MOST);
	size_t rows[3][MOST + 1]; /* the row before the last, the last, and this one */

	for (size_t j = 0; j <= lb; j++)
		rows[1][j] = j;
	for (size_t i = 1; i <= la; i++) {
		rows[2][0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t change = rows[1][j - 1] + (a[i - 1] != b[j - 1]);
			rows[2][j] = least(change, least(rows[1][j], rows[2][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				rows[2][j] = least(rows[2][j], rows[0][j - 2] + 1);
		}
		memcpy(rows[0], rows[1], sizeof(rows[0]));
		memcpy(rows[1], rows[2], sizeof(rows[1]));
	}
	return rows[1][lb];
}

static int fail_unknown(const struct hp_opt *opts, const char *name, size_t len,
			struct hp_error *err)
{
	AUTO_FREE char *given = hp_strndup(name, len);
	const char *nearest = NULL;
	size_t best = 3; /* further away it is another word, not a slip of the hand */

	for (const struct hp_opt *o = opts; o && o->type != HP_OPT_END_TYPE; o++) {
		size_t far = hp_opts_distance(given, o->name);
		if (far < best && far < strlen(given)) {
			best = far;
			nearest = o->name;
		}
	}
	if (nearest)
		return hp_fail(err, HP_EUSAGE, "unknown option --%s; did you mean --%s?", given,
			       nearest);
	return hp_fail(err, HP_EUSAGE, "unknown option --%s", given);
}

static int set_int(const struct hp_opt *o, const char *value, int64_t *ret,
		   struct hp_error *err)
{
	int64_t n = 0;
	if (hp_str_i64(value, &n, err) < 0)
		return -1;
	if (n < o->min || n > o->max)
		return hp_fail(err, HP_ERANGE, "%s is not from %lld to %lld", value,
			       (long long)o->min, (long long)o->max);
	*ret = n;
	return 0;
}

static int set_size(const struct hp_opt *o, const char *value, int64_t *ret,
		    struct hp_error *err)
{
	if (o->min < 0 && hp_str_eq(value, "-1")) {
		*ret = -1;
		return 0;
	}
	return hp_str_size(value, ret, err);
}

static int set_word(const struct hp_opt *o, const char *value, const char **ret,
		    struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};
	hp_strv_split(&words, o->words, '|');
	if (!hp_strv_has(&words, value))
		return hp_fail(err, HP_EINVALID, "'%s' is none of %s", value, o->words);
	*ret = value;
	return 0;
}

static int set_pair(const char *value, struct hp_labels *labels, struct hp_error *err)
{
	size_t len = strcspn(value, "=");
	if (len == 0)
		return hp_fail(err, HP_EINVALID, "'%s' has no key before its '='", value);
	AUTO_FREE char *key = hp_strndup(value, len);
	hp_labels_add(labels, key, value[len] == '=' ? value + len + 1 : "");
	return 0;
}

/* @value is NULL for a flag without one. */
static int set(const struct hp_opt *o, void *args, const char *value, struct hp_error *err)
{
	void *member = (char *)args + o->at;

	switch (o->type) {
	case HP_OPT_FLAG_TYPE:
		*(bool *)member = true;
		if (value && !hp_str_bool(value, member))
			return hp_fail(err, HP_EINVALID, "'%s' is neither true nor false",
				       value);
		return 0;
	case HP_OPT_STR_TYPE:
		*(const char **)member = value;
		return 0;
	case HP_OPT_WORD_TYPE:
		return set_word(o, value, member, err);
	case HP_OPT_LIST_TYPE:
		hp_strv_add(member, value);
		return 0;
	case HP_OPT_PAIRS_TYPE:
		return set_pair(value, member, err);
	case HP_OPT_INT_TYPE:
		return set_int(o, value, member, err);
	case HP_OPT_SIZE_TYPE:
		return set_size(o, value, member, err);
	case HP_OPT_NANO_TYPE:
		return hp_str_nano(value, member, err);
	case HP_OPT_MS_TYPE:
		return hp_str_duration(value, member, err);
	case HP_OPT_END_TYPE:
		break;
	}
	return hp_fail(err, HP_EINTERNAL, "option without a type");
}

/* Values that do not parse are bad usage, whatever the parser of the value calls it. */
static int set_checked(const struct hp_opt *o, void *args, const char *value,
		       struct hp_error *err)
{
	if (set(o, args, value, err) == 0)
		return 0;
	err->code = HP_EUSAGE;
	return hp_wrap(err, "--%s", o->name);
}

/* One "--name", "--name=value" or "--name value". Returns 1 for --help. */
static int parse_long(struct parse *p, const char *word, struct hp_error *err)
{
	size_t len = strcspn(word, "=");
	const char *value = word[len] == '=' ? word + len + 1 : NULL;
	const struct hp_opt *o = find(p->opts, word, len);

	if (!o && len == 4 && memcmp(word, "help", 4) == 0)
		return 1;
	if (!o)
		return fail_unknown(p->opts, word, len, err);
	if (o->type != HP_OPT_FLAG_TYPE && !value) {
		value = p->argv[p->next];
		if (!value)
			return hp_fail(err, HP_EUSAGE, "--%s needs a value: %s", o->name,
				       o->arg);
		p->next++;
	}
	return set_checked(o, p->args, value, err);
}

/* One bundle: "-it", "-ti", "-n5", "-n 5", "-n=5". Returns 1 for -h. */
static int parse_letters(struct parse *p, const char *letters, struct hp_error *err)
{
	for (const char *l = letters; *l; l++) {
		const struct hp_opt *o = find_letter(p->opts, *l);
		if (!o && *l == 'h')
			return 1;
		if (!o)
			return hp_fail(err, HP_EUSAGE, "unknown option -%c in '-%s'", *l,
				       letters);
		if (o->type == HP_OPT_FLAG_TYPE && l[1] != '=') {
			if (set_checked(o, p->args, NULL, err) < 0)
				return -1;
			continue;
		}
		const char *value = l[1] == '=' ? l + 2 : l + 1;
		if (l[1] == '\0' && !(value = p->argv[p->next++]))
			return hp_fail(err, HP_EUSAGE, "-%c needs a value: %s", *l, o->arg);
		return set_checked(o, p->args, value, err);
	}
	return 0;
}

static void set_defaults(const struct hp_opt *opts, void *args)
{
	for (const struct hp_opt *o = opts; o && o->type != HP_OPT_END_TYPE; o++) {
		void *member = (char *)args + o->at;
		if (o->otherwise == 0)
			continue;
		if (o->type == HP_OPT_FLAG_TYPE)
			*(bool *)member = true;
		else
			*(int64_t *)member = o->otherwise;
	}
}

int hp_opts_parse(const struct hp_opt *opts, bool verbatim, const char *const *argv, void *args,
		  struct hp_strv *ret_operands, struct hp_error *err)
{
	struct parse p = {.opts = opts, .argv = argv, .args = args};
	AUTO(hp_strv_free) struct hp_strv operands = {0};
	bool options = true;

	set_defaults(opts, args);
	while (argv[p.next]) {
		const char *word = argv[p.next++];
		int rc = 0;
		if (!options || word[0] != '-' || word[1] == '\0') {
			hp_strv_add(&operands, word);
			options = options && !verbatim;
		} else if (hp_str_eq(word, "--")) {
			options = false;
		} else if (word[1] == '-') {
			rc = parse_long(&p, word + 2, err);
		} else {
			rc = parse_letters(&p, word + 1, err);
		}
		if (rc != 0)
			return rc;
	}
	*ret_operands = operands;
	operands = (struct hp_strv){0};
	return 0;
}

void hp_opts_clear(const struct hp_opt *opts, void *args)
{
	for (const struct hp_opt *o = opts; o && o->type != HP_OPT_END_TYPE; o++) {
		void *member = (char *)args + o->at;
		if (o->type == HP_OPT_LIST_TYPE)
			hp_strv_free(member);
		else if (o->type == HP_OPT_PAIRS_TYPE)
			hp_labels_clear(member);
	}
}
