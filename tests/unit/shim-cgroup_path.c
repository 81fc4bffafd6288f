/* SPDX-License-Identifier: Apache-2.0 */
/* shim-cgroup_path.c - tests of src/shim/cgroup_path.c. */
#include "scratch.h"
#include "shim/cgroup.h"

static void understands_both_forms(void **state)
{
	static const char *const rows[][2] = {
		{"/default/web", "/default/web"},
		{"default/web", "/default/web"},
		{"/a/./b//c/", "/a/b/c"},
		{"/a/../../../b", "/b"},
		{"/a:b:c", "/a:b:c"},
		{"system.slice:docker:id", "/system.slice/docker-id.scope"},
		{":docker:id", "/system.slice/docker-id.scope"},
		{"-.slice::id", "/id.scope"},
		{"kubepods-burstable-pod1_2.slice:cri-containerd:id",
		 "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/"
		 "cri-containerd-id.scope"},
		{"a.slice:x:a-b.slice", "/a.slice/a-b.slice"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO_FREE char *path = NULL;

		assert_int_equal(hp_shim__cgroup_path(rows[i][0], &path, &err), 0);
		assert_string_equal(path, rows[i][1]);
	}
}

static void refuses_what_leads_elsewhere(void **state)
{
	static const char *const paths[] = {
		"/",
		"/..",
		"a/..",
		"a.slice:b:..",
		"a.slice:b:",
		"x:docker:id",
		"../a.slice:b:c",
		"a.slice:../b:c",
		"a.slice:b:c/../d",
		"a--b.slice:b:c",
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(paths); i++) {
		struct hp_error err = HP_ERROR_INIT;
		char *path = NULL;

		assert_int_equal(hp_shim__cgroup_path(paths[i], &path, &err), -1);
		assert_int_equal(err.code, HP_EINVALID);
		assert_non_null(strstr(err.msg, "linux.cgroupsPath"));
	}
}

static void expect_places(const char *mounts, const char *own, const char *const (*rows)[2])
{
	AUTO(hp_shim_cgroup_clear) struct hp_shim_cgroup c = {0};
	size_t i = 0;

	hp_shim__cgroup_places(mounts, own, "/ns/id", &c);
	assert_int_equal(c.dirs.count, c.homes.count);
	for (; rows[i][0]; i++) {
		assert_true(i < c.dirs.count);
		assert_string_equal(c.dirs.items[i], rows[i][0]);
		assert_string_equal(c.homes.items[i], rows[i][1]);
	}
	assert_int_equal(c.dirs.count, i);
}

static void finds_version_2(void **state)
{
	static const char *const rows[][2] = {
		{"/sys/fs/cgroup/ns/id", "/sys/fs/cgroup/system.slice/containerd.service"},
		{NULL, NULL}};

	(void)state;
	expect_places(
		"21 20 0:20 / /proc rw,relatime shared:5 - proc proc rw\n"
		"29 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
		"0::/system.slice/containerd.service\n", rows);
}

static void finds_version_1_and_both(void **state)
{
	static const char *const rows[][2] = {
		{"/sys/fs/cgroup/cpu,cpuacct/ns/id", "/sys/fs/cgroup/cpu,cpuacct/a"},
		{"/sys/fs/cgroup/memory/ns/id", "/sys/fs/cgroup/memory/b"},
		{"/sys/fs/cgroup/systemd/ns/id", "/sys/fs/cgroup/systemd"},
		{"/sys/fs/cgroup/unified/ns/id", "/sys/fs/cgroup/unified/c"},
		{NULL, NULL}};

	(void)state;
	/* The second memory is another view of the first; options of mounts may follow names. */
	expect_places(
		"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
		"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
		"35 31 0:32 /box /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		"35 31 0:32 /box /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
		"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
		"9:name=systemd:/\n4:memory:/box/b\n2:cpuacct,cpu:/a\n0::/c\n", rows);
}

static void lives_with_what_is_no_such_file(void **state)
{
	static const char *const none[][2] = {{NULL, NULL}};
	static const char *const rows[][2] = {{"/c/ns/id", "/c"}, {NULL, NULL}};

	(void)state;
	expect_places("", "", none);
	expect_places("a b c\n- - - - - - - cgroup2\n1 2 3 / /x rw\n", "0::/", none);
	expect_places("1 2 0:1 / /c rw - cgroup cgroup rw,pids\n", "no\n:\n::\n1:pid:/x\n",
		      rows);
	/* What it is in is not below what is mounted here. */
	expect_places("1 2 0:1 /box /c rw - cgroup cgroup rw,pids\n", "1:pids:/boxes/x\n",
		      rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(understands_both_forms),
		FDS_TEST(refuses_what_leads_elsewhere),
		FDS_TEST(finds_version_2),
		FDS_TEST(finds_version_1_and_both),
		FDS_TEST(lives_with_what_is_no_such_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
