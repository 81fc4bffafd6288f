/* SPDX-License-Identifier: Apache-2.0 */
/* members.c - sort the members of an archive of images by what they are, in any order. */
#include "image/members.h"

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"

#define MEMBERS_MAX   16384
#define TEXTS_MAX     ((size_t)64 << 20)
#define LINK_HOPS_MAX 8

/* From: OCI image-spec image-layout.md, "Blobs". */
#define BLOBS "blobs/sha256/"

void hp_members__clear(struct hp_members *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->items[i].name);
		free(m->items[i].link);
		free(m->items[i].text);
	}
	free(m->items);
	*m = (struct hp_members){0};
}

static struct hp_member *add_member(struct hp_members *m, const char *name)
{
	if ((m->count & (m->count - 1)) == 0)
		m->items = hp_realloc_array(m->items, m->count ? m->count * 2 : 1,
					    sizeof(*m->items));
	struct hp_member *one = &m->items[m->count++];
	*one = (struct hp_member){.name = hp_strdup(name)};
	return one;
}

/* Is it "blobs/sha256/<64 hex digits>"? Then ret_digest is what it must hash to. */
static bool digest_of_name(const char *name, char ret_digest[HP_DIGEST_TEXT])
{
	if (!hp_str_starts(name, BLOBS) ||
	    strlen(name) != strlen(BLOBS) + HP_DIGEST_TEXT - sizeof("sha256:"))
		return false;
	snprintf(ret_digest, HP_DIGEST_TEXT, "sha256:%s", name + strlen(BLOBS));
	return hp_digest_valid(ret_digest);
}

/* Write what comes next of the member under way. @digest: what it must be; "" computes it. */
static int write_data(struct hp_store *s, struct hp_tarball *t, struct hp_bytes first,
		      char digest[HP_DIGEST_TEXT], struct hp_error *err)
{
	AUTO(hp_digest_free) struct hp_digest *sum = digest[0] ? NULL : hp_digest_new();
	struct hp_bytes piece = first;
	int64_t size = 0;
	int more = first.len > 0;

	while (more > 0) {
		if (sum)
			hp_digest_add(sum, piece.data, piece.len);
		size += (int64_t)piece.len;
		if (s->ops->blob_data(s, piece.data, piece.len, err) < 0)
			return -1;
		more = hp_tarball__data(t, &piece, err);
	}
	if (more < 0)
		return -1;
	if (sum)
		hp_digest_end(sum, digest);
	return s->ops->blob_commit(s, size, digest, NULL, 0, err);
}

/* Write the member under way, whose first piece is @first, as a blob. */
static int write_blob(struct hp_store *s, struct hp_tarball *t, struct hp_bytes first,
		      struct hp_member *one, struct hp_error *err)
{
	char digest[HP_DIGEST_TEXT] = "";
	const bool named = digest_of_name(one->name, digest);
	AUTO_FREE char *ref =
		named ? hp_sprintf("harpoon-blob-%s", digest) : hp_put_ref("blob");

	one->packing = hp_packing_of(first);
	if (s->ops->blob_open(s, ref, one->size, named ? digest : NULL, err) < 0)
		return -1;
	if (write_data(s, t, first, digest, err) < 0) {
		s->ops->blob_abort(s);
		return -1;
	}
	memcpy(one->digest, digest, sizeof(digest));
	return 0;
}

/* JSON documents are kept, since what they mean shows only when all members are known. */
static bool looks_like_text(struct hp_bytes first, int64_t size)
{
	size_t i = 0;

	while (i < first.len && (first.data[i] == ' ' || first.data[i] == '\n' ||
				 first.data[i] == '\t' || first.data[i] == '\r'))
		i++;
	return size <= (int64_t)HP_DOCUMENT_MAX && i < first.len &&
	       (first.data[i] == '{' || first.data[i] == '[');
}

static int keep_text(struct hp_members *m, struct hp_tarball *t, struct hp_bytes first,
		     struct hp_member *one, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};
	struct hp_bytes piece = first;
	int more = 1;

	if (m->text_bytes + (size_t)one->size > TEXTS_MAX)
		return hp_fail(err, HP_ECORRUPT, "the archive has over %zu MiB of documents",
			       TEXTS_MAX >> 20);
	hp_buf_init(&text, HP_DOCUMENT_MAX + 1);
	while (more > 0) {
		if (hp_buf_add(&text, piece.data, piece.len, err) < 0)
			return -1;
		more = hp_tarball__data(t, &piece, err);
	}
	if (more < 0)
		return -1;
	m->text_bytes += text.len;
	one->text = hp_buf_take_str(&text);
	return 0;
}

static int read_file(struct hp_store *s, struct hp_tarball *t, struct hp_members *m,
		     const struct hp_tar_member *info, struct hp_error *err)
{
	char digest[HP_DIGEST_TEXT];
	struct hp_bytes first = {0};

	/* Each layer of an old docker archive comes with a VERSION of three bytes. */
	if (hp_str_eq(hp_path_base(info->name), "VERSION"))
		return 0;
	const int more = hp_tarball__data(t, &first, err);
	if (more < 0)
		return -1;
	struct hp_member *one = add_member(m, info->name);
	one->size = info->size;
	if (!digest_of_name(info->name, digest) && looks_like_text(first, info->size))
		return keep_text(m, t, first, one, err);
	return write_blob(s, t, first, one, err);
}

int hp_members__read(struct hp_store *s, struct hp_tarball *t, struct hp_members *ret,
		     struct hp_error *err)
{
	AUTO(hp_members__clear) struct hp_members m = {0};
	struct hp_tar_member info;
	int rc;

	while ((rc = hp_tarball__next(t, &info, err)) > 0) {
		if (m.count >= MEMBERS_MAX)
			return hp_fail(err, HP_ECORRUPT, "the archive has over %d members",
				       MEMBERS_MAX);
		if (info.type == HP_MEMBER_LINK)
			add_member(&m, info.name)->link = hp_strdup(info.link);
		else if (info.type == HP_MEMBER_FILE && read_file(s, t, &m, &info, err) < 0)
			return hp_wrap(err, "member '%.200s'", info.name);
	}
	if (rc < 0 || hp_tarball__finish(t, NULL, err) < 0)
		return -1;
	*ret = m;
	m = (struct hp_members){0};
	return 0;
}

struct hp_member *hp_members__find(struct hp_members *m, const char *name)
{
	AUTO_FREE char *clean = hp_path_clean(name);
	const char *want = clean + 1;

	for (int hop = 0; hop < LINK_HOPS_MAX; hop++) {
		struct hp_member *found = NULL;
		/* From the end: as with a tar that is unpacked, the last of a name counts. */
		for (size_t i = m->count; i > 0 && !found; i--)
			if (hp_str_eq(m->items[i - 1].name, want))
				found = &m->items[i - 1];
		if (!found || !found->link)
			return found;
		want = found->link;
	}
	return NULL;
}

int hp_members__store(struct hp_store *s, struct hp_member *member, struct hp_error *err)
{
	if (member->digest[0])
		return 0;
	const struct hp_document document = {
		.kind = "blob",
		.data = HP_BYTES(member->text, (size_t)member->size),
	};
	return hp_put__document(s, &document, member->digest, err);
}

int hp_members__text(struct hp_store *s, const struct hp_member *member, struct hp_buf *ret,
		     struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text = {0};

	if (!member->text)
		return hp_put__read(s, member->digest, ret, err);
	hp_buf_init(&text, HP_DOCUMENT_MAX + 1);
	if (hp_buf_add(&text, member->text, (size_t)member->size, err) < 0)
		return -1;
	*ret = text;
	hp_buf_init(&text, 0);
	return 0;
}
