/* SPDX-License-Identifier: Apache-2.0 */
/* chaos-stress.c - tests of src/chaos/stress.c: the action on a process in a cgroup of its own. */
#include "chaos/action.h"

#include "chaos_cgroup.h"
#include "fake/chaos_world.h"

struct stressed {
	struct chaos_cgroup target;
	struct chaos_world world;
	struct hp_fault *f;
};

static struct hp_fault *fault_of(struct stressed *s, unsigned n, const char *words, bool inject)
{
	const struct hp_fault_world world = {
		.engine_name = "fake", .config = &s->world.config, .journal = s->world.journal};
	AUTO(hp_container_free) struct hp_container *container = hp_container_new();
	AUTO(hp_json_free) struct hp_json *args = hp_json_object();
	AUTO(hp_strv_free) struct hp_strv list = {0};
	AUTO_FREE char *id = hp_sprintf("r-%u", n);

	hp_strv_split(&list, words, ' ');
	hp_json_set_strs(args, "stressors", hp_strv_view(&list));
	hp_json_set_bool(args, "inject", inject);
	hp_field_set(&container->id, "web");
	hp_field_set(&container->name, "web");
	container->pid = s->target.pid;
	return hp_fault_new(&world, id, &hp_action_stress, container, args);
}

static void stressed_open(struct stressed *s, const char *words, bool inject)
{
	chaos_cgroup_open(&s->target);
	chaos_world_open(&s->world, 0);
	s->f = fault_of(s, 1, words, inject);
}

static void stressed_close(struct stressed *s)
{
	hp_fault_free(s->f);
	chaos_world_close(&s->world);
	chaos_cgroup_close(&s->target);
}
HP_AUTO_VALUE(struct stressed, stressed_close);

#define CHILD "harpoon-r-1"

static uint64_t effect(const struct hp_labels *effects, const char *key)
{
	const char *value = hp_labels_get(effects, key);

	if (!value)
		fail_msg("nothing is told of %s", key);
	return strtoull(value, NULL, 10);
}

/* No stress-ng is found, whether there is one or not. */
static int hide_program(void **state)
{
	(void)state;
	return setenv("PATH", "/nowhere", 1);
}

static void in_a_cgroup_of_its_own(void **state)
{
	AUTO(hp_labels_clear) struct hp_labels effects = {0};

	(void)state;
	AUTO(stressed_close) struct stressed s;

	stressed_open(&s, "--cpu 2", false);
	OK(hp_fault_undo(s.f, 3000, &err));
	OK(hp_fault_apply(s.f, &err));
	assert_true(s.f->workload > 0);
	/* The parent and two workers, everywhere; and the target alone where it was. */
	AWAIT(chaos_cgroup_count(&s.target, CHILD) == 3 * s.target.dirs.count);
	assert_int_equal(chaos_cgroup_count(&s.target, NULL), s.target.dirs.count);
	hp_clock_sleep_ms(500);
	OK(hp_action_stress.observe(s.f, &effects, &err));
	assert_true(effect(&effects, "cpu_ms") >= 50);
	assert_true(effect(&effects, "target_cpu_ms") >= effect(&effects, "cpu_ms"));
	assert_true(effect(&effects, "memory_peak_bytes") > 0);
	assert_int_equal(effect(&effects, "oom_kills"), 0);
	OK(hp_fault_undo(s.f, 3000, &err));
	assert_int_equal(s.f->workload, 0);
	assert_false(chaos_cgroup_has_child(&s.target, CHILD));
	OK(hp_fault_undo(s.f, 3000, &err));
}

static void in_the_targets_own(void **state)
{
	AUTO(hp_labels_clear) struct hp_labels effects = {0};

	(void)state;
	AUTO(stressed_close) struct stressed s;

	stressed_open(&s, "--cpu 2", true);
	OK(hp_fault_apply(s.f, &err));
	AWAIT(chaos_cgroup_count(&s.target, NULL) == 4 * s.target.dirs.count);
	assert_false(chaos_cgroup_has_child(&s.target, CHILD));
	hp_clock_sleep_ms(300);
	OK(hp_action_stress.observe(s.f, &effects, &err));
	assert_true(effect(&effects, "target_cpu_ms") >= 30);
	assert_null(hp_labels_get(&effects, "cpu_ms"));
	OK(hp_fault_undo(s.f, 3000, &err));
	assert_int_equal(chaos_cgroup_count(&s.target, NULL), s.target.dirs.count);
	assert_int_equal(kill(s.target.pid, 0), 0);
	OK(hp_fault_undo(s.f, 3000, &err));
}

/* All limits of the target hold for the stress. */
static void within_the_targets_limits(void **state)
{
	AUTO(hp_labels_clear) struct hp_labels effects = {0};

	(void)state;
	AUTO(stressed_close) struct stressed s;

	stressed_open(&s, "--vm 1 --vm-bytes 64m", false);
	chaos_cgroup_limit(&s.target, "memory.limit_in_bytes", "16777216");
	OK(hp_fault_apply(s.f, &err));
	hp_clock_sleep_ms(800);
	OK(hp_action_stress.observe(s.f, &effects, &err));
	assert_true(effect(&effects, "target_memory_peak_bytes") <= 16777216);
	OK(hp_fault_undo(s.f, 3000, &err));
	AUTO(hp_labels_clear) struct hp_labels after = {0};
	assert_int_equal(kill(s.target.pid, 0), 0);
}

/* A guard that is killed takes its workload with it, and leaves the directories. */
static void another_process_undoes_it(void **state)
{
	pid_t guard;

	(void)state;
	for (int inject = 0; inject < 2; inject++) {
		AUTO(stressed_close) struct stressed s;

		stressed_open(&s, "--cpu 1", inject);
		guard = fork();
		if (guard == 0) {
			struct hp_error err = HP_ERROR_INIT;

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (hp_fault_apply(s.f, &err) < 0)
				_exit(1);
			for (;;)
				pause();
		}
		AWAIT(chaos_cgroup_count(&s.target, inject ? NULL : CHILD) ==
		      (inject ? 3u : 2u) * s.target.dirs.count);
		kill(guard, SIGKILL);
		assert_int_equal(waitpid(guard, NULL, 0), guard);
		AUTO(hp_journal_list_clear) struct hp_journal_list list = {0};
		OK(hp_journal_read(s.world.journal, &list, &err));
		assert_int_equal(list.count, 1);
		if (!list.items[0].fault)
			fail_msg("%s", list.items[0].why.msg);
		OK(hp_journal_adopt(&list.items[0], &err));
		OK(hp_fault_undo(list.items[0].fault, 3000, &err));
		assert_int_equal(chaos_cgroup_count(&s.target, NULL), s.target.dirs.count);
		assert_false(chaos_cgroup_has_child(&s.target, CHILD));
	}
}

static void two_on_one_target(void **state)
{
	(void)state;
	AUTO(stressed_close) struct stressed s;

	stressed_open(&s, "--cpu 1", false);
	AUTO(hp_fault_free) struct hp_fault *other = fault_of(&s, 2, "--cpu 1", true);
	OK(hp_fault_apply(s.f, &err));
	OK(hp_fault_apply(other, &err));
	AWAIT(chaos_cgroup_count(&s.target, NULL) == 3 * s.target.dirs.count);
	OK(hp_fault_undo(s.f, 3000, &err));
	assert_int_equal(chaos_cgroup_count(&s.target, NULL), 3 * s.target.dirs.count);
	OK(hp_fault_undo(other, 3000, &err));
	assert_int_equal(chaos_cgroup_count(&s.target, NULL), s.target.dirs.count);
}

static void a_target_may_go_meanwhile(void **state)
{
	(void)state;
	AUTO(stressed_close) struct stressed s;

	stressed_open(&s, "--cpu 1", false);
	OK(hp_fault_apply(s.f, &err));
	chaos_cgroup_end(&s.target);
	OK(hp_fault_undo(s.f, 3000, &err));
	assert_false(chaos_cgroup_has_child(&s.target, CHILD));
	AUTO(hp_fault_free) struct hp_fault *late = fault_of(&s, 2, "--cpu 1", false);
	FAILS(HP_ENOTFOUND, hp_fault_apply(late, &err));
	OK(hp_fault_undo(late, 3000, &err));
}

/* Whatever is done by stress-ng is done by the program of that name, with the words as they are. */
static void by_the_hosts_program(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *told = hp_path_join(dir, "told");
	AUTO_FREE char *script = hp_sprintf("#!/bin/sh\necho \"$*\" >%s\n"
					    "cat /proc/self/cgroup >>%s\n"
					    "while :; do :; done\n",
					    told, told);
	AUTO_FREE char *program = scratch_file(dir, "stress-ng", script);
	AUTO_FREE char *path = hp_sprintf("%s:/bin:/usr/bin", dir);

	(void)state;
	AUTO(stressed_close) struct stressed s;

	assert_int_equal(chmod(program, 0755), 0);
	assert_int_equal(setenv("PATH", path, 1), 0);
	stressed_open(&s, "--matrix 1 --timeout 60s", false);
	OK(hp_fault_apply(s.f, &err));
	AWAIT(scratch_has(told));
	hp_clock_sleep_ms(100);
	OK(hp_fault_undo(s.f, 3000, &err));
	AUTO_FREE char *text = NULL;
	OK(hp_cgroup_get(dir, "told", &text, &err));
	assert_true(hp_str_starts(text, "--matrix 1 --timeout 60s\n"));
	assert_non_null(strstr(text, "/" CHILD));
	hide_program(NULL);
}

static void says_what_it_cannot(void **state)
{
	(void)state;
	AUTO(stressed_close) struct stressed s;

	stressed_open(&s, "--matrix 1", false);
	FAILS(HP_EUNSUPPORTED, hp_fault_apply(s.f, &err));
	assert_false(chaos_cgroup_has_child(&s.target, CHILD));
	OK(hp_fault_undo(s.f, 3000, &err));
}

static void says_what_it_would_do(void **state)
{
	AUTO(hp_strv_free) struct hp_strv apply = {0};
	AUTO(hp_strv_free) struct hp_strv undo = {0};
	AUTO(hp_labels_clear) struct hp_labels fields = {0};

	(void)state;
	AUTO(stressed_close) struct stressed s;

	stressed_open(&s, "--cpu 1", false);
	hp_action_stress.steps(s.f, &apply, &undo);
	assert_int_equal(apply.count, 2 * s.target.dirs.count + 1);
	assert_int_equal(undo.count, s.target.dirs.count + 1);
	assert_string_equal(apply.items[apply.count - 1], "exec stress-ng --cpu 1");
	hp_action_stress.describe(s.f->args, &fields);
	assert_string_equal(hp_labels_get(&fields, "stressors"), "[--cpu 1]");
	assert_string_equal(hp_labels_get(&fields, "inject-cgroup"), "false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(in_a_cgroup_of_its_own),    FDS_TEST(in_the_targets_own),
		FDS_TEST(within_the_targets_limits), FDS_TEST(another_process_undoes_it),
		FDS_TEST(two_on_one_target),         FDS_TEST(a_target_may_go_meanwhile),
		FDS_TEST(by_the_hosts_program),      FDS_TEST(says_what_it_cannot),
		FDS_TEST(says_what_it_would_do),
	};

	return cmocka_run_group_tests(tests, hide_program, NULL);
}
