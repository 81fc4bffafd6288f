/* SPDX-License-Identifier: Apache-2.0 */
/* image-export.c - what is exported can be imported again, is the same each time, or is refused. */
#include "image-import.h"
#include "wire/json.h"

#include <fcntl.h>

#define NAME "docker.io/library/x:latest"

/* Export @names to a file and read it back. Returns: of hp_image_export(). */
static int export_to(struct fake_store *f, const char *const *names, struct hp_buf *ret,
		     struct hp_error *err)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = hp_path_join(dir, "out");
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct hp_error ignored = HP_ERROR_INIT;

	assert_true(fd >= 0);
	const int rc = hp_image_export(&f->base, names, fd, err);
	hp_buf_init(ret, FAKE_ARCHIVE_MAX);
	assert_int_equal(hp_file_read(path, FAKE_ARCHIVE_MAX, ret, &ignored), 0);
	return rc;
}

static void begin(struct fake_store *f, const struct fake_docs *d)
{
	AUTO(hp_descriptor_clear) struct hp_descriptor root;

	fake_store_init(f);
	world_add(f, d, &root);
	world_name(f, NAME, &root);
	world_name(f, "localhost/x@sha256:1", &root);
}

static void test_there_and_back(void **state)
{
	AUTO(fake_store_clear) struct fake_store f, other;
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf data, again;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;
	const char *const wanted[] = {NAME, NULL};

	(void)state;
	fake_docs_make(&d, "x", NULL);
	begin(&f, &d);
	if (export_to(&f, wanted, &data, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(export_to(&f, wanted, &again, &err), 0);
	assert_int_equal(data.len, again.len);
	assert_memory_equal(data.data, again.data, data.len);

	fake_store_init(&other);
	if (import_data(&other, &data, (struct hp_import){0}, &names, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(names.count, 1);
	assert_string_equal(names.items[0], NAME);
	assert_string_equal(fake_store_image(&other, NAME)->target.digest, d.manifest_digest);
	import_kept(&other, 4, 2);
}

/* The member called @name in a plain tar. Returns: its text, owned by the caller; NULL. */
static char *member_text(const struct hp_buf *data, const char *name)
{
	AUTO_CLOSE int fd = fake_archive_pipe(data);
	const struct hp_import what = {.path = "-", .fd = fd};
	AUTO(hp_source__close) struct hp_source s = {0};
	AUTO(hp_tarball__free) struct hp_tarball *t = NULL;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_tar_member m;
	struct hp_bytes piece;
	char *text = NULL;

	assert_int_equal(hp_source__open(&what, &s, &err), 0);
	assert_int_equal(hp_tarball__open(&s, false, &t, &err), 0);
	while (hp_tarball__next(t, &m, &err) > 0)
		if (strcmp(m.name, name) == 0 && hp_tarball__data(t, &piece, &err) > 0)
			text = hp_strndup((const char *)piece.data, piece.len);
	return text;
}

/* docker load reads manifest.json; a layout's readers the annotations. */
static void test_documents(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO(hp_buf_free) struct hp_buf data;
	AUTO(hp_json_free) struct hp_json *docker = NULL, *index = NULL;
	struct hp_error err = HP_ERROR_INIT;
	const char *const wanted[] = {NAME, "localhost/x@sha256:1", NULL};

	(void)state;
	fake_docs_make(&d, "x", NULL);
	begin(&f, &d);
	assert_int_equal(export_to(&f, wanted, &data, &err), 0);
	AUTO_FREE char *docker_text = member_text(&data, "manifest.json");
	AUTO_FREE char *index_text = member_text(&data, "index.json");
	assert_int_equal(hp_json_parse(hp_bytes_str(docker_text), &docker, &err), 0);
	assert_int_equal(hp_json_parse(hp_bytes_str(index_text), &index, &err), 0);

	const struct hp_json *first = hp_json_at(docker, 0), *second = hp_json_at(docker, 1);
	assert_string_equal(hp_json_str(hp_json_at(hp_json_get(first, "RepoTags"), 0)),
			    "x:latest");
	assert_int_equal(hp_json_count(hp_json_get(first, "Layers")), 2);
	assert_non_null(strstr(hp_json_get_str(first, "Config"), d.config_digest + 7));
	assert_int_equal(hp_json_count(hp_json_get(second, "RepoTags")), 0);
	const struct hp_json *entry = hp_json_at(hp_json_get(index, "manifests"), 0);
	const struct hp_json *annotations = hp_json_get(entry, "annotations");
	assert_string_equal(hp_json_get_str(annotations, "io.containerd.image.name"), NAME);
	assert_string_equal(hp_json_get_str(annotations, "org.opencontainers.image.ref.name"),
			    "latest");
}

static void test_index(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs here, there;
	AUTO(hp_descriptor_clear) struct hp_descriptor a, root;
	AUTO(hp_buf_free) struct hp_buf data;
	struct hp_error err = HP_ERROR_INIT;
	const char *const wanted[] = {"localhost/i:1", NULL};

	(void)state;
	fake_store_init(&f);
	fake_docs_make(&here, "here", NULL);
	fake_docs_make(&there, "there", "s390x");
	world_add(&f, &here, &a);
	world_add_index(&f, &here, &there, &root);
	world_name(&f, "localhost/i:1", &root);
	assert_int_equal(export_to(&f, wanted, &data, &err), 0);
	AUTO_FREE char *name = hp_sprintf("blobs/sha256/%s", root.digest + 7);
	AUTO_FREE char *text = member_text(&data, name);
	assert_non_null(text);
}

static void test_refused(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs d;
	struct hp_error err = HP_ERROR_INIT;
	const char *const none[] = {NULL}, *const unknown[] = {"x", NULL};
	const char *const wanted[] = {NAME, NULL};

	(void)state;
	fake_docs_make(&d, "x", NULL);
	begin(&f, &d);
	assert_int_equal(hp_image_export(&f.base, none, -1, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	err = (struct hp_error)HP_ERROR_INIT;
	assert_int_equal(hp_image_export(&f.base, unknown, -1, &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
	err = (struct hp_error)HP_ERROR_INIT;
	world_lose(&f, d.layer_digests[0]);
	assert_int_equal(hp_image_export(&f.base, wanted, -1, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	assert_non_null(strstr(err.msg, d.layer_digests[0]));
}

static void test_output_fails(void **state)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(fake_docs_clear) struct fake_docs d;
	AUTO_CLOSE int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct hp_error err = HP_ERROR_INIT;
	const char *const wanted[] = {NAME, NULL};

	(void)state;
	fake_docs_make(&d, "x", NULL);
	begin(&f, &d);
	assert_int_equal(hp_image_export(&f.base, wanted, full, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
}

static void test_store_fails(void **state)
{
	AUTO(fake_docs_clear) struct fake_docs d;
	const char *const wanted[] = {NAME, NULL};
	bool failed = true;

	(void)state;
	fake_docs_make(&d, "x", NULL);
	for (unsigned n = 1; failed && n < 50; n++) {
		AUTO(fake_store_clear) struct fake_store f;
		AUTO(hp_buf_free) struct hp_buf data;
		struct hp_error err = HP_ERROR_INIT;
		begin(&f, &d);
		f.fail_at = f.ops + n;
		failed = export_to(&f, wanted, &data, &err) < 0;
		assert_int_equal(failed, err.code == HP_EUNAVAILABLE);
	}
	assert_false(failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_there_and_back), FDS_TEST(test_documents),
		FDS_TEST(test_index),          FDS_TEST(test_refused),
		FDS_TEST(test_output_fails),   FDS_TEST(test_store_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
