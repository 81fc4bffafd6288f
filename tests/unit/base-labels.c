/* SPDX-License-Identifier: Apache-2.0 */
/* base-labels.c - tests of src/base/labels.c. */
#include "base/labels.h"

#include "base/alloc.h"
#include "fds.h"

static void keeps_order_and_replaces(void **state)
{
	AUTO(hp_labels_clear) struct hp_labels labels = {0};

	(void)state;
	assert_null(hp_labels_get(&labels, "a"));
	hp_labels_add(&labels, "b", "1");
	hp_labels_add(&labels, "a", "2");
	hp_labels_add(&labels, "b", "3");
	hp_labels_add(&labels, "n", NULL);
	assert_int_equal(labels.count, 3);
	assert_string_equal(labels.items[0].key, "b");
	assert_string_equal(hp_labels_get(&labels, "b"), "3");
	assert_string_equal(hp_labels_get(&labels, "a"), "2");
	assert_string_equal(hp_labels_get(&labels, "n"), "");
	assert_null(hp_labels_get(&labels, "c"));
}

static void sorts_by_key(void **state)
{
	AUTO(hp_labels_clear) struct hp_labels labels = {0};

	(void)state;
	hp_labels_sort(&labels);
	hp_labels_add(&labels, "b", "1");
	hp_labels_add(&labels, "B", "2");
	hp_labels_add(&labels, "a/x", "3");
	hp_labels_sort(&labels);
	assert_string_equal(labels.items[0].key, "B");
	assert_string_equal(labels.items[1].key, "a/x");
	assert_string_equal(labels.items[1].value, "3");
	assert_string_equal(labels.items[2].key, "b");
}

static void holds_many(void **state)
{
	AUTO(hp_labels_clear) struct hp_labels labels = {0};
	AUTO(hp_labels_clear) struct hp_labels copy = {0};

	(void)state;
	for (int i = 0; i < 300; i++) {
		AUTO_FREE char *key = hp_sprintf("key-%d", i);
		AUTO_FREE char *value = hp_sprintf("value-%d", i);

		hp_labels_add(&labels, key, value);
	}
	hp_labels_copy(&copy, &labels);
	hp_labels_clear(&labels);
	assert_int_equal(labels.count, 0);
	assert_int_equal(copy.count, 300);
	assert_string_equal(copy.items[299].value, "value-299");
	assert_string_equal(hp_labels_get(&copy, "key-0"), "value-0");
}

static void can_be_used_after_clearing(void **state)
{
	AUTO(hp_labels_clear) struct hp_labels labels = {0};

	(void)state;
	hp_labels_add(&labels, "a", "1");
	hp_labels_clear(&labels);
	hp_labels_clear(&labels);
	hp_labels_add(&labels, "a", "2");
	assert_string_equal(hp_labels_get(&labels, "a"), "2");
}

static void sets_fields_from_themselves(void **state)
{
	AUTO_FREE char *field = NULL;
	AUTO(hp_labels_clear) struct hp_labels labels = {0};

	(void)state;
	hp_field_set(&field, NULL);
	assert_string_equal(field, "");
	hp_field_set(&field, "abc");
	hp_field_set(&field, field + 1);
	assert_string_equal(field, "bc");

	hp_labels_add(&labels, "k", "xyz");
	hp_labels_add(&labels, "k", hp_labels_get(&labels, "k") + 1);
	assert_string_equal(hp_labels_get(&labels, "k"), "yz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(keeps_order_and_replaces),
		FDS_TEST(sorts_by_key),
		FDS_TEST(holds_many),
		FDS_TEST(can_be_used_after_clearing),
		FDS_TEST(sets_fields_from_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
