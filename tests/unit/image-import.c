/* SPDX-License-Identifier: Apache-2.0 */
/* image-import.c - kinds of archives told apart, names given all or none, holds that end. */
#include "image-import.h"

static void test_kinds(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf rootfs, layout;

	(void)state;
	fake_docs_make(&d, "x", NULL);
	fake_rootfs(HP_PACKING_ZSTD, "x", &rootfs);
	fake_layout(&d, NULL, HP_PACKING_ZSTD, &layout);
	const struct hp_buf *const all[] = {&rootfs, &layout};
	for (size_t i = 0; i < HP_ARRAY_LEN(all); i++) {
		AUTO(fake_store_clear) struct fake_store f;
		AUTO(hp_strv_free) struct hp_strv names = {0};
		AUTO_CLOSE int fd = fake_archive_pipe(all[i]);
		struct hp_error err = HP_ERROR_INIT;
		const struct hp_import what = {.path = "-", .fd = fd, .name = "n:1"};
		fake_store_init(&f);
		if (hp_image_import(&f.base, &what, &names, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(names.count, 1);
		assert_string_equal(names.items[0], "docker.io/library/n:1");
		assert_non_null(fake_store_image(&f, "docker.io/library/n:1"));
		import_kept(&f, i == 0 ? 3 : 4, i == 0 ? 1 : 2);
	}
}

static void test_bad_name_first(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_import what = {.path = "/does/not/matter", .name = "Upper"};

	(void)state;
	fake_store_init(&f);
	assert_int_equal(hp_image_import(&f.base, &what, &names, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_int_equal(f.ops, 0);
}

static void test_no_file(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_import what = {.path = "/no/such/file", .name = "x"};

	(void)state;
	fake_store_init(&f);
	assert_int_equal(hp_image_import(&f.base, &what, &names, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "/no/such/file"));
	assert_true(fake_store_idle(&f));
}

static void test_disk_full(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_buf_free) struct hp_buf data;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_store_init(&f);
	f.disk_bytes = 1000;
	fake_rootfs(HP_PACKING_NONE, "x", &data);
	assert_int_equal(import_data(&f, &data, (struct hp_import){.name = "x"}, &names, &err),
			 -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_true(fake_store_idle(&f));
	assert_int_equal(f.n_blobs, 0);

	/* And when there is room for the archive, but not for what is in it. */
	f.disk_bytes = 0;
	f.snapshots_full = true;
	err = (struct hp_error)HP_ERROR_INIT;
	assert_int_equal(import_data(&f, &data, (struct hp_import){.name = "x"}, &names, &err),
			 -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
	assert_true(fake_store_idle(&f));
	assert_int_equal(f.n_blobs, 0);
	assert_int_equal(f.n_images, 0);
}

static void test_no_unpack(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_buf_free) struct hp_buf data;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_store_init(&f);
	fake_rootfs(HP_PACKING_NONE, "x", &data);
	assert_int_equal(import_data(&f, &data,
				     (struct hp_import){.name = "x", .no_unpack = true}, &names,
				     &err),
			 0);
	import_kept(&f, 3, 0);
}

/* Two names; the second cannot be given: the first goes back to what it was. */
static void test_names_all_or_none(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs one, two;
	AUTO(hp_descriptor_clear) struct hp_descriptor old;
	AUTO(hp_buf_free) struct hp_buf data;
	struct fake_tar t;
	bool seen_put = false;

	(void)state;
	fake_docs_make(&one, "one", NULL);
	fake_docs_make(&two, "two", NULL);
	AUTO_FREE char *a =
		fake_docs_entry(&one, "{\"io.containerd.image.name\":\"l.io/a:1\"}");
	AUTO_FREE char *b =
		fake_docs_entry(&two, "{\"io.containerd.image.name\":\"l.io/b:1\"}");
	AUTO_FREE char *entries = hp_sprintf("%s,%s", a, b);
	fake_tar_begin(&t, HP_PACKING_NONE);
	fake_layout_files(&t, entries);
	fake_docs_blobs(&t, &one);
	fake_docs_blobs(&t, &two);
	fake_tar_end(&t, &data);
	world_descriptor(&old, HP_MT_OCI_MANIFEST, two.config_digest, 1);
	for (unsigned n = 2; n < 200; n++) {
		AUTO(fake_store_clear) struct fake_store f;
		AUTO(hp_strv_free) struct hp_strv names = {0};
		struct hp_error err = HP_ERROR_INIT;
		fake_store_init(&f);
		world_name(&f, "l.io/a:1", &old);
		f.fail_at = n;
		const int rc = import_data(&f, &data, (struct hp_import){0}, &names, &err);
		if (rc == 0 || hp_str_eq(f.failed, "hold_end"))
			break;
		seen_put |= hp_str_eq(f.failed, "image_put");
		assert_int_equal(f.n_images, 1);
		assert_string_equal(fake_store_image(&f, "l.io/a:1")->target.digest,
				    two.config_digest);
	}
	assert_true(seen_put);
}

static int stop_at(void *arg)
{
	int *left = arg;

	return (*left)-- <= 0;
}

/* Wherever it is told to stop, nothing is left. */
static void test_stop(void **state)
{
	AUTO(hp_buf_free) struct hp_buf data;
	bool stopped = true;

	(void)state;
	fake_rootfs(HP_PACKING_GZIP, "x", &data);
	for (int n = 0; stopped && n < 50; n++) {
		AUTO(fake_store_clear) struct fake_store f;
		AUTO(hp_strv_free) struct hp_strv names = {0};
		AUTO_CLOSE int fd = fake_archive_pipe(&data);
		struct hp_error err = HP_ERROR_INIT;
		int left = n;
		const struct hp_import what = {
			.path = "-", .fd = fd, .name = "x", .stop = stop_at, .stop_arg = &left};
		fake_store_init(&f);
		stopped = hp_image_import(&f.base, &what, &names, &err) < 0;
		assert_true(fake_store_idle(&f));
		if (!stopped)
			continue;
		assert_int_equal(err.code, HP_ECANCELED);
		assert_int_equal(f.n_blobs, 0);
		assert_int_equal(f.n_images, 0);
	}
	assert_false(stopped);
}

static void test_torture(void **state)
{
	AUTO(hp_buf_free) struct hp_buf data;

	(void)state;
	fake_rootfs(HP_PACKING_GZIP, "x", &data);
	import_torture(&data, (struct hp_import){.name = "x"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_kinds),     FDS_TEST(test_bad_name_first),
		FDS_TEST(test_no_file),   FDS_TEST(test_disk_full),
		FDS_TEST(test_torture),   FDS_TEST(test_names_all_or_none),
		FDS_TEST(test_no_unpack), FDS_TEST(test_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
