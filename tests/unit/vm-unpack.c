/* SPDX-License-Identifier: Apache-2.0 */
/* vm-unpack.c - tests of src/vm/unpack.c. */
#include "vm/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include "scratch.h"

#define SIZE 100000

static uint8_t plain[SIZE];

/* Pack the bytes by the filter that @add adds. Returns: how many it became. */
static size_t pack(int (*add)(struct archive *), uint8_t *out, size_t size)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
	assert_int_equal(add(a), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, out, size, &used), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, plain, SIZE), SIZE);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_entry_free(entry);
	archive_write_free(a);
	return used;
}

static void unpacks_each_kind(void **state)
{
	int (*const filters[])(struct archive *) = {
		archive_write_add_filter_gzip, archive_write_add_filter_xz,
		archive_write_add_filter_zstd, archive_write_add_filter_lz4,
		archive_write_add_filter_lzma};
	AUTO_FREE uint8_t *packed = hp_alloc(2 * SIZE);

	(void)state;
	for (int i = 0; i < SIZE; i++)
		plain[i] = (uint8_t)(i % 251 ^ i >> 9);
	for (size_t i = 0; i < HP_ARRAY_LEN(filters); i++) {
		const size_t len = pack(filters[i], packed, 2 * SIZE);
		AUTO(hp_buf_free) struct hp_buf out;
		struct hp_error err = HP_ERROR_INIT;

		hp_buf_init(&out, 1 << 20);
		if (hp_vm_unpack(HP_BYTES(packed, len), &out, &err) < 0)
			fail_msg("%zu: %s", i, err.msg);
		assert_int_equal(out.len, SIZE);
		assert_memory_equal(out.data, plain, SIZE);

		/* Torn. */
		AUTO(hp_buf_free) struct hp_buf part;
		hp_buf_init(&part, 1 << 20);
		int rc = hp_vm_unpack(HP_BYTES(packed, len / 2), &part, &err);
		assert_true(rc < 0 || part.len < SIZE);
	}
}

/* The kernel's own way of packing by lz4. From: lz4 doc/lz4_Frame_format.md, "Legacy frame". */
static void unpacks_old_frames(void **state)
{
	static const uint8_t packed[] = {0x02, 0x21, 0x4c, 0x18, 6,   0,   0,
					 0,    0x50, 'h',  'e',  'l', 'l', 'o'};
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_buf_init(&out, 1 << 20);
	if (hp_vm_unpack(HP_BYTES(packed, sizeof(packed)), &out, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.data, "hello", 5);
}

static void refuses_other_things(void **state)
{
	AUTO_FREE uint8_t *packed = hp_alloc(2 * SIZE);
	AUTO(hp_buf_free) struct hp_buf out;
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	hp_buf_init(&out, 300000);
	assert_int_equal(hp_vm_unpack(hp_bytes_str("what is this?"), &out, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);
	hp_error_clear(&err);
	assert_int_equal(hp_vm_unpack(HP_BYTES(NULL, 0), &out, &err), -1);
	assert_int_equal(err.code, HP_ECORRUPT);

	hp_error_clear(&err);
	const size_t len = pack(archive_write_add_filter_gzip, packed, 2 * SIZE);
	out.max = SIZE / 2;
	assert_int_equal(hp_vm_unpack(HP_BYTES(packed, len), &out, &err), -1);
	assert_int_equal(err.code, HP_EEXHAUSTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(unpacks_each_kind),
		FDS_TEST(unpacks_old_frames),
		FDS_TEST(refuses_other_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
