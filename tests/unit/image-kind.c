/* SPDX-License-Identifier: Apache-2.0 */
/* image-kind.c - which names make an archive one of images, in files and in pipes. */
#include "image/kind.h"

#include "fake/archives.h"
#include "scratch.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct {
	const char *names[4];
	enum hp_archive_kind kind;
} rows[] = {
	{{"./etc/passwd"}, HP_ARCHIVE_ROOTFS},
	{{"usr/bin/x", "manifest.json"}, HP_ARCHIVE_ROOTFS},
	{{"hello"}, HP_ARCHIVE_ROOTFS},
	{{"data/blobs/x"}, HP_ARCHIVE_ROOTFS},
	{{"oci-layout"}, HP_ARCHIVE_IMAGES},
	{{"./index.json"}, HP_ARCHIVE_IMAGES},
	{{"blobs/sha256/" HEX}, HP_ARCHIVE_IMAGES},
	{{"layer.tar", "manifest.json"}, HP_ARCHIVE_IMAGES},
	{{HEX "/layer.tar"}, HP_ARCHIVE_IMAGES},
	{{HEX ".json"}, HP_ARCHIVE_IMAGES},
	{{"sha256:" HEX}, HP_ARCHIVE_IMAGES},
	{{"repositories"}, HP_ARCHIVE_IMAGES},
	{{HEX "x"}, HP_ARCHIVE_ROOTFS},
};

static void make(size_t row, enum hp_packing packing, struct hp_buf *ret)
{
	struct fake_tar t;

	fake_tar_begin(&t, packing);
	for (size_t i = 0; i < 4 && rows[row].names[i]; i++)
		fake_tar_text(&t, rows[row].names[i], "content");
	fake_tar_end(&t, ret);
}

/* What was looked at must still be there to be read. */
static void check(const struct hp_import *what, const struct hp_buf *data,
		  enum hp_archive_kind want)
{
	AUTO(hp_source__close) struct hp_source s = {0};
	struct hp_error err = HP_ERROR_INIT;
	enum hp_archive_kind kind;
	struct hp_bytes ahead;

	assert_int_equal(hp_source__open(what, &s, &err), 0);
	assert_int_equal(hp_archive__kind(&s, &kind, &err), 0);
	assert_int_equal(kind, want);
	assert_int_equal(hp_source__peek(&s, data->len, &ahead, &err), 0);
	assert_int_equal(ahead.len, data->len);
	assert_memory_equal(ahead.data, data->data, data->len);
}

static void test_files(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		for (int packing = HP_PACKING_NONE; packing <= HP_PACKING_ZSTD; packing++) {
			AUTO(hp_buf_free) struct hp_buf data;
			make(i, (enum hp_packing)packing, &data);
			AUTO_FREE char *path = fake_archive_file(dir, "a", &data);
			const struct hp_import what = {.path = path};
			check(&what, &data, rows[i].kind);
		}
}

static void test_pipes(void **state)
{
	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_buf_free) struct hp_buf data;
		make(i, HP_PACKING_GZIP, &data);
		AUTO_CLOSE int fd = fake_archive_pipe(&data);
		const struct hp_import what = {.path = "-", .fd = fd};
		check(&what, &data, rows[i].kind);
	}
}

static void test_no_tar(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_buf_free) struct hp_buf data;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_buf_init(&data, 100);
	assert_int_equal(hp_buf_add(&data, "no tar at all", 13, &err), 0);
	AUTO_FREE char *path = fake_archive_file(dir, "a", &data);
	const struct hp_import what = {.path = path};
	check(&what, &data, HP_ARCHIVE_ROOTFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_files),
		FDS_TEST(test_pipes),
		FDS_TEST(test_no_tar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
