/* SPDX-License-Identifier: Apache-2.0 */
/* files-op_xattr.c - tests of src/files/op_xattr.c. */
#include <sys/xattr.h>

#include "files-world.h"

static void sets_and_gets(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_setxattr_in set = {.size = 3};
	struct fuse_getxattr_in get = {.size = 100};
	uint64_t node;

	(void)state;
	world_write(w, "a", "x");
	node = world_look(w, w->root, "a");
	assert_int_equal(ASK_BYTES(w, FUSE_SETXATTR, node, set, "user.one\0v2"), 0);
	assert_int_equal(ASK(w, FUSE_GETXATTR, node, get, "user.one"), 0);
	assert_int_equal(w->len, 3);
	assert_memory_equal(w->out, "v2", 3);
	assert_int_equal(ASK_ARGS(w, FUSE_LISTXATTR, node, get), 0);
	assert_memory_equal(w->out, "user.one", 9);
	/* With no room it is the size that is asked for. */
	get.size = 0;
	assert_int_equal(ASK(w, FUSE_GETXATTR, node, get, "user.one"), 0);
	assert_int_equal(ANSWER(w, struct fuse_getxattr_out).size, 3);
	assert_int_equal(ASK_ARGS(w, FUSE_LISTXATTR, node, get), 0);
	assert_int_equal(ANSWER(w, struct fuse_getxattr_out).size, 9);
	get.size = 2;
	assert_int_equal(ASK(w, FUSE_GETXATTR, node, get, "user.one"), ERANGE);
	set.flags = XATTR_CREATE;
	assert_int_equal(ASK_BYTES(w, FUSE_SETXATTR, node, set, "user.one\0v2"), EEXIST);
	assert_int_equal(ASK_NAME(w, FUSE_REMOVEXATTR, node, "user.one"), 0);
	assert_int_equal(ASK_NAME(w, FUSE_REMOVEXATTR, node, "user.one"), ENODATA);
	get.size = 100;
	assert_int_equal(ASK(w, FUSE_GETXATTR, node, get, "user.one"), ENODATA);
}

/* The link's own attributes, never those of the file that it names. */
static void stays_at_links(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *path = world_path(w, "s");
	AUTO_FREE char *target = world_path(w, "a");
	struct fuse_setxattr_in set = {.size = 2};
	char seen[8];

	(void)state;
	world_write(w, "a", "x");
	assert_int_equal(symlink("a", path), 0);
	assert_int_equal(ASK_BYTES(w, FUSE_SETXATTR, world_look(w, w->root, "s"), set,
				   "trusted.harpoon\0v"),
			 0);
	assert_int_equal(lgetxattr(path, "trusted.harpoon", seen, sizeof(seen)), 2);
	assert_int_equal(lgetxattr(target, "trusted.harpoon", seen, sizeof(seen)), -1);
}

/* The kernel asks for ACLs when it checks permissions, and refuses when it hears an error. */
static void has_no_acls_where_there_are_none(void **state)
{
	struct world *made = world_make();
	AUTO(world_free) struct world *w = made;
	struct fuse_getxattr_in get = {.size = 100};

	(void)state;
	close(w->shares[1].fd);
	w->shares[1].fd = open("/proc", O_PATH | O_CLOEXEC);
	world_open(w);
	assert_int_equal(ASK(w, FUSE_GETXATTR, w->more, get, "system.posix_acl_access"),
			 ENODATA);
	assert_int_equal(ASK(w, FUSE_GETXATTR, w->more, get, "user.one"), EOPNOTSUPP);
	assert_int_equal(ASK(w, FUSE_GETXATTR, FUSE_ROOT_ID, get, "system.posix_acl_access"),
			 ENODATA);
	assert_int_equal(ASK_ARGS(w, FUSE_LISTXATTR, FUSE_ROOT_ID, get), 0);
	assert_int_equal(w->len, 0);
}

static void clears_setgid_with_an_acl_when_asked(void **state)
{
	/* From: linux/posix_acl_xattr.h: a version, then tag, permissions and id of each entry. */
	static const uint8_t acl[] = {
		'\2', 0, 0,    0,    1,    0,    7,    0, 0xff, 0xff, 0xff, 0xff, 4,    0,
		5,    0, 0xff, 0xff, 0xff, 0xff, 0x20, 0, 5,    0,    0xff, 0xff, 0xff, 0xff,
	};
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *path = world_path(w, "a");
	struct fuse_setxattr_in set = {.size = sizeof(acl)};
	uint8_t tail[24 + sizeof(acl)] = "system.posix_acl_access";
	uint64_t node;

	(void)state;
	memcpy(tail + 24, acl, sizeof(acl));
	world_write(w, "a", "x");
	node = world_look(w, w->root, "a");
	w->uid = w->gid = 1000;
	for (int kill = 0; kill < 2; kill++) {
		assert_int_equal(chown(path, 1000, 50), 0);
		assert_int_equal(chmod(path, 02755), 0);
		set.setxattr_flags = kill ? FUSE_SETXATTR_ACL_KILL_SGID : 0;
		assert_int_equal(world_ask(w, FUSE_SETXATTR, node,
					   &(struct world_tail){&set, sizeof(set)},
					   &(struct world_tail){tail, sizeof(tail)}),
				 0);
		assert_int_equal(world_stat(w, "a").st_mode & 07777, kill ? 0755 : 02755);
	}
}

static void leaves_read_only_shares_alone(void **state)
{
	struct world *made = world_make();
	AUTO(world_free) struct world *w = made;
	struct fuse_setxattr_in set = {.size = 1};

	(void)state;
	w->shares[1].read_only = true;
	world_open(w);
	assert_int_equal(ASK_BYTES(w, FUSE_SETXATTR, w->more, set, "user.a\0"), EROFS);
	assert_int_equal(ASK_NAME(w, FUSE_REMOVEXATTR, w->more, "user.a"), EROFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(sets_and_gets),
		FDS_TEST(stays_at_links),
		FDS_TEST(has_no_acls_where_there_are_none),
		FDS_TEST(clears_setgid_with_an_acl_when_asked),
		FDS_TEST(leaves_read_only_shares_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
