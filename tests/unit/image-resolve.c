/* SPDX-License-Identifier: Apache-2.0 */
/* image-resolve.c - from names and indexes to manifest and config, and what can be wrong there. */
#include "image/image.h"

#include "image-world.h"

static void test_manifest(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_descriptor_clear) struct hp_descriptor root;
	AUTO(hp_resolved_image_clear) struct hp_resolved_image r = {0};
	struct hp_error err = HP_ERROR_INIT;
	char chain[HP_DIGEST_TEXT];

	(void)state;
	fake_store_init(&f);
	fake_docs_make(&d, "x", NULL);
	world_add(&f, &d, &root);
	world_name(&f, "localhost/x:1", &root);
	assert_int_equal(hp_image_resolve(&f.base, "localhost/x:1", &r, &err), 0);
	assert_string_equal(r.target.digest, d.manifest_digest);
	assert_string_equal(r.manifest.digest, d.manifest_digest);
	assert_string_equal(r.parsed.config.digest, d.config_digest);
	assert_int_equal(r.parsed.n_children, 2);
	assert_string_equal(r.config.cmd.items[0], "/bin/x");
	hp_digest_chain(d.diff_ids[0], d.diff_ids[1], chain);
	assert_string_equal(r.chain, chain);
}

static void test_index(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs here, there;
	AUTO(hp_descriptor_clear) struct hp_descriptor a, b, root;
	AUTO(hp_resolved_image_clear) struct hp_resolved_image r = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_store_init(&f);
	fake_docs_make(&here, "here", NULL);
	fake_docs_make(&there, "there", "s390x");
	world_add(&f, &here, &a);
	world_add(&f, &there, &b);
	world_add_index(&f, &here, &there, &root);
	world_name(&f, "localhost/x:1", &root);
	assert_int_equal(hp_image_resolve(&f.base, "localhost/x:1", &r, &err), 0);
	assert_string_equal(r.target.digest, root.digest);
	assert_string_equal(r.manifest.digest, here.manifest_digest);
}

static void test_not_there(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_descriptor_clear) struct hp_descriptor root;
	struct hp_resolved_image r = {0};
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_store_init(&f);
	assert_int_equal(hp_image_resolve(&f.base, "localhost/x:1", &r, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, "localhost/x:1"));

	fake_docs_make(&d, "x", NULL);
	world_add(&f, &d, &root);
	world_name(&f, "localhost/x:1", &root);
	world_lose(&f, d.config_digest);
	err = (struct hp_error)HP_ERROR_INIT;
	assert_int_equal(hp_image_resolve(&f.base, "localhost/x:1", &r, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, d.config_digest));
	assert_null(r.manifest.digest);
}

static void test_not_for_this_machine(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_descriptor_clear) struct hp_descriptor root;
	AUTO(fake_docs_clear) struct fake_docs d;
	struct hp_resolved_image r = {0};
	struct hp_error err = HP_ERROR_INIT;
	char digest[HP_DIGEST_TEXT];

	(void)state;
	fake_store_init(&f);
	fake_docs_make(&d, "x", "s390x");
	AUTO_FREE char *text = hp_sprintf(
		"{\"schemaVersion\":2,\"mediaType\":\"" HP_MT_OCI_INDEX "\",\"manifests\":["
		"{\"mediaType\":\"" HP_MT_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,"
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}}]}",
		d.manifest_digest, strlen(d.manifest));
	fake_store_add(&f, text, strlen(text), digest);
	world_descriptor(&root, HP_MT_OCI_INDEX, digest, strlen(text));
	assert_int_equal(hp_image_resolve_target(&f.base, &root, &r, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	assert_non_null(strstr(err.msg, hp_machine_arch()));
}

static void test_layers_do_not_match(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_descriptor_clear) struct hp_descriptor root;
	struct hp_resolved_image r = {0};
	struct hp_error err = HP_ERROR_INIT;
	static const char config[] =
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		"\"diff_ids\":[\"sha256:"
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"]}}";
	char config_digest[HP_DIGEST_TEXT], digest[HP_DIGEST_TEXT];

	(void)state;
	fake_store_init(&f);
	fake_store_add(&f, config, strlen(config), config_digest);
	AUTO_FREE char *text = hp_sprintf(
		"{\"schemaVersion\":2,\"mediaType\":\"" HP_MT_OCI_MANIFEST "\",\"config\":"
		"{\"mediaType\":\"" HP_MT_OCI_CONFIG "\",\"digest\":\"%s\",\"size\":%zu},"
		"\"layers\":[]}",
		config_digest, strlen(config));
	fake_store_add(&f, text, strlen(text), digest);
	world_descriptor(&root, HP_MT_OCI_MANIFEST, digest, strlen(text));
	assert_int_equal(hp_image_resolve_target(&f.base, &root, &r, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
}

static void test_store_fails(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d;
	bool failed = true;

	(void)state;
	fake_docs_make(&d, "x", NULL);
	for (unsigned n = 1; failed && n < 20; n++) {
		AUTO(fake_store_clear) struct fake_store f;
		AUTO(hp_descriptor_clear) struct hp_descriptor root;
		AUTO(hp_resolved_image_clear) struct hp_resolved_image r = {0};
		struct hp_error err = HP_ERROR_INIT;
		fake_store_init(&f);
		world_add(&f, &d, &root);
		world_name(&f, "x", &root);
		f.fail_at = f.ops + n;
		failed = hp_image_resolve(&f.base, "x", &r, &err) < 0;
		assert_int_equal(failed, err.code == HP_EUNAVAILABLE);
	}
	assert_false(failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_manifest),
		FDS_TEST(test_index),
		FDS_TEST(test_not_there),
		FDS_TEST(test_not_for_this_machine),
		FDS_TEST(test_layers_do_not_match),
		FDS_TEST(test_store_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
