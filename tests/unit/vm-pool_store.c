/* SPDX-License-Identifier: Apache-2.0 */
/* vm-pool_store.c - tests of src/vm/pool_store.c. */
#include "vm/pool_store.h"

#include <fcntl.h>

#include "base/clock.h"
#include "fake/vm_world.h"
#include "scratch.h"

static ino_t inode(const struct hp_template *t)
{
	struct stat st;

	assert_int_equal(fstat(t->memory_fd, &st), 0);
	return st.st_ino;
}

static void keeps_what_is_used(void **state)
{
	AUTO(hp_pool_store_free) struct hp_pool_store *s = NULL;
	const struct hp_template *t = NULL;
	struct hp_error err = HP_ERROR_INIT;
	char key[HP_VM_KEY];
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	s = hp_pool_store_new(&w.config);
	assert_int_equal(hp_pool_store_get(s, "0123456789abcdef", &t, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);

	vm_world_template(&w, key);
	assert_int_equal(hp_pool_store_get(s, key, &t, &err), 0);
	const ino_t first = inode(t);
	hp_pool_store_trim(s, 1000000);
	assert_int_equal(hp_pool_store_get(s, key, &t, &err), 0);
	assert_int_equal(inode(t), first);

	hp_clock_sleep_ms(3);
	hp_pool_store_trim(s, 1);
	assert_int_equal(hp_pool_store_get(s, key, &t, &err), 0);
	assert_int_not_equal(inode(t), first);
	hp_pool_store_free(TAKE(s));
	vm_world_close(&w);
}

static void follows_the_disk(void **state)
{
	AUTO(hp_pool_store_free) struct hp_pool_store *s = NULL;
	const struct hp_template *t = NULL;
	struct hp_error err = HP_ERROR_INIT;
	char key[HP_VM_KEY];
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	vm_world_template(&w, key);
	s = hp_pool_store_new(&w.config);
	assert_int_equal(hp_pool_store_get(s, key, &t, &err), 0);
	const ino_t first = inode(t);
	vm_world_template(&w, key);
	assert_int_equal(hp_pool_store_get(s, key, &t, &err), 0);
	assert_int_not_equal(inode(t), first);
	assert_int_equal(hp_template_remove(&w.config, key, &err), 0);
	assert_int_equal(hp_pool_store_get(s, key, &t, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_pool_store_free(TAKE(s));
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(keeps_what_is_used),
		FDS_TEST(follows_the_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
