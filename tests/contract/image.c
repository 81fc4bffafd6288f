/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - the engine contract: images, by name and by id. */
#include "contract.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

static bool has_image(struct contract *c, const char *name)
{
	AUTO(hp_image_list_free) struct hp_image_list *list = NULL;
	bool found = false;

	OK(hp_engine_images(c->engine, &list, &err));
	for (size_t i = 0; i < list->count; i++) {
		const struct hp_image *image = list->items[i];
		assert_true(image->name[0]);
		assert_true(hp_str_starts(image->digest, "sha256:"));
		if (i > 0)
			assert_true(strcmp(list->items[i - 1]->name, image->name) < 0);
		found = found || hp_str_eq(image->name, name);
	}
	return found;
}

static void a_name_can_be_added_and_removed(void **state)
{
	struct contract *c = *state;
	const char *name = "localhost/contract-tag:v1";

	if (!(hp_engine_can(c->engine) & HP_CAN_TAG))
		return;
	assert_false(has_image(c, name));
	OK(hp_engine_tag(c->engine, c->image, name, &err));
	assert_true(has_image(c, name));
	OK(hp_engine_tag(c->engine, c->image, name, &err));
	struct hp_container_spec spec = spec_of(c, ARGS("true"));
	spec.image = name;
	AUTO_FREE char *id = make_spec(c, &spec);
	FAILS(HP_ESTATE, hp_engine_remove_image(c->engine, name, false, &err));
	assert_true(has_image(c, name));
	drop(c, id);
	OK(hp_engine_remove_image(c->engine, name, false, &err));
	assert_false(has_image(c, name));
	FAILS(HP_ENOTFOUND, hp_engine_remove_image(c->engine, name, false, &err));
	FAILS(HP_ENOTFOUND, hp_engine_tag(c->engine, "no-such-image", name, &err));
	FAILS(HP_EINVALID, hp_engine_tag(c->engine, c->image, "localhost/UPPER", &err));
}

static void an_image_is_found_by_its_id(void **state)
{
	struct contract *c = *state;
	AUTO(hp_container_free) struct hp_container *named = NULL;
	AUTO_FREE char *id = make(c, ARGS("true"));

	OK(hp_engine_inspect(c->engine, id, &named, &err));
	assert_true(hp_str_starts(named->image_id, "sha256:"));
	drop(c, id);

	AUTO_FREE char *prefix = hp_strndup(named->image_id + strlen("sha256:"), 20);
	const char *refs[] = {named->image_id, prefix};
	for (size_t i = 0; i < HP_ARRAY_LEN(refs); i++) {
		AUTO(output_clear) struct output o = {0};
		struct hp_container_spec spec = spec_of(c, ARGS("echo", "by id"));
		spec.image = refs[i];
		assert_int_equal(run(c, &spec, &o), 0);
		assert_string_equal(o.out, "by id\n");
	}
}

static void bad_archives_leave_nothing(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *path = hp_path_join(c->scratch, "garbage.tar");
	char **names = NULL;

	if (!(hp_engine_can(c->engine) & HP_CAN_IMPORT))
		return;
	AUTO_FREE char *garbage = hp_alloc(4096);
	memset(garbage, 'g', 4096);
	OK(hp_file_write(path, garbage, 4096, 0600, &err));
	const struct hp_import corrupt = {.path = path, .name = "localhost/contract-bad:v1"};
	FAILS(HP_ECORRUPT, hp_engine_import(c->engine, &corrupt, &names, &err));
	const struct hp_import missing = {.path = "/no/such/archive.tar",
					  .name = "localhost/contract-bad:v1"};
	FAILS(HP_ENOTFOUND, hp_engine_import(c->engine, &missing, &names, &err));
	const struct hp_import empty = {.path = "", .name = "localhost/contract-bad:v1"};
	FAILS(HP_EINVALID, hp_engine_import(c->engine, &empty, &names, &err));
	assert_null(names);
	assert_false(has_image(c, "localhost/contract-bad:v1"));
}

/* From: POSIX pax, "ustar Interchange Format": one empty directory and the end of the archive. */
static void write_rootfs(const char *path)
{
	char tar[512 * 3] = "";
	unsigned sum = 0;

	memcpy(tar, "etc/", 4);
	memcpy(tar + 100, "0000755", 7);
	memcpy(tar + 108, "0000000", 7);
	memcpy(tar + 116, "0000000", 7);
	memcpy(tar + 124, "00000000000", 11);
	memcpy(tar + 136, "00000000000", 11);
	memset(tar + 148, ' ', 8);
	tar[156] = '5';
	memcpy(tar + 257, "ustar\00000", 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)tar[i];
	snprintf(tar + 148, 8, "%06o", sum);
	OK(hp_file_write(path, tar, sizeof(tar), 0600, &err));
}

static void a_root_filesystem_becomes_an_image(void **state)
{
	struct contract *c = *state;
	AUTO_FREE char *path = hp_path_join(c->scratch, "rootfs.tar");
	char **names = NULL;

	if (!(hp_engine_can(c->engine) & HP_CAN_IMPORT))
		return;
	write_rootfs(path);
	const struct hp_import nameless = {.path = path};
	FAILS(HP_EINVALID, hp_engine_import(c->engine, &nameless, &names, &err));
	const struct hp_import what = {
		.path = path, .name = "localhost/contract-root:v1", .cmd = ARGS("true")};
	OK(hp_engine_import(c->engine, &what, &names, &err));
	assert_string_equal(names[0], "localhost/contract-root:v1");
	assert_null(names[1]);
	hp_names_free(names);
	assert_true(has_image(c, "localhost/contract-root:v1"));
	OK(hp_engine_remove_image(c->engine, "localhost/contract-root:v1", false, &err));
	assert_false(has_image(c, "localhost/contract-root:v1"));
}

static void a_pull_from_nowhere_leaves_nothing(void **state)
{
	struct contract *c = *state;
	const struct hp_pull empty = {.ref = ""}, bad = {.ref = "127.0.0.1:1/UPPER:v1"};
	const struct hp_pull local = {.ref = "localhost/contract-pull:v1"};
	const struct hp_pull silent = {.ref = "127.0.0.1:1/contract-pull:v1"};
	const struct hp_pull machine = {.ref = "127.0.0.1:1/contract-pull:v1",
					.platform = "a/b/c/d"};
	struct hp_pulled pulled = {0};

	if (!(hp_engine_can(c->engine) & HP_CAN_PULL))
		return;
	FAILS(HP_EINVALID, hp_engine_pull(c->engine, &empty, &pulled, &err));
	FAILS(HP_EINVALID, hp_engine_pull(c->engine, &bad, &pulled, &err));
	FAILS(HP_EINVALID, hp_engine_pull(c->engine, &local, &pulled, &err));
	FAILS(HP_EINVALID, hp_engine_pull(c->engine, &machine, &pulled, &err));
	FAILS(HP_EUNAVAILABLE, hp_engine_pull(c->engine, &silent, &pulled, &err));
	assert_null(pulled.name);
	assert_null(pulled.digest);
	assert_false(has_image(c, silent.ref));
}

const struct CMUnitTest contract_image[] = {
	CONTRACT_TEST(a_name_can_be_added_and_removed),
	CONTRACT_TEST(an_image_is_found_by_its_id),
	CONTRACT_TEST(bad_archives_leave_nothing),
	CONTRACT_TEST(a_root_filesystem_becomes_an_image),
	CONTRACT_TEST(a_pull_from_nowhere_leaves_nothing),
};
const size_t contract_image_count = HP_ARRAY_LEN(contract_image);
