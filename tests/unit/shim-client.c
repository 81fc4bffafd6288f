/* SPDX-License-Identifier: Apache-2.0 */
/* shim-client.c - tests of src/shim/client.c. */
#include "shim/client.h"

#include "scratch.h"
#include "shim/record.h"

/* Write a record as a shim does; @pid: of the shim. */
static void publish(const char *dir, const char *ns, const char *id, struct hp_shim_pid pid)
{
	AUTO_FREE char *name = hp_sprintf("%s-%s", ns, id);
	AUTO_FREE char *bundle = hp_path_join(dir, name);
	AUTO_FREE char *link = hp_shim_record_link(dir, ns, id);
	const struct hp_shim_record r = {.id = (char *)(uintptr_t)id,
					 .ns = (char *)(uintptr_t)ns,
					 .socket = (char *)(uintptr_t) "/nowhere/s",
					 .link = link,
					 .shim = pid};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_mkdirs(bundle, 0700, &err), 0);
	assert_int_equal(hp_shim_record_write(bundle, &r, &err), 0);
	assert_int_equal(hp_shim_record_publish(bundle, &r, &err), 0);
}

static void lists_those_that_run(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_shim_list_clear) struct hp_shim_list list = {0};
	AUTO(hp_shim_list_clear) struct hp_shim_list none = {0};
	struct hp_shim_pid self = hp_shim_pid_of(getpid());
	struct hp_shim_pid dead = {.pid = self.pid, .started = self.started + 1};
	AUTO_FREE char *stale = hp_shim_record_link(dir, "b", "gone");
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim_list_read(dir, &none, &err), 0);
	assert_int_equal(none.count, 0);
	publish(dir, "b", "two", self);
	publish(dir, "a", "one", self);
	publish(dir, "b", "gone", dead);
	assert_int_equal(hp_shim_list_read(dir, &list, &err), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].id, "one");
	assert_string_equal(list.items[1].ns, "b");
	assert_string_equal(list.items[1].socket, "/nowhere/s");
	assert_false(scratch_has(stale));
}

static void finds_one(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_shim_list_clear) struct hp_shim_list list = {0};
	struct hp_shim_pid self = hp_shim_pid_of(getpid());
	const struct hp_shim_found *found = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	publish(dir, "a", "web", self);
	publish(dir, "a", "web2", self);
	publish(dir, "b", "web", self);
	publish(dir, "b", "other", self);
	assert_int_equal(hp_shim_list_read(dir, &list, &err), 0);
	assert_int_equal(hp_shim_list_find(&list, NULL, "oth", &found, &err), 0);
	assert_string_equal(found->id, "other");
	assert_int_equal(hp_shim_list_find(&list, "a", "web", &found, &err), 0);
	assert_string_equal(found->ns, "a");
	assert_int_equal(hp_shim_list_find(&list, NULL, "web", &found, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	assert_int_equal(hp_shim_list_find(&list, "a", "we", &found, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	assert_int_equal(hp_shim_list_find(&list, NULL, "nobody", &found, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
}

static void tells_when_nobody_answers(void **state)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_json *info = NULL;

	(void)state;
	assert_int_equal(hp_shim_ask_info("/nowhere/s", &info, &err), -1);
	assert_int_equal(err.code, HP_EUNAVAILABLE);
	assert_null(info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(lists_those_that_run),
		FDS_TEST(finds_one),
		FDS_TEST(tells_when_nobody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
