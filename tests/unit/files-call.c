/* SPDX-License-Identifier: Apache-2.0 */
/* files-call.c - tests of src/files/call.c: what holds for every operation. */
#include <sys/resource.h>

#include "files-world.h"

/* Opcodes with a directory, a file or anything as their node, and arguments of zeros. */
static const struct {
	uint32_t opcode;
	size_t size;
	bool named;
} rows[] = {
	{FUSE_LOOKUP, 0, true},
	{FUSE_GETATTR, 16, false},
	{FUSE_SETATTR, 88, false},
	{FUSE_READLINK, 0, false},
	{FUSE_MKNOD, 16, true},
	{FUSE_MKDIR, 8, true},
	{FUSE_UNLINK, 0, true},
	{FUSE_RMDIR, 0, true},
	{FUSE_LINK, 8, true},
	{FUSE_OPEN, 8, false},
	{FUSE_READ, 40, false},
	{FUSE_WRITE, 40, false},
	{FUSE_STATFS, 0, false},
	{FUSE_FSYNC, 16, false},
	{FUSE_GETXATTR, 8, true},
	{FUSE_LISTXATTR, 8, false},
	{FUSE_REMOVEXATTR, 0, true},
	{FUSE_OPENDIR, 8, false},
	{FUSE_READDIR, 40, false},
	{FUSE_CREATE, 16, true},
	{FUSE_FALLOCATE, 32, false},
	{FUSE_LSEEK, 24, false},
	{FUSE_COPY_FILE_RANGE, 56, false},
	{FUSE_SYNCFS, 8, false},
};

static int ask(struct world *w, size_t row, uint64_t node)
{
	static const uint8_t zeros[128];
	struct world_tail in = {zeros, rows[row].size};
	struct world_tail tail = {"name", rows[row].named ? 5 : 0};

	return world_ask(w, rows[row].opcode, node, &in, &tail);
}

static void refuses_nodes_that_it_does_not_know(void **state)
{
	static const uint64_t nodes[] = {0, 2, 12345, UINT64_MAX};
	AUTO(world_free) struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		for (size_t j = 0; j < HP_ARRAY_LEN(nodes); j++)
			assert_int_equal(ask(w, i, nodes[j]), ESTALE);
}

/* Nothing of the wrong kind is worked on, and nothing of that ends the process. */
static void bears_nodes_of_the_wrong_kind(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *link = world_path(w, "link");
	uint64_t nodes[4];

	(void)state;
	world_write(w, "file", "x");
	assert_int_equal(symlink("/", link), 0);
	nodes[0] = FUSE_ROOT_ID;
	nodes[1] = world_look(w, w->root, "file");
	nodes[2] = world_look(w, w->root, "link");
	nodes[3] = w->more;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		for (size_t j = 0; j < HP_ARRAY_LEN(nodes); j++)
			assert_true(ask(w, i, nodes[j]) < 134);
	assert_int_equal(ask(w, 0, nodes[1]), ENOTDIR);
	assert_int_equal(ask(w, 10, nodes[2]), EINVAL);
	assert_int_equal(ask(w, 10, nodes[3]), EISDIR);
}

static void changes_nothing_that_is_only_read(void **state)
{
	static const uint32_t changing[] = {FUSE_SETATTR, FUSE_MKNOD,      FUSE_MKDIR,
					    FUSE_UNLINK,  FUSE_RMDIR,      FUSE_LINK,
					    FUSE_CREATE,  FUSE_REMOVEXATTR};
	struct world *made = world_make();
	AUTO(world_free) struct world *w = made;

	(void)state;
	w->shares[1].read_only = true;
	world_open(w);
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		for (size_t j = 0; j < HP_ARRAY_LEN(changing); j++)
			if (rows[i].opcode == changing[j])
				assert_int_equal(ask(w, i, w->more), EROFS);
}

static void knows_what_may_take_long(void **state)
{
	struct hp_fuse_request little = {.opcode = FUSE_READ, .in.read.size = 4096};
	struct hp_fuse_request much = {.opcode = FUSE_READ, .in.read.size = 128 * 1024};
	struct hp_fuse_request sync = {.opcode = FUSE_FSYNC};
	struct hp_fuse_request unknown = {.opcode = UINT32_MAX};

	(void)state;
	assert_false(hp_files__is_slow(&little));
	assert_true(hp_files__is_slow(&much));
	assert_true(hp_files__is_slow(&sync));
	assert_false(hp_files__is_slow(&unknown));
}

static void shares_a_single_file(void **state)
{
	struct world *made = world_make();
	AUTO(world_free) struct world *w = made;
	AUTO_FREE char *path = world_path(w, "file");
	struct fuse_read_in in = {.size = 100};

	(void)state;
	world_write(w, "file", "text");
	close(w->shares[1].fd);
	w->shares[1].fd = open(path, O_PATH | O_CLOEXEC);
	world_open(w);
	assert_true(S_ISREG(ANSWER(w, struct fuse_entry_out).attr.mode));
	assert_int_equal(ASK_ARGS(w, FUSE_READ, w->more, in), 0);
	assert_int_equal(w->len, 4);
	/* There is nothing beside it. */
	assert_int_equal(ASK_NAME(w, FUSE_LOOKUP, w->more, "more"), ENOTDIR);
}

static void says_which_share_is_not_there(void **state)
{
	struct hp_files_share share = {.name = "gone", .fd = -1};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_files files;

	(void)state;
	assert_int_equal(hp_files__open(&files, &share, 1, &err), -1);
	assert_non_null(strstr(err.msg, "'gone'"));
	hp_files__close(&files);
}

static void does_not_answer_more_than_there_is_room_for(void **state)
{
	uint8_t out[4];
	struct hp_files_call c = {.out = out, .room = sizeof(out)};

	(void)state;
	assert_int_equal(hp_files__reply(&c, "12345", 5), ERANGE);
	assert_int_equal(hp_files__reply(&c, "1234", 4), 0);
	assert_int_equal(c.len, 4);
}

static void leaves_descriptors_for_everything_else(void **state)
{
	struct rlimit before;
	AUTO(world_free) struct world *w = world_new();
	struct rlimit now;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(now.rlim_cur, now.rlim_max);
	assert_true(w->files.nodes.max_open + w->files.dirs.max + w->files.cache.max <
		    now.rlim_cur);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(refuses_nodes_that_it_does_not_know),
		FDS_TEST(bears_nodes_of_the_wrong_kind),
		FDS_TEST(changes_nothing_that_is_only_read),
		FDS_TEST(knows_what_may_take_long),
		FDS_TEST(shares_a_single_file),
		FDS_TEST(says_which_share_is_not_there),
		FDS_TEST(does_not_answer_more_than_there_is_room_for),
		FDS_TEST(leaves_descriptors_for_everything_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
