/* SPDX-License-Identifier: Apache-2.0 */
/* image-import_docker.c - archives of docker save, old and new, whole and not. */
#include "image-import.h"

/* What differs between the archives of these tests. */
struct form {
	const char *config, *first, *second; /* names of the members */
	const char *second_link;             /* the second layer is a link to this name */
	const char *tags;                    /* JSON list */
	const char *diff_id;                 /* instead of the first layer's */
	int entries;
};

static const struct form plain = {.config = "config.json",
				  .first = "one/layer.tar",
				  .second = "two/layer.tar",
				  .tags = "[\"a/b:1\",\"c\"]",
				  .entries = 1};

static void make(const struct form *form, const struct fake_docs *d, struct hp_buf *ret)
{
	AUTO_FREE char *entry = hp_sprintf("{\"Config\":\"%s\",\"RepoTags\":%s,\"Layers\":"
					   "[\"%s\",\"%s\"]}",
					   form->config, form->tags, form->first, form->second);
	AUTO_FREE char *list = form->entries == 1 ? hp_sprintf("[%s]", entry)
						  : hp_sprintf("[%s,%s]", entry, entry);
	AUTO_FREE char *config = hp_sprintf(
		"{\"architecture\":\"%s\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		"\"diff_ids\":[\"%s\",\"%s\"]}}",
		hp_machine_arch(), form->diff_id ? form->diff_id : d->diff_ids[0],
		d->diff_ids[1]);
	struct fake_tar t;

	fake_tar_begin(&t, HP_PACKING_NONE);
	fake_tar_text(&t, "one/VERSION", "1.0");
	fake_tar_text(&t, "one/json", "{}");
	if (form->second_link)
		fake_tar_symlink(&t, form->second, form->second_link);
	fake_tar_file(&t, form->first, d->layers[0].data, d->layers[0].len);
	fake_tar_file(&t, form->second_link ? "blob" : form->second, d->layers[1].data,
		      d->layers[1].len);
	fake_tar_text(&t, form->config, config);
	fake_tar_text(&t, "repositories", "{}");
	fake_tar_text(&t, "manifest.json", list);
	fake_tar_end(&t, ret);
}

static void check(const struct form *form)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf data;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	AUTO(hp_resolved_image_clear) struct hp_resolved_image r = {0};
	struct hp_error err = HP_ERROR_INIT;

	fake_store_init(&f);
	fake_docs_make(&d, "x", NULL);
	make(form, &d, &data);
	if (import_data(&f, &data, (struct hp_import){0}, &names, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "docker.io/a/b:1");
	assert_string_equal(names.items[1], "docker.io/library/c:latest");
	assert_int_equal(hp_image_resolve(&f.base, "docker.io/a/b:1", &r, &err), 0);
	assert_string_equal(r.parsed.children[0].digest, d.layer_digests[0]);
	assert_string_equal(r.parsed.children[0].media_type, HP_MT_OCI_LAYER);
	assert_string_equal(r.parsed.children[1].digest, d.layer_digests[1]);
	assert_string_equal(r.parsed.children[1].media_type, HP_MT_OCI_LAYER_GZIP);
	import_kept(&f, 4, 2);
}

static void test_forms(void **state)
{
	struct form form = plain;

	(void)state;
	check(&form);
	form.second_link = "../blob";
	check(&form);
	form = plain;
	form.config = "sha256:"
		      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	form.first = "layer0.tar";
	form.second = "layer1.tar.gz";
	check(&form);
}

static void refuse(const struct form *form, struct hp_import what, enum hp_code code,
		   const char *why)
{
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf data;

	fake_docs_make(&d, "x", NULL);
	make(form, &d, &data);
	import_refused(&data, what, code, why);
}

static void test_refused(void **state)
{
	const struct hp_import none = {0}, named = {.name = "x"};
	struct form form = plain;

	(void)state;
	form.second_link = "../../nowhere";
	refuse(&form, none, HP_ECORRUPT, "layer 'two/layer.tar' is missing");
	form.second_link = "/etc/passwd";
	refuse(&form, none, HP_ECORRUPT, "is missing");
	form = plain;
	form.tags = "null";
	refuse(&form, none, HP_EINVALID, "FILE NAME");
	form.tags = "[7]";
	refuse(&form, none, HP_ECORRUPT, "no string");
	form.tags = "[\"UPPER\"]";
	refuse(&form, none, HP_EINVALID, "UPPER");
	form = plain;
	form.entries = 2;
	refuse(&form, named, HP_EINVALID, "2 images");
	form = plain;
	form.diff_id = "sha256:"
		       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	refuse(&form, none, HP_ECORRUPT, "the config says sha256:e3b0c4");
}

static void test_bad_documents(void **state)
{
	static const struct {
		const char *manifest, *why;
	} rows[] = {
		{"{}", "no list"},
		{"[", "manifest.json"},
		{"[{}]", "config '(no name)' is missing"},
		{"[{\"Config\":\"c\"}]", "config 'c' is missing"},
		{"[{\"Config\":\"manifest.json\"}]", "config"},
		{"[]", "no image"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		AUTO(hp_buf_free) struct hp_buf data;
		struct fake_tar t;
		fake_tar_begin(&t, HP_PACKING_NONE);
		fake_tar_text(&t, "manifest.json", rows[i].manifest);
		fake_tar_end(&t, &data);
		import_refused(&data, (struct hp_import){0}, HP_ECORRUPT, rows[i].why);
	}
}

static void test_torture(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf data;

	(void)state;
	fake_docs_make(&d, "x", NULL);
	make(&plain, &d, &data);
	import_torture(&data, (struct hp_import){0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_forms),
		FDS_TEST(test_refused),
		FDS_TEST(test_bad_documents),
		FDS_TEST(test_torture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
