/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci_spec.c - the frame of config.json: namespaces, hidden paths, privileges. */
#include "wire-oci.h"

static void test_defaults(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	assert_at(v, "ociVersion", "\"1.0.2\"");
	assert_at(v, "root", "{\"path\":\"rootfs\",\"readonly\":false}");
	assert_at(v, "hostname", "\"box\"");
	assert_at(v, "annotations", "null");
	assert_at(v, "linux.cgroupsPath", "\"/default/c1\"");
	assert_at(v, "linux.namespaces",
		  "[{\"type\":\"mount\"},{\"type\":\"network\"},{\"type\":\"uts\"},"
		  "{\"type\":\"pid\"},{\"type\":\"ipc\"}]");
	assert_at(v, "linux.seccomp", "null");
	assert_at(v, "linux.sysctl", "null");
	assert_at(v, "linux.devices", "null");
	assert_at(v, "linux.rootfsPropagation", "null");
	assert_at(v, "linux.readonlyPaths",
		  "[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
		  "\"/proc/sysrq-trigger\"]");
	assert_true(hp_json_count(hp_json_path(v, "linux.maskedPaths")) >= 10);
}

static void test_host_namespaces(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.network = "host";
	c.spec.pid_mode = "host";
	c.spec.ipc_mode = "host";
	c.spec.uts_mode = "host";
	c.in.cgroup_v2 = true;
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	assert_at(v, "linux.namespaces", "[{\"type\":\"mount\"},{\"type\":\"cgroup\"}]");
	/* The host's name is not for a container to set. */
	assert_at(v, "hostname", "null");
	c.spec.hostname = "mine";
	oci_refuse(&c, "hostname 'mine'");
}

/* A namespace that is there already is joined. */
static void test_joins_a_network(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.network = "container:web";
	oci_refuse(&c, "network 'container:web'");
	c.in.netns_path = "/proc/7/ns/net";
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	assert_at(v, "linux.namespaces",
		  "[{\"type\":\"mount\"},{\"type\":\"network\",\"path\":\"/proc/7/ns/net\"},"
		  "{\"type\":\"uts\"},{\"type\":\"pid\"},{\"type\":\"ipc\"}]");
}

static void test_unknown_modes(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.network = "bridge";
	oci_refuse(&c, "network 'bridge'");
	c.spec.network = "none";
	c.spec.pid_mode = "container:x";
	oci_refuse(&c, "pid mode 'container:x'");
	c.spec.pid_mode = "private";
	c.spec.ipc_mode = "shareable";
	oci_refuse(&c, "ipc mode");
	c.spec.ipc_mode = NULL;
	c.spec.uts_mode = "x";
	oci_refuse(&c, "uts mode");
}

static void test_privileged(void **state)
{
	struct oci_case c;
	AUTO(hp_json_free)
	struct hp_json *profile = oci_parse("{\"defaultAction\":\"SCMP_ACT_LOG\"}");

	(void)state;
	oci_case_init(&c);
	c.in.seccomp = profile;
	c.in.apparmor = "docker-default";
	AUTO(hp_json_free) struct hp_json *plain = oci_build(&c);

	assert_at(plain, "linux.seccomp", "{\"defaultAction\":\"SCMP_ACT_LOG\"}");
	assert_at(plain, "process.apparmorProfile", "\"docker-default\"");
	c.spec.privileged = true;
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	assert_at(v, "linux.seccomp", "null");
	assert_at(v, "process.apparmorProfile", "null");
	assert_at(v, "linux.maskedPaths", "null");
	assert_at(v, "linux.readonlyPaths", "null");
	/* What was asked for by name stays. */
	c.spec.seccomp = "/some/profile.json";
	AUTO(hp_json_free) struct hp_json *asked = oci_build(&c);

	assert_at(asked, "linux.seccomp", "{\"defaultAction\":\"SCMP_ACT_LOG\"}");
}

static void test_read_only_and_annotations(void **state)
{
	char key[] = "k";
	char value[] = "v";
	const struct hp_label annotation = {key, value};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.read_only = true;
	c.spec.annotations = &annotation;
	c.spec.n_annotations = 1;
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	assert_at(v, "root.readonly", "true");
	assert_at(v, "annotations", "{\"k\":\"v\"}");
}

static void test_swap(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.resources.memory_bytes = 64 << 20;
	AUTO(hp_json_free) struct hp_json *without = oci_build(&c);

	assert_at(without, "linux.resources.memory", "{\"limit\":67108864}");
	c.in.swap_accounting = true;
	AUTO(hp_json_free) struct hp_json *twice = oci_build(&c);

	assert_at(twice, "linux.resources.memory", "{\"limit\":67108864,\"swap\":134217728}");
	c.spec.resources.memory_swap_bytes = -1;
	AUTO(hp_json_free) struct hp_json *unlimited = oci_build(&c);

	assert_at(unlimited, "linux.resources.memory", "{\"limit\":67108864,\"swap\":-1}");
	c.spec.resources = (struct hp_resources){.memory_swap_bytes = 64 << 20};
	oci_refuse(&c, "needs a limit of memory");
}

static void test_propagation(void **state)
{
	static const char *const slave[] = {"rslave", NULL};
	static const char *const shared[] = {"rshared", NULL};
	struct hp_oci_mount mounts[] = {{"bind", "/a", "/a", slave},
					{"bind", "/b", "/b", NULL}};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.in.mounts = mounts;
	c.in.n_mounts = 2;
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	assert_at(v, "linux.rootfsPropagation", "\"rslave\"");
	mounts[1].options = shared;
	AUTO(hp_json_free) struct hp_json *w = oci_build(&c);

	assert_at(w, "linux.rootfsPropagation", "\"shared\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_host_namespaces),
		cmocka_unit_test(test_joins_a_network),
		cmocka_unit_test(test_unknown_modes),
		cmocka_unit_test(test_privileged),
		cmocka_unit_test(test_read_only_and_annotations),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_propagation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
