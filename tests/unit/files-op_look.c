/* SPDX-License-Identifier: Apache-2.0 */
/* files-op_look.c - tests of src/files/op_look.c: nothing leads out, and nothing is made up. */
#include <pthread.h>

#include "files-world.h"

static void finds_shares_and_files(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_entry_out entry;

	(void)state;
	world_write(w, "a", "text");
	assert_int_equal(ASK_NAME(w, FUSE_LOOKUP, w->root, "a"), 0);
	entry = ANSWER(w, struct fuse_entry_out);
	assert_int_equal(entry.attr.size, 4);
	assert_int_equal(entry.attr.ino, world_stat(w, "a").st_ino);
	assert_true(entry.entry_valid > 1000000 && entry.attr_valid > 1000000);
	assert_int_equal(entry.generation, entry.nodeid >> 32);
	/* The same file is the same node. */
	assert_int_equal(world_look(w, w->root, "a"), entry.nodeid);
	assert_int_equal(ASK_NAME(w, FUSE_LOOKUP, FUSE_ROOT_ID, "2"), ENOENT);
}

static void remembers_that_there_is_nothing(void **state)
{
	struct world *made = world_make();
	AUTO(world_free) struct world *w = made;

	(void)state;
	w->shares[1].shared = true;
	world_open(w);
	assert_int_equal(ASK_NAME(w, FUSE_LOOKUP, w->root, "none"), 0);
	assert_int_equal(ANSWER(w, struct fuse_entry_out).nodeid, 0);
	assert_true(ANSWER(w, struct fuse_entry_out).entry_valid > 1000000);
	/* Where others make files too, not for long. */
	assert_int_equal(ASK_NAME(w, FUSE_LOOKUP, w->more, "none"), 0);
	assert_int_equal(ANSWER(w, struct fuse_entry_out).entry_valid, 1);
}

static void does_not_leave_the_share(void **state)
{
	static const char *const names[] = {"..", ".", "../x", "more/..", "/etc", "/", ""};
	AUTO(world_free) struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++) {
		assert_int_equal(ASK_NAME(w, FUSE_LOOKUP, w->root, names[i]), EINVAL);
		assert_int_equal(ASK_NAME(w, FUSE_LOOKUP, FUSE_ROOT_ID, names[i]), EINVAL);
	}
}

static void does_not_follow_links(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *out = world_path(w, "out");
	uint64_t link;

	(void)state;
	assert_int_equal(symlink("/", out), 0);
	link = world_look(w, w->root, "out");
	assert_true(S_ISLNK(ANSWER(w, struct fuse_entry_out).attr.mode));
	/* What it leads to cannot be reached by way of it. */
	assert_int_equal(ASK_NAME(w, FUSE_LOOKUP, link, "etc"), ENOTDIR);
	assert_int_equal(ASK_NODE(w, FUSE_READLINK, link), 0);
	assert_int_equal(w->len, 1);
}

struct swapper {
	const char *name;
	bool stop;
};

/* Swap a directory for a link that leads out, and back, all the time. */
static void *swap(void *arg)
{
	struct swapper *s = arg;
	AUTO_FREE char *aside = hp_sprintf("%s-aside", s->name);

	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		if (rename(s->name, aside) < 0 || symlink("/etc", s->name) < 0 ||
		    unlink(s->name) < 0 || rename(aside, s->name) < 0)
			return arg;
	}
	return NULL;
}

static void is_not_led_out_by_a_race(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *path = world_path(w, "d");
	struct swapper s = {.name = path};
	pthread_t thread;
	void *failed = NULL;
	int found = 0;

	(void)state;
	world_mkdir(w, "d");
	assert_int_equal(pthread_create(&thread, NULL, swap, &s), 0);
	for (int i = 0; i < 20000; i++) {
		uint64_t node;

		if (ASK_NAME(w, FUSE_LOOKUP, w->root, "d") != 0)
			continue;
		node = ANSWER(w, struct fuse_entry_out).nodeid;
		if (node == 0)
			continue;
		/* Either the link itself or our directory, in which there is no passwd. */
		if (ASK_NAME(w, FUSE_LOOKUP, node, "passwd") == 0)
			assert_int_equal(ANSWER(w, struct fuse_entry_out).nodeid, 0);
		found++;
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, &failed);
	assert_null(failed);
	assert_true(found > 0);
}

static void knows_only_nodes_that_it_told_of(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_getattr_in in = {0};
	uint64_t node;

	(void)state;
	world_write(w, "a", "x");
	node = world_look(w, w->root, "a");
	for (uint64_t id = 0; id < 300; id++)
		if (id != FUSE_ROOT_ID)
			assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, id, in), ESTALE);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, node + (UINT64_C(1) << 32), in), ESTALE);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, UINT64_MAX, in), ESTALE);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, node, in), 0);
	world_forget(w, node, 1);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, node, in), ESTALE);
	/* It gets another number the next time. */
	assert_true(world_look(w, w->root, "a") != node);
}

static void counts_lookups(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_getattr_in in = {0};
	struct fuse_batch_forget_in two = {.count = 2};
	struct fuse_forget_one ones[2];
	uint64_t node;

	(void)state;
	world_write(w, "a", "x");
	node = world_look(w, w->root, "a");
	for (int i = 0; i < 4; i++)
		assert_int_equal(world_look(w, w->root, "a"), node);
	world_forget(w, node, 2);
	ones[0] = (struct fuse_forget_one){.nodeid = node, .nlookup = 2};
	ones[1] = (struct fuse_forget_one){.nodeid = 12345, .nlookup = 2};
	assert_int_equal(world_ask(w, FUSE_BATCH_FORGET, 0,
				   &(struct world_tail){&two, sizeof(two)},
				   &(struct world_tail){ones, sizeof(ones)}),
			 0);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, node, in), 0);
	/* More than there were is all. */
	world_forget(w, node, UINT64_MAX);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, node, in), ESTALE);
	/* A share stays, whatever is said. */
	world_forget(w, w->root, UINT64_MAX);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, w->root, in), 0);
}

static void begins_and_ends(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct fuse_init_in in = {.major = 7, .minor = 37, .flags = 0x7fffffff};
	struct fuse_getattr_in get = {0};
	uint64_t node;

	(void)state;
	assert_int_equal(ASK_ARGS(w, FUSE_INIT, 0, in), 0);
	assert_int_equal(ANSWER(w, struct fuse_init_out).major, 7);
	world_write(w, "a", "x");
	node = world_look(w, w->root, "a");
	assert_int_equal(ASK_NODE(w, FUSE_DESTROY, 0), 0);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, node, get), ESTALE);
	assert_int_equal(ASK_ARGS(w, FUSE_GETATTR, w->root, get), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(finds_shares_and_files),   FDS_TEST(remembers_that_there_is_nothing),
		FDS_TEST(does_not_leave_the_share), FDS_TEST(does_not_follow_links),
		FDS_TEST(is_not_led_out_by_a_race), FDS_TEST(knows_only_nodes_that_it_told_of),
		FDS_TEST(counts_lookups),           FDS_TEST(begins_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
