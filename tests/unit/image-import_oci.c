/* SPDX-License-Identifier: Apache-2.0 */
/* image-import_oci.c - OCI layouts from tars and directories: names, indexes, what is missing. */
#include "image-import.h"

#define NAMED "{\"io.containerd.image.name\":\"host.io/a:1\"}"

static void expect_name(const char *annotations, const char *name, const char *want)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf data;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;

	fake_store_init(&f);
	fake_docs_make(&d, "x", NULL);
	fake_layout(&d, annotations, HP_PACKING_NONE, &data);
	if (import_data(&f, &data, (struct hp_import){.name = name}, &names, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(names.count, 1);
	assert_string_equal(names.items[0], want);
	assert_string_equal(fake_store_image(&f, want)->target.digest, d.manifest_digest);
	import_kept(&f, 4, 2);
}

static void test_names(void **state)
{
	(void)state;
	expect_name(NAMED, NULL, "host.io/a:1");
	expect_name(NAMED, "other:2", "docker.io/library/other:2");
	expect_name("{\"org.opencontainers.image.ref.name\":\"a/b:c\"}", NULL,
		    "docker.io/a/b:c");
	expect_name("{\"org.opencontainers.image.ref.name\":\"v1\"}", "x",
		    "docker.io/library/"
		    "x:latest");
}

static void test_nameless(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf bare, tag, bad;

	(void)state;
	fake_docs_make(&d, "x", NULL);
	fake_layout(&d, NULL, HP_PACKING_NONE, &bare);
	import_refused(&bare, (struct hp_import){0}, HP_EINVALID, "FILE NAME");
	fake_layout(&d, "{\"org.opencontainers.image.ref.name\":\"v1\"}", HP_PACKING_NONE,
		    &tag);
	import_refused(&tag, (struct hp_import){0}, HP_EINVALID, "FILE NAME");
	fake_layout(&d, "{\"io.containerd.image.name\":\"up/ER\"}", HP_PACKING_NONE, &bad);
	import_refused(&bad, (struct hp_import){0}, HP_EINVALID, "up/ER");
}

static void test_several(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs one, two;
	AUTO(hp_buf_free) struct hp_buf data;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct fake_tar t;

	(void)state;
	fake_store_init(&f);
	fake_docs_make(&one, "one", NULL);
	fake_docs_make(&two, "two", NULL);
	AUTO_FREE char *a = fake_docs_entry(&one, NAMED);
	AUTO_FREE char *b = fake_docs_entry(&two, "{\"io.containerd.image.name\":\"b:2\"}");
	AUTO_FREE char *entries = hp_sprintf("%s,%s", a, b);
	fake_tar_begin(&t, HP_PACKING_ZSTD);
	fake_docs_blobs(&t, &one);
	fake_layout_files(&t, entries);
	fake_docs_blobs(&t, &two);
	fake_tar_end(&t, &data);
	if (import_data(&f, &data, (struct hp_import){0}, &names, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[1], "docker.io/library/b:2");
	import_kept(&f, (size_t)(hp_str_eq(one.layer_digests[1], two.layer_digests[1]) ? 7 : 8),
		    4);
	import_refused(&data, (struct hp_import){.name = "x"}, HP_EINVALID, "2 images");
}

static void test_incomplete(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf data, none;
	struct fake_tar t;

	(void)state;
	fake_docs_make(&d, "x", NULL);
	AUTO_FREE char *entry = fake_docs_entry(&d, NAMED);
	fake_tar_begin(&t, HP_PACKING_NONE);
	fake_layout_files(&t, entry);
	fake_tar_end(&t, &data);
	import_refused(&data, (struct hp_import){0}, HP_ECORRUPT, "is missing");
	fake_tar_begin(&t, HP_PACKING_NONE);
	fake_layout_files(&t, "");
	fake_tar_end(&t, &none);
	import_refused(&none, (struct hp_import){0}, HP_ECORRUPT, "");
}

/* Unpack @data, a plain tar, into directory @dir. */
static void unpack_files(const struct hp_buf *data, const char *dir)
{
	AUTO(scratch_free) char *other = scratch_new();
	AUTO_FREE char *path = fake_archive_file(other, "a", data);
	const struct hp_import what = {.path = path};
	AUTO(hp_source__close) struct hp_source s = {0};
	AUTO(hp_tarball__free) struct hp_tarball *t = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_tar_member m;
	struct hp_bytes piece;

	assert_int_equal(hp_source__open(&what, &s, &err), 0);
	assert_int_equal(hp_tarball__open(&s, false, &t, &err), 0);
	while (hp_tarball__next(t, &m, &err) > 0) {
		AUTO_FREE char *to = hp_path_join(dir, m.name);
		AUTO_FREE char *parent = hp_path_dir(to);
		AUTO(hp_buf_free) struct hp_buf all;
		hp_buf_init(&all, FAKE_ARCHIVE_MAX);
		while (hp_tarball__data(t, &piece, &err) > 0)
			assert_int_equal(hp_buf_add(&all, piece.data, piece.len, &err), 0);
		assert_int_equal(hp_mkdirs(parent, 0755, &err), 0);
		assert_int_equal(hp_file_write(to, all.data, all.len, 0644, &err), 0);
	}
}

static void test_directory(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf data;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_import what = {.path = dir};

	(void)state;
	fake_docs_make(&d, "x", NULL);
	fake_layout(&d, NAMED, HP_PACKING_NONE, &data);
	unpack_files(&data, dir);
	bool failed = true;
	for (unsigned n = 1; failed && n < 100; n++) {
		AUTO(fake_store_clear) struct fake_store f;
		fake_store_init(&f);
		f.fail_at = n;
		err = (struct hp_error)HP_ERROR_INIT;
		failed = hp_image_import(&f.base, &what, &names, &err) < 0;
		if (failed && !hp_str_eq(f.failed, "hold_end")) {
			assert_true(fake_store_idle(&f));
			assert_int_equal(f.n_blobs, 0);
			assert_int_equal(f.n_images, 0);
		}
		if (!failed)
			import_kept(&f, 4, 2);
	}
	assert_false(failed);
	assert_string_equal(names.items[0], "host.io/a:1");
}

/* A blob that is a link out of the layout, or a FIFO, is not followed or waited for. */
static void test_hostile_directory(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf data;
	struct hp_strv names = {0};
	const struct hp_import what = {.path = dir};

	(void)state;
	fake_docs_make(&d, "x", NULL);
	fake_layout(&d, NAMED, HP_PACKING_NONE, &data);
	unpack_files(&data, dir);
	AUTO_FREE char *blob =
		hp_sprintf("%s/blobs/sha256/%s", dir, d.config_digest + strlen("sha256:"));
	for (int i = 0; i < 2; i++) {
		AUTO(fake_store_clear) struct fake_store f;
		struct hp_error err = HP_ERROR_INIT;
		fake_store_init(&f);
		assert_int_equal(unlink(blob), 0);
		assert_int_equal(i ? mkfifo(blob, 0600) : symlink("/etc/hostname", blob), 0);
		assert_int_equal(hp_image_import(&f.base, &what, &names, &err), -1);
		assert_int_equal(err.code, HP_ECORRUPT);
		assert_true(fake_store_idle(&f));
		assert_int_equal(f.n_blobs, 0);
	}
}

static void test_no_layout(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(fake_store_clear) struct fake_store f;
	struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_import what = {.path = dir};

	(void)state;
	fake_store_init(&f);
	assert_int_equal(hp_image_import(&f.base, &what, &names, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	assert_non_null(strstr(err.msg, "index.json"));
	AUTO_FREE char *path = scratch_file(dir, "index.json", "[");
	assert_true(scratch_has(path));
	err = (struct hp_error)HP_ERROR_INIT;
	assert_int_equal(hp_image_import(&f.base, &what, &names, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
}

static void test_torture(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf data;

	(void)state;
	fake_docs_make(&d, "x", NULL);
	fake_layout(&d, NAMED, HP_PACKING_GZIP, &data);
	import_torture(&data, (struct hp_import){0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_names),     FDS_TEST(test_nameless),
		FDS_TEST(test_several),   FDS_TEST(test_incomplete),
		FDS_TEST(test_directory), FDS_TEST(test_hostile_directory),
		FDS_TEST(test_no_layout), FDS_TEST(test_torture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
