/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_image.c - take the ELF file out of a compressed kernel. */
#include <string.h>

#include "base/fd.h"
#include "vm/kernel.h"
#include "vm/unpack.h"

#define IMAGE_MAX   (128u << 20)
#define VMLINUX_MAX (512u << 20)

/* From: Linux Documentation/x86/boot.rst, "The Real-Mode Kernel Header". */
#define SETUP_SECTS    0x1f1
#define HEADER_MAGIC   0x202 /* "HdrS" */
#define VERSION        0x206
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define HEADER_END     0x250
#define SECTOR         512
#define SECTS_OF_OLD   4     /* what 0 in SETUP_SECTS means */
#define VERSION_LEAST  0x208 /* the first with a payload */
/* From: Linux scripts/Makefile.lib, size_append: the unpacked size follows the data. */
#define TRAILER        4

static uint32_t read_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static bool is_elf(struct hp_bytes b)
{
	return b.len > SECTOR && memcmp(b.data, "\177ELF", 4) == 0;
}

static int find_payload(struct hp_bytes image, struct hp_bytes *ret, struct hp_error *err)
{
	if (image.len < HEADER_END || memcmp(image.data + HEADER_MAGIC, "HdrS", 4) != 0)
		return hp_fail(err, HP_ECORRUPT, "it is neither a bzImage nor an ELF file");
	if ((read_le32(image.data + VERSION) & 0xffff) < VERSION_LEAST)
		return hp_fail(err, HP_ECORRUPT, "it is a bzImage older than Linux 2.6.26");

	const size_t sects = image.data[SETUP_SECTS] ? image.data[SETUP_SECTS] : SECTS_OF_OLD;
	const size_t at = (sects + 1) * SECTOR + read_le32(image.data + PAYLOAD_OFFSET);
	const size_t len = read_le32(image.data + PAYLOAD_LENGTH);
	if (len <= TRAILER || at > image.len || len > image.len - at)
		return hp_fail(err, HP_ECORRUPT, "its payload of %zu bytes at %zu is not there",
			       len, at);
	*ret = HP_BYTES(image.data + at, len);
	return 0;
}

static int unpack_payload(struct hp_bytes payload, struct hp_buf *ret, struct hp_error *err)
{
	const uint32_t size = read_le32(payload.data + payload.len - TRAILER);
	/* In gzip's own format the size is a part of the data. */
	const bool gzip = payload.data[0] == 0x1f && payload.data[1] == 0x8b;

	if (hp_vm_unpack(HP_BYTES(payload.data, payload.len - (gzip ? 0 : TRAILER)), ret, err) <
	    0)
		return -1;
	if (ret->len != size || !is_elf(hp_buf_bytes(ret)))
		return hp_fail(err, HP_ECORRUPT,
			       "what is in it is no ELF file of the %u bytes that it tells of",
			       (unsigned)size);
	return 0;
}

int hp_kernel_unpack(const char *image, const char *path, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf file = {0};
	AUTO(hp_buf_free) struct hp_buf vmlinux;
	struct hp_bytes payload = {0};
	struct hp_bytes elf;

	hp_buf_init(&vmlinux, VMLINUX_MAX);
	if (hp_file_read(image, IMAGE_MAX, &file, err) < 0)
		return hp_wrap(err, "kernel");
	elf = hp_buf_bytes(&file);
	if (!is_elf(elf)) {
		if (find_payload(elf, &payload, err) < 0 ||
		    unpack_payload(payload, &vmlinux, err) < 0)
			return hp_wrap(err, "kernel '%s'", image);
		elf = hp_buf_bytes(&vmlinux);
	}
	if (hp_file_write(path, elf.data, elf.len, 0644, err) < 0)
		return hp_wrap(err, "unpack kernel '%s'", image);
	return 0;
}
