/* SPDX-License-Identifier: Apache-2.0 */
/* select.c - owns the rules by which targets are chosen. From: Pumba's README and its
 * pkg/container/filter.go, in our words in the man page. */
#include "chaos/select.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

/* What one match may cost, so that no pattern can hold up a run. */
#define MATCH_LIMIT 100000
#define HEAP_KIB    1024

#define PUMBA_LABEL "com.gaiaadm.pumba"
#define SKIP_LABEL  "com.gaiaadm.pumba.skip"

uint64_t hp_chance_next(struct hp_chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* The few numbers at the top that would favour the small ones are drawn again. */
uint64_t hp_chance_below(struct hp_chance *c, uint64_t bound)
{
	uint64_t drawn;

	if (bound == 0)
		return 0;
	uint64_t usable = UINT64_MAX - UINT64_MAX % bound;
	do
		drawn = hp_chance_next(c);
	while (drawn >= usable);
	return drawn % bound;
}

struct hp_pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

int hp_pattern_new(const char *text, struct hp_pattern **ret, struct hp_error *err)
{
	int number = 0;
	PCRE2_SIZE at = 0;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
					 PCRE2_NEVER_BACKSLASH_C, &number, &at, NULL);

	if (!code) {
		char why[128] = "";
		pcre2_get_error_message(number, (PCRE2_UCHAR *)why, sizeof(why));
		return hp_fail(err, HP_EINVALID, "pattern '%s': %s at character %zu", text, why,
			       at);
	}
	struct hp_pattern *p = hp_alloc(sizeof(*p));
	p->code = code;
	p->data = pcre2_match_data_create_from_pattern(code, NULL);
	p->limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(p->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(p->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(p->limits, HEAP_KIB);
	*ret = p;
	return 0;
}

void hp_pattern_free(struct hp_pattern *p)
{
	if (!p)
		return;
	pcre2_match_context_free(p->limits);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->code);
	free(p);
}

bool hp_pattern_fits(const struct hp_pattern *p, const char *text)
{
	return pcre2_match(p->code, (PCRE2_SPTR)text, strlen(text), 0, 0, p->data, p->limits) >=
	       0;
}

static bool has_label(const struct hp_container *c, const char *wanted)
{
	const char *equals = strchr(wanted, '=');
	AUTO_FREE char *key =
		hp_strndup(wanted, equals ? (size_t)(equals - wanted) : strlen(wanted));
	const char *value = hp_labels_get(&c->labels, key);

	return value && (!equals || hp_str_eq(value, equals + 1));
}

static bool is_named(const struct hp_container *c, const char *const *names)
{
	for (size_t i = 0; names[i]; i++) {
		/* Docker's API has a slash before each name, and so have some scripts. */
		const char *name = names[i][0] == '/' ? names[i] + 1 : names[i];
		if (hp_str_eq(c->name, name) || hp_str_eq(c->id, names[i]))
			return true;
	}
	return false;
}

static bool fits(const struct hp_pattern *p, const struct hp_container *c)
{
	AUTO_FREE char *raw = hp_sprintf("/%s", c->name);

	return hp_pattern_fits(p, raw) || hp_pattern_fits(p, c->name);
}

static bool is_meant(const struct hp_selector *s, const struct hp_pattern *pattern,
		     const struct hp_container *c, bool stopped_too)
{
	if (!stopped_too && c->state != HP_STATE_RUNNING)
		return false;
	if (has_label(c, PUMBA_LABEL "=true") || has_label(c, SKIP_LABEL "=true"))
		return false;
	for (size_t i = 0; s->labels && s->labels[i]; i++)
		if (!has_label(c, s->labels[i]))
			return false;
	if (s->pattern)
		return pattern && fits(pattern, c);
	return !s->names || !s->names[0] || is_named(c, s->names);
}

static int by_name(const void *a, const void *b)
{
	const struct hp_container *const *left = a;
	const struct hp_container *const *right = b;
	int order = strcmp((*left)->name, (*right)->name);

	return order ? order : strcmp((*left)->id, (*right)->id);
}

const struct hp_container **hp_select_all(const struct hp_selector *s,
					  const struct hp_container_list *list,
					  bool stopped_too, size_t *ret_count)
{
	const struct hp_container **items =
		hp_alloc_array(list->count + 1, sizeof(const void *));
	AUTO(hp_pattern_free) struct hp_pattern *pattern = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	size_t count = 0;

	/* A pattern that is none matches nothing. Whoever makes the plan can ask before. */
	if (s->pattern && hp_pattern_new(s->pattern, &pattern, &ignored) < 0)
		pattern = NULL;
	for (size_t i = 0; i < list->count; i++)
		if (is_meant(s, pattern, list->items[i], stopped_too))
			items[count++] = list->items[i];
	qsort(items, count, sizeof(const void *), by_name);
	*ret_count = count;
	return items;
}

/* Fisher and Yates, as far as needed. */
static void choose(const struct hp_container **items, size_t count, size_t wanted,
		   struct hp_chance *chance)
{
	for (size_t i = 0; i < wanted; i++) {
		size_t j = i + (size_t)hp_chance_below(chance, count - i);
		const struct hp_container *chosen = items[j];
		items[j] = items[i];
		items[i] = chosen;
	}
}

size_t hp_select_some(const struct hp_selector *s, const struct hp_container **items,
		      size_t count, struct hp_chance *chance)
{
	if (s->limit > 0 && (uint64_t)s->limit < count) {
		choose(items, count, (size_t)s->limit, chance);
		count = (size_t)s->limit;
	}
	if (s->random && count > 1) {
		choose(items, count, 1, chance);
		count = 1;
	}
	return count;
}
