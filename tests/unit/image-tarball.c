/* SPDX-License-Identifier: Apache-2.0 */
/* image-tarball.c - members and digests of good tars, and what is refused of bad ones. */
#include "image/tarball.h"

#include "fake/archives.h"
#include "scratch.h"

struct result {
	int members;
	char digest[HP_DIGEST_TEXT];
	struct hp_error err;
};

/* Read all of @data. Returns: 0 or -1, with what was found. */
static int read_all(const struct hp_buf *data, struct result *r)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO_FREE char *path = fake_archive_file(dir, "a", data);
	const struct hp_import what = {.path = path};
	AUTO(hp_source__close) struct hp_source s = {0};
	AUTO(hp_tarball__free) struct hp_tarball *t = NULL;
	struct hp_tar_member m;
	struct hp_bytes piece;
	int rc, more = 0;

	*r = (struct result){0};
	if (hp_source__open(&what, &s, &r->err) < 0 ||
	    hp_tarball__open(&s, true, &t, &r->err) < 0)
		return -1;
	while ((rc = hp_tarball__next(t, &m, &r->err)) > 0) {
		r->members++;
		while (m.type == HP_MEMBER_FILE &&
		       (more = hp_tarball__data(t, &piece, &r->err)) > 0)
			assert_true(piece.len > 0);
		if (more < 0)
			return -1;
	}
	return rc < 0 ? -1 : hp_tarball__finish(t, r->digest, &r->err);
}

static void test_all_packings_are_one_tar(void **state)
{
	AUTO(hp_buf_free) struct hp_buf plain;
	char want[HP_DIGEST_TEXT];
	struct result r;

	(void)state;
	fake_rootfs(HP_PACKING_NONE, "hello", &plain);
	hp_digest_of(hp_buf_bytes(&plain), want);
	for (int packing = HP_PACKING_NONE; packing <= HP_PACKING_ZSTD; packing++) {
		AUTO(hp_buf_free) struct hp_buf data;
		fake_rootfs((enum hp_packing)packing, "hello", &data);
		assert_int_equal(hp_packing_of(hp_buf_bytes(&data)), packing);
		if (read_all(&data, &r) < 0)
			fail_msg("%s", r.err.msg);
		assert_int_equal(r.members, 5);
		assert_string_equal(r.digest, want);
	}
}

static void test_members(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_buf_free) struct hp_buf data;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_tar_member m;
	struct hp_bytes piece;
	struct fake_tar out;

	(void)state;
	fake_tar_begin(&out, HP_PACKING_NONE);
	fake_tar_text(&out, "./a/b", "12345");
	fake_tar_symlink(&out, "a/c", "../x/y");
	fake_tar_symlink(&out, "a/out", "../../../x");
	fake_tar_symlink(&out, "abs", "/etc/passwd");
	fake_tar_hardlink(&out, "a/d", "a/b");
	fake_tar_end(&out, &data);
	AUTO_FREE char *path = fake_archive_file(dir, "a", &data);
	const struct hp_import what = {.path = path};
	AUTO(hp_source__close) struct hp_source s = {0};
	AUTO(hp_tarball__free) struct hp_tarball *t = NULL;
	assert_int_equal(hp_source__open(&what, &s, &err), 0);
	assert_int_equal(hp_tarball__open(&s, false, &t, &err), 0);

	assert_int_equal(hp_tarball__next(t, &m, &err), 1);
	assert_int_equal(m.type, HP_MEMBER_FILE);
	assert_string_equal(m.name, "a/b");
	assert_int_equal(m.size, 5);
	assert_int_equal(hp_tarball__data(t, &piece, &err), 1);
	assert_memory_equal(piece.data, "12345", 5);
	assert_int_equal(hp_tarball__data(t, &piece, &err), 0);
	static const struct {
		const char *name, *link;
	} links[] = {{"a/c", "x/y"}, {"a/out", "x"}, {"abs", ""}, {"a/d", "a/b"}};
	for (size_t i = 0; i < HP_ARRAY_LEN(links); i++) {
		assert_int_equal(hp_tarball__next(t, &m, &err), 1);
		assert_int_equal(m.type, HP_MEMBER_LINK);
		assert_string_equal(m.name, links[i].name);
		assert_string_equal(m.link, links[i].link);
	}
	assert_int_equal(hp_tarball__next(t, &m, &err), 0);
	assert_int_equal(hp_tarball__finish(t, NULL, &err), 0);
}

static void refused(const struct hp_buf *data, const char *why)
{
	struct result r;

	if (read_all(data, &r) == 0)
		fail_msg("read, though it should say: %s", why);
	assert_int_equal(r.err.code, HP_ECORRUPT);
	if (!strstr(r.err.msg, why))
		fail_msg("'%s' does not say '%s'", r.err.msg, why);
}

/* A tar cut anywhere is damaged, but for where only its end marker is missing. */
static void test_truncated(void **state)
{
	(void)state;
	for (int packing = HP_PACKING_NONE; packing <= HP_PACKING_ZSTD; packing++) {
		AUTO(hp_buf_free) struct hp_buf data;
		fake_rootfs((enum hp_packing)packing, "hello", &data);
		const bool plain = packing == HP_PACKING_NONE;
		const size_t end = plain ? data.len - 1024 : data.len;
		for (size_t len = 1; len < end; len += plain ? 411 : 13) {
			const struct hp_buf part = {.data = data.data, .len = len};
			struct result r;
			if (!plain || len % 512 != 0)
				assert_int_equal(read_all(&part, &r), -1);
		}
	}
}

static void test_damaged(void **state)
{
	AUTO(hp_buf_free) struct hp_buf data, packed;

	(void)state;
	fake_rootfs(HP_PACKING_NONE, "hello", &data);
	data.data[512 + 150] ^= 0x55;
	refused(&data, "damaged");
	fake_rootfs(HP_PACKING_GZIP, "hello", &packed);
	packed.data[packed.len / 2] ^= 0x55;
	refused(&packed, "damaged");
}

static void test_trailing(void **state)
{
	AUTO(hp_buf_free) struct hp_buf data;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	fake_rootfs(HP_PACKING_GZIP, "hello", &data);
	assert_int_equal(hp_buf_add(&data, "trailing", 8, &err), 0);
	refused(&data, "after the end");
}

static void test_packed_twice(void **state)
{
	AUTO(hp_buf_free) struct hp_buf once, twice;

	(void)state;
	fake_rootfs(HP_PACKING_GZIP, "hello", &once);
	fake_pack_gzip(&once, &twice);
	refused(&twice, "packed twice");
}

static void test_names(void **state)
{
	static const char *const names[] = {"../x", "a/../../x", "a/..", "..", "/etc/passwd"};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(names); i++) {
		AUTO(hp_buf_free) struct hp_buf data;
		struct fake_tar t;
		fake_tar_begin(&t, HP_PACKING_NONE);
		fake_tar_text(&t, names[i], "x");
		fake_tar_end(&t, &data);
		refused(&data, "leads out");
	}
}

static void test_long_name(void **state)
{
	AUTO(hp_buf_free) struct hp_buf data;
	char name[5000];
	struct fake_tar t;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	fake_tar_begin(&t, HP_PACKING_NONE);
	fake_tar_text(&t, name, "x");
	fake_tar_end(&t, &data);
	refused(&data, "4096");
}

static void test_not_a_tar(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *why;
	} rows[] = {
		{"", 0, "empty"},
		{"\xfd"
		 "7zXZ\0....",
		 10, "xz"},
		{"BZh9........", 12, "bzip2"},
		{"PK\3\4........", 12, "zip"},
		{"hello, world", 12, "damaged"},
		{"\x1f\x8b", 2, "damaged"},
		{"\x28\xb5\x2f\xfdgarbage", 11, "damaged"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		const struct hp_buf data = {.data = (uint8_t *)rows[i].data,
					    .len = rows[i].len};
		refused(&data, rows[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(test_all_packings_are_one_tar),
		FDS_TEST(test_members),
		FDS_TEST(test_truncated),
		FDS_TEST(test_damaged),
		FDS_TEST(test_trailing),
		FDS_TEST(test_packed_twice),
		FDS_TEST(test_names),
		FDS_TEST(test_long_name),
		FDS_TEST(test_not_a_tar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
