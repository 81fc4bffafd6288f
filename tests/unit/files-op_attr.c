/* SPDX-License-Identifier: Apache-2.0 */
/* files-op_attr.c - tests of src/files/op_attr.c. */
#include "files-world.h"

static void tells_attributes(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_getattr_in in = {0};
	struct fuse_attr_out out;
	struct stat st;

	(void)state;
	world_write(w, "a", "text");
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, world_look(w, w->root, "a"), in), 0);
	out = ANSWER(w, struct fuse_attr_out);
	st = world_stat(w, "a");
	assert_int_equal(out.attr.size, 4);
	assert_int_equal(out.attr.mode, st.st_mode);
	assert_int_equal(out.attr.mtimensec, st.st_mtim.tv_nsec);
	/* The top directory is nobody's. */
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, FUSE_ROOT_ID, in), 0);
	assert_true(S_ISDIR(ANSWER(w, struct fuse_attr_out).attr.mode));
	assert_int_equal(ANSWER(w, struct fuse_attr_out).attr.nlink, 4);
}

static void sets_all_of_them(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_setattr_in in = {.valid = FATTR_MODE | FATTR_UID | FATTR_GID | FATTR_SIZE |
					      FATTR_ATIME | FATTR_MTIME,
				     .mode = S_IFREG | 0640,
				     .uid = 7,
				     .gid = 8,
				     .size = 2,
				     .atime = 1000000000,
				     .mtime = 1100000000,
				     .mtimensec = 5};
	struct stat st;

	(void)state;
	world_write(w, "a", "text");
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, world_look(w, w->root, "a"), in), 0);
	assert_int_equal(ANSWER(w, struct fuse_attr_out).attr.size, 2);
	st = world_stat(w, "a");
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_uid, 7);
	assert_int_equal(st.st_gid, 8);
	assert_int_equal(st.st_atim.tv_sec, 1000000000);
	assert_int_equal(st.st_mtim.tv_nsec, 5);
	world_hold(w, "a", "te");
}

static void sets_the_time_to_now(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_setattr_in in = {.valid = FATTR_ATIME | FATTR_MTIME | FATTR_MTIME_NOW,
				     .atime = 5};

	(void)state;
	world_write(w, "a", "text");
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, world_look(w, w->root, "a"), in), 0);
	assert_int_equal(world_stat(w, "a").st_atim.tv_sec, 5);
	assert_true(world_stat(w, "a").st_mtim.tv_sec > 1700000000);
}

static void changes_links_and_not_what_they_name(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *path = world_path(w, "s");
	struct fuse_setattr_in owner = {.valid = FATTR_UID | FATTR_MTIME, .uid = 9, .mtime = 5};
	struct fuse_setattr_in mode = {.valid = FATTR_MODE, .mode = 0};
	struct fuse_setattr_in size = {.valid = FATTR_SIZE};
	uint64_t link;

	(void)state;
	world_write(w, "a", "text");
	assert_int_equal(symlink("a", path), 0);
	link = world_look(w, w->root, "s");
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, link, owner), 0);
	assert_int_equal(world_stat(w, "s").st_uid, 9);
	assert_int_equal(world_stat(w, "s").st_mtim.tv_sec, 5);
	assert_int_equal(world_stat(w, "a").st_uid, 0);
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, link, mode), EOPNOTSUPP);
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, link, size), EINVAL);
	world_hold(w, "a", "text");
	assert_int_equal(ASK_NODE(w, FUSE_READLINK, link), 0);
	assert_memory_equal(w->out, "a", 1);
	assert_int_equal(ASK_NODE(w, FUSE_READLINK, w->root), EINVAL);
}

static void clears_setuid_only_when_asked(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *path = world_path(w, "a");
	struct fuse_setattr_in in = {.valid = FATTR_SIZE, .size = 1};
	uint64_t node;

	(void)state;
	world_write(w, "a", "text");
	node = world_look(w, w->root, "a");
	assert_int_equal(chmod(path, 06755), 0);
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, node, in), 0);
	assert_int_equal(world_stat(w, "a").st_mode & 07777, 06755);
	in.valid |= FATTR_KILL_SUIDGID;
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, node, in), 0);
	assert_int_equal(world_stat(w, "a").st_mode & 07777, 0755);
	/* The thread has its capability back. */
	assert_int_equal(chmod(path, 06755), 0);
	in.valid = FATTR_SIZE;
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, node, in), 0);
	assert_int_equal(world_stat(w, "a").st_mode & 07777, 06755);
}

static void refuses_sizes_that_cannot_be(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_setattr_in in = {.valid = FATTR_SIZE, .size = UINT64_MAX};

	(void)state;
	world_write(w, "a", "text");
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, world_look(w, w->root, "a"), in), EINVAL);
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, w->root, in), EINVAL);
	assert_int_equal(ASK_ARGS(w, FUSE_SETATTR, FUSE_ROOT_ID, in), EROFS);
}

static void tells_of_file_systems(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_syncfs_in in = {0};

	(void)state;
	assert_int_equal(ASK_NODE(w, FUSE_STATFS, FUSE_ROOT_ID), 0);
	assert_true(ANSWER(w, struct fuse_statfs_out).st.blocks > 0);
	assert_int_equal(ASK_NODE(w, FUSE_STATFS, w->more), 0);
	assert_int_equal(ANSWER(w, struct fuse_statfs_out).st.namelen, 255);
	assert_int_equal(ASK_ARGS(w, FUSE_SYNCFS, w->more, in), 0);
	assert_int_equal(ASK_ARGS(w, FUSE_SYNCFS, FUSE_ROOT_ID, in), 0);
}

/* A template's guest mounts before there is anything to share. */
static void bears_that_nothing_is_shared(void **state)
{
	struct world *w = hp_alloc(sizeof(*w));
	struct fuse_getattr_in in = {0};
	struct fuse_syncfs_in sync = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_files__open(&w->files, NULL, 0, &err), 0);
	assert_int_equal(ASK_NODE(w, FUSE_STATFS, FUSE_ROOT_ID), 0);
	assert_int_equal(ANSWER(w, struct fuse_statfs_out).st.blocks, 0);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, FUSE_ROOT_ID, in), 0);
	assert_int_equal(ASK_ARGS(w, FUSE_SYNCFS, FUSE_ROOT_ID, sync), 0);
	assert_int_equal(ASK_NAME(w, FUSE_LOOKUP, FUSE_ROOT_ID, "rootfs"), ENOENT);
	assert_int_equal(ASK_NODE(w, FUSE_STATFS, 2), ESTALE);
	hp_files__close(&w->files);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(tells_attributes),
		FDS_TEST(sets_all_of_them),
		FDS_TEST(sets_the_time_to_now),
		FDS_TEST(changes_links_and_not_what_they_name),
		FDS_TEST(clears_setuid_only_when_asked),
		FDS_TEST(refuses_sizes_that_cannot_be),
		FDS_TEST(tells_of_file_systems),
		FDS_TEST(bears_that_nothing_is_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
