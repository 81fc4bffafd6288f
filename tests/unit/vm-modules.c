/* SPDX-License-Identifier: Apache-2.0 */
/* vm-modules.c - tests of src/vm/modules.c. */
#include "vm/modules.h"

#include "scratch.h"

#define MODULE(depends) "\177ELF\0license=GPL\0depends=" depends "\0name=x"

static void put(const char *dir, const char *name, const void *data, size_t len)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *path = hp_path_join(dir, name);

	if (hp_file_write(path, data, len, 0644, &err) < 0)
		fail_msg("%s", err.msg);
}

static char *make_modules(void)
{
	char *dir = scratch_new();

	put(dir, "top.ko", MODULE("mid-dle,base"), sizeof(MODULE("mid-dle,base")));
	put(dir, "mid-dle.ko", MODULE("base"), sizeof(MODULE("base")));
	put(dir, "base.ko", MODULE(""), sizeof(MODULE("")));
	put(dir, "mute.ko", "\177ELF", 4);
	put(dir, "loop.ko", MODULE("loop2"), sizeof(MODULE("loop2")));
	put(dir, "loop2.ko", MODULE("loop"), sizeof(MODULE("loop")));
	free(scratch_file(
		dir, "modules.order",
		"top.ko\nmid-dle.ko.xz\nbase.ko\nmute.ko\nloop.ko\nloop2.ko\ngone.ko\n"));
	free(scratch_file(dir, "modules.builtin", "kernel/in-side.ko\n"));
	return dir;
}

static void reads_in_the_order_of_need(void **state)
{
	AUTO(scratch_free) char *dir = make_modules();
	const char *const names[] = {"top", "in_side", "base", "?nothing", NULL};
	static const char *const want[] = {"base", "mid_dle", "top"};
	AUTO(hp_module_list_clear) struct hp_module_list list = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	if (hp_module_list_read(dir, names, &list, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(list.count, HP_ARRAY_LEN(want));
	for (size_t i = 0; i < list.count; i++)
		assert_string_equal(list.items[i].name, want[i]);
	assert_string_equal(list.items[1].path, "mid-dle.ko");
	assert_int_equal(list.items[0].data.len, sizeof(MODULE("")));
}

static void refuse(const char *name, enum hp_code code, const char *why)
{
	AUTO(scratch_free) char *dir = make_modules();
	const char *const names[] = {name, NULL};
	struct hp_module_list list = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_module_list_read(dir, names, &list, &err), -1);
	if (err.code != code || !strstr(err.msg, why))
		fail_msg("%s: %s", name, err.msg);
	assert_null(list.items);
}

static void says_what_is_wrong(void **state)
{
	AUTO(scratch_free) char *empty = scratch_new();
	const char *const names[] = {"top", NULL};
	struct hp_module_list list = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	refuse("nothing", HP_ENOTFOUND, "no module 'nothing'");
	refuse("gone", HP_ENOTFOUND, "module 'gone'");
	refuse("mute", HP_ECORRUPT, "what it depends on");
	refuse("loop", HP_ECORRUPT, "needed by each other");
	assert_int_equal(hp_module_list_read(empty, names, &list, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(reads_in_the_order_of_need),
		FDS_TEST(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
