/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - unpack in memory, by libarchive's filters. */
#include "vm/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#define STEP (256 * 1024)

HP_AUTO_PTR(struct archive, archive_read_free);

static int fail_archive(struct archive *a, struct hp_error *err)
{
	const char *why = archive_error_string(a);

	return hp_fail(err, HP_ECORRUPT, "unpack: %s", why ? why : "it is of no known kind");
}

/* Only what kernels and modules are packed with: each filter is a library in the program. */
static void allow(struct archive *a)
{
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_lz4(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_raw(a);
}

int hp_vm_unpack(struct hp_bytes packed, struct hp_buf *ret, struct hp_error *err)
{
	AUTO(archive_read_free) struct archive *a = archive_read_new();
	struct archive_entry *entry;
	la_ssize_t n;

	allow(a);
	if (archive_read_open_memory(a, packed.data, packed.len) != ARCHIVE_OK ||
	    archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return fail_archive(a, err);
	/* Without a filter the bytes were not packed at all. */
	if (archive_filter_count(a) < 2)
		return hp_fail(err, HP_ECORRUPT, "unpack: it is of no known kind");
	do {
		uint8_t *room = hp_buf_reserve(ret, STEP, err);

		if (!room)
			return -1;
		n = archive_read_data(a, room, STEP);
		if (n > 0)
			ret->len += (size_t)n;
	} while (n > 0);
	return n < 0 ? fail_archive(a, err) : 0;
}
