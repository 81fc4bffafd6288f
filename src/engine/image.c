/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - the image value and lists of it: made, freed and sorted. */
#include "engine/engine_impl.h"

#include "base/alloc.h"

struct hp_image *hp_image_new(void)
{
	struct hp_image *image = hp_alloc(sizeof(*image));
	char **fields[] = {&image->name, &image->digest, &image->id, &image->platform};

	for (size_t i = 0; i < HP_ARRAY_LEN(fields); i++)
		*fields[i] = hp_strdup("");
	return image;
}

void hp_image_free(struct hp_image *image)
{
	if (!image)
		return;
	free(image->name);
	free(image->digest);
	free(image->id);
	free(image->platform);
	hp_labels_clear(&image->labels);
	free(image);
}

void hp_image_list_add(struct hp_image_list *list, struct hp_image *take_image)
{
	if ((list->count & (list->count - 1)) == 0)
		list->items = hp_realloc_array(list->items, list->count ? list->count * 2 : 1,
					       sizeof(*list->items));
	list->items[list->count++] = take_image;
}

void hp_image_list_free(struct hp_image_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		hp_image_free(list->items[i]);
	free(list->items);
	free(list);
}

static int compare_images(const void *a, const void *b)
{
	const struct hp_image *x = *(struct hp_image *const *)a;
	const struct hp_image *y = *(struct hp_image *const *)b;

	return strcmp(x->name, y->name);
}

void hp_image_list_sort(struct hp_image_list *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare_images);
}

void hp_names_free(char **names)
{
	if (!names)
		return;
	for (size_t i = 0; names[i]; i++)
		free(names[i]);
	free(names);
}
