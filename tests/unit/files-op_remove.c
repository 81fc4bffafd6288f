/* SPDX-License-Identifier: Apache-2.0 */
/* files-op_remove.c - tests of src/files/op_remove.c. */
#include "files-world.h"

static void removes_names(void **state)
{
	AUTO(world_free) struct world *w = world_new();

	(void)state;
	world_write(w, "a", "x");
	world_mkdir(w, "d");
	assert_int_equal(ASK_NAME(w, FUSE_UNLINK, w->root, "d"), EISDIR);
	assert_int_equal(ASK_NAME(w, FUSE_RMDIR, w->root, "a"), ENOTDIR);
	assert_int_equal(ASK_NAME(w, FUSE_UNLINK, w->root, "a"), 0);
	assert_int_equal(ASK_NAME(w, FUSE_RMDIR, w->root, "d"), 0);
	assert_false(world_has(w, "a") || world_has(w, "d"));
	assert_int_equal(ASK_NAME(w, FUSE_UNLINK, w->root, "a"), ENOENT);
	assert_int_equal(ASK_NAME(w, FUSE_RMDIR, FUSE_ROOT_ID, "1"), EROFS);
}

static void moves_names(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_rename2_in in = {0};
	uint64_t node;

	(void)state;
	world_write(w, "a", "one");
	world_write(w, "b", "two");
	world_mkdir(w, "d");
	node = world_look(w, w->root, "a");
	in.newdir = world_look(w, w->root, "d");
	assert_int_equal(ASK_BYTES(w, FUSE_RENAME2, w->root, in, "a\0c"), 0);
	world_hold(w, "d/c", "one");
	assert_int_equal(world_look(w, in.newdir, "c"), node);
	in.flags = RENAME_NOREPLACE;
	assert_int_equal(ASK_BYTES(w, FUSE_RENAME2, w->root, in, "b\0c"), EEXIST);
	in.flags = RENAME_EXCHANGE;
	assert_int_equal(ASK_BYTES(w, FUSE_RENAME2, w->root, in, "b\0c"), 0);
	world_hold(w, "b", "one");
	in.flags = RENAME_WHITEOUT;
	assert_int_equal(ASK_BYTES(w, FUSE_RENAME2, w->root, in, "b\0c"), EINVAL);
}

static void moves_nothing_between_shares(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_rename_in in = {.newdir = w->more};

	(void)state;
	world_write(w, "a", "one");
	assert_int_equal(ASK_BYTES(w, FUSE_RENAME, w->root, in, "a\0b"), EXDEV);
	in.newdir = world_look(w, w->root, "a");
	assert_int_equal(ASK_BYTES(w, FUSE_RENAME, w->root, in, "a\0b"), ENOTDIR);
	in.newdir = 12345;
	assert_int_equal(ASK_BYTES(w, FUSE_RENAME, w->root, in, "a\0b"), ESTALE);
	in.newdir = FUSE_ROOT_ID;
	assert_int_equal(ASK_BYTES(w, FUSE_RENAME, w->root, in, "a\0b"), ESTALE);
	in.newdir = w->root;
	assert_int_equal(ASK_BYTES(w, FUSE_RENAME, w->root, in, "a\0..\0"), EINVAL);
	world_hold(w, "a", "one");
}

static void keeps_what_is_removed_while_it_is_known(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_read_in in = {.size = 100};
	struct fuse_getattr_in get = {0};
	uint64_t node;

	(void)state;
	world_write(w, "a", "text");
	node = world_look(w, w->root, "a");
	assert_int_equal(ASK_NAME(w, FUSE_UNLINK, w->root, "a"), 0);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, node, get), 0);
	assert_int_equal(ANSWER(w, struct fuse_attr_out).attr.nlink, 0);
	assert_int_equal(ASK_ARGS(w, FUSE_READ, node, in), 0);
	assert_int_equal(w->len, 4);
	assert_memory_equal(w->out, "text", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(removes_names),
		FDS_TEST(moves_names),
		FDS_TEST(moves_nothing_between_shares),
		FDS_TEST(keeps_what_is_removed_while_it_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
