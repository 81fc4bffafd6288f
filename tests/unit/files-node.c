/* SPDX-License-Identifier: Apache-2.0 */
/* files-node.c - tests of src/files/node.c. */
#include "files/node.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "fds.h"

/* A file number @ino, of which it need not be true. */
static struct hp_node_found found(uint64_t ino, const char *name)
{
	return (struct hp_node_found){.fd = open("/dev/null", O_PATH | O_CLOEXEC),
				      .key = {.dev = 1, .ino = ino, .mount = 2},
				      .born_ns = 5,
				      .type = S_IFREG,
				      .parent = 3,
				      .name = name};
}

static struct hp_node *enter(struct hp_nodes *t, uint64_t ino)
{
	struct hp_node_found f = found(ino, "name");
	struct hp_node *n = hp_files__node_enter(t, &f);

	assert_non_null(n);
	return n;
}

static void finds_the_same_file_again(void **state)
{
	struct hp_nodes t;
	struct hp_node *n;

	(void)state;
	hp_files__nodes_init(&t, 1000);
	n = enter(&t, 7);
	assert_ptr_equal(enter(&t, 7), n);
	assert_int_equal(n->lookups, 2);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.n_open, 1);
	assert_ptr_equal(hp_files__node_find(&t, &n->key), n);
	for (int i = 0; i < 3; i++)
		hp_files__node_put(&t, n);
	assert_ptr_equal(hp_files__node_get(&t, n->id), n);
	hp_files__node_put(&t, n);
	hp_files__nodes_free(&t);
}

static void tells_shares_and_mounts_apart(void **state)
{
	struct hp_node_found f = found(7, "name");
	struct hp_nodes t;
	struct hp_node *n;
	struct hp_node *other;

	(void)state;
	hp_files__nodes_init(&t, 1000);
	n = hp_files__node_enter(&t, &f);
	f = found(7, "name");
	f.key.share = 1;
	other = hp_files__node_enter(&t, &f);
	assert_ptr_not_equal(n, other);
	hp_files__node_put(&t, other);
	f = found(7, "name");
	f.key.mount = 9;
	other = hp_files__node_enter(&t, &f);
	assert_ptr_not_equal(n, other);
	hp_files__node_put(&t, other);
	hp_files__node_put(&t, n);
	assert_int_equal(t.count, 3);
	hp_files__nodes_free(&t);
}

static void stays_whole_while_it_is_used(void **state)
{
	struct hp_nodes t;
	struct hp_node *n;
	uint64_t id;

	(void)state;
	hp_files__nodes_init(&t, 1000);
	n = enter(&t, 7);
	id = n->id;
	/* Forgotten while a call works on it. */
	hp_files__node_forget(&t, id, 1);
	assert_true(fcntl(n->fd, F_GETFD) >= 0);
	hp_files__node_put(&t, n);
	assert_int_equal(t.count, 0);
	errno = 0;
	assert_null(hp_files__node_get(&t, id));
	assert_int_equal(errno, ESTALE);
	/* Its place is taken by another one: the old id still leads nowhere. */
	n = enter(&t, 8);
	assert_int_equal((uint32_t)n->id, (uint32_t)id);
	assert_true(n->id != id);
	assert_null(hp_files__node_get(&t, id));
	hp_files__node_put(&t, n);
	hp_files__nodes_free(&t);
}

static void refuses_more_than_its_maximum(void **state)
{
	struct hp_node_found f;
	struct hp_nodes t;

	(void)state;
	hp_files__nodes_init(&t, 1000);
	t.max = 300;
	for (uint64_t i = 0; i < 300; i++)
		hp_files__node_put(&t, enter(&t, i));
	f = found(1000, "name");
	errno = 0;
	assert_null(hp_files__node_enter(&t, &f));
	assert_int_equal(errno, ENFILE);
	/* The descriptor was closed all the same, and what is known is still found. */
	assert_int_equal(fcntl(f.fd, F_GETFD), -1);
	hp_files__node_put(&t, enter(&t, 5));
	hp_files__nodes_forget_all(&t);
	assert_int_equal(t.count, 0);
	assert_int_equal(t.n_open, 0);
	hp_files__nodes_free(&t);
}

static void notes_where_it_was_found_last(void **state)
{
	struct hp_node_found f = found(7, "other");
	struct hp_nodes t;
	struct hp_node *n;

	(void)state;
	hp_files__nodes_init(&t, 1000);
	n = enter(&t, 7);
	f.parent = 44;
	hp_files__node_put(&t, hp_files__node_enter(&t, &f));
	assert_string_equal(n->name, "other");
	assert_int_equal(n->parent, 44);
	hp_files__node_put(&t, n);
	hp_files__nodes_free(&t);
}

static void keeps_shares(void **state)
{
	struct hp_node_found f = found(7, NULL);
	struct hp_nodes t;
	struct hp_node *n;

	(void)state;
	hp_files__nodes_init(&t, 1000);
	n = hp_files__node_root(&t, &f);
	hp_files__node_forget(&t, n->id, UINT64_MAX);
	hp_files__nodes_forget_all(&t);
	assert_ptr_equal(hp_files__node_get(&t, n->id), n);
	hp_files__node_put(&t, n);
	hp_files__nodes_free(&t);
	/* Its descriptor is the caller's. */
	assert_int_equal(close(f.fd), 0);
}

static void *come_and_go(void *arg)
{
	struct hp_nodes *t = arg;

	for (unsigned i = 0; i < 5000; i++) {
		struct hp_node_found f = found(i % 7, i % 3 ? "a" : "b");
		struct hp_node *n = hp_files__node_enter(t, &f);
		uint64_t id = n->id;

		hp_files__node_put(t, n);
		n = hp_files__node_get(t, id);
		if (n)
			hp_files__node_put(t, n);
		hp_files__node_forget(t, id, 1 + i % 2);
	}
	return NULL;
}

static void serves_many_threads(void **state)
{
	struct hp_nodes t;
	pthread_t threads[3];

	(void)state;
	hp_files__nodes_init(&t, 1000);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &t), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	hp_files__nodes_forget_all(&t);
	assert_int_equal(t.count, 0);
	assert_int_equal(t.n_open, 0);
	hp_files__nodes_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(finds_the_same_file_again),
		FDS_TEST(tells_shares_and_mounts_apart),
		FDS_TEST(stays_whole_while_it_is_used),
		FDS_TEST(refuses_more_than_its_maximum),
		FDS_TEST(notes_where_it_was_found_last),
		FDS_TEST(keeps_shares),
		FDS_TEST(serves_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
