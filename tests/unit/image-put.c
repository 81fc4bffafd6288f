/* SPDX-License-Identifier: Apache-2.0 */
/* image-put.c - small blobs to a store and back, and what a failing store does to them. */
#include "image/put.h"

#include "base/alloc.h"
#include "fake/store.h"
#include "fds.h"

static void hold(struct fake_store *f)
{
	struct hp_error err = HP_ERROR_INIT;

	fake_store_init(f);
	assert_int_equal(f->base.ops->hold_begin(&f->base, &err), 0);
}

static void test_there_and_back(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_buf_free) struct hp_buf back = {0};
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_blob_label label = {"key", "value"};
	const struct hp_document labelled = {"config", hp_bytes_str("{}"), &label, 1};
	const struct hp_document bare = {"config", hp_bytes_str("{}"), NULL, 0};
	char digest[HP_DIGEST_TEXT];

	(void)state;
	hold(&f);
	assert_int_equal(hp_put__document(&f.base, &labelled, digest, &err), 0);
	assert_true(hp_digest_valid(digest));
	assert_string_equal(hp_labels_get(&fake_store_blob(&f, digest)->labels, "key"),
			    "value");
	assert_int_equal(hp_put__read(&f.base, digest, &back, &err), 0);
	assert_int_equal(back.len, 2);
	assert_memory_equal(back.data, "{}", 2);
	/* Once more is fine. */
	assert_int_equal(hp_put__document(&f.base, &bare, digest, &err), 0);
	assert_int_equal(f.n_blobs, 1);
}

static void test_store_fails(void **state)
{
	const struct hp_document bare = {"config", hp_bytes_str("{}"), NULL, 0};

	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		AUTO(fake_store_clear) struct fake_store f;
		struct hp_error err = HP_ERROR_INIT;
		char digest[HP_DIGEST_TEXT];
		hold(&f);
		f.fail_at = f.ops + n;
		assert_int_equal(hp_put__document(&f.base, &bare, digest, &err), -1);
		assert_int_equal(err.code, HP_EUNAVAILABLE);
		assert_null(f.writing);
		assert_int_equal(f.n_blobs, 0);
	}
}

static void test_read_refused(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_buf_free) struct hp_buf back = {0};
	AUTO_FREE char *large = hp_alloc(HP_DOCUMENT_MAX + 1);
	struct hp_error err = HP_ERROR_INIT;
	char digest[HP_DIGEST_TEXT];

	(void)state;
	fake_store_init(&f);
	fake_store_add(&f, large, HP_DOCUMENT_MAX + 1, digest);
	assert_int_equal(hp_put__read(&f.base, digest, &back, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	assert_null(back.data);
	digest[10] = digest[10] == '0' ? '1' : '0';
	err = (struct hp_error)HP_ERROR_INIT;
	assert_int_equal(hp_put__read(&f.base, digest, &back, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, digest));
}

static void test_refs_differ(void **state)
{
	AUTO_FREE char *a = hp_put_ref("x"), *b = hp_put_ref("x");

	(void)state;
	assert_true(strncmp(a, "harpoon-x-", 10) == 0);
	assert_string_not_equal(a, b);
}

static void test_descriptor(void **state)
{
	AUTO(hp_json_free) struct hp_json *d = hp_put__descriptor("type", "sha256:0", 1);
	AUTO_FREE char *text = hp_json_text(d, false);

	(void)state;
	assert_string_equal(text,
			    "{\"mediaType\":\"type\",\"digest\":\"sha256:0\",\"size\":1}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_there_and_back), FDS_TEST(test_store_fails),
		FDS_TEST(test_read_refused),   FDS_TEST(test_refs_differ),
		FDS_TEST(test_descriptor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
