/* SPDX-License-Identifier: Apache-2.0 */
/* engine-fake_image.c - tests of src/engine/fake_image.c. */
#include "fake-engine.h"

#include <fcntl.h>

static const struct hp_image *find(struct hp_engine *e, const char *ref, enum hp_code code)
{
	const struct hp_image *image = NULL;
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_fake__image_find(hp_fake__of(e), ref, &image, &err),
			 code == HP_OK ? 0 : -1);
	assert_int_equal(err.code, code);
	return image;
}

static void names_and_ids_lead_to_images(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	const struct hp_image *image = find(e, "busybox", HP_OK);
	const char *hex = strchr(image->id, ':') + 1;
	AUTO_FREE char *prefix = hp_strndup(hex, 6);

	(void)state;
	assert_string_equal(image->name, "docker.io/library/busybox:latest");
	assert_ptr_equal(find(e, "docker.io/library/busybox:latest", HP_OK), image);
	assert_string_equal(find(e, "localhost/busybox", HP_OK)->name,
			    "localhost/busybox:latest");
	/* Both names are one image, so the id is not doubtful. */
	assert_string_equal(find(e, image->id, HP_OK)->id, image->id);
	assert_string_equal(find(e, prefix, HP_OK)->id, image->id);
	find(e, "busybox:v2", HP_ENOTFOUND);
	hp_fake__image_add(hp_fake__of(e), "a:1", "sha256:1111aa", 1);
	hp_fake__image_add(hp_fake__of(e), "b:1", "sha256:1111bb", 1);
	find(e, "1111", HP_EINVALID);
	assert_string_equal(find(e, "1111b", HP_OK)->name, "b:1");
}

static char *tar_file(const char *dir, const char *magic)
{
	char block[1024] = "";
	struct hp_error err = HP_ERROR_INIT;
	char *path = hp_path_join(dir, "archive");

	memcpy(block + 257, magic, strlen(magic));
	assert_int_equal(hp_file_write(path, block, sizeof(block), 0600, &err), 0);
	return path;
}

static void archives_come_from_files_and_descriptors(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = tar_file(dir, "ustar");
	struct hp_error err = HP_ERROR_INIT;
	struct hp_import what = {.path = path, .name = "mine"};
	char **names = NULL;

	(void)state;
	assert_int_equal(hp_engine_import(e, &what, &names, &err), 0);
	assert_string_equal(names[0], "docker.io/library/mine:latest");
	hp_names_free(names);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	what.path = "-";
	what.fd = fd;
	/* The same name again: it is replaced, not doubled. */
	assert_int_equal(hp_engine_import(e, &what, &names, &err), 0);
	hp_names_free(names);
	assert_int_equal(hp_fake__of(e)->images.count, 3);
	assert_int_equal(find(e, "mine", HP_OK)->size_bytes, 1024);
}

static void what_is_no_archive_is_refused(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = tar_file(dir, "nothing");
	struct hp_error err = HP_ERROR_INIT;
	struct hp_import what = {.path = path, .name = "mine"};
	char **names = NULL;

	(void)state;
	assert_int_equal(hp_engine_import(e, &what, &names, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	hp_error_clear(&err);
	what.name = "Not/A/Name";
	assert_int_equal(hp_engine_import(e, &what, &names, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	what.name = NULL;
	assert_int_equal(hp_engine_import(e, &what, &names, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	assert_null(names);
	assert_int_equal(hp_fake__of(e)->images.count, 2);
}

static void an_image_in_use_stays(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	AUTO_FREE char *id = fake_create(e, ARGS("true"));
	assert_int_equal(hp_engine_remove_image(e, "busybox", false, &err), -1);
	assert_int_equal(err.code, HP_ESTATE);
	hp_error_clear(&err);
	/* Another name of it is free to go. */
	assert_int_equal(hp_engine_remove_image(e, "localhost/busybox", false, &err), 0);
	assert_int_equal(hp_engine_remove_image(e, "busybox", true, &err), 0);
	assert_int_equal(hp_fake__of(e)->images.count, 0);
}

static void tags_move(void **state)
{
	AUTO(hp_engine_free) struct hp_engine *e = fake_open();
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_fake__image_add(hp_fake__of(e), "docker.io/library/new:latest", "sha256:1234", 5);
	assert_int_equal(hp_engine_tag(e, "busybox", "stable:1", &err), 0);
	assert_int_equal(hp_engine_tag(e, "new", "stable:1", &err), 0);
	assert_string_equal(find(e, "stable:1", HP_OK)->id, "sha256:1234");
	assert_int_equal(hp_fake__of(e)->images.count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(names_and_ids_lead_to_images),
		FDS_TEST(archives_come_from_files_and_descriptors),
		FDS_TEST(what_is_no_archive_is_refused),
		FDS_TEST(an_image_in_use_stays),
		FDS_TEST(tags_move),
	};

	return cmocka_run_group_tests_name("engine-fake_image", tests, NULL, NULL);
}
