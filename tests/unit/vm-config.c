/* SPDX-License-Identifier: Apache-2.0 */
/* vm-config.c - tests of src/vm/config.c. */
#include "vm/config.h"

#include "scratch.h"

static void has_defaults(void **state)
{
	AUTO(hp_vm_config_clear) struct hp_vm_config c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_vm_config_parse(hp_bytes_str("{}"), &c, &err), 0);
	assert_string_equal(c.vmm, "qemu");
	assert_string_equal(c.accel, "auto");
	assert_null(c.kernel);
	assert_int_equal(c.memory_bytes, 2ull << 30);
	assert_int_equal(c.cpus, 1);
	assert_int_equal(c.uid, 65534);
	assert_int_equal(c.warm, 0);
}

static void reads_each_setting(void **state)
{
	static const char text[] =
		"{\"vmm\":\"fake\",\"qemu\":\"/q\",\"kernel\":\"/k\",\"modules\":\"/m\","
		"\"init\":\"/i\",\"state_dir\":\"/s\",\"run_dir\":\"/r\",\"accel\":\"kvm\","
		"\"memory\":\"512m\",\"cpus\":4,\"tcg_cache_mib\":16,\"uid\":1,\"gid\":2,"
		"\"warm\":3}";
	AUTO(hp_vm_config_clear) struct hp_vm_config c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_vm_config_parse(hp_bytes_str(text), &c, &err), 0);
	assert_string_equal(c.vmm, "fake");
	assert_string_equal(c.qemu, "/q");
	assert_string_equal(c.kernel, "/k");
	assert_string_equal(c.modules, "/m");
	assert_string_equal(c.init, "/i");
	assert_string_equal(c.state_dir, "/s");
	assert_string_equal(c.run_dir, "/r");
	assert_string_equal(c.accel, "kvm");
	assert_int_equal(c.memory_bytes, 512u << 20);
	assert_int_equal(c.cpus, 4);
	assert_int_equal(c.tcg_cache_mib, 16);
	assert_int_equal(c.uid, 1);
	assert_int_equal(c.gid, 2);
	assert_int_equal(c.warm, 3);
}

static void tells_what_is_the_same(void **state)
{
	static const char *const others[] = {
		"{\"kernel\":\"/k\"}", "{\"qemu\":\"q\"}",    "{\"memory\":\"1g\"}",
		"{\"warm\":1}",        "{\"accel\":\"tcg\"}", "{\"uid\":1}",
	};
	AUTO(hp_vm_config_clear) struct hp_vm_config a = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_vm_config_defaults(&a);
	for (size_t i = 0; i < HP_ARRAY_LEN(others); i++) {
		AUTO(hp_vm_config_clear) struct hp_vm_config b = {0};
		AUTO(hp_vm_config_clear) struct hp_vm_config c = {0};

		assert_int_equal(hp_vm_config_parse(hp_bytes_str(others[i]), &b, &err), 0);
		assert_int_equal(hp_vm_config_parse(hp_bytes_str(others[i]), &c, &err), 0);
		assert_true(hp_vm_config_same(&b, &c));
		assert_false(hp_vm_config_same(&a, &b));
		assert_false(hp_vm_config_same(&b, &a));
	}
}

static void names_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"{", "byte 1"},
		{"[]", "no JSON object"},
		{"{\"kernl\":\"/k\"}", "'kernl'"},
		{"{\"kernel\":\"k\"}", "no absolute path"},
		{"{\"kernel\":1}", "'kernel'"},
		{"{\"qemu\":\"\"}", "'qemu'"},
		{"{\"cpus\":\"2\"}", "'cpus'"},
		{"{\"cpus\":0}", "'cpus'"},
		{"{\"cpus\":-1}", "'cpus'"},
		{"{\"cpus\":65}", "'cpus'"},
		{"{\"memory\":\"1x\"}", "'memory'"},
		{"{\"memory\":\"1m\"}", "'memory'"},
		{"{\"memory\":1}", "'memory'"},
		{"{\"uid\":4294967295}", "'uid'"},
		{"{\"warm\":257}", "'warm'"},
		{"{\"accel\":\"hvf\"}", "not auto, kvm or tcg"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_vm_config c = {0};
		struct hp_error err = HP_ERROR_INIT;

		assert_int_equal(hp_vm_config_parse(hp_bytes_str(rows[i].text), &c, &err), -1);
		if (err.code != HP_EINVALID || !strstr(err.msg, rows[i].why))
			fail_msg("%s: %s", rows[i].text, err.msg);
		assert_null(c.vmm);
	}
}

static void loads_the_file_that_is_named(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "vm.json", "{\"cpus\": 2}");
	AUTO_FREE char *bad = scratch_file(dir, "bad.json", "{\"cpus\": true}");
	AUTO(hp_vm_config_clear) struct hp_vm_config c = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	setenv("HARPOON_VM_CONFIG", path, 1);
	assert_int_equal(hp_vm_config_load(&c, &err), 0);
	assert_int_equal(c.cpus, 2);

	struct hp_vm_config none = {0};
	setenv("HARPOON_VM_CONFIG", bad, 1);
	assert_int_equal(hp_vm_config_load(&none, &err), -1);
	assert_non_null(strstr(err.msg, bad));
	hp_error_clear(&err);
	setenv("HARPOON_VM_CONFIG", "/nowhere/vm.json", 1);
	assert_int_equal(hp_vm_config_load(&none, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	unsetenv("HARPOON_VM_CONFIG");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_defaults),
		FDS_TEST(reads_each_setting),
		FDS_TEST(tells_what_is_the_same),
		FDS_TEST(names_what_is_wrong),
		FDS_TEST(loads_the_file_that_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
