/* SPDX-License-Identifier: Apache-2.0 */
/* vm-images.c - tests of src/vm/images.c. */
#include "vm/images.h"

#include "fake/vm_world.h"
#include "scratch.h"

static void find(const struct vm_world *w, char ret_key[HP_VM_KEY])
{
	AUTO(hp_images_clear) struct hp_images i = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_images_find(&w->config, &i, &err) < 0)
		fail_msg("%s", err.msg);
	assert_false(hp_images_made(&i));
	assert_non_null(strstr(i.vmlinux, i.key));
	memcpy(ret_key, i.key, HP_VM_KEY);
}

static void has_a_key_of_its_sources(void **state)
{
	char first[HP_VM_KEY];
	char same[HP_VM_KEY];
	char other[HP_VM_KEY];
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	find(&w, first);
	find(&w, same);
	assert_string_equal(first, same);
	assert_int_equal(strlen(first), 16);
	free(scratch_file(w.dir, "init", "another init"));
	find(&w, other);
	assert_string_not_equal(first, other);
	vm_world_close(&w);
}

static void says_what_is_missing(void **state)
{
	AUTO(hp_images_clear) struct hp_images i = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *init = NULL;
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	assert_int_equal(unlink(w.config.init), 0);
	assert_int_equal(hp_images_find(&w.config, &i, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, w.config.init));
	hp_error_clear(&err);
	/* What is named is not looked for. */
	assert_int_equal(hp_vm_find_init(&w.config, &init, &err), 0);
	assert_string_equal(init, w.config.init);
	assert_int_equal(unlink(w.config.kernel), 0);
	assert_int_equal(hp_images_find(&w.config, &i, &err), -1);
	assert_non_null(strstr(err.msg, w.config.kernel));
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_a_key_of_its_sources),
		FDS_TEST(says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
