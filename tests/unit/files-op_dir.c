/* SPDX-License-Identifier: Apache-2.0 */
/* files-op_dir.c - tests of src/files/op_dir.c. */
#include "files-world.h"

static uint64_t open_dir(struct world *w, uint64_t node)
{
	struct fuse_open_in in = {0};

	assert_int_equal(ASK_ARGS(w, FUSE_OPENDIR, node, in), 0);
	return ANSWER(w, struct fuse_open_out).fh;
}

static void close_dir(struct world *w, uint64_t node, uint64_t handle)
{
	struct fuse_release_in in = {.fh = handle};

	assert_int_equal(ASK_ARGS(w, FUSE_RELEASEDIR, node, in), 0);
}

/* Count the entries of one answer. ret_last: where the next one goes on. */
static int count(const struct world *w, bool plus, uint64_t *ret_last)
{
	int n = 0;

	for (size_t at = 0; at < w->len;) {
		size_t before = plus ? sizeof(struct fuse_entry_out) : 0;
		struct fuse_dirent head;

		assert_true(at + before + sizeof(head) <= w->len);
		memcpy(&head, w->out + at + before, sizeof(head));
		assert_true(head.namelen > 0 && head.namelen <= 255 && head.ino != 0);
		*ret_last = head.off;
		at += FUSE_REC_ALIGN(before + FUSE_NAME_OFFSET + head.namelen);
		n++;
	}
	return n;
}

static int list(struct world *w, uint64_t node, uint32_t opcode, uint32_t size)
{
	struct fuse_read_in in = {.fh = open_dir(w, node), .size = size};
	int total = 0;
	int n;

	do {
		assert_int_equal(ASK_ARGS(w, opcode, node, in), 0);
		assert_true(w->len <= size);
		n = count(w, opcode == FUSE_READDIRPLUS, &in.offset);
		total += n;
	} while (n > 0);
	close_dir(w, node, in.fh);
	return total;
}

static void lists_everything_in_pieces(void **state)
{
	AUTO(world_free) struct world *w = world_new();

	(void)state;
	for (int i = 0; i < 500; i++) {
		AUTO_FREE char *name = hp_sprintf("more/a-file-of-many-%d", i);

		world_write(w, name, "");
	}
	assert_int_equal(list(w, w->more, FUSE_READDIR, 4096), 502);
	assert_int_equal(list(w, w->more, FUSE_READDIR, 60), 502);
	assert_int_equal(list(w, w->more, FUSE_READDIR, 60000), 502);
	assert_int_equal(list(w, w->more, FUSE_READDIRPLUS, 4096), 502);
	/* Each was looked up once by that. */
	assert_int_equal(w->files.nodes.count, 502);
}

static void lists_the_shares(void **state)
{
	AUTO(world_free) struct world *w = world_new();

	(void)state;
	assert_int_equal(list(w, FUSE_ROOT_ID, FUSE_READDIR, 4096), 4);
	assert_int_equal(list(w, FUSE_ROOT_ID, FUSE_READDIRPLUS, 200), 4);
}

static void goes_on_while_entries_are_removed(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_read_in in = {.size = 200};
	int total = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		AUTO_FREE char *name = hp_sprintf("more/%d", i);

		world_write(w, name, "");
	}
	in.fh = open_dir(w, w->more);
	for (int i = 0;; i++) {
		AUTO_FREE char *name = hp_sprintf("%d", i);
		int n;

		assert_int_equal(ASK_ARGS(w, FUSE_READDIR, w->more, in), 0);
		n = count(w, false, &in.offset);
		total += n;
		if (n == 0)
			break;
		if (i < 300)
			assert_int_equal(ASK_NAME(w, FUSE_UNLINK, w->more, name), 0);
	}
	/* What was not removed is there, whether or not the rest is told of. */
	assert_true(total >= 200 && total <= 302);
	close_dir(w, w->more, in.fh);
}

static void knows_only_handles_that_it_gave(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_read_in in = {.size = 4096};
	struct fuse_fsync_in sync = {0};
	uint64_t handle = open_dir(w, w->more);
	uint64_t forged[] = {0, 1, handle + 1, handle + (UINT64_C(1) << 32), UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(forged); i++) {
		in.fh = sync.fh = forged[i];
		assert_int_equal(ASK_ARGS(w, FUSE_READDIR, w->more, in), EBADF);
		assert_int_equal(ASK_ARGS(w, FUSE_FSYNCDIR, w->more, sync), EBADF);
		close_dir(w, w->more, forged[i]);
	}
	in.fh = sync.fh = handle;
	/* One of another directory is none either. */
	assert_int_equal(ASK_ARGS(w, FUSE_READDIR, w->root, in), EBADF);
	assert_int_equal(ASK_ARGS(w, FUSE_READDIR, FUSE_ROOT_ID, in), EBADF);
	assert_int_equal(ASK_ARGS(w, FUSE_FSYNCDIR, w->more, sync), 0);
	close_dir(w, w->more, handle);
	assert_int_equal(ASK_ARGS(w, FUSE_READDIR, w->more, in), EBADF);
}

static void bears_any_position(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	static const uint64_t offsets[] = {1, 7, UINT64_MAX, INT64_MAX, 0x123456789abcdef};
	struct fuse_read_in in = {.size = 4096};
	struct fuse_open_in open_in = {0};

	(void)state;
	world_write(w, "a", "");
	in.fh = open_dir(w, w->root);
	for (size_t i = 0; i < HP_ARRAY_LEN(offsets); i++) {
		uint64_t last;

		in.offset = offsets[i];
		if (ASK_ARGS(w, FUSE_READDIR, w->root, in) == 0)
			count(w, false, &last);
	}
	in.offset = 0;
	assert_int_equal(ASK_ARGS(w, FUSE_READDIR, w->root, in), 0);
	assert_true(w->len > 0);
	close_dir(w, w->root, in.fh);
	assert_int_equal(ASK_ARGS(w, FUSE_OPENDIR, world_look(w, w->root, "a"), open_in),
			 ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(lists_everything_in_pieces),
		FDS_TEST(lists_the_shares),
		FDS_TEST(goes_on_while_entries_are_removed),
		FDS_TEST(knows_only_handles_that_it_gave),
		FDS_TEST(bears_any_position),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
