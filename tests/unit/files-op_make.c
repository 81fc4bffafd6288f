/* SPDX-License-Identifier: Apache-2.0 */
/* files-op_make.c - tests of src/files/op_make.c. */
#include <sys/sysmacros.h>

#include "files-world.h"

static void makes_files_of_the_user_that_asks(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_create_in in = {.flags = O_RDWR | O_CREAT, .mode = 0666, .umask = 027};
	struct fuse_mkdir_in dir = {.mode = 0777, .umask = 022};
	struct fuse_mknod_in fifo = {.mode = S_IFIFO | 0600};

	(void)state;
	w->uid = 1000;
	w->gid = 1001;
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "f"), 0);
	assert_int_equal(ASK(w, FUSE_MKDIR, w->root, dir, "d"), 0);
	assert_int_equal(ASK(w, FUSE_MKNOD, w->root, fifo, "p"), 0);
	assert_int_equal(world_ask(w, FUSE_SYMLINK, w->root, &(struct world_tail){NULL, 0},
				   &(struct world_tail){"s\0/etc", 7}),
			 0);
	for (const char *name = "fdps"; *name; name++) {
		struct stat st = world_stat(w, (char[]){*name, '\0'});

		assert_int_equal(st.st_uid, 1000);
		assert_int_equal(st.st_gid, 1001);
	}
	assert_int_equal(world_stat(w, "f").st_mode, S_IFREG | 0640);
	assert_int_equal(world_stat(w, "d").st_mode, S_IFDIR | 0755);
	/* And of root's again afterwards. */
	w->uid = w->gid = 0;
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "g"), 0);
	assert_int_equal(world_stat(w, "g").st_uid, 0);
}

static void takes_a_file_that_is_there_unless_told_not_to(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_create_in in = {.flags = O_RDWR | O_CREAT | O_EXCL, .mode = 0666};
	uint64_t node;

	(void)state;
	world_write(w, "a", "text");
	node = world_look(w, w->root, "a");
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "a"), EEXIST);
	in.flags = O_RDWR | O_CREAT;
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "a"), 0);
	assert_int_equal(ANSWER(w, struct fuse_entry_out).nodeid, node);
	world_hold(w, "a", "text");
	in.flags = O_RDWR | O_CREAT | O_TRUNC;
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "a"), 0);
	world_hold(w, "a", "");
}

/* A device must never be opened, nor a link be followed, by asking for a file to be made. */
static void does_not_open_what_is_no_file(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *outside = scratch_new();
	AUTO_FREE char *target = scratch_file(outside, "precious", "stays");
	AUTO_FREE char *link = world_path(w, "link");
	AUTO_FREE char *dangling = world_path(w, "dangling");
	AUTO_FREE char *nowhere = hp_path_join(outside, "new");
	struct fuse_create_in in = {.flags = O_RDWR | O_CREAT | O_TRUNC, .mode = 0666};
	struct fuse_mknod_in fifo = {.mode = S_IFIFO | 0600};

	(void)state;
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(symlink(nowhere, dangling), 0);
	assert_int_equal(ASK(w, FUSE_MKNOD, w->root, fifo, "p"), 0);
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "link"), ESTALE);
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "dangling"), ESTALE);
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "p"), ESTALE);
	in.flags = O_RDWR | O_CREAT;
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "link"), ESTALE);
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "more"), ESTALE);
	assert_false(scratch_has(nowhere));
	assert_int_equal(unlink(target), 0);
	assert_int_equal(rmdir(outside), 0);
}

static void makes_devices(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_mknod_in in = {.mode = S_IFCHR | 0666, .rdev = hp_fuse_dev_encode(1, 3)};
	struct fuse_mknod_in dir = {.mode = S_IFDIR | 0666};
	struct fuse_mknod_in link = {.mode = S_IFLNK | 0666};

	(void)state;
	assert_int_equal(ASK(w, FUSE_MKNOD, w->root, in, "null"), 0);
	assert_int_equal(ANSWER(w, struct fuse_entry_out).attr.rdev, hp_fuse_dev_encode(1, 3));
	assert_int_equal(world_stat(w, "null").st_rdev, makedev(1, 3));
	assert_int_equal(ASK(w, FUSE_MKNOD, w->root, dir, "d"), EINVAL);
	assert_int_equal(ASK(w, FUSE_MKNOD, w->root, link, "l"), EINVAL);
}

static void makes_files_without_a_name(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_create_in in = {.flags = O_RDWR | O_TMPFILE, .mode = 0600};
	struct fuse_link_in link = {0};
	struct fuse_getattr_in get = {0};

	(void)state;
	assert_int_equal(ASK(w, FUSE_TMPFILE, w->root, in, "/"), 0);
	link.oldnodeid = ANSWER(w, struct fuse_entry_out).nodeid;
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, link.oldnodeid, get), 0);
	assert_int_equal(ANSWER(w, struct fuse_attr_out).attr.nlink, 0);
	assert_int_equal(ASK(w, FUSE_LINK, w->root, link, "named"), 0);
	assert_int_equal(world_stat(w, "named").st_nlink, 1);
}

static void links_within_a_share_only(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_link_in in;

	(void)state;
	world_write(w, "a", "x");
	in.oldnodeid = world_look(w, w->root, "a");
	assert_int_equal(ASK(w, FUSE_LINK, w->root, in, "b"), 0);
	assert_int_equal(ANSWER(w, struct fuse_entry_out).nodeid, in.oldnodeid);
	assert_int_equal(world_stat(w, "b").st_nlink, 2);
	/* "1" is on the same file system, yet a share of its own. */
	assert_int_equal(ASK(w, FUSE_LINK, w->more, in, "c"), EXDEV);
	in.oldnodeid = 999;
	assert_int_equal(ASK(w, FUSE_LINK, w->root, in, "d"), ESTALE);
}

static void leaves_read_only_shares_alone(void **state)
{
	struct world *made = world_make();
	AUTO(world_free) struct world *w = made;
	struct fuse_create_in in = {.flags = O_RDWR | O_CREAT, .mode = 0666};
	struct fuse_mkdir_in dir = {.mode = 0777};

	(void)state;
	w->shares[1].read_only = true;
	world_open(w);
	assert_int_equal(ASK(w, FUSE_CREATE, w->more, in, "f"), EROFS);
	assert_int_equal(ASK(w, FUSE_MKDIR, w->more, dir, "d"), EROFS);
	assert_int_equal(ASK(w, FUSE_MKDIR, FUSE_ROOT_ID, dir, "d"), EROFS);
	assert_int_equal(ASK(w, FUSE_CREATE, w->root, in, "f"), 0);
	/* The same directory by way of the other share may be changed. */
	assert_int_equal(ASK(w, FUSE_MKDIR, world_look(w, w->root, "more"), dir, "d"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(makes_files_of_the_user_that_asks),
		FDS_TEST(takes_a_file_that_is_there_unless_told_not_to),
		FDS_TEST(does_not_open_what_is_no_file),
		FDS_TEST(makes_devices),
		FDS_TEST(makes_files_without_a_name),
		FDS_TEST(links_within_a_share_only),
		FDS_TEST(leaves_read_only_shares_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
