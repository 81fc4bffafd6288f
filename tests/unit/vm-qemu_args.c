/* SPDX-License-Identifier: Apache-2.0 */
/* vm-qemu_args.c - tests of src/vm/qemu_args.c. */
#include "vm/qemu_args.h"

#include <string.h>

#include "base/alloc.h"
#include "fds.h"

static const struct hp_host host = {.tsc_khz = 2000001};

static struct hp_vmm_spawn spawn_of(const struct hp_vm_config *c)
{
	return (struct hp_vmm_spawn){
		.id = "a1",
		.config = c,
		.host = &host,
		.shape = {.memory_bytes = 256u << 20, .cpus = 2},
		.memory_fd = -1,
		.state_fd = -1,
		.save_fd = -1,
	};
}

static char *line_of(const struct hp_vmm_spawn *s)
{
	AUTO(hp_strv_free) struct hp_strv v = {0};

	hp_qemu_args(s, &v);
	return hp_strv_join(hp_strv_view(&v), " ");
}

static void expect(const char *line, const char *const *has, const char *const *lacks)
{
	for (; *has; has++)
		if (!strstr(line, *has))
			fail_msg("no '%s' in: %s", *has, line);
	for (; *lacks; lacks++)
		if (strstr(line, *lacks))
			fail_msg("'%s' in: %s", *lacks, line);
}

static const struct hp_vm_config tcg = {
	.qemu = (char[]){"qemu"}, .accel = (char[]){"tcg"}, .tcg_cache_mib = 16};

static void boots(void **state)
{
	static const char *const has[] = {"qemu -name harpoon-a1 -M microvm,acpi=on,",
					  "tcg,tb-size=16",
					  "-cpu max,-erms,-fsrm",
					  "-m 256 -smp 2",
					  "-kernel /proc/self/fd/",
					  "tsc_early_khz=2000001",
					  "panic=-1",
					  "name=harpoon.control",
					  "name=harpoon.stdio",
					  "name=harpoon.files",
					  "spawn=deny",
					  "chardev:console",
					  NULL};
	static const char *const lacks[] = {
		"-incoming", "memory-backend", "-netdev", "-blockdev", " -S", NULL};
	struct hp_vmm_spawn s = spawn_of(&tcg);
	AUTO_FREE char *line = line_of(&s);

	(void)state;
	expect(line, has, lacks);
}

static void boots_for_a_template(void **state)
{
	static const char *const has[] = {
		"share=on",        "-kernel",           "memory-backend=m",
		"tap,id=net0,fd=", "virtio-net-device", NULL};
	static const char *const lacks[] = {"-incoming", NULL};
	struct hp_vmm_spawn s = spawn_of(&tcg);

	(void)state;
	s.memory_fd = 9;
	s.shape.net = true;
	AUTO_FREE char *line = line_of(&s);
	expect(line, has, lacks);
}

static void clones(void **state)
{
	static const char *const has[] = {"share=off", "-incoming defer", "size=268435456",
					  " -S", NULL};
	static const char *const lacks[] = {"-kernel", "-initrd", "-append", NULL};
	struct hp_vmm_spawn s = spawn_of(&tcg);

	(void)state;
	s.memory_fd = 9;
	s.state_fd = 8;
	s.stopped = true;
	AUTO_FREE char *line = line_of(&s);
	expect(line, has, lacks);
}

/* A template's disk is empty; a clone has another in its place, by descriptor. */
static void has_a_disk(void **state)
{
	static const char *const empty[] = {
		"-blockdev driver=null-co,node-name=disk0,size=1125899906842624,",
		"read-only=off -device virtio-blk-device,drive=disk0", NULL};
	static const char *const file[] = {"-add-fd fd=", ",set=1 -blockdev driver=file,",
					   "filename=/dev/fdset/1", "read-only=on -device",
					   NULL};
	static const char *const device[] = {"driver=host_device,", NULL};
	static const char *const no_fd[] = {"-add-fd", NULL};
	static const char *const no_null[] = {"null-co", NULL};
	struct hp_machine_disk disk = {.fd = 5, .read_only = true};
	struct hp_vmm_spawn s = spawn_of(&tcg);

	(void)state;
	s.shape.disk = HP_DISK_WRITABLE;
	AUTO_FREE char *of_template = line_of(&s);
	expect(of_template, empty, no_fd);
	s.shape.disk = HP_DISK_READ_ONLY;
	s.disk = &disk;
	AUTO_FREE char *of_clone = line_of(&s);
	expect(of_clone, file, no_null);
	disk.device = true;
	AUTO_FREE char *of_device = line_of(&s);
	expect(of_device, device, no_null);
}

static void uses_kvm(void **state)
{
	const struct hp_vm_config kvm = {.qemu = (char[]){"qemu"}, .accel = (char[]){"kvm"}};
	static const char *const has[] = {"-accel kvm", "-cpu host", NULL};
	static const char *const lacks[] = {"tcg", NULL};
	struct hp_vmm_spawn s = spawn_of(&kvm);
	AUTO_FREE char *line = line_of(&s);

	(void)state;
	expect(line, has, lacks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(boots),    FDS_TEST(boots_for_a_template),
		FDS_TEST(clones),   FDS_TEST(has_a_disk),
		FDS_TEST(uses_kvm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
