/* SPDX-License-Identifier: Apache-2.0 */
/* image-members.c - what becomes of each member of an archive of images. */
#include "image/members.h"

#include "fake/archives.h"
#include "fake/store.h"
#include "scratch.h"

/* Read @data into @f, which is held. */
static int read_into(struct fake_store *f, const struct hp_buf *data, struct hp_members *m,
		     struct hp_error *err)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = fake_archive_file(dir, "a", data);
	const struct hp_import what = {.path = path};
	AUTO(hp_source__close) struct hp_source s = {0};
	AUTO(hp_tarball__free) struct hp_tarball *t = NULL;

	if (!f->held)
		assert_int_equal(f->base.ops->hold_begin(&f->base, err), 0);
	assert_int_equal(hp_source__open(&what, &s, err), 0);
	if (hp_tarball__open(&s, false, &t, err) < 0)
		return -1;
	return hp_members__read(&f->base, t, m, err);
}

static void make_mixed(struct hp_buf *ret)
{
	struct fake_tar t;

	fake_tar_begin(&t, HP_PACKING_NONE);
	fake_tar_dir(&t, "one/");
	fake_tar_text(&t, "one/VERSION", "1.0");
	fake_tar_text(&t, "one/layer.tar", "these bytes are a layer");
	fake_tar_symlink(&t, "two/layer.tar", "../one/layer.tar");
	fake_tar_hardlink(&t, "three.tar", "two/layer.tar");
	fake_tar_symlink(&t, "loop", "loop");
	fake_tar_text(&t, "manifest.json", " [1]");
	fake_tar_text(&t, "manifest.json", "{\"last\":1}");
	fake_tar_text(&t, "nothing", "");
	fake_tar_end(&t, ret);
}

static void test_sorted(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_buf_free) struct hp_buf data, text = {0};
	AUTO(hp_members__clear) struct hp_members m = {0};
	struct hp_error err = HP_ERROR_INIT;
	char digest[HP_DIGEST_TEXT];

	(void)state;
	fake_store_init(&f);
	make_mixed(&data);
	if (read_into(&f, &data, &m, &err) < 0)
		fail_msg("%s", err.msg);
	const struct hp_member *layer = hp_members__find(&m, "one/layer.tar");
	hp_digest_of(hp_bytes_str("these bytes are a layer"), digest);
	assert_string_equal(layer->digest, digest);
	assert_non_null(fake_store_blob(&f, digest));
	assert_ptr_equal(hp_members__find(&m, "two/layer.tar"), layer);
	assert_ptr_equal(hp_members__find(&m, "./three.tar"), layer);
	assert_null(hp_members__find(&m, "loop"));
	assert_null(hp_members__find(&m, "one/VERSION"));
	assert_null(hp_members__find(&m, "../one"));

	struct hp_member *last = hp_members__find(&m, "manifest.json");
	assert_string_equal(last->text, "{\"last\":1}");
	assert_string_equal(last->digest, "");
	assert_int_equal(hp_members__store(&f.base, last, &err), 0);
	assert_non_null(fake_store_blob(&f, last->digest));
	assert_int_equal(hp_members__text(&f.base, last, &text, &err), 0);
	assert_int_equal(text.len, 10);
	hp_buf_free(&text);
	assert_int_equal(hp_members__text(&f.base, layer, &text, &err), 0);
	assert_memory_equal(text.data, "these bytes", 11);
}

static void test_named_by_digest(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_buf_free) struct hp_buf data;
	AUTO(hp_members__clear) struct hp_members m = {0};
	AUTO(fake_docs_clear) struct fake_docs d;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_store_init(&f);
	fake_docs_make(&d, "x", NULL);
	fake_layout(&d, NULL, HP_PACKING_GZIP, &data);
	if (read_into(&f, &data, &m, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(f.n_blobs, 4);
	assert_non_null(fake_store_blob(&f, d.config_digest));
	assert_non_null(hp_members__find(&m, "index.json")->text);
	/* Though a document, it is in the store, because its name says what it is. */
	AUTO_FREE char *name = hp_sprintf("blobs/sha256/%s", d.config_digest + 7);
	assert_null(hp_members__find(&m, name)->text);
}

static void test_wrong_digest(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_buf_free) struct hp_buf data;
	AUTO(hp_members__clear) struct hp_members m = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct fake_tar t;

	(void)state;
	fake_store_init(&f);
	fake_tar_begin(&t, HP_PACKING_NONE);
	fake_tar_text(&t,
		      "blobs/sha256/"
		      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		      "not nothing");
	fake_tar_end(&t, &data);
	assert_int_equal(read_into(&f, &data, &m, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	assert_non_null(strstr(err.msg, "e3b0c442"));
	assert_null(f.writing);
	assert_int_equal(m.count, 0);
}

static void test_too_many(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_buf_free) struct hp_buf data;
	AUTO(hp_members__clear) struct hp_members m = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct fake_tar t;

	(void)state;
	fake_store_init(&f);
	fake_tar_begin(&t, HP_PACKING_GZIP);
	for (int i = 0; i < 16385; i++) {
		AUTO_FREE char *name = hp_sprintf("link%d", i);
		fake_tar_symlink(&t, name, "x");
	}
	fake_tar_end(&t, &data);
	assert_int_equal(read_into(&f, &data, &m, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	assert_non_null(strstr(err.msg, "16384"));
}

static void test_store_fails(void **state)
{
	AUTO(hp_buf_free) struct hp_buf data;
	bool failed = true;

	(void)state;
	make_mixed(&data);
	for (unsigned n = 2; failed && n < 50; n++) {
		AUTO(fake_store_clear) struct fake_store f;
		AUTO(hp_members__clear) struct hp_members m = {0};
		struct hp_error err = HP_ERROR_INIT;
		fake_store_init(&f);
		f.fail_at = n;
		failed = read_into(&f, &data, &m, &err) < 0;
		assert_int_equal(failed, f.failed != NULL);
		assert_null(f.writing);
	}
	assert_false(failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_sorted),      FDS_TEST(test_named_by_digest),
		FDS_TEST(test_too_many),    FDS_TEST(test_wrong_digest),
		FDS_TEST(test_store_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
