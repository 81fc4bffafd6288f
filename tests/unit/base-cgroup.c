/* SPDX-License-Identifier: Apache-2.0 */
/* base-cgroup.c - tests of src/base/cgroup.c: on texts, on files that look like cgroups, and on this
 * host's own. */
#include "base/cgroup.h"

#include <signal.h>

#include "scratch.h"

static const char mounts[] =
	"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	"35 31 0:32 /box /sys/fs/cgroup/memory rw shared:7 master:2 - cgroup cgroup rw,memory\n"
	"35 31 0:32 /box /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	"36 31 0:33 /box /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
	"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
	"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

static void finds_all_hierarchies(void **state)
{
	static const struct {
		const char *dir;
		const char *controller;
		bool has;
	} rows[] = {
		{"/sys/fs/cgroup/cpu,cpuacct/a", "cpuacct", true},
		{"/sys/fs/cgroup/memory/b", "cpu", false},
		{NULL, "pids", true},
		{"/sys/fs/cgroup/systemd", "name=systemd", true},
		{"/sys/fs/cgroup/unified/c", "memory", true},
	};
	AUTO(hp_cgroup_places_clear) struct hp_cgroup_places p = {0};

	(void)state;
	hp_cgroup_places_read(
		mounts,
		"9:name=systemd:/\n4:memory:/box/b\n2:cpuacct,cpu:/a\n5:pids:/boxes\n0::/c\n",
		&p);
	assert_int_equal(p.count, HP_ARRAY_LEN(rows));
	for (size_t i = 0; i < p.count; i++) {
		if (rows[i].dir)
			assert_string_equal(p.items[i].dir, rows[i].dir);
		else
			assert_null(p.items[i].dir);
		assert_int_equal(hp_cgroup_place_has(&p.items[i], rows[i].controller),
				 rows[i].has);
	}
}

static void lives_with_what_is_no_such_file(void **state)
{
	static const char *const texts[] = {"", "a b c\n- - - - - - - cgroup2\n1 2 3 / /x rw\n",
					    "1 2 3 4 5 6 -", "\n\n"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(texts); i++) {
		AUTO(hp_cgroup_places_clear) struct hp_cgroup_places p = {0};

		hp_cgroup_places_read(texts[i], "::\nno\n0::/", &p);
		assert_int_equal(p.count, 0);
	}
}

static void makes_joins_and_lists_real_ones(void **state)
{
	AUTO(hp_cgroup_places_clear) struct hp_cgroup_places p = {0};
	struct hp_error err = HP_ERROR_INIT;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		for (;;)
			pause();
	assert_int_equal(hp_cgroup_places_of(pid, &p, &err), 0);
	assert_true(p.count > 0);
	for (size_t i = 0; i < p.count; i++) {
		AUTO_FREE char *dir = hp_sprintf("%s/hptest%d", p.items[i].dir, (int)pid);
		AUTO_FREE pid_t *pids = NULL;
		size_t count = 0;

		if (hp_cgroup_make(dir, &err) < 0 || hp_cgroup_make(dir, &err) < 0 ||
		    hp_cgroup_join(dir, pid, &err) < 0 ||
		    hp_cgroup_pids(dir, &pids, &count, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(count, 1);
		assert_int_equal(pids[0], pid);
		/* One that has ended is not missed. */
		assert_int_equal(hp_cgroup_join(dir, 0x3ffffff, &err), 0);
		assert_int_equal(hp_cgroup_join(p.items[i].dir, pid, &err), 0);
		assert_int_equal(rmdir(dir), 0);
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void says_what_is_missing(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_cgroup_places_clear) struct hp_cgroup_places p = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *text = NULL;
	pid_t *pids = NULL;
	size_t count;

	(void)state;
	assert_int_equal(hp_cgroup_put(dir, "memory.max", "1", &err), -1);
	assert_non_null(strstr(err.msg, "memory.max"));
	hp_error_clear(&err);
	assert_int_equal(hp_cgroup_pids(dir, &pids, &count, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	assert_int_equal(hp_cgroup_places_of(0x3ffffff, &p, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	free(scratch_file(dir, "cgroup.procs", "1\n\n0\nrubbish\n"));
	assert_int_equal(hp_cgroup_pids(dir, &pids, &count, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	assert_int_equal(hp_cgroup_get(dir, "cgroup.procs", &text, &err), 0);
	assert_string_equal(text, "1\n\n0\nrubbish\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(finds_all_hierarchies),
		FDS_TEST(lives_with_what_is_no_such_file),
		FDS_TEST(makes_joins_and_lists_real_ones),
		FDS_TEST(says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
