/* SPDX-License-Identifier: Apache-2.0 */
/* shim-disk.c - tests of src/shim/disk.c. */
#include "shim/disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/alloc.h"
#include "fds.h"
#include "scratch.h"

static int mode_of(int fd)
{
	return fcntl(fd, F_GETFL) & O_ACCMODE;
}

static void opens_images(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *image = scratch_file(dir, "image", "x");
	static const char *const rw[] = {"loop", "rw", "noatime", "data=ordered", NULL};
	static const char *const ro[] = {"loop", "ro", NULL};
	struct hp_shim_mount m = {.type = "ext4", .source = image, .options = rw};
	struct hp_shim_disk d = HP_SHIM_DISK_INIT;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim_disk_open(&m, 1, &d, &err), 1);
	assert_false(d.disk.read_only);
	assert_false(d.disk.device);
	assert_int_equal(mode_of(d.disk.fd), O_RDWR);
	assert_string_equal(d.source, image);
	assert_string_equal(d.block.type, "ext4");
	assert_string_equal(d.block.data, "data=ordered");
	assert_int_equal(d.block.flags, MS_NOATIME);
	hp_shim_disk_clear(&d);

	m = (struct hp_shim_mount){.type = "erofs", .source = image, .options = ro};
	assert_int_equal(hp_shim_disk_open(&m, 1, &d, &err), 1);
	assert_true(d.disk.read_only);
	assert_int_equal(mode_of(d.disk.fd), O_RDONLY);
	assert_int_equal(d.block.flags, MS_RDONLY);
	hp_shim_disk_clear(&d);
}

static void leaves_others_to_the_host(void **state)
{
	const struct hp_shim_mount mounts[] = {
		{.type = "ext4", .source = "/a", .target = "sub"},
		{.type = "ext4", .source = ""},
		{.type = "bind", .source = "/a"},
		{.type = "overlay", .source = "overlay"},
		{.type = "btrfs", .source = "/dev/sda"},
		{.type = "ext4", .source = "/a"},
	};
	struct hp_shim_disk d = HP_SHIM_DISK_INIT;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_shim_disk_open(NULL, 0, &d, &err), 0);
	for (size_t i = 0; i + 1 < HP_ARRAY_LEN(mounts); i++)
		assert_int_equal(hp_shim_disk_open(&mounts[i], 1, &d, &err), 0);
	/* Several lie one upon the other. */
	assert_int_equal(hp_shim_disk_open(&mounts[4], 2, &d, &err), 0);
	assert_int_equal(d.disk.fd, -1);
}

static void refused(const char *source, const char *const *options, enum hp_code code,
		    const char *words)
{
	const struct hp_shim_mount m = {.type = "ext4", .source = source, .options = options};
	struct hp_shim_disk d = HP_SHIM_DISK_INIT;
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_shim_disk_open(&m, 1, &d, &err), -1);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.msg, source));
	assert_non_null(strstr(err.msg, words));
	assert_int_equal(d.disk.fd, -1);
}

static void refuses_what_is_no_disk(void **state)
{
	static const char *const mapped[] = {"loop", "uidmap=0:1:2", NULL};

	(void)state;
	refused("/no/such/image", NULL, HP_ENOTFOUND, "No such file");
	refused("/proc", NULL, HP_EINVALID, "no block device");
	/* A character device is not even opened. */
	refused("/dev/null", NULL, HP_EINVALID, "no block device");
	refused("/dev/null", mapped, HP_EUNSUPPORTED, "mapped ids");
}

static void lets_one_write_or_several_read(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *image = scratch_file(dir, "image", "x");
	static const char *const ro[] = {"ro", NULL};
	const struct hp_shim_mount reader = {.type = "ext4", .source = image, .options = ro};
	struct hp_shim_disk a = HP_SHIM_DISK_INIT;
	struct hp_shim_disk b = HP_SHIM_DISK_INIT;
	struct hp_error err = HP_ERROR_INIT;
	int kept;

	(void)state;
	assert_int_equal(hp_shim_disk_open(&reader, 1, &a, &err), 1);
	assert_int_equal(hp_shim_disk_open(&reader, 1, &b, &err), 1);
	hp_shim_disk_clear(&b);
	refused(image, NULL, HP_ESTATE, "another machine");
	/* The machine has it after the shim has let go. */
	kept = dup(a.disk.fd);
	hp_shim_disk_clear(&a);
	refused(image, NULL, HP_ESTATE, "another machine");
	close(kept);
	assert_int_equal(
		hp_shim_disk_open(&(struct hp_shim_mount){.type = "ext4", .source = image}, 1,
				  &a, &err),
		1);
	hp_shim_disk_clear(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(opens_images),
		FDS_TEST(lets_one_write_or_several_read),
		FDS_TEST(leaves_others_to_the_host),
		FDS_TEST(refuses_what_is_no_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
