/* SPDX-License-Identifier: Apache-2.0 */
/* files-node_spare.c - tests of src/files/node_spare.c: more files than descriptors. */
#include "files-world.h"

#define FILES 400
#define OPEN  100

/* Files in two directories, all of them known, few of them open. Their nodes are written to @ids,
 * the directories' to @dirs. */
static struct world *many(uint64_t ids[FILES], uint64_t dirs[2])
{
	struct world *w = world_new();

	w->files.nodes.max_open = OPEN;
	for (int i = 0; i < 2; i++) {
		AUTO_FREE char *name = hp_sprintf("d%d", i);

		world_mkdir(w, name);
		dirs[i] = world_look(w, w->root, name);
	}
	for (int i = 0; i < FILES; i++) {
		AUTO_FREE char *name = hp_sprintf("d%d/%d", i % 2, i);

		world_write(w, name, "x");
		ids[i] = world_look(w, dirs[i % 2], name + 3);
	}
	return w;
}

static int get_size(struct world *w, uint64_t node)
{
	struct fuse_getattr_in in = {0};

	return ASK_ARGS(w, FUSE_GETATTR, node, in);
}

static void knows_all_and_opens_few(void **state)
{
	uint64_t ids[FILES];
	uint64_t dirs[2];
	AUTO(world_free) struct world *w = many(ids, dirs);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < FILES; i++) {
			assert_int_equal(get_size(w, ids[i]), 0);
			assert_true(w->files.nodes.n_open <= OPEN + 2);
		}
	}
	assert_int_equal(w->files.nodes.count, FILES + 4);
	assert_true(w->files.nodes.n_closed >= FILES - OPEN);
	for (int i = 0; i < FILES; i++)
		world_forget(w, ids[i], 1);
	assert_int_equal(w->files.nodes.n_closed + w->files.nodes.n_open, 4);
}

/* A file that is open in the guest while its name goes must stay, closed here or not. */
static void keeps_what_loses_its_name(void **state)
{
	uint64_t ids[FILES];
	uint64_t dirs[2];
	AUTO(world_free) struct world *w = many(ids, dirs);
	struct fuse_rename2_in in = {.newdir = dirs[1]};

	(void)state;
	for (int i = 0; i < FILES; i += 2) {
		char name[32];

		snprintf(name, sizeof(name), "%d", i);
		if (i % 4 == 0) {
			assert_int_equal(ASK_NAME(w, FUSE_UNLINK, dirs[0], name), 0);
			continue;
		}
		/* The other half is moved over what is in the other directory. */
		size_t len = (size_t)snprintf(name, sizeof(name), "%d%c%d", i, 0, i + 1) + 1;
		assert_int_equal(world_ask(w, FUSE_RENAME2, dirs[0],
					   &(struct world_tail){&in, sizeof(in)},
					   &(struct world_tail){name, len}),
				 0);
	}
	for (int i = 0; i < FILES; i++)
		assert_int_equal(get_size(w, ids[i]), 0);
}

/* Package managers rename each file that they unpack: those must not all stay open. */
static void closes_what_was_renamed(void **state)
{
	uint64_t ids[FILES];
	uint64_t dirs[2];
	AUTO(world_free) struct world *w = many(ids, dirs);

	(void)state;
	for (int i = 0; i < FILES; i++) {
		struct fuse_rename2_in in = {.newdir = dirs[i < FILES / 2 ? i % 2 : 1 - i % 2]};
		char names[32];
		size_t len = (size_t)snprintf(names, sizeof(names), "%d%cnew-%d", i, 0, i) + 1;

		/* All of them are open for once, with the names that they had. */
		w->files.nodes.max_open = 10 * FILES;
		assert_int_equal(get_size(w, ids[i]), 0);
		assert_int_equal(world_ask(w, FUSE_RENAME2, dirs[i % 2],
					   &(struct world_tail){&in, sizeof(in)},
					   &(struct world_tail){names, len}),
				 0);
	}
	w->files.nodes.max_open = OPEN;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < FILES; i++) {
			assert_int_equal(get_size(w, ids[i]), 0);
			world_look(w, w->root, "more");
		}
	}
	assert_true(w->files.nodes.n_open <= OPEN + 2);
}

static void follows_a_directory_that_is_moved(void **state)
{
	uint64_t ids[FILES];
	uint64_t dirs[2];
	AUTO(world_free) struct world *w = many(ids, dirs);
	struct fuse_rename2_in in = {.newdir = w->more};

	(void)state;
	assert_int_equal(world_look(w, w->root, "more") != w->more, 1);
	in.newdir = world_look(w, w->root, "more");
	assert_int_equal(ASK_BYTES(w, FUSE_RENAME2, w->root, in, "d0\0moved"), 0);
	for (int i = 0; i < FILES; i++)
		assert_int_equal(get_size(w, ids[i]), 0);
}

static void does_not_take_another_file_for_it(void **state)
{
	uint64_t ids[FILES];
	uint64_t dirs[2];
	AUTO(world_free) struct world *w = many(ids, dirs);
	int stale = 0;

	(void)state;
	/* Somebody on the host puts others in their places. */
	for (int i = 0; i < FILES; i++) {
		AUTO_FREE char *name = hp_sprintf("d%d/%d", i % 2, i);
		AUTO_FREE char *path = world_path(w, name);

		assert_int_equal(unlink(path), 0);
		world_write(w, name, "other");
	}
	for (int i = 0; i < FILES; i++) {
		int rc = get_size(w, ids[i]);

		assert_true(rc == ESTALE || ANSWER(w, struct fuse_attr_out).attr.size == 1);
		stale += rc == ESTALE;
	}
	assert_true(stale >= FILES - OPEN - 2);
	/* Looked up again, they are found. */
	assert_int_equal(get_size(w, world_look(w, dirs[0], "0")), 0);
	assert_int_equal(ANSWER(w, struct fuse_attr_out).attr.size, 5);
}

static void opens_a_whole_path_again(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	uint64_t path[50];
	uint64_t at = w->root;
	struct fuse_mkdir_in in = {.mode = 0755};

	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(ASK(w, FUSE_MKDIR, at, in, "deeper"), 0);
		path[i] = at = ANSWER(w, struct fuse_entry_out).nodeid;
	}
	w->files.nodes.max_open = 4;
	/* Each lookup makes room, until only those in use are open. */
	for (int i = 0; i < 20; i++)
		world_look(w, w->root, "more");
	assert_true(w->files.nodes.n_closed > 0);
	for (int i = 49; i >= 0; i--)
		assert_int_equal(get_size(w, path[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(knows_all_and_opens_few),
		FDS_TEST(keeps_what_loses_its_name),
		FDS_TEST(closes_what_was_renamed),
		FDS_TEST(follows_a_directory_that_is_moved),
		FDS_TEST(does_not_take_another_file_for_it),
		FDS_TEST(opens_a_whole_path_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
