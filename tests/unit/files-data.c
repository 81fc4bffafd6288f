/* SPDX-License-Identifier: Apache-2.0 */
/* files-data.c - tests of src/files/data.c. */
#include "files-world.h"

static struct hp_node *node_of(struct world *w, const char *name)
{
	struct hp_node *n = hp_files__node_get(&w->files.nodes, world_look(w, w->root, name));

	assert_non_null(n);
	return n;
}

static struct hp_data *get(struct world *w, struct hp_node *n, bool writable, bool keep)
{
	struct hp_data *data;

	assert_int_equal(hp_files__data_get(&w->files.cache, n, writable, keep, &data), 0);
	return data;
}

static void keeps_what_was_used(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct hp_node *n;
	struct hp_data *first;
	struct hp_data *second;

	(void)state;
	world_write(w, "a", "x");
	n = node_of(w, "a");
	first = get(w, n, false, true);
	second = get(w, n, false, true);
	assert_ptr_equal(first, second);
	hp_files__data_put(first);
	hp_files__data_put(second);
	assert_int_equal(w->files.cache.n, 1);
	hp_files__cache_trim(&w->files.cache);
	assert_int_equal(w->files.cache.n, 0);
	hp_files__node_put(&w->files.nodes, n);
}

static void replaces_one_that_cannot_write(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct hp_node *n;
	struct hp_data *reader;
	struct hp_data *writer;
	char seen;

	(void)state;
	world_write(w, "a", "x");
	n = node_of(w, "a");
	reader = get(w, n, false, true);
	writer = get(w, n, true, true);
	assert_ptr_not_equal(reader, writer);
	/* The one in use stays good until it is put. */
	assert_int_equal(pread(reader->fd, &seen, 1, 0), 1);
	assert_int_equal(pwrite(writer->fd, "y", 1, 0), 1);
	hp_files__data_put(reader);
	hp_files__data_put(writer);
	assert_int_equal(w->files.cache.n, 1);
	reader = get(w, n, false, true);
	assert_ptr_equal(reader, writer);
	hp_files__data_put(reader);
	hp_files__node_put(&w->files.nodes, n);
}

static void closes_what_is_not_to_be_kept(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	int before;
	struct hp_node *n;

	(void)state;
	world_write(w, "a", "x");
	n = node_of(w, "a");
	before = fds_count();
	hp_files__data_put(get(w, n, true, false));
	assert_int_equal(fds_count(), before);
	assert_int_equal(w->files.cache.n, 0);
	hp_files__node_put(&w->files.nodes, n);
}

static void closes_the_one_used_longest_ago(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct hp_node *nodes[5];

	(void)state;
	w->files.cache.max = 3;
	for (int i = 0; i < 5; i++) {
		char name[] = {(char)('a' + i), '\0'};

		world_write(w, name, "x");
		nodes[i] = node_of(w, name);
	}
	for (int i = 0; i < 3; i++)
		hp_files__data_put(get(w, nodes[i], false, true));
	/* The first is used again, so the second goes. */
	hp_files__data_put(get(w, nodes[0], false, true));
	hp_files__data_put(get(w, nodes[3], false, true));
	assert_int_equal(w->files.cache.n, 3);
	assert_non_null(nodes[0]->data);
	assert_null(nodes[1]->data);
	for (int i = 0; i < 5; i++)
		hp_files__node_put(&w->files.nodes, nodes[i]);
}

static void goes_with_its_node(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	uint64_t node;
	struct hp_node *n;

	(void)state;
	world_write(w, "a", "x");
	node = world_look(w, w->root, "a");
	n = hp_files__node_get(&w->files.nodes, node);
	hp_files__data_put(get(w, n, false, true));
	hp_files__node_put(&w->files.nodes, n);
	assert_int_equal(w->files.cache.n, 1);
	world_forget(w, node, 1);
	assert_int_equal(w->files.cache.n, 0);
}

static void takes_one_that_is_given(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	AUTO_FREE char *path = world_path(w, "a");
	struct hp_node *n;
	struct hp_data *data;
	int fd;

	(void)state;
	world_write(w, "a", "x");
	n = node_of(w, "a");
	fd = open(path, O_RDWR | O_CLOEXEC);
	hp_files__data_give(&w->files.cache, n, fd);
	/* A second one is not needed. */
	hp_files__data_give(&w->files.cache, n, open(path, O_RDWR | O_CLOEXEC));
	data = get(w, n, true, true);
	assert_int_equal(data->fd, fd);
	hp_files__data_put(data);
	hp_files__node_put(&w->files.nodes, n);
}

static void says_why_it_cannot_open(void **state)
{
	AUTO(world_free) struct world *w = world_new();
	struct hp_node *n = hp_files__node_get(&w->files.nodes, w->more);
	struct hp_data *data;

	(void)state;
	assert_int_equal(hp_files__data_get(&w->files.cache, n, true, true, &data), EISDIR);
	hp_files__node_put(&w->files.nodes, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(keeps_what_was_used),
		FDS_TEST(replaces_one_that_cannot_write),
		FDS_TEST(closes_what_is_not_to_be_kept),
		FDS_TEST(closes_the_one_used_longest_ago),
		FDS_TEST(goes_with_its_node),
		FDS_TEST(takes_one_that_is_given),
		FDS_TEST(says_why_it_cannot_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
