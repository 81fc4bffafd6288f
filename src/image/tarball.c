/* SPDX-License-Identifier: Apache-2.0 */
/* tarball.c - unpack a stream, walk the tar in it, and refuse what is damaged or hostile. */
#include "image/tarball.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"

/* A tar with more members, or with longer names, is no root filesystem that anybody has. */
#define MEMBERS_MAX  4000000u
#define NAME_MAX_LEN 4096

/* Two readers, one behind the other: @packed turns the source into unpacked bytes, @tar reads
 * members out of those. Between them the bytes can be hashed. */
struct hp_tarball {
	struct hp_source *source;
	enum hp_packing packing;
	struct archive *packed; /* NULL when the source is not packed */
	struct archive *tar;
	bool unpacked_end;
	struct hp_digest *digest; /* NULL: nobody asked */
	struct archive_entry *entry;
	int64_t size, seen; /* of the member under way */
	uint32_t members;
	char *name, *link;
	struct hp_error inner; /* what a callback failed with; libarchive cannot carry it */
};

/* From: RFC 1952 section 2.3.1 (ID1, ID2). */
static const uint8_t gzip_magic[] = {0x1f, 0x8b};
/* From: RFC 8878 section 3.1.1 (Magic_Number). */
static const uint8_t zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
/* From: the .xz file format, section 2.1.1.1; bzip2's and lz4's frame headers. */
static const struct {
	const char *name;
	size_t len;
	uint8_t magic[6];
} refused[] = {
	{"xz", 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
	{"bzip2", 3, {'B', 'Z', 'h'}},
	{"lz4", 4, {0x04, 0x22, 0x4d, 0x18}},
	{"zip", 4, {'P', 'K', 3, 4}},
};

static bool begins(struct hp_bytes b, const uint8_t *magic, size_t len)
{
	return b.len >= len && memcmp(b.data, magic, len) == 0;
}

enum hp_packing hp_packing_of(struct hp_bytes head)
{
	if (begins(head, gzip_magic, sizeof(gzip_magic)))
		return HP_PACKING_GZIP;
	if (begins(head, zstd_magic, sizeof(zstd_magic)))
		return HP_PACKING_ZSTD;
	return HP_PACKING_NONE;
}

/* Give @err what a callback failed with, or else what libarchive says. */
static int archive_failed(struct hp_tarball *t, struct archive *a, struct hp_error *err)
{
	if (t->inner.code != HP_OK) {
		*err = t->inner;
		hp_error_clear(&t->inner);
		return -1;
	}
	const char *why = archive_error_string(a);
	return hp_fail(err, HP_ECORRUPT, "the archive is damaged: %s", why ? why : "no reason");
}

static ssize_t read_source(struct archive *a, void *arg, const void **ret_data)
{
	struct hp_tarball *t = arg;
	struct hp_bytes piece = {0};

	const int rc = hp_source__next(t->source, &piece, &t->inner);
	if (rc < 0)
		archive_set_error(a, 0, "%s", t->inner.msg);
	*ret_data = piece.data;
	return rc < 0 ? -1 : (ssize_t)piece.len;
}

/* The next unpacked bytes. Returns: their number, 0 at the end, -1. */
static ssize_t pull_unpacked(struct hp_tarball *t, const void **ret_data, struct hp_error *err)
{
	struct hp_bytes piece = {0};
	size_t len = 0;
	la_int64_t offset;

	if (t->unpacked_end)
		return 0;
	if (t->packed) {
		int rc;
		do {
			rc = archive_read_data_block(t->packed, ret_data, &len, &offset);
		} while (rc == ARCHIVE_OK && len == 0);
		if (rc != ARCHIVE_OK && rc != ARCHIVE_EOF)
			return archive_failed(t, t->packed, err);
		t->unpacked_end = rc == ARCHIVE_EOF;
	} else {
		const int rc = hp_source__next(t->source, &piece, err);
		if (rc < 0)
			return -1;
		t->unpacked_end = rc == 0;
		*ret_data = piece.data;
		len = piece.len;
	}
	if (t->digest && len)
		hp_digest_add(t->digest, *ret_data, len);
	return (ssize_t)len;
}

static ssize_t read_unpacked(struct archive *a, void *arg, const void **ret_data)
{
	struct hp_tarball *t = arg;
	struct hp_error failed = HP_ERROR_INIT;

	const ssize_t n = pull_unpacked(t, ret_data, &failed);
	if (n < 0) {
		t->inner = failed;
		archive_set_error(a, 0, "%s", t->inner.msg);
	}
	return n;
}

static int open_packed(struct hp_tarball *t, struct hp_error *err)
{
	struct archive_entry *entry;
	int (*support)(struct archive *) = t->packing == HP_PACKING_GZIP
						   ? archive_read_support_filter_gzip
						   : archive_read_support_filter_zstd;

	/* One filter by its own function: those that take a number link every filter there is. */
	t->packed = archive_read_new();
	if (archive_read_support_format_raw(t->packed) != ARCHIVE_OK ||
	    support(t->packed) != ARCHIVE_OK ||
	    archive_read_open2(t->packed, t, NULL, read_source, NULL, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(t->packed, &entry) != ARCHIVE_OK)
		return archive_failed(t, t->packed, err);
	/* The filter that is wanted and the one that reads. An engine unpacks once, too. */
	const int filters = archive_filter_count(t->packed);
	if (filters != 2)
		return hp_fail(err, HP_ECORRUPT,
			       filters < 2
				       ? "the archive is damaged: it ends in its first bytes"
				       : "the archive is packed twice: unpack it once");
	return 0;
}

static int check_head(struct hp_bytes head, struct hp_error *err)
{
	if (head.len == 0)
		return hp_fail(err, HP_ECORRUPT, "the archive is empty: not one byte in it");
	for (size_t i = 0; i < HP_ARRAY_LEN(refused); i++)
		if (begins(head, refused[i].magic, refused[i].len))
			return hp_fail(
				err, HP_ECORRUPT,
				"the archive is packed with %s; only plain tar, gzip and "
				"zstd are supported: unpack it first",
				refused[i].name);
	return 0;
}

int hp_tarball__open(struct hp_source *source, bool hash, struct hp_tarball **ret,
		     struct hp_error *err)
{
	AUTO(hp_tarball__free) struct hp_tarball *t = hp_alloc(sizeof(*t));
	struct hp_bytes head;

	if (hp_source__peek(source, sizeof(refused[0].magic), &head, err) < 0 ||
	    check_head(head, err) < 0)
		return -1;
	t->source = source;
	t->packing = hp_packing_of(head);
	t->digest = hash ? hp_digest_new() : NULL;
	if (t->packing != HP_PACKING_NONE && open_packed(t, err) < 0)
		return -1;
	t->tar = archive_read_new();
	if (archive_read_support_format_tar(t->tar) != ARCHIVE_OK ||
	    archive_read_open2(t->tar, t, NULL, read_unpacked, NULL, NULL) != ARCHIVE_OK)
		return archive_failed(t, t->tar, err);
	*ret = TAKE(t);
	return 0;
}

void hp_tarball__free(struct hp_tarball *t)
{
	if (!t)
		return;
	archive_read_free(t->tar);
	archive_read_free(t->packed);
	hp_digest_free(t->digest);
	free(t->name);
	free(t->link);
	free(t);
}

enum hp_packing hp_tarball__packing(const struct hp_tarball *t)
{
	return t->packing;
}

/* Does a part of @path lead upwards? */
static bool has_dotdot(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == 0))
			return true;
	}
	return false;
}

/* The name without "./" and trailing slashes; hp_path_clean() gives an absolute one. */
static int take_name(struct hp_tarball *t, struct hp_error *err)
{
	/* A name that this process' locale cannot spell comes as NULL; UTF-8 always can. */
	const char *raw = archive_entry_pathname(t->entry);
	if (!raw)
		raw = archive_entry_pathname_utf8(t->entry);
	if (!raw)
		return hp_fail(err, HP_ECORRUPT, "the archive has a member without a name");
	if (strlen(raw) > NAME_MAX_LEN)
		return hp_fail(err, HP_ECORRUPT,
			       "the archive has a member '%.64s...' with a name over %d bytes",
			       raw, NAME_MAX_LEN);
	if (raw[0] == '/' || has_dotdot(raw))
		return hp_fail(err, HP_ECORRUPT,
			       "the archive has a member '%.200s' that leads out of it", raw);
	AUTO_FREE char *clean = hp_path_clean(raw);
	free(t->name);
	t->name = hp_strdup(clean + 1);
	return 0;
}

/* Where a link leads, from the archive's root, which ".." cannot pass. Absolute links read as "":
 * they are common in root filesystems, and nothing here follows those. */
static void take_link(struct hp_tarball *t)
{
	const char *hard = archive_entry_hardlink(t->entry);
	const char *soft = archive_entry_symlink(t->entry);
	const char *raw = hard ? hard : soft;
	AUTO_FREE char *joined = NULL, *dir = NULL, *clean = NULL;

	free(t->link);
	t->link = hp_strdup("");
	if (!raw || raw[0] == '/' || strlen(raw) > NAME_MAX_LEN)
		return;
	dir = soft && strchr(t->name, '/') ? hp_path_dir(t->name) : hp_strdup("");
	joined = hp_sprintf("%s/%s", dir, raw);
	clean = hp_path_clean(joined);
	free(t->link);
	t->link = hp_strdup(clean + 1);
}

int hp_tarball__next(struct hp_tarball *t, struct hp_tar_member *ret, struct hp_error *err)
{
	const int rc = archive_read_next_header(t->tar, &t->entry);

	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return archive_failed(t, t->tar, err);
	if (++t->members > MEMBERS_MAX)
		return hp_fail(err, HP_ECORRUPT, "the archive has over %u members",
			       MEMBERS_MAX);
	if (take_name(t, err) < 0)
		return -1;
	take_link(t);

	t->size = archive_entry_size(t->entry);
	t->seen = 0;
	const bool link = archive_entry_hardlink(t->entry) || archive_entry_symlink(t->entry);
	const bool file = archive_entry_filetype(t->entry) == AE_IFREG;
	*ret = (struct hp_tar_member){
		.type = link   ? HP_MEMBER_LINK
			: file ? HP_MEMBER_FILE
			       : HP_MEMBER_OTHER,
		.name = t->name,
		.link = t->link,
		.size = t->size,
	};
	return 1;
}

int hp_tarball__data(struct hp_tarball *t, struct hp_bytes *ret, struct hp_error *err)
{
	const void *data;
	size_t len;
	la_int64_t offset;

	for (;;) {
		const int rc = archive_read_data_block(t->tar, &data, &len, &offset);
		if (rc == ARCHIVE_EOF) {
			if (t->seen != t->size)
				return hp_fail(err, HP_ECORRUPT,
					       "the archive's member '%s' is cut short",
					       t->name);
			return 0;
		}
		if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
			return archive_failed(t, t->tar, err);
		/* A hole would let a few bytes stand for any number of zeros. */
		if (offset != t->seen || (uint64_t)len > (uint64_t)(t->size - t->seen))
			return hp_fail(err, HP_ECORRUPT,
				       "the archive's member '%s' is a sparse file", t->name);
		t->seen += (int64_t)len;
		if (len == 0)
			continue;
		*ret = HP_BYTES(data, len);
		return 1;
	}
}

int hp_tarball__finish(struct hp_tarball *t, char ret_digest[HP_DIGEST_TEXT],
		       struct hp_error *err)
{
	const void *data;
	struct hp_bytes rest;
	ssize_t n;
	int rc;

	do {
		n = pull_unpacked(t, &data, err);
	} while (n > 0);
	if (n < 0)
		return -1;
	const bool left =
		t->packed && (uint64_t)archive_filter_bytes(t->packed, -1) != t->source->done;
	rc = hp_source__next(t->source, &rest, err);
	if (rc < 0)
		return -1;
	if (rc > 0 || left)
		return hp_fail(err, HP_ECORRUPT,
			       "the archive has bytes after the end of its packed data");
	if (t->digest)
		hp_digest_end(t->digest, ret_digest);
	return 0;
}
