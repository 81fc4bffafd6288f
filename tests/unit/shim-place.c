/* SPDX-License-Identifier: Apache-2.0 */
/* shim-place.c - tests of src/shim/place.c, in the cgroups of this host where they can be made. */
#include "fake/shim_calls.h"
#include "scratch.h"

/* Is this process in @path, in every hierarchy? */
static bool is_in(const char *path)
{
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_strv_free) struct hp_strv lines = {0};
	size_t n = 0;

	if (hp_file_read("/proc/self/cgroup", 65536, &buf, &err) < 0)
		fail_msg("%s", err.msg);
	AUTO_FREE char *text = hp_buf_take_str(&buf);
	hp_strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++)
		n += strstr(lines.items[i], path) != NULL;
	return n > 0;
}

static bool can_make(const struct hp_shim_cgroup *c)
{
	return geteuid() == 0 && c->homes.count > 0 && access(c->homes.items[0], W_OK) == 0;
}

static void lives_there_until_it_is_deleted(void **state)
{
	AUTO_FREE char *parent = hp_sprintf("/hp-test-%d", (int)getpid());
	AUTO_FREE char *path = hp_sprintf("%s/web", parent);
	AUTO_FREE char *config =
		hp_sprintf("{\"process\":{\"args\":[\"/bin/true\"],\"cwd\":\"/\"},"
			   "\"root\":{\"path\":\"rootfs\"},\"linux\":{\"cgroupsPath\":\"%s\"}}",
			   path);
	AUTO(hp_shim_cgroup_clear) struct hp_shim_cgroup c = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct reply *wait;
	struct shim_world w;

	(void)state;
	assert_int_equal(hp_shim_cgroup_find(path, &c, &err), 0);
	const bool can = can_make(&c);
	shim_world_open_with(&w, config);
	world_run(&w);
	assert_string_equal(w.shim.record.cgroup, path);
	assert_true(w.shim.cgroup.dirs.count > 0);
	assert_int_equal(is_in(path), can);

	world_exit(&w, 0, 0);
	wait = world_wait(&w, "");
	links_until(w.loop, reply_is_done, wait);
	/* As a container that has ended keeps its cgroup with other runtimes, too. */
	assert_int_equal(is_in(path), can);
	assert_int_equal(world_delete(&w, ""), HP_OK);
	assert_false(is_in(path));
	for (size_t i = 0; i < c.dirs.count; i++) {
		AUTO_FREE char *above = hp_path_dir(c.dirs.items[i]);

		assert_false(scratch_has(c.dirs.items[i]));
		assert_int_equal(scratch_has(above) && rmdir(above) == 0, can);
	}
	shim_world_close(&w);
}

static void goes_on_without(void **state)
{
	static const char *const paths[] = {"", "/", "nonsense:b:c"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(paths); i++) {
		AUTO_FREE char *config = hp_sprintf(
			"{\"process\":{\"args\":[\"/bin/true\"],\"cwd\":\"/\"},"
			"\"root\":{\"path\":\"rootfs\"},\"linux\":{\"cgroupsPath\":\"%s\"}}",
			paths[i]);
		struct shim_world w;

		shim_world_open_with(&w, config);
		world_run(&w);
		assert_int_equal(w.shim.cgroup.dirs.count, 0);
		shim_world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(lives_there_until_it_is_deleted),
		FDS_TEST(goes_on_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
