/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci_mounts.c - the default mounts, and what replaces or follows them. */
#include "wire-oci.h"

static void test_defaults(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	assert_int_equal(hp_json_count(hp_json_get(v, "mounts")), 7);
	assert_mount(v, "/dev",
		     "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
		     "\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]}");
	assert_mount(v, "/sys",
		     "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
		     "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}");
	assert_mount(v, "/dev/shm",
		     "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
		     "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\","
		     "\"size=65536k\"]}");
}

static bool is_ro(const struct hp_json *config, const char *target)
{
	AUTO_FREE char *text = entry_text(hp_json_get(config, "mounts"), "destination", target);

	return strstr(text, "\"ro\"") != NULL;
}

static void test_privileged_and_read_only(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.privileged = true;
	AUTO(hp_json_free) struct hp_json *privileged = oci_build(&c);

	assert_false(is_ro(privileged, "/sys"));
	assert_false(is_ro(privileged, "/sys/fs/cgroup"));
	c.spec.read_only = true;
	AUTO(hp_json_free) struct hp_json *both = oci_build(&c);

	assert_true(is_ro(both, "/sys"));
	assert_true(is_ro(both, "/sys/fs/cgroup"));
	assert_false(is_ro(both, "/dev/shm"));
	assert_false(is_ro(both, "/proc"));
}

static void test_host_ipc(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.ipc_mode = "host";
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	assert_mount(v, "/dev/shm",
		     "{\"destination\":\"/dev/shm\",\"type\":\"bind\",\"source\":\"/dev/shm\","
		     "\"options\":[\"rbind\",\"rprivate\"]}");
}

static void test_asked(void **state)
{
	static const char *const ro[] = {"ro", NULL};
	static const char *const own[] = {"bind", "rshared", NULL};
	static const char *const exec[] = {"exec", "size=1m", NULL};
	const struct hp_oci_mount mounts[] = {
		{"bind", "/src/deep", "/a/b/c", ro},
		{"bind", "/src", "/a//b/", own},
		{"tmpfs", NULL, "/run", exec},
	};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.in.mounts = mounts;
	c.in.n_mounts = 3;
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);
	const struct hp_json *list = hp_json_get(v, "mounts");

	assert_int_equal(hp_json_count(list), 10);
	/* The shallow ones come first. */
	assert_at(hp_json_at(list, 7), "destination", "\"/run\"");
	assert_at(hp_json_at(list, 8), "destination", "\"/a/b\"");
	assert_at(hp_json_at(list, 9), "destination", "\"/a/b/c\"");
	assert_at(hp_json_at(list, 7), "options",
		  "[\"exec\",\"size=1m\",\"nosuid\",\"nodev\"]");
	assert_at(hp_json_at(list, 8), "options", "[\"bind\",\"rshared\"]");
	assert_at(hp_json_at(list, 9), "options", "[\"ro\",\"rbind\",\"rprivate\"]");
	assert_at(hp_json_at(list, 9), "source", "\"/src/deep\"");
}

static void test_replaced(void **state)
{
	struct hp_oci_mount mount = {"bind", "/x", "/dev/shm/", NULL};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.in.mounts = &mount;
	c.in.n_mounts = 1;
	AUTO(hp_json_free) struct hp_json *shm = oci_build(&c);

	assert_int_equal(hp_json_count(hp_json_get(shm, "mounts")), 7);
	mount.target = "/dev";
	AUTO(hp_json_free) struct hp_json *dev = oci_build(&c);

	/* /dev with its three, less the one that was asked for. */
	assert_int_equal(hp_json_count(hp_json_get(dev, "mounts")), 4);
	assert_mount(dev, "/dev/pts", "null");
}

static void test_bad_targets(void **state)
{
	struct hp_oci_mount mounts[] = {{"bind", "/x", "/y", NULL},
					{"bind", "/x", "/y/", NULL}};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.in.mounts = mounts;
	c.in.n_mounts = 2;
	oci_refuse(&c, "two mounts for the target '/y'");
	mounts[1].target = "relative";
	oci_refuse(&c, "'relative'");
	mounts[1].target = "/a/..";
	oci_refuse(&c, "'/a/..'");
	mounts[1].target = "/\xff";
	oci_refuse(&c, "not UTF-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_privileged_and_read_only),
		cmocka_unit_test(test_host_ipc),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_bad_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
