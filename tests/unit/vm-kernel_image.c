/* SPDX-License-Identifier: Apache-2.0 */
/* vm-kernel_image.c - tests of src/vm/kernel_image.c. */
#include "scratch.h"
#include "vm/kernel.h"

#define SECTOR 512
#define ELF    600

/* A bzImage with an ELF file of ELF bytes in it, packed by lz4 as literals. */
struct image {
	uint8_t bytes[4096];
	size_t len;
};

static void put_le32(uint8_t *at, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

/* From: lz4 doc/lz4_Block_format.md: 15 in the token, then the rest of the length by 255s. */
static size_t put_payload(uint8_t *at, const uint8_t *elf)
{
	size_t n = 8;

	put_le32(at, 0x184c2102);
	at[n++] = 0xf0;
	at[n++] = 255;
	at[n++] = 255;
	at[n++] = ELF - 15 - 2 * 255;
	memcpy(at + n, elf, ELF);
	n += ELF;
	put_le32(at + 4, (uint32_t)(n - 8));
	put_le32(at + n, ELF);
	return n + 4;
}

static void make_image(struct image *i)
{
	uint8_t elf[ELF] = "\177ELF";

	memset(i, 0, sizeof(*i));
	i->bytes[0x1f1] = 2; /* sectors of setup */
	memcpy(i->bytes + 0x202, "HdrS", 4);
	i->bytes[0x206] = 0x0f;
	i->bytes[0x207] = 0x02;
	put_le32(i->bytes + 0x248, 16); /* after the protected-mode code */
	const size_t n = put_payload(i->bytes + 3 * SECTOR + 16, elf);
	put_le32(i->bytes + 0x24c, (uint32_t)n);
	i->len = 3 * SECTOR + 16 + n + 100;
}

static int unpack(const char *dir, const void *data, size_t len, struct hp_buf *ret,
		  struct hp_error *err)
{
	AUTO_FREE char *image = hp_path_join(dir, "vmlinuz");
	AUTO_FREE char *path = hp_path_join(dir, "vmlinux");

	if (hp_file_write(image, data, len, 0600, err) < 0 ||
	    hp_kernel_unpack(image, path, err) < 0)
		return -1;
	return hp_file_read(path, 4096, ret, err);
}

static void takes_the_elf_out(void **state)
{
	AUTO(scratch_free) char *dir = scratch_new();
	AUTO(hp_buf_free) struct hp_buf out = {0};
	AUTO(hp_buf_free) struct hp_buf again = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct image i;

	(void)state;
	make_image(&i);
	if (unpack(dir, i.bytes, i.len, &out, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(out.len, ELF);
	assert_memory_equal(out.data, "\177ELF", 4);
	/* What is one already stays as it is. */
	assert_int_equal(unpack(dir, out.data, out.len, &again, &err), 0);
	assert_int_equal(again.len, ELF);
}

static void refuse(const struct image *i, size_t len, const char *why)
{
	AUTO(scratch_free) char *dir = scratch_new();
	struct hp_buf out = {0};
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(unpack(dir, i->bytes, len, &out, &err), -1);
	if (err.code != HP_ECORRUPT || !strstr(err.msg, why))
		fail_msg("%s", err.msg);
}

static void refuses_what_is_broken(void **state)
{
	struct image i;

	(void)state;
	make_image(&i);
	refuse(&i, 100, "neither a bzImage nor an ELF file");
	refuse(&i, 3 * SECTOR, "is not there");
	refuse(&i, i.len - 200, "is not there");
	i.bytes[0x206] = 0x07;
	refuse(&i, i.len, "older");
	make_image(&i);
	put_le32(i.bytes + 0x24c, 3);
	refuse(&i, i.len, "is not there");
	make_image(&i);
	put_le32(i.bytes + 0x248, 0xffffffff);
	refuse(&i, i.len, "is not there");
	make_image(&i);
	i.bytes[3 * SECTOR + 16] ^= 1;
	refuse(&i, i.len, "unpack");
	make_image(&i);
	i.bytes[3 * SECTOR + 16 + 8 + 4 + 1] = 'e';
	refuse(&i, i.len, "no ELF file");
}

static void says_what_is_missing(void **state)
{
	struct hp_error err = HP_ERROR_INIT;

	(void)state;
	assert_int_equal(hp_kernel_unpack("/nowhere/vmlinuz", "/nowhere/vmlinux", &err), -1);
	assert_int_equal(err.code, HP_ENOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(takes_the_elf_out),
		FDS_TEST(refuses_what_is_broken),
		FDS_TEST(says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
