/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-filter.c - tests of src/cmd/filter.c. */
#include "cmd/filter.h"

#include <string.h>

#include "base/labels.h"
#include "fds.h"

static bool equals(const void *item, const char *value)
{
	return strcmp(item, value) == 0;
}

static void test_check(void **state)
{
	(void)state;
	AUTO(hp_strv_free) struct hp_strv f = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_filter_check(&f, "id|name", &err), 0);
	hp_strv_add(&f, "id=1");
	hp_strv_add(&f, "name=");
	assert_int_equal(hp_filter_check(&f, "id|name", &err), 0);
	hp_strv_add(&f, "nme=x");
	assert_int_equal(hp_filter_check(&f, "id|name", &err), -1);
	assert_int_equal(err.code, HP_EUSAGE);
	assert_non_null(strstr(err.msg, "id|name"));
	hp_strv_free(&f);
	hp_error_clear(&err);
	hp_strv_add(&f, "id");
	assert_int_equal(hp_filter_check(&f, "id|name", &err), -1);
}

static void test_any(void **state)
{
	(void)state;
	AUTO(hp_strv_free) struct hp_strv f = {0};

	assert_true(hp_filter_any(&f, "name", equals, "a"));
	hp_strv_add(&f, "name=b");
	assert_false(hp_filter_any(&f, "name", equals, "a"));
	assert_true(hp_filter_any(&f, "nme", equals, "a"));
	hp_strv_add(&f, "name=a");
	assert_true(hp_filter_any(&f, "name", equals, "a"));
}

static void test_labels(void **state)
{
	(void)state;
	AUTO(hp_strv_free) struct hp_strv f = {0};
	AUTO(hp_labels_clear) struct hp_labels labels = {0};

	hp_labels_add(&labels, "tier", "web=1");
	hp_labels_add(&labels, "on", "");
	assert_true(hp_filter_labels(&f, &labels));
	hp_strv_add(&f, "label=on");
	hp_strv_add(&f, "name=ignored");
	assert_true(hp_filter_labels(&f, &labels));
	hp_strv_add(&f, "label=tier=web=1");
	assert_true(hp_filter_labels(&f, &labels));
	hp_strv_add(&f, "label=tier=db");
	assert_false(hp_filter_labels(&f, &labels));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_check),
		FDS_TEST(test_any),
		FDS_TEST(test_labels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
