/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci_limits.c - ulimits and sysctls, and those that a container cannot have. */
#include "wire-oci.h"

static void test_rlimits(void **state)
{
	const struct hp_ulimit limits[] = {
		{"nofile", 5, 6},
		{"core", 0, UINT64_MAX},
		{"nofile", 100, 200},
	};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.ulimits = limits;
	c.spec.n_ulimits = 3;
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);

	assert_at(v, "process.rlimits",
		  "[{\"type\":\"RLIMIT_CORE\",\"hard\":18446744073709551615,\"soft\":0},"
		  "{\"type\":\"RLIMIT_NOFILE\",\"hard\":200,\"soft\":100}]");
}

static void test_bad_rlimits(void **state)
{
	struct hp_ulimit limit = {"files", 1, 1};
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.ulimits = &limit;
	c.spec.n_ulimits = 1;
	oci_refuse(&c, "unknown ulimit 'files'");
	limit = (struct hp_ulimit){"nofile", 2, 1};
	oci_refuse(&c, "over the hard limit");
	limit.name = NULL;
	oci_refuse(&c, "unknown ulimit");
	assert_true(hp_oci_ulimit_known("sigpending"));
	assert_false(hp_oci_ulimit_known("RLIMIT_CORE"));
}

/* Try one sysctl, with "host" as the network or IPC mode where said. */
static void try_sysctl(const char *key, const char *network, const char *ipc, const char *why)
{
	AUTO_FREE char *name = hp_strdup(key);
	char value[] = "1";
	const struct hp_label sysctl = {name, value};
	struct oci_case c;

	oci_case_init(&c);
	c.spec.sysctls = &sysctl;
	c.spec.n_sysctls = 1;
	c.spec.network = network;
	c.spec.ipc_mode = ipc;
	if (why) {
		oci_refuse(&c, why);
		return;
	}
	AUTO(hp_json_free) struct hp_json *v = oci_build(&c);
	const struct hp_json *set = hp_json_path(v, "linux.sysctl");

	assert_string_equal(hp_json_get_str(set, key), "1");
}

static void test_sysctls(void **state)
{
	(void)state;
	try_sysctl("net.ipv4.ip_forward", NULL, NULL, NULL);
	try_sysctl("net.ipv4.ip_forward", "none", "host", NULL);
	try_sysctl("kernel.shmmax", "host", NULL, NULL);
	try_sysctl("fs.mqueue.msg_max", NULL, NULL, NULL);
	try_sysctl("net.ipv4.ip_forward", "host", NULL, "host's network");
	try_sysctl("kernel.msgmax", NULL, "host", "host's ipc mode");
	try_sysctl("kernel.panic", NULL, NULL, "of its own");
	try_sysctl("kernel.shmmaxx", NULL, NULL, "of its own");
	try_sysctl("net.ipv4/../../kernel.panic", NULL, NULL, "of its own");
	try_sysctl("vm.swappiness", NULL, NULL, "of its own");
	try_sysctl("", NULL, NULL, "of its own");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rlimits),
		cmocka_unit_test(test_bad_rlimits),
		cmocka_unit_test(test_sysctls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
