/* SPDX-License-Identifier: Apache-2.0 */
/* shim-cgroup.c - tests of src/shim/cgroup.c, on directories that are no cgroups: theirs have no
 * files, unless the test makes them. The real ones are in shim-place.c. */
#include "shim/cgroup.h"

#include "scratch.h"

/* Two hierarchies below @dir. */
static struct hp_shim_cgroup two(const char *dir)
{
	struct hp_shim_cgroup c = {0};

	for (int i = 1; i <= 2; i++) {
		hp_strv_addf(&c.dirs, "%s/%d/ns/id", dir, i);
		hp_strv_addf(&c.homes, "%s/%d/home", dir, i);
	}
	return c;
}

static void expect_file(const char *path, const char *text)
{
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_file_read(path, 4096, &buf, &err) < 0)
		fail_msg("%s", err.msg);
	AUTO_FREE char *has = hp_buf_take_str(&buf);
	assert_string_equal(has, text);
}

static void has_none_without_a_path(void **state)
{
	AUTO(hp_shim_cgroup_clear) struct hp_shim_cgroup c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim_cgroup_find(NULL, &c, &err), 0);
	assert_int_equal(c.dirs.count, 0);
	assert_int_equal(hp_shim_cgroup_find("", &c, &err), 0);
	assert_int_equal(c.dirs.count, 0);
	assert_int_equal(hp_shim_cgroup_find("/", &c, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
}

/* One that fails does not keep the others from being made. */
static void makes_all_that_it_can(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_shim_cgroup_clear) struct hp_shim_cgroup c = two(dir);
	const pid_t pids[] = {0, 4711};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	free(scratch_file(dir, "1", "no directory"));
	AUTO_FREE char *second = hp_path_join(dir, "2");
	assert_int_equal(hp_shim_cgroup_join(&c, pids, 2, &err), -1);
	assert_non_null(strstr(err.msg, "/1/ns"));
	assert_true(scratch_has(c.dirs.items[1]));
}

static void moves_in_and_home(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_shim_cgroup_clear) struct hp_shim_cgroup c = two(dir);
	const pid_t pids[] = {0, 4711};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	for (int i = 0; i < 2; i++) {
		if (hp_mkdirs(c.dirs.items[i], 0755, &err) < 0 ||
		    hp_mkdirs(c.homes.items[i], 0755, &err) < 0)
			fail_msg("%s", err.msg);
		free(scratch_file(c.dirs.items[i], "cgroup.procs", ""));
		free(scratch_file(c.homes.items[i], "cgroup.procs", ""));
	}
	assert_int_equal(hp_shim_cgroup_join(&c, pids, 2, &err), 0);
	AUTO_FREE char *in = hp_path_join(c.dirs.items[1], "cgroup.procs");
	AUTO_FREE char *home = hp_path_join(c.homes.items[1], "cgroup.procs");
	expect_file(in, "4711");

	/* A real one would be empty then. */
	assert_int_equal(hp_shim_cgroup_remove(&c, &err), -1);
	assert_non_null(strstr(err.msg, c.dirs.items[0]));
	expect_file(home, "4711");
}

static void removes_what_is_there(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_shim_cgroup_clear) struct hp_shim_cgroup c = two(dir);
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim_cgroup_remove(&c, &err), 0);
	assert_int_equal(hp_mkdirs(c.dirs.items[1], 0755, &err), 0);
	assert_int_equal(hp_shim_cgroup_remove(&c, &err), 0);
	assert_false(scratch_has(c.dirs.items[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_none_without_a_path),
		FDS_TEST(makes_all_that_it_can),
		FDS_TEST(moves_in_and_home),
		FDS_TEST(removes_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
