/* SPDX-License-Identifier: Apache-2.0 */
/* image-import_rootfs.c - a root filesystem becomes an image of one layer; damaged ones do not. */
#include "image-import.h"
#include "wire/json.h"

static void check_image(struct fake_store *f, const struct hp_buf *data, const char *layer_type)
{
	AUTO(hp_resolved_image_clear) struct hp_resolved_image r = {0};
	struct hp_error err = HP_ERROR_INIT;
	char digest[HP_DIGEST_TEXT];

	assert_int_equal(hp_image_resolve(&f->base, "docker.io/library/x:latest", &r, &err), 0);
	/* The layer is the archive, byte for byte. */
	hp_digest_of(hp_buf_bytes(data), digest);
	assert_string_equal(r.parsed.children[0].digest, digest);
	assert_string_equal(r.parsed.children[0].media_type, layer_type);
	assert_int_equal(r.parsed.children[0].size, data->len);
	const struct fake_blob *layer = fake_store_blob(f, digest);
	assert_string_equal(hp_labels_get(&layer->labels, "containerd.io/uncompressed"),
			    r.config.diff_ids.items[0]);
	assert_string_equal(r.config.os, "linux");
	assert_string_equal(r.config.arch, hp_machine_arch());
	assert_true(r.config.created_ns > 0);
	assert_string_equal(r.config.cmd.items[0], "/bin/sh");
	assert_string_equal(r.config.entrypoint.items[0], "/entry");
	assert_string_equal(r.config.env.items[1], "B=2");
	assert_string_equal(r.config.workdir, "/work");
	assert_string_equal(r.config.user, "nobody");
	assert_true(fake_store_snapshot(f, r.chain));
}

static void test_packings(void **state)
{
	static const char *const types[] = {HP_MT_OCI_LAYER, HP_MT_OCI_LAYER_GZIP,
					    HP_MT_OCI_LAYER_ZSTD};
	const char *const cmd[] = {"/bin/sh", NULL}, *const entry[] = {"/entry", NULL};
	const char *const env[] = {"A=1", "B=2", NULL};
	const struct hp_import what = {.name = "x",
				       .cmd = cmd,
				       .entrypoint = entry,
				       .env = env,
				       .workdir = "/work",
				       .user = "nobody"};

	(void)state;
	for (int packing = HP_PACKING_NONE; packing <= HP_PACKING_ZSTD; packing++) {
		AUTO(fake_store_clear) struct fake_store f;
		AUTO(hp_buf_free) struct hp_buf data;
		AUTO(hp_strv_free) struct hp_strv names = {0};
		struct hp_error err = HP_ERROR_INIT;
		fake_store_init(&f);
		fake_rootfs((enum hp_packing)packing, "x", &data);
		if (import_data(&f, &data, what, &names, &err) < 0)
			fail_msg("%s", err.msg);
		check_image(&f, &data, types[packing]);
		import_kept(&f, 3, 1);
	}
}

static void test_refused(void **state)
{
	AUTO(hp_buf_free) struct hp_buf plain, gzip, empty;
	const struct hp_import what = {.name = "x"};
	struct hp_error err = HP_ERROR_INIT;
	struct fake_tar t;

	(void)state;
	fake_rootfs(HP_PACKING_NONE, "x", &plain);
	import_refused(&plain, (struct hp_import){0}, HP_EINVALID, "FILE NAME");
	plain.len = 700;
	import_refused(&plain, what, HP_ECORRUPT, "damaged");
	plain.len = 0;
	import_refused(&plain, what, HP_ECORRUPT, "empty");

	fake_rootfs(HP_PACKING_GZIP, "x", &gzip);
	gzip.len -= 9;
	import_refused(&gzip, what, HP_ECORRUPT, "damaged");
	gzip.len += 9;
	assert_int_equal(hp_buf_add(&gzip, "junk", 4, &err), 0);
	import_refused(&gzip, what, HP_ECORRUPT, "after the end");

	fake_tar_begin(&t, HP_PACKING_NONE);
	fake_tar_end(&t, &empty);
	import_refused(&empty, what, HP_ECORRUPT, "empty");
}

static void test_torture_plain(void **state)
{
	AUTO(hp_buf_free) struct hp_buf data;

	(void)state;
	fake_rootfs(HP_PACKING_NONE, "x", &data);
	import_torture(&data, (struct hp_import){.name = "x"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_packings),
		FDS_TEST(test_refused),
		FDS_TEST(test_torture_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
