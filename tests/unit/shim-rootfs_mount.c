/* SPDX-License-Identifier: Apache-2.0 */
/* shim-rootfs_mount.c - tests of src/shim/rootfs_mount.c, with real mounts. */
#include <errno.h>
#include <fcntl.h>

#include "base/child.h"
#include "shim-apart.h"
#include "shim/rootfs_parts.h"

#define LAYERS 200

struct world {
	char *dir, *root;
};

static char *made(const char *dir, const char *name)
{
	char *path = hp_path_join(dir, name);
	struct hp_error err = HP_ERROR_INIT;

	if (hp_mkdirs(path, 0755, &err) < 0)
		abort();
	return path;
}

static void in_a_world(int (*fn)(void *arg))
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *root = made(dir, "root");
	struct world w = {.dir = dir, .root = root};

	assert_int_equal(apart(fn, &w), 0);
}

static bool has(const char *dir, const char *name)
{
	AUTO_FREE char *path = hp_path_join(dir, name);

	return scratch_has(path);
}

static int binds(void *arg)
{
	struct world *w = arg;
	AUTO_FREE char *source = made(w->dir, "source");
	AUTO_FREE char *sub = made(source, "sub");
	AUTO_FREE char *file = scratch_file(source, "file", "x");
	AUTO_FREE char *other = made(w->dir, "other");
	AUTO_FREE char *second = scratch_file(other, "second", "x");
	AUTO_FREE char *target = hp_path_join(w->root, "file");
	const char *const words[] = {"rbind", "ro", "nosuid", NULL};
	const struct hp_shim_mount mounts[] = {
		{.type = "bind", .source = source, .options = words},
		{.type = "bind", .source = other, .target = "/../sub", .options = words}};
	struct hp_error err = HP_ERROR_INIT;

	if (hp_shim__rootfs_mounts(w->root, mounts, 2, &err) < 0)
		fprintf(stderr, "%s\n", err.msg);
	APART_CHECK(err.code == HP_OK);
	APART_CHECK(has(w->root, "file") && has(w->root, "sub/second"));
	APART_CHECK(open(target, O_WRONLY) < 0 && errno == EROFS);
	return 0;
}

/* More layers than their names have room for in a page. */
static int stacks(void *arg)
{
	struct world *w = arg;
	AUTO_FREE char *upper = made(w->dir, "upper");
	AUTO_FREE char *work = made(w->dir, "work");
	AUTO(hp_strv_free) struct hp_strv lower = {0};
	AUTO_FREE char *list = NULL;
	struct hp_shim_mount mount = {.type = "overlay", .source = "overlay"};
	struct hp_error err = HP_ERROR_INIT;

	for (int i = 0; i < LAYERS; i++) {
		AUTO_FREE char *name = hp_sprintf("%d/fs", 1000 + i);
		AUTO_FREE char *layer = made(w->dir, name);
		AUTO_FREE char *file = hp_sprintf("file%d", i);

		free(scratch_file(layer, file, "x"));
		hp_strv_add(&lower, layer);
	}
	list = hp_strv_join(hp_strv_view(&lower), ":");
	APART_CHECK(strlen(list) > 4096);

	AUTO_FREE char *lower_word = hp_sprintf("lowerdir=%s", list);
	AUTO_FREE char *upper_word = hp_sprintf("upperdir=%s", upper);
	AUTO_FREE char *work_word = hp_sprintf("workdir=%s", work);
	const char *const options[] = {work_word, upper_word, lower_word, NULL};

	mount.options = options;
	if (hp_shim__rootfs_mounts(w->root, &mount, 1, &err) < 0)
		fprintf(stderr, "%s\n", err.msg);
	APART_CHECK(err.code == HP_OK);
	APART_CHECK(has(w->root, "file0") && has(w->root, "file199"));
	free(scratch_file(w->root, "new", "x"));
	APART_CHECK(has(upper, "new"));
	return 0;
}

static int mounts_images(void *arg)
{
	struct world *w = arg;
	AUTO_FREE char *image = scratch_file(w->dir, "image", "");
	const char *const argv[] = {"mke2fs", "-q", "-F", "-t", "ext4", image, NULL};
	const struct hp_child mkfs = {.path = "/sbin/mke2fs", .argv = argv};
	const char *const words[] = {"loop", "rw", NULL};
	const struct hp_shim_mount mount = {.type = "ext4", .source = image, .options = words};
	struct hp_error err = HP_ERROR_INIT;
	int status = -1;
	pid_t pid;

	APART_CHECK(truncate(image, 8 << 20) == 0);
	APART_CHECK(hp_child_start(&mkfs, &pid, &err) == 0);
	APART_CHECK(hp_child_wait(pid, 20000, &status, &err) == 0 && status == 0);
	if (hp_shim__rootfs_mounts(w->root, &mount, 1, &err) < 0)
		fprintf(stderr, "%s\n", err.msg);
	APART_CHECK(err.code == HP_OK);
	APART_CHECK(has(w->root, "lost+found"));
	return 0;
}

static int says_what_is_wrong(void *arg)
{
	struct world *w = arg;
	static const char *const mapped[] = {"bind", "uidmap=0:1:2", NULL};
	const struct {
		struct hp_shim_mount mount;
		enum hp_code code;
		const char *words;
	} wrong[] = {
		{{.type = "bind", .source = "/nonexistent"}, HP_ENOTFOUND, "/nonexistent"},
		{{.type = "format/overlay", .source = "overlay"}, HP_EUNSUPPORTED, "format"},
		{{.type = "bind", .source = "/", .options = mapped}, HP_EUNSUPPORTED, "uidmap"},
		{{.type = "bind", .source = "/", .target = "none"}, HP_ENOTFOUND, "target"},
	};

	for (size_t i = 0; i < HP_ARRAY_LEN(wrong); i++) {
		struct hp_error err = HP_ERROR_INIT;

		APART_CHECK(hp_shim__rootfs_mounts(w->root, &wrong[i].mount, 1, &err) < 0);
		if (err.code != wrong[i].code || !strstr(err.msg, wrong[i].words))
			fprintf(stderr, "%d: %s\n", err.code, err.msg);
		APART_CHECK(err.code == wrong[i].code && strstr(err.msg, wrong[i].words));
	}
	return 0;
}

static void mounts_binds(void **state)
{
	(void)state;
	in_a_world(binds);
}

static void mounts_overlays_of_many_layers(void **state)
{
	(void)state;
	in_a_world(stacks);
}

static void mounts_files(void **state)
{
	(void)state;
	in_a_world(mounts_images);
}

static void names_what_it_cannot_mount(void **state)
{
	(void)state;
	in_a_world(says_what_is_wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(mounts_binds),
		FDS_TEST(mounts_overlays_of_many_layers),
		FDS_TEST(mounts_files),
		FDS_TEST(names_what_it_cannot_mount),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
