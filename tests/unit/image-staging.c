/* SPDX-License-Identifier: Apache-2.0 */
/* image-staging.c - tests of src/image/staging.c: images go in and out, and leave no file. */
#include "image/staging.h"

#include "image-import.h"

static int append(void *arg, struct hp_bytes data, struct hp_error *err)
{
	return hp_buf_add(arg, data.data, data.len, err);
}

static struct hp_store *new_store(void)
{
	struct hp_store *s = NULL;
	struct hp_error err = HP_ERROR_INIT;

	if (hp_staging_new(&s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static void keeps_blobs_by_digest(void **state)
{
	AUTO(hp_staging_free) struct hp_store *s = new_store();
	AUTO(hp_buf_free) struct hp_buf back;
	struct hp_error err = HP_ERROR_INIT;
	char digest[HP_DIGEST_TEXT];
	int64_t size = 0;

	(void)state;
	hp_buf_init(&back, 100);
	hp_digest_of(hp_bytes_str("one two"), digest);
	assert_int_equal(s->ops->blob_stat(s, digest, &size, &err), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(s->ops->blob_open(s, "x", 7, digest, &err), 0);
		assert_int_equal(s->ops->blob_data(s, "one ", 4, &err), 0);
		assert_int_equal(s->ops->blob_data(s, "two", 3, &err), 0);
		assert_int_equal(s->ops->blob_commit(s, 7, digest, NULL, 0, &err), 0);
	}
	assert_int_equal(s->ops->blob_stat(s, digest, &size, &err), 1);
	assert_int_equal(size, 7);
	assert_int_equal(s->ops->blob_read(s, digest, append, &back, &err), 0);
	assert_int_equal(back.len, 7);
	assert_memory_equal(back.data, "one two", 7);
}

static void refuses_what_is_not_as_said(void **state)
{
	AUTO(hp_staging_free) struct hp_store *s = new_store();
	struct hp_error err = HP_ERROR_INIT;
	char digest[HP_DIGEST_TEXT];
	int64_t size = 0;

	(void)state;
	hp_digest_of(hp_bytes_str("other"), digest);
	assert_int_equal(s->ops->blob_open(s, "x", -1, NULL, &err), 0);
	assert_int_equal(s->ops->blob_data(s, "this", 4, &err), 0);
	assert_int_equal(s->ops->blob_commit(s, 4, digest, NULL, 0, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	s->ops->blob_abort(s);
	s->ops->blob_abort(s);
	hp_error_clear(&err);
	assert_int_equal(s->ops->blob_stat(s, digest, &size, &err), 0);
	assert_int_equal(s->ops->blob_read(s, digest, append, NULL, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	hp_error_clear(&err);
	assert_int_equal(s->ops->snapshot_exists(s, digest, &err), 1);
	assert_int_equal(s->ops->snapshot_apply(s, NULL, "", "", "c", &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
}

static void names_move_and_go(void **state)
{
	AUTO(hp_staging_free) struct hp_store *s = new_store();
	AUTO(hp_descriptor_clear) struct hp_descriptor one = {0};
	AUTO(hp_descriptor_clear) struct hp_descriptor two = {0};
	AUTO(hp_descriptor_clear) struct hp_descriptor got = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	world_descriptor(&one, "t", "sha256:1", 1);
	world_descriptor(&two, "t", "sha256:2", 2);
	assert_int_equal(s->ops->image_get(s, "a", &got, &err), 0);
	assert_int_equal(s->ops->image_put(s, "a", &one, &err), 0);
	assert_int_equal(s->ops->image_put(s, "b", &one, &err), 0);
	assert_int_equal(s->ops->image_put(s, "a", &two, &err), 0);
	assert_int_equal(s->ops->image_get(s, "a", &got, &err), 1);
	assert_string_equal(got.digest, "sha256:2");
	assert_int_equal(s->ops->image_drop(s, "a", &err), 0);
	assert_int_equal(s->ops->image_drop(s, "a", &err), 0);
	hp_descriptor_clear(&got);
	got = (struct hp_descriptor){0};
	assert_int_equal(s->ops->image_get(s, "a", &got, &err), 0);
	assert_int_equal(s->ops->image_get(s, "b", &got, &err), 1);
}

static void says_where_no_file_can_be(void **state)
{
	struct hp_store *s = NULL;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	setenv("TMPDIR", "/no/such/dir", 1);
	assert_int_equal(hp_staging_new(&s, &err), -1);
	unsetenv("TMPDIR");
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "/no/such/dir"));
	assert_null(s);
	hp_staging_free(NULL);
}

/* A root filesystem goes in and comes out as an archive that goes in again. */
static void passes_images_on(void **state)
{
	AUTO(hp_staging_free) struct hp_store *s = new_store();
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_buf_free) struct hp_buf tar;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	AUTO(hp_strv_free) struct hp_strv again = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int out = -1;

	(void)state;
	fake_rootfs(HP_PACKING_NONE, "text", &tar);
	AUTO_CLOSE int in = fake_archive_pipe(&tar);
	const struct hp_import what = {
		.path = "-", .fd = in, .name = "localhost/x:1", .no_unpack = true};
	assert_int_equal(hp_image_import(s, &what, &names, &err), 0);
	assert_string_equal(names.items[0], "localhost/x:1");
	assert_int_equal(hp_staging_file(&out, &err), 0);
	assert_int_equal(hp_image_export(s, hp_strv_view(&names), out, &err), 0);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	const struct hp_import back = {.path = "-", .fd = out, .no_unpack = true};
	fake_store_init(&f);
	if (hp_image_import(&f.base, &back, &again, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(again.items[0], "localhost/x:1");
	assert_non_null(fake_store_image(&f, "localhost/x:1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(keeps_blobs_by_digest), FDS_TEST(refuses_what_is_not_as_said),
		FDS_TEST(names_move_and_go),     FDS_TEST(says_where_no_file_can_be),
		FDS_TEST(passes_images_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
