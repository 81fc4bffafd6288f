/* SPDX-License-Identifier: Apache-2.0 */
/* image-source.c - archives read from files and pipes: ahead, in pieces, with a tee. */
#include "image/source.h"

#include <fcntl.h>

#include "fake/archives.h"
#include "scratch.h"

struct seen {
	uint64_t bytes;
	uint64_t done, total;
	unsigned calls;
	bool fail;
};

static int count(void *arg, struct hp_bytes data, struct hp_error *err)
{
	struct seen *s = arg;

	s->bytes += data.len;
	return s->fail ? hp_fail(err, HP_EEXHAUSTED, "the tee is full") : 0;
}

static void progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct seen *s = arg;

	assert_string_equal(what, "read");
	assert_true(done > s->done);
	s->done = done;
	s->total = total;
	s->calls++;
}

static void make_bytes(struct hp_buf *b, size_t len)
{
	struct hp_error err = HP_ERROR_INIT;

	hp_buf_init(b, len);
	uint8_t *p = hp_buf_reserve(b, len, &err);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + i / 251);
	b->len = len;
}

/* Take all and compare. */
static void read_and_compare(struct hp_source *s, const struct hp_buf *want)
{
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes piece;
	size_t n = 0;
	int rc;

	while ((rc = hp_source__next(s, &piece, &err)) > 0) {
		assert_true(n + piece.len <= want->len);
		assert_memory_equal(piece.data, want->data + n, piece.len);
		n += piece.len;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(n, want->len);
}

static void test_file(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_buf_free) struct hp_buf data;
	struct hp_error err = HP_ERROR_INIT;
	struct seen seen = {0};
	struct hp_import what = {.progress = progress, .progress_arg = &seen};

	(void)state;
	make_bytes(&data, 1000001);
	AUTO_FREE char *path = fake_archive_file(dir, "a", &data);
	what.path = path;
	AUTO(hp_source__close) struct hp_source s = {0};
	assert_int_equal(hp_source__open(&what, &s, &err), 0);
	assert_true(s.seekable);
	s.tee = count;
	s.tee_arg = &seen;
	read_and_compare(&s, &data);
	assert_int_equal(seen.bytes, data.len);
	assert_int_equal(seen.done, data.len);
	assert_int_equal(seen.total, data.len);
	assert_true(seen.calls > 1);
}

static void test_pipe_with_peek(void **state)
{
	AUTO(hp_buf_free) struct hp_buf data;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes ahead;

	(void)state;
	make_bytes(&data, 700000);
	AUTO_CLOSE int fd = fake_archive_pipe(&data);
	const struct hp_import what = {.path = "-", .fd = fd};
	AUTO(hp_source__close) struct hp_source s = {0};
	assert_int_equal(hp_source__open(&what, &s, &err), 0);
	assert_false(s.seekable);
	assert_int_equal(hp_source__peek(&s, 6, &ahead, &err), 0);
	assert_int_equal(ahead.len, 6);
	assert_int_equal(hp_source__peek(&s, 300000, &ahead, &err), 0);
	assert_int_equal(ahead.len, 300000);
	assert_memory_equal(ahead.data, data.data, ahead.len);
	read_and_compare(&s, &data);
	assert_int_equal(hp_source__peek(&s, 10, &ahead, &err), 0);
	assert_int_equal(ahead.len, 0);
}

static void test_stdin_that_is_a_file(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_buf_free) struct hp_buf data;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	make_bytes(&data, 5000);
	AUTO_FREE char *path = fake_archive_file(dir, "a", &data);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(lseek(fd, 1000, SEEK_SET), 1000);
	const struct hp_import what = {.path = "-", .fd = fd};
	AUTO(hp_source__close) struct hp_source s = {0};
	assert_int_equal(hp_source__open(&what, &s, &err), 0);
	assert_true(s.seekable);
	assert_int_equal(s.start, 1000);
	assert_int_equal(s.total, 4000);
	hp_buf_drop(&data, 1000);
	read_and_compare(&s, &data);
}

static void test_tee_fails(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = scratch_file(dir, "a", "some bytes");
	struct hp_error err = HP_ERROR_INIT;
	struct seen seen = {.fail = true};
	const struct hp_import what = {.path = path};
	AUTO(hp_source__close) struct hp_source s = {0};
	struct hp_bytes piece;

	(void)state;
	assert_int_equal(hp_source__open(&what, &s, &err), 0);
	s.tee = count;
	s.tee_arg = &seen;
	assert_int_equal(hp_source__next(&s, &piece, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
}

static void test_refused(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "none");
	struct hp_error err = HP_ERROR_INIT;
	struct hp_import what = {.path = path};
	struct hp_source s = {0};
	struct hp_bytes piece;

	(void)state;
	assert_int_equal(hp_source__open(&what, &s, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, path));

	/* A directory opens, but cannot be read. */
	what.path = dir;
	err = (struct hp_error)HP_ERROR_INIT;
	assert_int_equal(hp_source__open(&what, &s, &err), 0);
	assert_int_equal(hp_source__next(&s, &piece, &err), -1);
	assert_int_equal(err.code, HP_EIO);
	hp_source__close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_file),      FDS_TEST(test_pipe_with_peek),
		FDS_TEST(test_tee_fails), FDS_TEST(test_stdin_that_is_a_file),
		FDS_TEST(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
