/* SPDX-License-Identifier: Apache-2.0 */
/* vm-kernel.c - tests of src/vm/kernel.c. */
#include "vm/kernel.h"

#include "scratch.h"

static void make_kernel(const char *root, const char *boot, const char *version,
			const char *modules)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *dir = hp_sprintf("%s/%s", root, boot);
	AUTO_FREE char *name = hp_sprintf("vmlinuz-%s", version);
	AUTO_FREE char *module_dir =
		modules ? hp_sprintf("%s/%s/%s", root, modules, version) : hp_strdup(dir);

	if (hp_mkdirs(dir, 0755, &err) < 0 || hp_mkdirs(module_dir, 0755, &err) < 0)
		fail_msg("%s", err.msg);
	free(scratch_file(dir, name, "kernel"));
}

static void expect(const char *root, const char *image, const char *modules)
{
	const struct hp_vm_config c = {0};
	AUTO(hp_kernel_clear) struct hp_kernel k = {0};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_kernel__find_below(root, &c, &k, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(k.image + strlen(root), image);
	assert_string_equal(k.modules + strlen(root), modules);
	assert_string_equal(hp_path_base(k.modules), k.version);
}

static void prefers_what_suits_best(void **state)
{
	AUTO(scratch_free) char *root = scratch_new();

	(void)state;
	make_kernel(root, "boot", "6.1.0-9-amd64", "lib/modules");
	expect(root, "/boot/vmlinuz-6.1.0-9-amd64", "/lib/modules/6.1.0-9-amd64");
	make_kernel(root, "boot", "6.1.0-57-amd64", "usr/lib/modules");
	expect(root, "/boot/vmlinuz-6.1.0-57-amd64", "/usr/lib/modules/6.1.0-57-amd64");
	make_kernel(root, "var/lib/harpoon/kernel/a/boot", "5.10.0-1-amd64",
		    "var/lib/harpoon/kernel/a/lib/modules");
	expect(root, "/var/lib/harpoon/kernel/a/boot/vmlinuz-5.10.0-1-amd64",
	       "/var/lib/harpoon/kernel/a/lib/modules/5.10.0-1-amd64");
	make_kernel(root, "boot", "5.10.0-3-cloud-amd64", "lib/modules");
	expect(root, "/boot/vmlinuz-5.10.0-3-cloud-amd64", "/lib/modules/5.10.0-3-cloud-amd64");
	make_kernel(root, "var/lib/harpoon/kernel/b/boot", "5.10.0-2-cloud-amd64",
		    "var/lib/harpoon/kernel/b/usr/lib/modules");
	expect(root, "/var/lib/harpoon/kernel/b/boot/vmlinuz-5.10.0-2-cloud-amd64",
	       "/var/lib/harpoon/kernel/b/usr/lib/modules/5.10.0-2-cloud-amd64");
}

static void says_how_to_get_one(void **state)
{
	AUTO(scratch_free) char *root = scratch_new();
	const struct hp_vm_config c = {0};
	struct hp_kernel k = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_kernel__find_below(root, &c, &k, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "apt-get install linux-image-cloud"));

	hp_error_clear(&err);
	make_kernel(root, "boot", "1-amd64", NULL);
	assert_int_equal(hp_kernel__find_below(root, &c, &k, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "\"modules\""));
}

static void takes_the_one_that_is_named(void **state)
{
	const struct hp_vm_config both = {.kernel = (char[]){"/a/bzImage"},
					  .modules = (char[]){"/a/modules/7.0"}};
	const struct hp_vm_config one = {.kernel = (char[]){"/a/bzImage"}};
	AUTO(hp_kernel_clear) struct hp_kernel k = {0};
	struct hp_kernel none = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_kernel_find(&both, &k, &err), 0);
	assert_string_equal(k.image, "/a/bzImage");
	assert_string_equal(k.modules, "/a/modules/7.0");
	assert_string_equal(k.version, "7.0");
	assert_int_equal(hp_kernel_find(&one, &none, &err), -1);
	assert_non_null(strstr(err.msg, "/a/bzImage"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(prefers_what_suits_best),
		FDS_TEST(says_how_to_get_one),
		FDS_TEST(takes_the_one_that_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
