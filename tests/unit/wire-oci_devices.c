/* SPDX-License-Identifier: Apache-2.0 */
/* wire-oci_devices.c - device nodes and the rules of the device cgroup. */
#include "wire-oci.h"

static const struct hp_oci_device fuse = {
	.path = "/dev/fuse",
	.type = 'c',
	.major = 10,
	.minor = 229,
	.mode = 020666,
	.gid = 5,
	.cgroup_rwm = "rw",
};

static void test_rules(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.in.devices = &fuse;
	c.in.n_devices = 1;
	AUTO(hp_json_free) struct hp_json *rules = hp_oci__device_rules(&c.in);

	/* Nothing is allowed first; what was asked for comes last and wins. */
	assert_at(hp_json_at(rules, 0), "allow", "false");
	assert_at(hp_json_at(rules, 0), "type", "null");
	AUTO_FREE char *last = hp_json_text(hp_json_at(rules, hp_json_count(rules) - 1), false);
	assert_string_equal(last, "{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,"
				  "\"access\":\"rw\"}");
}

static void test_nodes(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.in.devices = &fuse;
	c.in.n_devices = 1;
	AUTO(hp_json_free) struct hp_json *nodes = hp_oci__devices(&c.in);
	AUTO_FREE char *text = hp_json_text(nodes, false);

	assert_string_equal(text, "[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,"
				  "\"minor\":229,\"fileMode\":438,\"uid\":0,\"gid\":5}]");
}

static void test_privileged(void **state)
{
	struct oci_case c;

	(void)state;
	oci_case_init(&c);
	c.spec.privileged = true;
	AUTO(hp_json_free) struct hp_json *rules = hp_oci__device_rules(&c.in);
	AUTO_FREE char *text = hp_json_text(rules, false);

	assert_string_equal(text, "[{\"allow\":true,\"access\":\"rwm\"}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_privileged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
