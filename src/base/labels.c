/* SPDX-License-Identifier: Apache-2.0 */
/* labels.c - owns lists of key and value pairs, and string fields of values. */
#include "base/labels.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"

static struct hp_label *find(const struct hp_labels *labels, const char *key)
{
	for (size_t i = 0; i < labels->count; i++)
		if (strcmp(labels->items[i].key, key) == 0)
			return &labels->items[i];
	return NULL;
}

const char *hp_labels_get(const struct hp_labels *labels, const char *key)
{
	const struct hp_label *label = find(labels, key);

	return label ? label->value : NULL;
}

void hp_labels_clear(struct hp_labels *labels)
{
	for (size_t i = 0; i < labels->count; i++) {
		free(labels->items[i].key);
		free(labels->items[i].value);
	}
	free(labels->items);
	*labels = (struct hp_labels){0};
}

void hp_labels_add(struct hp_labels *labels, const char *key, const char *value)
{
	struct hp_label *label = find(labels, key);
	size_t n = labels->count;

	if (label) {
		hp_field_set(&label->value, value);
		return;
	}
	/* Room is 1, 2, 4, 8, ... so it must grow exactly when the count is one of these. */
	if ((n & (n - 1)) == 0)
		labels->items =
			hp_realloc_array(labels->items, n ? n * 2 : 1, sizeof(*labels->items));
	labels->items[n] = (struct hp_label){
		.key = hp_strdup(key),
		.value = hp_strdup(value ? value : ""),
	};
	labels->count++;
}

void hp_labels_copy(struct hp_labels *to, const struct hp_labels *from)
{
	*to = (struct hp_labels){0};
	for (size_t i = 0; i < from->count; i++)
		hp_labels_add(to, from->items[i].key, from->items[i].value);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct hp_label *)a)->key, ((const struct hp_label *)b)->key);
}

void hp_labels_sort(struct hp_labels *labels)
{
	if (labels->count)
		qsort(labels->items, labels->count, sizeof(*labels->items), by_key);
}

void hp_field_set(char **field, const char *value)
{
	/* Copied before the old one goes: @value may be part of it. */
	char *copy = hp_strdup(value ? value : "");

	free(*field);
	*field = copy;
}
