/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - blobs, snapshots and names in memory, with faults and a garbage collection. */
#include "fake/store.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/alloc.h"
#include "base/str.h"

#define BLOB_MAX      ((size_t)256 << 20)
#define CONTENT_LABEL "containerd.io/gc.ref.content."
#define CHAIN_LABEL   "containerd.io/gc.ref.snapshot." FAKE_SNAPSHOTTER

HP_AUTO_PTR(struct archive, archive_read_free);

static struct fake_store *fake_of(struct hp_store *s)
{
	return container_of(s, struct fake_store, base);
}

/* Count the call; the one chosen fails. */
static int fault(struct fake_store *f, const char *op, struct hp_error *err)
{
	if (++f->ops != f->fail_at)
		return 0;
	f->failed = op;
	return hp_fail(err, HP_EUNAVAILABLE, "%s: the store went away", op);
}

struct fake_blob *fake_store_blob(struct fake_store *f, const char *digest)
{
	for (size_t i = 0; i < f->n_blobs; i++)
		if (hp_str_eq(f->blobs[i].digest, digest))
			return &f->blobs[i];
	return NULL;
}

const struct fake_image *fake_store_image(const struct fake_store *f, const char *name)
{
	for (size_t i = 0; i < f->n_images; i++)
		if (hp_str_eq(f->images[i].name, name))
			return &f->images[i];
	return NULL;
}

static struct fake_snapshot *find_snapshot(const struct fake_store *f, const char *chain)
{
	for (size_t i = 0; i < f->n_snapshots; i++)
		if (hp_str_eq(f->snapshots[i].chain, chain))
			return &f->snapshots[i];
	return NULL;
}

bool fake_store_snapshot(const struct fake_store *f, const char *chain)
{
	return find_snapshot(f, chain) != NULL;
}

void fake_store_add(struct fake_store *f, const void *data, size_t len, char *ret_digest)
{
	char digest[HP_DIGEST_TEXT];

	hp_digest_of(HP_BYTES(data, len), digest);
	if (ret_digest)
		memcpy(ret_digest, digest, sizeof(digest));
	if (fake_store_blob(f, digest))
		return;
	f->blobs = hp_realloc_array(f->blobs, f->n_blobs + 1, sizeof(*f->blobs));
	struct fake_blob *b = &f->blobs[f->n_blobs++];
	*b = (struct fake_blob){.data = hp_memdup(data, len), .len = len};
	memcpy(b->digest, digest, sizeof(digest));
}

static void mark_chain(struct fake_store *f, const char *chain)
{
	for (struct fake_snapshot *s = find_snapshot(f, chain); s && !s->marked;
	     s = find_snapshot(f, s->parent))
		s->marked = true;
}

static void mark_blob(struct fake_store *f, const char *digest)
{
	struct fake_blob *b = fake_store_blob(f, digest);

	if (!b || b->marked)
		return;
	b->marked = true;
	for (size_t i = 0; i < b->labels.count; i++) {
		const struct hp_label *label = &b->labels.items[i];
		if (hp_str_starts(label->key, CONTENT_LABEL))
			mark_blob(f, label->value);
		if (hp_str_eq(label->key, CHAIN_LABEL))
			mark_chain(f, label->value);
	}
}

void fake_store_collect(struct fake_store *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n_images; i++)
		mark_blob(f, f->images[i].target.digest);
	for (size_t i = 0; i < f->n_blobs; i++) {
		struct fake_blob *b = &f->blobs[i];
		if (b->marked) {
			b->marked = false;
			f->blobs[kept++] = *b;
			continue;
		}
		free(b->data);
		hp_labels_clear(&b->labels);
	}
	f->n_blobs = kept;
	kept = 0;
	for (size_t i = 0; i < f->n_snapshots; i++) {
		struct fake_snapshot *s = &f->snapshots[i];
		if (s->marked) {
			s->marked = false;
			f->snapshots[kept++] = *s;
			continue;
		}
		free(s->chain);
		free(s->parent);
	}
	f->n_snapshots = kept;
}

bool fake_store_idle(const struct fake_store *f)
{
	return !f->held && !f->writing;
}

static int hold_begin(struct hp_store *s, struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "hold_begin", err) < 0)
		return -1;
	if (f->held)
		return hp_fail(err, HP_ESTATE, "it is held already");
	f->held = true;
	return 0;
}

static int hold_end(struct hp_store *s, struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "hold_end", err) < 0)
		return -1;
	if (!f->held)
		return hp_fail(err, HP_ESTATE, "it is not held");
	f->held = false;
	fake_store_collect(f);
	return 0;
}

static int blob_stat(struct hp_store *s, const char *digest, int64_t *ret_size,
		     struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "blob_stat", err) < 0)
		return -1;
	const struct fake_blob *b = fake_store_blob(f, digest);
	if (b)
		*ret_size = (int64_t)b->len;
	return b ? 1 : 0;
}

static int blob_open(struct hp_store *s, const char *ref, int64_t size, const char *digest,
		     struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "blob_open", err) < 0)
		return -1;
	if (!f->held || f->writing)
		return hp_fail(err, HP_ESTATE, "written without a hold, or two at a time");
	if (digest && !hp_digest_valid(digest))
		return hp_fail(err, HP_EINVALID, "'%s' is no digest", digest);
	(void)size;
	f->writing = hp_strdup(ref);
	f->there = digest && fake_store_blob(f, digest);
	hp_buf_init(&f->data, f->disk_bytes ? f->disk_bytes : BLOB_MAX);
	return 0;
}

static int blob_data(struct hp_store *s, const void *data, size_t len, struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "blob_data", err) < 0)
		return -1;
	if (!f->writing)
		return hp_fail(err, HP_ESTATE, "no write is open");
	if (f->there)
		return 0;
	if (hp_buf_add(&f->data, data, len, err) < 0)
		return hp_wrap(err, "the disk is full");
	return 0;
}

static void blob_abort(struct hp_store *s)
{
	struct fake_store *f = fake_of(s);

	free(TAKE(f->writing));
	hp_buf_free(&f->data);
}

static int blob_commit(struct hp_store *s, int64_t size, const char *digest,
		       const struct hp_blob_label *labels, size_t n_labels,
		       struct hp_error *err)
{
	struct fake_store *f = fake_of(s);
	char sum[HP_DIGEST_TEXT];

	if (fault(f, "blob_commit", err) < 0)
		return -1;
	if (!f->writing)
		return hp_fail(err, HP_ESTATE, "no write is open");
	if (!f->there) {
		hp_digest_of(hp_buf_bytes(&f->data), sum);
		if ((int64_t)f->data.len != size || !hp_str_eq(sum, digest))
			return hp_fail(err, HP_ECORRUPT, "%zu bytes are %s, not %lld of %s",
				       f->data.len, sum, (long long)size, digest);
		fake_store_add(f, f->data.data, f->data.len, NULL);
	}
	struct fake_blob *b = fake_store_blob(f, digest);
	for (size_t i = 0; i < n_labels; i++)
		hp_labels_add(&b->labels, labels[i].key, labels[i].value);
	blob_abort(s);
	return 0;
}

static int blob_read(struct hp_store *s, const char *digest,
		     int (*sink)(void *arg, struct hp_bytes data, struct hp_error *err),
		     void *arg, struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "blob_read", err) < 0)
		return -1;
	const struct fake_blob *b = fake_store_blob(f, digest);
	if (!b)
		return hp_fail(err, HP_ENOTFOUND, "no content %s", digest);
	/* In two pieces, so that users cannot rely on one. */
	const size_t half = b->len / 2;
	if (sink(arg, HP_BYTES(b->data, half), err) < 0)
		return -1;
	return sink(arg, HP_BYTES(b->data + half, b->len - half), err);
}

static int blob_label(struct hp_store *s, const char *digest, const char *key,
		      const char *value, struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "blob_label", err) < 0)
		return -1;
	struct fake_blob *b = fake_store_blob(f, digest);
	if (!b)
		return hp_fail(err, HP_ENOTFOUND, "no content %s", digest);
	hp_labels_add(&b->labels, key, value);
	return 0;
}

static int snapshot_exists(struct hp_store *s, const char *chain, struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "snapshot_exists", err) < 0)
		return -1;
	return fake_store_snapshot(f, chain) ? 1 : 0;
}

/* The digest of what @b unpacks to. */
static void unpacked_digest(const struct fake_blob *b, char ret_digest[HP_DIGEST_TEXT])
{
	AUTO(archive_read_free) struct archive *a = archive_read_new();
	AUTO(hp_digest_free) struct hp_digest *sum = hp_digest_new();
	struct archive_entry *entry;
	const void *data;
	size_t len;
	la_int64_t offset;

	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_memory(a, b->data, b->len) == ARCHIVE_OK &&
	    archive_read_next_header(a, &entry) == ARCHIVE_OK)
		while (archive_read_data_block(a, &data, &len, &offset) == ARCHIVE_OK)
			hp_digest_add(sum, data, len);
	hp_digest_end(sum, ret_digest);
}

static int snapshot_apply(struct hp_store *s, const struct hp_descriptor *layer,
			  const char *diff_id, const char *parent, const char *chain,
			  struct hp_error *err)
{
	struct fake_store *f = fake_of(s);
	char got[HP_DIGEST_TEXT];

	if (fault(f, "snapshot_apply", err) < 0)
		return -1;
	const struct fake_blob *b = fake_store_blob(f, layer->digest);
	if (!b || (parent[0] && !fake_store_snapshot(f, parent)))
		return hp_fail(err, HP_ENOTFOUND, "no layer, or no parent");
	if (f->snapshots_full)
		return hp_fail(err, HP_EEXHAUSTED, "the disk is full");
	unpacked_digest(b, got);
	if (!hp_str_eq(got, diff_id))
		return hp_fail(err, HP_ECORRUPT, "layer unpacks to %s, not %s", got, diff_id);
	if (fake_store_snapshot(f, chain))
		return 0;
	f->snapshots =
		hp_realloc_array(f->snapshots, f->n_snapshots + 1, sizeof(*f->snapshots));
	f->snapshots[f->n_snapshots++] =
		(struct fake_snapshot){.chain = hp_strdup(chain), .parent = hp_strdup(parent)};
	return 0;
}

static const char *snapshotter(struct hp_store *s)
{
	(void)s;
	return FAKE_SNAPSHOTTER;
}

static int image_put(struct hp_store *s, const char *name, const struct hp_descriptor *target,
		     struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "image_put", err) < 0)
		return -1;
	struct fake_image *image = (struct fake_image *)fake_store_image(f, name);
	if (!image) {
		f->images = hp_realloc_array(f->images, f->n_images + 1, sizeof(*f->images));
		image = &f->images[f->n_images++];
		*image = (struct fake_image){.name = hp_strdup(name)};
	}
	hp_descriptor_clear(&image->target);
	hp_descriptor_copy(&image->target, target);
	return 0;
}

static int image_get(struct hp_store *s, const char *name, struct hp_descriptor *ret_target,
		     struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "image_get", err) < 0)
		return -1;
	const struct fake_image *image = fake_store_image(f, name);
	if (image)
		hp_descriptor_copy(ret_target, &image->target);
	return image ? 1 : 0;
}

static int image_drop(struct hp_store *s, const char *name, struct hp_error *err)
{
	struct fake_store *f = fake_of(s);

	if (fault(f, "image_drop", err) < 0)
		return -1;
	struct fake_image *image = (struct fake_image *)fake_store_image(f, name);
	if (!image)
		return 0;
	free(image->name);
	hp_descriptor_clear(&image->target);
	*image = f->images[--f->n_images];
	if (!f->held)
		fake_store_collect(f);
	return 0;
}

static const struct hp_store_ops fake_ops = {
	.hold_begin = hold_begin,
	.hold_end = hold_end,
	.blob_stat = blob_stat,
	.blob_open = blob_open,
	.blob_data = blob_data,
	.blob_commit = blob_commit,
	.blob_abort = blob_abort,
	.blob_read = blob_read,
	.blob_label = blob_label,
	.snapshot_exists = snapshot_exists,
	.snapshot_apply = snapshot_apply,
	.snapshotter = snapshotter,
	.image_put = image_put,
	.image_get = image_get,
	.image_drop = image_drop,
};

void fake_store_init(struct fake_store *f)
{
	*f = (struct fake_store){.base.ops = &fake_ops};
}

void fake_store_clear(struct fake_store *f)
{
	for (size_t i = 0; i < f->n_images; i++) {
		free(f->images[i].name);
		hp_descriptor_clear(&f->images[i].target);
	}
	f->n_images = 0;
	fake_store_collect(f);
	blob_abort(&f->base);
	free(f->images);
	free(f->blobs);
	free(f->snapshots);
	fake_store_init(f);
}
