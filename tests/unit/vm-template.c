/* SPDX-License-Identifier: Apache-2.0 */
/* vm-template.c - tests of src/vm/template.c. */
#include "vm/template.h"

#include <errno.h>
#include <sys/mman.h>

#include "fake/vm_world.h"
#include "scratch.h"

#define MIB (1ull << 20)

static struct hp_shape shape(uint64_t config, uint64_t wanted)
{
	const struct hp_vm_config c = {.memory_bytes = config * MIB, .cpus = 3};
	const struct hp_machine_spec spec = {.memory_bytes = wanted * MIB, .tap_fd = -1};

	return hp_shape_for(&c, &spec);
}

static void has_few_shapes(void **state)
{
	const struct hp_vm_config c = {.memory_bytes = 128 * MIB, .cpus = 3};
	struct hp_machine_disk disk = {.fd = 5, .read_only = true};
	struct hp_machine_spec spec = {.cpus = 2, .tap_fd = 1};

	(void)state;
	assert_int_equal(shape(128, 0).memory_bytes, 128 * MIB);
	assert_int_equal(shape(128, 64).memory_bytes, 128 * MIB);
	assert_int_equal(shape(128, 65).memory_bytes, 256 * MIB);
	assert_int_equal(shape(128, 448).memory_bytes, 512 * MIB);
	assert_int_equal(shape(128, 0).cpus, 3);
	assert_false(shape(128, 0).net);
	assert_int_equal(hp_shape_for(&c, &spec).cpus, 2);
	assert_true(hp_shape_for(&c, &spec).net);
	assert_int_equal(hp_shape_for(&c, &spec).disk, HP_DISK_NONE);
	spec.disk = &disk;
	assert_int_equal(hp_shape_for(&c, &spec).disk, HP_DISK_READ_ONLY);
	disk.read_only = false;
	assert_int_equal(hp_shape_for(&c, &spec).disk, HP_DISK_WRITABLE);
	/* A limit that is none. */
	/* What QEMU would not take, and what no loop may wait for. */
	assert_int_equal(shape(0, 0).memory_bytes, 128 * MIB);
	assert_int_equal(shape(0, 100).memory_bytes, 256 * MIB);
	assert_int_equal(hp_shape_memory(0), 128 * MIB);
	assert_int_equal(hp_shape_memory(128 * MIB + 1), 130 * MIB);
	assert_int_equal(hp_shape_memory(UINT64_MAX), 1024 * 1024 * MIB);
	const uint64_t most = shape(128, UINT64_MAX / MIB).memory_bytes;
	const uint64_t host =
		(uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	assert_true(most >= host && most <= 2 * (host + 128 * MIB));
}

static void has_a_key_of_all_that_counts(void **state)
{
	AUTO(hp_images_clear) struct hp_images images = {0};
	const struct hp_host hosts[] = {{.tsc_khz = 2000100},
					{.tsc_khz = 1999900},
					{.tsc_khz = 2001100},
					{.kvm = true, .tsc_khz = 2000100}};
	const struct hp_shape shapes[] = {
		{.memory_bytes = 128 * MIB, .cpus = 1},
		{.memory_bytes = 256 * MIB, .cpus = 1},
		{.memory_bytes = 128 * MIB, .cpus = 2},
		{.memory_bytes = 128 * MIB, .cpus = 1, .net = true},
		{.memory_bytes = 128 * MIB, .cpus = 1, .disk = HP_DISK_READ_ONLY},
		{.memory_bytes = 128 * MIB, .cpus = 1, .disk = HP_DISK_WRITABLE}};
	struct hp_error err = HP_ERROR_INIT;
	char keys[9][HP_VM_KEY];
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	free(w.config.accel);
	w.config.accel = hp_strdup("auto");
	if (hp_images_find(&w.config, &images, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < 4; i++)
		if (hp_template_key(&w.config, &hosts[i], &images, &shapes[0], keys[i], &err) <
		    0)
			fail_msg("%s", err.msg);
	for (size_t i = 1; i < HP_ARRAY_LEN(shapes); i++)
		if (hp_template_key(&w.config, &hosts[0], &images, &shapes[i], keys[3 + i],
				    &err) < 0)
			fail_msg("%s", err.msg);
	/* The clock of the next boot is as good. */
	assert_string_equal(keys[0], keys[1]);
	for (size_t i = 1; i < HP_ARRAY_LEN(keys); i++)
		for (size_t k = i + 1; k < HP_ARRAY_LEN(keys); k++)
			assert_string_not_equal(keys[i], keys[k]);

	free(w.config.qemu);
	w.config.qemu = hp_strdup("/nowhere/qemu");
	assert_int_equal(
		hp_template_key(&w.config, &hosts[0], &images, &shapes[0], keys[0], &err), -1);
	assert_non_null(strstr(err.msg, "QEMU"));
	vm_world_close(&w);
}

static void fill(int fd, off_t at, const char *text)
{
	assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
}

static void stores_and_loads(void **state)
{
	static const char key[] = "0123456789abcdef";
	AUTO(hp_template_clear) struct hp_template t = HP_TEMPLATE_INIT;
	AUTO(hp_template_clear) struct hp_template loaded = HP_TEMPLATE_INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct stat st;
	struct vm_world w;
	char text[8] = "";

	(void)state;
	vm_world_open(&w, "fake");
	assert_false(hp_template_there(&w.config, key));
	assert_int_equal(hp_template_load(&w.config, key, &loaded, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);

	if (hp_template_new_file("memory", 64 * MIB, &t.memory_fd, &err) < 0 ||
	    hp_template_new_file("state", 0, &t.state_fd, &err) < 0)
		fail_msg("%s", err.msg);
	fill(t.memory_fd, 5 * MIB + 7, "here");
	fill(t.memory_fd, 64 * MIB - 3, "end");
	fill(t.state_fd, 0, "state");
	if (hp_template_store(&w.config, key, &t, "{}", &err) < 0 ||
	    hp_template_load(&w.config, key, &loaded, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(hp_template_there(&w.config, key));
	assert_int_equal(pread(loaded.memory_fd, text, 4, 5 * MIB + 7), 4);
	assert_string_equal(text, "here");
	assert_int_equal(fstat(loaded.memory_fd, &st), 0);
	assert_int_equal(st.st_size, 64 * MIB);
	assert_true(st.st_blocks * 512 <= (off_t)(64 << 10));

	/* Nobody can change it any more. */
	assert_int_equal(pwrite(loaded.memory_fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(loaded.memory_fd, 0), -1);
	assert_ptr_equal(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, loaded.memory_fd, 0),
			 MAP_FAILED);

	/* Once more over the old one. */
	assert_int_equal(hp_template_store(&w.config, key, &t, "{}", &err), 0);
	assert_int_equal(hp_template_remove(&w.config, key, &err), 0);
	assert_false(hp_template_there(&w.config, key));
	assert_int_equal(hp_template_remove(&w.config, key, &err), 0);
	vm_world_close(&w);
}

static void leaves_nothing_when_storing_fails(void **state)
{
	static const char key[] = "0123456789abcdef";
	struct hp_template t = HP_TEMPLATE_INIT;
	struct hp_error err = HP_ERROR_INIT;
	struct vm_world w;

	(void)state;
	vm_world_open(&w, "fake");
	assert_int_equal(hp_template_store(&w.config, key, &t, "{}", &err), -1);
	AUTO_FREE char *dir = hp_template_dir(&w.config, "");
	assert_int_equal(rmdir(dir), 0);
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(has_few_shapes),
		FDS_TEST(has_a_key_of_all_that_counts),
		FDS_TEST(stores_and_loads),
		FDS_TEST(leaves_nothing_when_storing_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
