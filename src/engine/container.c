/* SPDX-License-Identifier: Apache-2.0 */
/* container.c - the container value and lists of it: made, freed, sorted and searched. */
#include "engine/engine_impl.h"

#include "base/alloc.h"
#include "base/str.h"

const char *hp_state_name(enum hp_state state)
{
	static const char *const words[] = {
#define HP_STATE_WORD(name, word) [name] = (word),
		HP_STATES(HP_STATE_WORD)
#undef HP_STATE_WORD
	};

	if ((unsigned)state >= HP_ARRAY_LEN(words))
		return words[HP_STATE_UNKNOWN];
	return words[state];
}

struct hp_container *hp_container_new(void)
{
	struct hp_container *c = hp_alloc(sizeof(*c));
	char **fields[] = {&c->id,           &c->name,      &c->ns,      &c->image,
			   &c->image_id,     &c->engine,    &c->runtime, &c->command,
			   &c->network_mode, &c->netns_path};

	for (size_t i = 0; i < HP_ARRAY_LEN(fields); i++)
		*fields[i] = hp_strdup("");
	return c;
}

void hp_container_free(struct hp_container *c)
{
	if (!c)
		return;
	char *fields[] = {c->id,           c->name,       c->ns,         c->image,
			  c->image_id,     c->engine,     c->runtime,    c->command,
			  c->network_mode, c->netns_path, c->detail_json};

	for (size_t i = 0; i < HP_ARRAY_LEN(fields); i++)
		free(fields[i]);
	hp_labels_clear(&c->labels);
	free(c);
}

static const char *label_of(const struct hp_container *c, const char *key)
{
	const char *value = hp_labels_get(&c->labels, key);

	return hp_str_empty(value) ? NULL : value;
}

void hp_container_name_by_labels(struct hp_container *c, const char *otherwise)
{
	static const char *const simple[] = {"nerdctl/name", "com.docker.compose.service"};
	const char *ns = label_of(c, "io.kubernetes.pod.namespace");
	const char *pod = label_of(c, "io.kubernetes.pod.name");
	const char *container = label_of(c, "io.kubernetes.container.name");

	if (container) {
		AUTO_FREE char *name =
			hp_sprintf("%s%s%s%s%s", pod && ns ? ns : "", pod && ns ? "/" : "",
				   pod ? pod : "", pod ? "/" : "", container);
		hp_field_set(&c->name, name);
		return;
	}
	for (size_t i = 0; i < HP_ARRAY_LEN(simple); i++) {
		if (label_of(c, simple[i])) {
			hp_field_set(&c->name, label_of(c, simple[i]));
			return;
		}
	}
	hp_field_set(&c->name, otherwise);
}

void hp_container_list_add(struct hp_container_list *list, struct hp_container *take_container)
{
	/* Room doubles at each power of two, so that long lists are not copied at each step. */
	if ((list->count & (list->count - 1)) == 0)
		list->items = hp_realloc_array(list->items, list->count ? list->count * 2 : 1,
					       sizeof(*list->items));
	list->items[list->count++] = take_container;
}

void hp_container_list_free(struct hp_container_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		hp_container_free(list->items[i]);
	free(list->items);
	free(list);
}

static int compare_containers(const void *a, const void *b)
{
	const struct hp_container *x = *(struct hp_container *const *)a;
	const struct hp_container *y = *(struct hp_container *const *)b;

	if (x->created_ns != y->created_ns)
		return x->created_ns > y->created_ns ? -1 : 1;
	return strcmp(x->id, y->id);
}

void hp_container_list_sort(struct hp_container_list *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare_containers);
}

/* Does it have the label "KEY" or "KEY=VALUE"? */
static bool has_label(const struct hp_container *c, const char *label)
{
	const size_t key_len = strcspn(label, "=");
	AUTO_FREE char *key = hp_strndup(label, key_len);
	const char *value = hp_labels_get(&c->labels, key);

	return value && (!label[key_len] || hp_str_eq(value, label + key_len + 1));
}

bool hp_list_filter_fits(const struct hp_list_filter *filter, const struct hp_container *c)
{
	if (!filter->all && c->state != HP_STATE_RUNNING && c->state != HP_STATE_PAUSED)
		return false;
	for (size_t i = 0; filter->labels && filter->labels[i]; i++)
		if (!has_label(c, filter->labels[i]))
			return false;
	return true;
}

void hp_container_list_filter(struct hp_container_list *list,
			      const struct hp_list_filter *filter)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (hp_list_filter_fits(filter, list->items[i]))
			list->items[kept++] = list->items[i];
		else
			hp_container_free(list->items[i]);
	}
	list->count = kept;
}

/* An exact id wins over a name, and a name over the beginning of an id, so that nobody can
 * shadow a container by giving another one a clever name. */
int hp_container_list_find(const struct hp_container_list *list, const char *ref,
			   const struct hp_container **ret_container, struct hp_error *err)
{
	const struct hp_container *named = NULL;
	const struct hp_container *begins = NULL;
	size_t n_begins = 0;

	if (hp_str_empty(ref))
		return hp_fail(err, HP_EINVALID, "the container has no name");
	for (size_t i = 0; i < list->count; i++) {
		const struct hp_container *c = list->items[i];
		if (hp_str_eq(c->id, ref)) {
			*ret_container = c;
			return 0;
		}
		if (!named && hp_str_eq(c->name, ref))
			named = c;
		if (hp_str_starts(c->id, ref)) {
			begins = c;
			n_begins++;
		}
	}
	if (!named && n_begins > 1)
		return hp_fail(err, HP_EINVALID,
			       "'%s' fits %zu containers; give more of the id", ref, n_begins);
	if (!named && !begins)
		return hp_fail(err, HP_ENOTFOUND, "no such container: '%s'", ref);
	*ret_container = named ? named : begins;
	return 0;
}
