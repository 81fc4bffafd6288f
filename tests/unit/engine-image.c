/* SPDX-License-Identifier: Apache-2.0 */
/* engine-image.c - tests of src/engine/image.c. */
#include "engine/engine_impl.h"

#include "base/alloc.h"
#include "fds.h"

static void sorts_by_name(void **state)
{
	AUTO(hp_image_list_free) struct hp_image_list *list = hp_alloc(sizeof(*list));
	static const char *const names[] = {"b:1", "a:2", "c:1", "a:1", "a:10"};
	static const char *const want[] = {"a:1", "a:10", "a:2", "b:1", "c:1"};
	struct hp_image_list empty = {0};

	(void)state;
	hp_image_list_sort(&empty);
	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++) {
		struct hp_image *image = hp_image_new();
		assert_string_equal(image->digest, "");
		hp_field_set(&image->name, names[i]);
		hp_image_list_add(list, image);
	}
	hp_image_list_sort(list);
	for (size_t i = 0; i < HP_ARRAY_LEN(want); i++)
		assert_string_equal(list->items[i]->name, want[i]);
}

static void frees_what_there_is(void **state)
{
	char **names = hp_alloc_array(3, sizeof(*names));

	(void)state;
	names[0] = hp_strdup("one");
	names[1] = hp_strdup("two");
	hp_names_free(names);
	hp_names_free(NULL);
	hp_image_free(NULL);
	hp_image_list_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(sorts_by_name),
		FDS_TEST(frees_what_there_is),
	};

	return cmocka_run_group_tests_name("engine-image", tests, NULL, NULL);
}
