/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-stress_place.c - tests of src/chaos/stress_place.c: on this host's cgroups, and on a tree of
 * files as version 2 has it. */
#include "chaos_cgroup.h"

static void find(const struct chaos_cgroup *c, const char *child, struct hp_stress_place *ret)
{
	AUTO(hp_cgroup_places_clear) struct hp_cgroup_places places = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_cgroup_places_of(c->pid, &places, &err) < 0 ||
	    hp_stress_place_find(&places, child, ret, &err) < 0)
		fail_msg("%s", err.msg);
}

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void a_child_of_each_hierarchy(void **state)
{
	AUTO(hp_stress_place_clear) struct hp_stress_place p = {0};
	struct hp_error err = HP_ERROR_INIT;
	pid_t pid;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	find(&c, "harpoon-r-1", &p);
	assert_true(p.own);
	assert_int_equal(p.dirs.count, c.dirs.count);
	for (size_t i = 0; i < p.dirs.count; i++) {
		assert_string_equal(p.target.items[i], c.dirs.items[i]);
		assert_true(hp_str_starts(p.dirs.items[i], c.dirs.items[i]));
	}
	assert_int_equal(hp_stress_place_remove(&p, &err), 0);
	if (hp_stress_place_make(&p, &err) < 0)
		fail_msg("%s", err.msg);
	pid = start_sleeper();
	if (hp_stress_place_join(&p, pid, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(chaos_cgroup_count(&c, "harpoon-r-1"), c.dirs.count);
	assert_int_equal(chaos_cgroup_count(&c, NULL), c.dirs.count);
	while (hp_stress_place_remove(&p, &err) != 0)
		hp_clock_sleep_ms(5);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(hp_stress_place_remove(&p, &err), 0);
	/* The target's own process lives. */
	assert_int_equal(chaos_cgroup_count(&c, NULL), c.dirs.count);
}

/* Whoever is frozen is to be ended, too. */
static void a_frozen_target(void **state)
{
	AUTO(hp_stress_place_clear) struct hp_stress_place p = {0};
	struct hp_error err = HP_ERROR_INIT;
	pid_t pid;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	find(&c, "harpoon-r-1", &p);
	pid = start_sleeper();
	assert_int_equal(hp_stress_place_make(&p, &err), 0);
	assert_int_equal(hp_stress_place_join(&p, pid, &err), 0);
	chaos_cgroup_limit(&c, "freezer.state", "FROZEN");
	AWAIT(hp_stress_place_remove(&p, &err) == 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	chaos_cgroup_limit(&c, "freezer.state", "THAWED");
}

static void the_targets_own(void **state)
{
	AUTO(hp_stress_place_clear) struct hp_stress_place p = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO(chaos_cgroup_close) struct chaos_cgroup c;

	chaos_cgroup_open(&c);
	find(&c, NULL, &p);
	assert_false(p.own);
	for (size_t i = 0; i < p.dirs.count; i++)
		assert_string_equal(p.dirs.items[i], c.dirs.items[i]);
	assert_int_equal(hp_stress_place_make(&p, &err), 0);
	/* Nothing of it is ours to remove. */
	assert_int_equal(hp_stress_place_remove(&p, &err), 0);
	assert_int_equal(chaos_cgroup_count(&c, NULL), c.dirs.count);
}

/* No controller is turned on in the target's cgroup, which has processes. */
static void version_2(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *mounts =
		hp_sprintf("29 23 0:26 / %s rw - cgroup2 cgroup2 rw,nsdelegate\n", dir);
	AUTO_FREE char *target = hp_path_join(dir, "box.scope");
	AUTO_FREE char *child = hp_path_join(target, "harpoon-r-1");
	AUTO(hp_cgroup_places_clear) struct hp_cgroup_places places = {0};
	AUTO(hp_stress_place_clear) struct hp_stress_place p = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_mkdirs(target, 0755, &err), 0);
	free(scratch_file(target, "cgroup.subtree_control", ""));
	hp_cgroup_places_read(mounts, "0::/box.scope\n", &places);
	assert_int_equal(hp_stress_place_find(&places, "harpoon-r-1", &p, &err), 0);
	assert_int_equal(p.dirs.count, 1);
	assert_string_equal(p.dirs.items[0], child);
	assert_int_equal(hp_stress_place_make(&p, &err), 0);
	free(scratch_file(child, "cgroup.procs", ""));
	assert_int_equal(hp_stress_place_join(&p, 4711, &err), 0);
	AUTO_FREE char *procs = NULL;
	assert_int_equal(hp_cgroup_get(child, "cgroup.procs", &procs, &err), 0);
	assert_string_equal(procs, "4711");
	AUTO_FREE char *controllers = NULL;
	assert_int_equal(hp_cgroup_get(target, "cgroup.subtree_control", &controllers, &err),
			 0);
	assert_string_equal(controllers, "");
	/* All are killed at once; a real directory would be empty then. */
	free(scratch_file(child, "cgroup.kill", ""));
	free(scratch_file(child, "cgroup.procs", ""));
	assert_int_equal(hp_stress_place_remove(&p, &err), -1);
	AUTO_FREE char *killed = NULL;
	assert_int_equal(hp_cgroup_get(child, "cgroup.kill", &killed, &err), 0);
	assert_string_equal(killed, "1");
}

static void is_written_down(void **state)
{
	AUTO(hp_stress_place_clear) struct hp_stress_place p = {.own = true};
	AUTO(hp_stress_place_clear) struct hp_stress_place q = {0};
	AUTO(hp_stress_place_clear) struct hp_stress_place none = {0};

	(void)state;
	hp_strv_add(&p.dirs, "/a/b");
	hp_strv_add(&p.target, "/a");
	AUTO(hp_json_free) struct hp_json *v = hp_stress_place_to_json(&p);
	hp_stress_place_from_json(v, &q);
	assert_true(q.own);
	assert_int_equal(q.dirs.count, 1);
	assert_string_equal(q.dirs.items[0], "/a/b");
	assert_string_equal(q.target.items[0], "/a");
	hp_stress_place_from_json(NULL, &none);
	assert_int_equal(none.dirs.count, 0);
}

static void no_cgroups_at_all(void **state)
{
	AUTO(hp_stress_place_clear) struct hp_stress_place p = {0};
	const struct hp_cgroup_places none = {.count = 0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_stress_place_find(&none, "x", &p, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(a_child_of_each_hierarchy), FDS_TEST(a_frozen_target),
		FDS_TEST(the_targets_own),           FDS_TEST(version_2),
		FDS_TEST(is_written_down),           FDS_TEST(no_cgroups_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
