/* SPDX-License-Identifier: Apache-2.0 */
/* vm-host.c - tests of src/vm/host.c. */
#include "vm/host.h"

#include "base/compat.h"
#include "scratch.h"

static void learns_once_a_boot(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *run = hp_path_join(dir, "run");
	AUTO_FREE char *path = hp_path_join(run, "host.json");
	const struct hp_vm_config c = {.run_dir = run};
	AUTO(hp_buf_free) struct hp_buf text = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_host first;
	struct hp_host second;

	(void)state;
	if (hp_host_learn(&c, &first, &err) < 0 || hp_host_learn(&c, &second, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(first.tsc_khz, second.tsc_khz);
	assert_int_equal(first.kvm, second.kvm);
	assert_string_equal(first.kvm_why, second.kvm_why);
	assert_true(first.kvm == (first.kvm_why[0] == '\0'));

	/* What another boot has left counts for nothing. */
	free(scratch_file(run, "host.json", "{\"boot\":\"x\",\"kvm\":true,\"tsc_khz\":1}"));
	if (hp_host_learn(&c, &second, &err) < 0 || hp_file_read(path, 4096, &text, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(second.tsc_khz != 1);
	assert_null(memmem(text.data, text.len, "\"x\"", 3));
	/* Nor does what was so before KVM's module was loaded, or is no more. */
	AUTO(hp_buf_free) struct hp_buf boot = {0};
	if (hp_file_read("/proc/sys/kernel/random/boot_id", 64, &boot, &err) < 0)
		fail_msg("%s", err.msg);
	for (int same = 0; same < 2; same++) {
		const bool there = (access("/dev/kvm", F_OK) == 0) == (same == 1);
		AUTO_FREE char *known =
			hp_sprintf("{\"boot\":\"%.36s\",\"kvm_there\":%s,\"tsc_khz\":1}",
				   (const char *)boot.data, there ? "true" : "false");

		free(scratch_file(run, "host.json", known));
		assert_int_equal(hp_host_learn(&c, &second, &err), 0);
		assert_int_equal(second.tsc_khz == 1, same);
	}
	/* Nor does what is broken. */
	free(scratch_file(run, "host.json", "{"));
	assert_int_equal(hp_host_learn(&c, &second, &err), 0);
}

static void fails_without_a_place(void **state)
{
	const struct hp_vm_config c = {.run_dir = (char[]){"/proc/nowhere"}};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_host h;

	(void)state;
	assert_int_equal(hp_host_learn(&c, &h, &err), -1);
	assert_non_null(strstr(err.msg, "/proc/nowhere"));
}

static void measures_the_clock(void **state)
{
	const unsigned a = hp_host__measure_tsc(20);
	const unsigned b = hp_host__measure_tsc(20);

	(void)state;
	if (HP_CYCLES() == 0) {
		assert_int_equal(a, 0);
		return;
	}
	/* Any processor of the last decades; the same one both times, within a thousandth. */
	assert_in_range(a, 300000, 10000000);
	assert_in_range(b, a - a / 1000, a + a / 1000);
}

static void chooses(void **state)
{
	const struct hp_host with = {.kvm = true};
	const struct hp_host without = {0};
	const struct hp_vm_config automatic = {.accel = (char[]){"auto"}};
	const struct hp_vm_config kvm = {.accel = (char[]){"kvm"}};
	const struct hp_vm_config tcg = {.accel = (char[]){"tcg"}};

	(void)state;
	assert_string_equal(hp_host_accel(&with, &automatic), "kvm");
	assert_string_equal(hp_host_accel(&without, &automatic), "tcg");
	assert_string_equal(hp_host_accel(&without, &kvm), "kvm");
	assert_string_equal(hp_host_accel(&with, &tcg), "tcg");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(learns_once_a_boot),
		FDS_TEST(fails_without_a_place),
		FDS_TEST(measures_the_clock),
		FDS_TEST(chooses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
