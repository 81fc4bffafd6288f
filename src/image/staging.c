/* SPDX-License-Identifier: Apache-2.0 */
/* staging.c - blobs in files without a name, and the images that they make. */
#include "image/staging.h"

#include <errno.h>
#include <fcntl.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "wire/digest.h"

/* Each has a descriptor. An image has 127 layers at most in docker. */
#define BLOBS_MAX  512U
#define READ_BYTES (64U << 10)

struct blob {
	char digest[HP_DIGEST_TEXT];
	int fd;
	int64_t size;
};

struct name {
	char *name;
	struct hp_descriptor target;
};

struct staging {
	struct hp_store base;
	struct blob *blobs;
	size_t n_blobs;
	struct name *names;
	size_t n_names;
	/* What is being written; fd is -1 when nothing is. */
	int fd;
	int64_t size;
	struct hp_digest *digest;
};

static struct staging *staging_of(struct hp_store *s)
{
	return container_of(s, struct staging, base);
}

int hp_staging_file(int *ret_fd, struct hp_error *err)
{
	const char *dir = getenv("TMPDIR");

	if (hp_str_empty(dir))
		dir = "/var/tmp";
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EOPNOTSUPP) {
		/* A file system that has none of these. */
		AUTO_FREE char *path = hp_sprintf("%s/harpoon.XXXXXX", dir);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	if (fd < 0)
		return hp_fail_errno(err, errno, "make a file in '%s'", dir);
	*ret_fd = fd;
	return 0;
}

static int hold(struct hp_store *s, struct hp_error *err)
{
	(void)s, (void)err;
	return 0;
}

static const struct blob *find_blob(const struct staging *st, const char *digest)
{
	for (size_t i = 0; i < st->n_blobs; i++)
		if (hp_str_eq(st->blobs[i].digest, digest))
			return &st->blobs[i];
	return NULL;
}

static int blob_stat(struct hp_store *s, const char *digest, int64_t *ret_size,
		     struct hp_error *err)
{
	const struct blob *b = find_blob(staging_of(s), digest);

	(void)err;
	if (b)
		*ret_size = b->size;
	return b ? 1 : 0;
}

static void blob_abort(struct hp_store *s)
{
	struct staging *st = staging_of(s);

	hp_close_auto(&st->fd);
	st->fd = -1;
	hp_digest_free(TAKE(st->digest));
}

static int blob_open(struct hp_store *s, const char *ref, int64_t size, const char *digest,
		     struct hp_error *err)
{
	struct staging *st = staging_of(s);

	(void)size, (void)digest;
	if (st->n_blobs >= BLOBS_MAX)
		return hp_fail(err, HP_ECORRUPT, "over %u blobs", BLOBS_MAX);
	if (hp_staging_file(&st->fd, err) < 0)
		return hp_wrap(err, "write '%s'", ref);
	st->size = 0;
	st->digest = hp_digest_new();
	return 0;
}

static int blob_data(struct hp_store *s, const void *data, size_t len, struct hp_error *err)
{
	struct staging *st = staging_of(s);

	if (hp_fd_write_all(st->fd, data, len, err) < 0)
		return hp_wrap(err, "write a blob");
	hp_digest_add(st->digest, data, len);
	st->size += (int64_t)len;
	return 0;
}

static int blob_commit(struct hp_store *s, int64_t size, const char *digest,
		       const struct hp_blob_label *labels, size_t n_labels,
		       struct hp_error *err)
{
	struct staging *st = staging_of(s);
	struct blob b = {.fd = -1, .size = st->size};

	(void)labels, (void)n_labels;
	hp_digest_end(st->digest, b.digest);
	if ((size >= 0 && size != st->size) || (digest && !hp_str_eq(digest, b.digest)))
		return hp_fail(err, HP_ECORRUPT, "blob %s: %lld bytes with the digest %s came",
			       digest ? digest : "", (long long)st->size, b.digest);
	if (!find_blob(st, b.digest)) {
		b.fd = TAKE_FD(st->fd);
		st->blobs = hp_realloc_array(st->blobs, st->n_blobs + 1, sizeof(*st->blobs));
		st->blobs[st->n_blobs++] = b;
	}
	blob_abort(s);
	return 0;
}

static int blob_read(struct hp_store *s, const char *digest,
		     int (*sink)(void *arg, struct hp_bytes data, struct hp_error *err),
		     void *arg, struct hp_error *err)
{
	const struct blob *b = find_blob(staging_of(s), digest);
	AUTO_FREE uint8_t *data = hp_alloc(READ_BYTES);

	if (!b)
		return hp_fail(err, HP_ENOTFOUND, "there is no blob %s", digest);
	for (int64_t at = 0; at < b->size;) {
		const ssize_t n = pread(b->fd, data, READ_BYTES, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return hp_fail_errno(err, n < 0 ? errno : EIO, "read blob %s", digest);
		if (sink(arg, HP_BYTES(data, (size_t)n), err) < 0)
			return -1;
		at += n;
	}
	return 0;
}

/* Labels are for collecting garbage, of which there is none here. */
static int blob_label(struct hp_store *s, const char *digest, const char *key,
		      const char *value, struct hp_error *err)
{
	(void)s, (void)digest, (void)key, (void)value, (void)err;
	return 0;
}

/* All are as good as there: they are made where the image goes to. */
static int snapshot_exists(struct hp_store *s, const char *chain, struct hp_error *err)
{
	(void)s, (void)chain, (void)err;
	return 1;
}

static int snapshot_apply(struct hp_store *s, const struct hp_descriptor *layer,
			  const char *diff_id, const char *parent, const char *chain,
			  struct hp_error *err)
{
	(void)s, (void)layer, (void)diff_id, (void)parent;
	return hp_fail(err, HP_EUNSUPPORTED, "layer %s is not unpacked here", chain);
}

static const char *snapshotter(struct hp_store *s)
{
	(void)s;
	return "none";
}

static struct name *find_name(const struct staging *st, const char *name)
{
	for (size_t i = 0; i < st->n_names; i++)
		if (hp_str_eq(st->names[i].name, name))
			return &st->names[i];
	return NULL;
}

static int image_put(struct hp_store *s, const char *name, const struct hp_descriptor *target,
		     struct hp_error *err)
{
	struct staging *st = staging_of(s);
	struct name *n = find_name(st, name);

	(void)err;
	if (!n) {
		st->names = hp_realloc_array(st->names, st->n_names + 1, sizeof(*st->names));
		n = &st->names[st->n_names++];
		*n = (struct name){.name = hp_strdup(name)};
	}
	hp_descriptor_clear(&n->target);
	n->target = (struct hp_descriptor){0};
	hp_descriptor_copy(&n->target, target);
	return 0;
}

static int image_get(struct hp_store *s, const char *name, struct hp_descriptor *ret_target,
		     struct hp_error *err)
{
	const struct name *n = find_name(staging_of(s), name);

	(void)err;
	if (n)
		hp_descriptor_copy(ret_target, &n->target);
	return n ? 1 : 0;
}

static int image_drop(struct hp_store *s, const char *name, struct hp_error *err)
{
	struct staging *st = staging_of(s);
	struct name *n = find_name(st, name);

	(void)err;
	if (!n)
		return 0;
	free(n->name);
	hp_descriptor_clear(&n->target);
	*n = st->names[--st->n_names];
	return 0;
}

static const struct hp_store_ops staging_ops = {
	.hold_begin = hold,
	.hold_end = hold,
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

int hp_staging_new(struct hp_store **ret, struct hp_error *err)
{
	AUTO_CLOSE int fd = -1;

	/* Where no file can be made, it shows before anything is fetched. */
	if (hp_staging_file(&fd, err) < 0)
		return -1;
	struct staging *st = hp_alloc(sizeof(*st));
	st->base.ops = &staging_ops;
	st->fd = -1;
	*ret = &st->base;
	return 0;
}

void hp_staging_free(struct hp_store *s)
{
	if (!s)
		return;
	struct staging *st = staging_of(s);
	blob_abort(s);
	for (size_t i = 0; i < st->n_blobs; i++)
		close(st->blobs[i].fd);
	for (size_t i = 0; i < st->n_names; i++) {
		free(st->names[i].name);
		hp_descriptor_clear(&st->names[i].target);
	}
	free(st->blobs);
	free(st->names);
	free(st);
}
