/* SPDX-License-Identifier: Apache-2.0 */
/* files-attr.c - tests of src/files/attr.c. */
#include "files/attr.h"

#include <fcntl.h>

#include "fds.h"

static void keeps_the_numbers_of_the_first_file_system(void **state)
{
	struct hp_devs devs;

	(void)state;
	hp_files__devs_init(&devs);
	assert_int_equal(hp_files__ino(&devs, 7, 1234), 1234);
	/* The same number elsewhere is another one, and each time the same. */
	assert_true(hp_files__ino(&devs, 8, 1234) != 1234);
	assert_int_equal(hp_files__ino(&devs, 8, 1234), hp_files__ino(&devs, 8, 1234));
	assert_true(hp_files__ino(&devs, 8, 1234) != hp_files__ino(&devs, 9, 1234));
	assert_int_equal(hp_files__ino(&devs, 7, 99), 99);
	hp_files__devs_free(&devs);
}

static void numbers_more_file_systems_than_it_can_note(void **state)
{
	struct hp_devs devs;

	(void)state;
	hp_files__devs_init(&devs);
	for (uint64_t dev = 0; dev < 1000; dev++) {
		uint64_t ino = hp_files__ino(&devs, dev, 5);

		assert_int_equal(ino & 0xffffffffffff, 5);
		assert_int_equal(ino, hp_files__ino(&devs, dev, 5));
	}
	assert_int_equal(devs.n, HP_DEVS_MAX);
	hp_files__devs_free(&devs);
}

static void turns_everything_over(void **state)
{
	struct statx st = {.stx_mode = S_IFREG | 0640,
			   .stx_size = 5000000000,
			   .stx_blocks = 8,
			   .stx_nlink = 2,
			   .stx_uid = 3,
			   .stx_gid = 4,
			   .stx_ino = 77,
			   .stx_blksize = 4096,
			   .stx_rdev_major = 1,
			   .stx_rdev_minor = 3,
			   .stx_mtime = {.tv_sec = -5, .tv_nsec = 6}};
	struct hp_devs devs;
	struct fuse_attr attr;

	(void)state;
	hp_files__devs_init(&devs);
	attr = hp_files__attr(&devs, &st);
	assert_int_equal(attr.mode, S_IFREG | 0640);
	assert_int_equal(attr.size, 5000000000);
	assert_int_equal(attr.blocks, 8);
	assert_int_equal(attr.nlink, 2);
	assert_int_equal(attr.uid, 3);
	assert_int_equal(attr.gid, 4);
	assert_int_equal(attr.ino, 77);
	assert_int_equal(attr.rdev, 0x103);
	/* Times before 1970 are signed numbers in unsigned members. */
	assert_int_equal((int64_t)attr.mtime, -5);
	assert_int_equal(attr.mtimensec, 6);
	hp_files__devs_free(&devs);
}

static void tells_files_of_one_number_apart(void **state)
{
	struct statx st = {.stx_mode = S_IFREG,
			   .stx_ino = 7,
			   .stx_dev_minor = 1,
			   .stx_mnt_id = 30,
			   .stx_mask = STATX_BTIME,
			   .stx_btime = {.tv_sec = 9, .tv_nsec = 1}};
	struct hp_node n = {.key = hp_files__key(&st, 2),
			    .type = S_IFREG,
			    .born_ns = hp_files__born_ns(&st)};
	struct statx other = st;

	(void)state;
	assert_int_equal(n.key.share, 2);
	assert_int_equal(n.born_ns, 9000000001);
	assert_true(hp_files__is_node(&st, &n));
	other.stx_btime.tv_nsec = 2;
	assert_false(hp_files__is_node(&other, &n));
	other = st;
	other.stx_mode = S_IFDIR;
	assert_false(hp_files__is_node(&other, &n));
	other = st;
	other.stx_mnt_id = 31;
	assert_false(hp_files__is_node(&other, &n));
	other = st;
	other.stx_mask = 0;
	assert_int_equal(hp_files__born_ns(&other), 0);
}

static void knows_where_contents_are_made(void **state)
{
	int proc = open("/proc", O_PATH | O_CLOEXEC);
	int tmp = open("/tmp", O_PATH | O_CLOEXEC);

	(void)state;
	assert_true(hp_files__makes_contents(proc));
	assert_false(hp_files__makes_contents(tmp));
	assert_false(hp_files__makes_contents(-1));
	close(proc);
	close(tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(keeps_the_numbers_of_the_first_file_system),
		FDS_TEST(numbers_more_file_systems_than_it_can_note),
		FDS_TEST(turns_everything_over),
		FDS_TEST(tells_files_of_one_number_apart),
		FDS_TEST(knows_where_contents_are_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
