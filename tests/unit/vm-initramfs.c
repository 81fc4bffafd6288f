/* SPDX-License-Identifier: Apache-2.0 */
/* vm-initramfs.c - tests of src/vm/initramfs.c. */
#include "vm/initramfs.h"

#include <archive.h>
#include <archive_entry.h>

#include "fake/vm_world.h"
#include "scratch.h"

static void read_member(struct archive *a, const char *want, char *ret, size_t size)
{
	struct archive_entry *entry;

	while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		if (strcmp(archive_entry_pathname(entry), want) != 0)
			continue;
		assert_int_equal(archive_entry_uid(entry), 0);
		la_ssize_t n = archive_read_data(a, ret, size - 1);
		assert_true(n >= 0);
		ret[n] = '\0';
		return;
	}
	fail_msg("there is no %s", want);
}

static void writes_init_and_modules(void **state)
{
	struct vm_world w;
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_buf_free) struct hp_buf first = {0};
	AUTO(hp_buf_free) struct hp_buf second = {0};
	char text[1024];

	(void)state;
	vm_world_open(&w, "fake");
	AUTO_FREE char *path = hp_path_join(w.dir, "initrd");
	if (hp_initramfs_write(w.config.modules, w.config.init, path, &err) < 0 ||
	    hp_file_read(path, 1 << 20, &first, &err) < 0 ||
	    hp_initramfs_write(w.config.modules, w.config.init, path, &err) < 0 ||
	    hp_file_read(path, 1 << 20, &second, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);

	struct archive *a = archive_read_new();
	archive_read_support_format_cpio(a);
	assert_int_equal(archive_read_open_memory(a, first.data, first.len), ARCHIVE_OK);
	read_member(a, "init", text, sizeof(text));
	assert_string_equal(text, "init");
	read_member(a, "lib/modules/load", text, sizeof(text));
	assert_string_equal(text,
			    "/lib/modules/virtio_mmio.ko\n/lib/modules/virtio_console.ko\n"
			    "/lib/modules/virtio_net.ko\n/lib/modules/virtio_blk.ko\n"
			    "/lib/modules/fuse.ko\n");
	archive_read_free(a);
	vm_world_close(&w);
}

static void says_what_is_missing(void **state)
{
	struct vm_world w;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	vm_world_open(&w, "fake");
	assert_int_equal(hp_initramfs_write(w.config.modules, "/nowhere", "/nowhere/x", &err),
			 -1);
	assert_non_null(strstr(err.msg, "init"));
	hp_error_clear(&err);
	assert_int_equal(hp_initramfs_write("/nowhere", w.config.init, "/nowhere/x", &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	assert_int_equal(
		hp_initramfs_write(w.config.modules, w.config.init, "/nowhere/x", &err), -1);
	assert_non_null(strstr(err.msg, "/nowhere/x"));
	vm_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(writes_init_and_modules),
		FDS_TEST(says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
