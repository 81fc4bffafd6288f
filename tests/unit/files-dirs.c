/* SPDX-License-Identifier: Apache-2.0 */
/* files-dirs.c - tests of src/files/dirs.c. */
#include "files/dirs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "scratch.h"

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void gives_handles_that_cannot_be_guessed(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	struct hp_dirs t;
	uint64_t a;
	uint64_t b;
	struct hp_dir *d;

	(void)state;
	hp_files__dirs_init(&t, 100);
	a = hp_files__dir_add(&t, 5, open_dir(dir));
	b = hp_files__dir_add(&t, 6, -1);
	assert_true(a != 0 && b != 0 && a != b);
	assert_null(hp_files__dir_get(&t, a, 6));
	assert_null(hp_files__dir_get(&t, (uint32_t)a, 5));
	assert_null(hp_files__dir_get(&t, a + 1000, 5));
	d = hp_files__dir_get(&t, a, 5);
	assert_non_null(d);
	/* Removed while it is in use: it is whole until it is put. */
	hp_files__dir_remove(&t, a);
	assert_null(hp_files__dir_get(&t, a, 5));
	assert_true(fcntl(d->fd, F_GETFD) >= 0);
	hp_files__dir_put(&t, d);
	/* The place is used again, under another handle. */
	assert_true(hp_files__dir_add(&t, 5, open_dir(dir)) != a);
	hp_files__dirs_free(&t);
}

static void holds_no_more_than_its_maximum(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	struct hp_dirs t;

	(void)state;
	hp_files__dirs_init(&t, 40);
	for (int i = 0; i < 40; i++)
		assert_true(hp_files__dir_add(&t, 5, open_dir(dir)) != 0);
	assert_int_equal(hp_files__dir_add(&t, 5, open_dir(dir)), 0);
	assert_int_equal(errno, ENFILE);
	hp_files__dirs_remove_all(&t);
	assert_int_equal(t.count, 0);
	assert_true(hp_files__dir_add(&t, 5, -1) != 0);
	hp_files__dirs_free(&t);
}

static int count_from(struct hp_dir *d, uint64_t position)
{
	struct hp_dir_entry e;
	int n = 0;

	assert_int_equal(hp_files__dir_seek(d, position), 0);
	while (hp_files__dir_peek(d, &e) == 1) {
		assert_true(strlen(e.name) > 0);
		hp_files__dir_next(d);
		n++;
	}
	return n;
}

static void lists_and_goes_back(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	struct hp_dir_entry e;
	struct hp_dir *d;
	struct hp_dirs t;
	char tenth[256];
	uint64_t at = 0;
	uint64_t id;

	(void)state;
	for (int i = 0; i < 400; i++) {
		AUTO_FREE char *name = hp_sprintf("with-a-long-name-%d", i);

		free(scratch_file(dir, name, ""));
	}
	hp_files__dirs_init(&t, 10);
	id = hp_files__dir_add(&t, 5, open_dir(dir));
	d = hp_files__dir_get(&t, id, 5);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(hp_files__dir_peek(d, &e), 1);
		at = e.next;
		hp_files__dir_next(d);
	}
	assert_int_equal(d->at, at);
	/* Looking does not move on. */
	assert_int_equal(hp_files__dir_peek(d, &e), 1);
	snprintf(tenth, sizeof(tenth), "%s", e.name);
	assert_int_equal(hp_files__dir_peek(d, &e), 1);
	assert_string_equal(e.name, tenth);
	assert_int_equal(count_from(d, at), 392);
	assert_int_equal(hp_files__dir_peek(d, &e), 0);
	assert_null(d->entries);
	assert_int_equal(count_from(d, 0), 402);
	assert_int_equal(hp_files__dir_seek(d, at), 0);
	assert_int_equal(hp_files__dir_peek(d, &e), 1);
	assert_string_equal(e.name, tenth);
	hp_files__dir_put(&t, d);
	hp_files__dirs_free(&t);
}

static void says_why_it_cannot_list(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *file = scratch_file(dir, "file", "x");
	struct hp_dir_entry e;
	struct hp_dir *d;
	struct hp_dirs t;
	uint64_t id;

	(void)state;
	hp_files__dirs_init(&t, 10);
	id = hp_files__dir_add(&t, 5, open(file, O_RDONLY | O_CLOEXEC));
	d = hp_files__dir_get(&t, id, 5);
	assert_int_equal(hp_files__dir_peek(d, &e), -ENOTDIR);
	assert_int_equal(hp_files__dir_seek(d, UINT64_MAX), EINVAL);
	hp_files__dir_put(&t, d);
	hp_files__dirs_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(gives_handles_that_cannot_be_guessed),
		FDS_TEST(holds_no_more_than_its_maximum),
		FDS_TEST(lists_and_goes_back),
		FDS_TEST(says_why_it_cannot_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
