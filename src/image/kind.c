/* SPDX-License-Identifier: Apache-2.0 */
/* kind.c - the names by which archives of images and of root filesystems are known. */
#include "image/kind.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "base/path.h"
#include "base/str.h"

#define READ_SIZE   ((size_t)64 << 10)
#define LOOK_AT_MAX 100000 /* members */

HP_AUTO_PTR(struct archive, archive_read_free);

/* From: Filesystem Hierarchy Standard 3.0, chapter 3. */
static const char *const root_dirs[] = {
	"bin", "boot", "dev",  "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt",
	"opt", "proc", "root", "run", "sbin", "srv", "sys",   "tmp",   "usr",    "var",
};

/* From: OCI image-spec image-layout.md; docker image/spec/v1.2.md, "Combined Image JSON". */
static const char *const image_names[] = {
	"oci-layout", "index.json", "blobs", "manifest.json", "repositories",
};

static bool listed(const char *const *list, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i]) == len && memcmp(list[i], name, len) == 0)
			return true;
	return false;
}

/* Archives of docker and podman begin with directories, configs and layers named by digest. */
static bool named_by_digest(const char *name, size_t len)
{
	if (len > 7 && hp_str_starts(name, "sha256:")) {
		name += 7;
		len -= 7;
	}
	return len >= 64 && strspn(name, "0123456789abcdef") == 64 &&
	       (len == 64 || name[64] == '.');
}

/* Returns: 1 and the kind when @name tells, else 0. */
static int kind_of_name(const char *name, enum hp_archive_kind *ret)
{
	AUTO_FREE char *clean = hp_path_clean(name);
	const char *first = clean + 1;
	const size_t len = strcspn(first, "/");

	if (listed(root_dirs, HP_ARRAY_LEN(root_dirs), first, len)) {
		*ret = HP_ARCHIVE_ROOTFS;
		return 1;
	}
	if (listed(image_names, HP_ARRAY_LEN(image_names), first, len) ||
	    named_by_digest(first, len)) {
		*ret = HP_ARCHIVE_IMAGES;
		return 1;
	}
	return 0;
}

int hp_archive__kind(struct hp_source *source, enum hp_archive_kind *ret, struct hp_error *err)
{
	AUTO(archive_read_free) struct archive *a = archive_read_new();
	struct archive_entry *entry;
	struct hp_bytes ahead = {0};
	int rc;

	archive_read_support_format_tar(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	if (source->seekable) {
		if (lseek(source->fd, source->start, SEEK_SET) < 0)
			return hp_fail_errno(err, errno, "rewind '%s'", source->what->path);
		rc = archive_read_open_fd(a, source->fd, READ_SIZE);
	} else {
		if (hp_source__peek(source, HP_SOURCE_AHEAD, &ahead, err) < 0)
			return -1;
		rc = archive_read_open_memory(a, ahead.data, ahead.len);
	}

	/* What cannot be read ends the search: the import itself says what is wrong with it. */
	enum hp_archive_kind kind = HP_ARCHIVE_ROOTFS;
	for (int n = 0; rc == ARCHIVE_OK && n < LOOK_AT_MAX; n++) {
		const int got = archive_read_next_header(a, &entry);
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			break;
		const char *name = archive_entry_pathname(entry);
		if (name && kind_of_name(name, &kind))
			break;
	}
	if (source->seekable && lseek(source->fd, source->start, SEEK_SET) < 0)
		return hp_fail_errno(err, errno, "rewind '%s'", source->what->path);
	*ret = kind;
	return 0;
}
