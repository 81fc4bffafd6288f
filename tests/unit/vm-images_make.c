/* SPDX-License-Identifier: Apache-2.0 */
/* vm-images_make.c - tests of src/vm/images_make.c. */
#include <dirent.h>

#include "fake/vm_world.h"
#include "scratch.h"
#include "vm/images.h"

static unsigned count_entries(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	unsigned n = 0;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void makes_them_once(void **state)
{
	AUTO(hp_images_clear) struct hp_images i = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	if (hp_images_find(&w.config, &i, &err) < 0 || hp_images_make(&i, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(hp_images_made(&i));
	assert_true(scratch_has(i.vmlinux) && scratch_has(i.initrd));
	assert_int_equal(hp_images_make(&i, &err), 0);
	vm_world_close(&w);
}

/* Whoever comes second finds what it wanted, and leaves nothing of its own. */
static void makes_them_beside_others(void **state)
{
	AUTO(hp_images_clear) struct hp_images i = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct vm_world w;
	pid_t pids[4];

	(void)state;
	vm_world_open(&w, "fake");
	if (hp_images_find(&w.config, &i, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t n = 0; n < HP_ARRAY_LEN(pids); n++) {
		pids[n] = fork();
		assert_true(pids[n] >= 0);
		if (pids[n] == 0)
			_exit(hp_images_make(&i, &err) < 0);
	}
	for (size_t n = 0; n < HP_ARRAY_LEN(pids); n++) {
		int status = -1;

		assert_int_equal(waitpid(pids[n], &status, 0), pids[n]);
		assert_int_equal(status, 0);
	}
	assert_true(hp_images_made(&i));
	AUTO_FREE char *parent = hp_path_dir(i.dir);
	assert_int_equal(count_entries(parent), 1);
	vm_world_close(&w);
}

static void leaves_nothing_when_it_fails(void **state)
{
	AUTO(hp_images_clear) struct hp_images i = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	if (hp_images_find(&w.config, &i, &err) < 0)
		fail_msg("%s", err.msg);
	free(scratch_file(w.dir, "vmlinux-1", "no kernel"));
	assert_int_equal(hp_images_make(&i, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	assert_false(hp_images_made(&i));
	AUTO_FREE char *parent = hp_path_dir(i.dir);
	assert_int_equal(count_entries(parent), 0);
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(makes_them_once),
		FDS_TEST(makes_them_beside_others),
		FDS_TEST(leaves_nothing_when_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
