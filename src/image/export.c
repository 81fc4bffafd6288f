/* SPDX-License-Identifier: Apache-2.0 */
/* export.c - write images as the tar of an OCI layout that docker load takes, too.
 * From: OCI image-spec image-layout.md; docker image/spec/v1.2.md (manifest.json). */
#include "image/image.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "image/put.h"
#include "image/reference.h"
#include "image/tree.h"

#define BLOBS_MAX 16384

HP_AUTO_PTR(struct archive_entry, archive_entry_free);

/* An export under way: first what there is to write is collected, then it is written. */
struct exporting {
	struct hp_store *store;
	int fd;
	struct archive *tar;
	struct hp_descriptor *blobs; /* each digest once */
	size_t n_blobs;
	struct hp_json *index;           /* index.json */
	struct hp_json *docker;          /* manifest.json */
	struct hp_error inner;           /* what the write callback failed with */
	bool broken;                     /* that has happened: nothing more is written */
	const struct hp_descriptor *now; /* the blob that is written */
	int64_t written;
};

static void export_clear(struct exporting *x)
{
	for (size_t i = 0; i < x->n_blobs; i++)
		hp_descriptor_clear(&x->blobs[i]);
	free(x->blobs);
	hp_json_free(x->index);
	hp_json_free(x->docker);
	archive_write_free(x->tar);
}
HP_AUTO_VALUE(struct exporting, export_clear);

static int collect(void *arg, const struct hp_descriptor *d, struct hp_error *err)
{
	struct exporting *x = arg;

	for (size_t i = 0; i < x->n_blobs; i++)
		if (hp_str_eq(x->blobs[i].digest, d->digest))
			return 0;
	if (x->n_blobs >= BLOBS_MAX)
		return hp_fail(err, HP_ECORRUPT, "over %d blobs", BLOBS_MAX);
	x->blobs = hp_realloc_array(x->blobs, x->n_blobs + 1, sizeof(*x->blobs));
	x->blobs[x->n_blobs] = (struct hp_descriptor){0};
	hp_descriptor_copy(&x->blobs[x->n_blobs++], d);
	return 0;
}

/* From: OCI image-spec annotations.md; containerd images/annotations.go. */
static void add_to_index(struct exporting *x, const char *name,
			 const struct hp_descriptor *target)
{
	struct hp_json *entry =
		hp_put__descriptor(target->media_type, target->digest, target->size);
	struct hp_json *annotations = hp_json_object();
	AUTO_FREE char *repository = NULL, *tag = NULL;

	hp_reference_split(name, &repository, &tag);
	hp_json_set_str(annotations, "io.containerd.image.name", name);
	if (!hp_str_eq(tag, "<none>"))
		hp_json_set_str(annotations, "org.opencontainers.image.ref.name", tag);
	hp_json_set(entry, "annotations", annotations);
	hp_json_add(x->index, entry);
}

static struct hp_json *blob_path(const char *digest)
{
	AUTO_FREE char *path = hp_sprintf("blobs/sha256/%s", digest + strlen("sha256:"));

	return hp_json_new_str(path);
}

static void add_to_docker(struct exporting *x, const char *name,
			  const struct hp_resolved_image *image)
{
	struct hp_json *entry = hp_json_object(), *tags = hp_json_array();
	struct hp_json *layers = hp_json_array();
	AUTO_FREE char *tag = hp_reference_short(name);

	if (!strchr(name, '@'))
		hp_json_add(tags, hp_json_new_str(tag));
	for (size_t i = 0; i < image->parsed.n_children; i++)
		hp_json_add(layers, blob_path(image->parsed.children[i].digest));
	hp_json_set(entry, "Config", blob_path(image->parsed.config.digest));
	hp_json_set(entry, "RepoTags", tags);
	hp_json_set(entry, "Layers", layers);
	hp_json_add(x->docker, entry);
}

static int collect_image(struct exporting *x, const char *name, struct hp_error *err)
{
	AUTO(hp_descriptor_clear) struct hp_descriptor target = {0};
	AUTO(hp_resolved_image_clear) struct hp_resolved_image image = {0};
	const struct hp_tree tree = {.store = x->store, .visit = collect, .arg = x};

	const int got = x->store->ops->image_get(x->store, name, &target, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return hp_fail(err, HP_ENOTFOUND, "there is no such image");
	if (hp_tree__walk(&tree, &target, err) < 0)
		return -1;
	add_to_index(x, name, &target);
	/* Docker's part of the archive can only tell of an image that this machine could run. */
	if (hp_image_resolve_target(x->store, &target, &image, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	add_to_docker(x, name, &image);
	return 0;
}

/* How did a step of libarchive go? What write_out() failed with comes first. */
static int check_tar(struct exporting *x, bool ok, struct hp_error *err)
{
	if (x->inner.code != HP_OK) {
		*err = x->inner;
		hp_error_clear(&x->inner);
		return -1;
	}
	if (ok)
		return 0;
	const char *why = archive_error_string(x->tar);
	return hp_fail(err, HP_EIO, "write the archive: %s", why ? why : "no reason");
}

/* A failure is only noted: libarchive 3.6 leaks its buffer when this function fails. */
static la_ssize_t write_out(struct archive *a, void *arg, const void *data, size_t len)
{
	struct exporting *x = arg;

	(void)a;
	if (!x->broken && hp_fd_write_all(x->fd, data, len, &x->inner) < 0)
		x->broken = true;
	return (la_ssize_t)len;
}

/* Nothing in a header depends on when or by whom it was written: same images, same bytes. */
static int add_header(struct exporting *x, const char *name, int64_t size, struct hp_error *err)
{
	AUTO(archive_entry_free) struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0444);
	archive_entry_set_size(entry, size);
	archive_entry_set_mtime(entry, 0, 0);
	return check_tar(x, archive_write_header(x->tar, entry) == ARCHIVE_OK, err);
}

static int add_data(void *arg, struct hp_bytes data, struct hp_error *err)
{
	struct exporting *x = arg;

	x->written += (int64_t)data.len;
	if (x->written > x->now->size)
		return hp_fail(err, HP_ECORRUPT, "it is larger than the %lld bytes said",
			       (long long)x->now->size);
	if (data.len == 0)
		return 0;
	const la_ssize_t n = archive_write_data(x->tar, data.data, data.len);
	return check_tar(x, n == (la_ssize_t)data.len, err);
}

static int add_blob(struct exporting *x, const struct hp_descriptor *d, struct hp_error *err)
{
	AUTO_FREE char *name = hp_sprintf("blobs/sha256/%s", d->digest + strlen("sha256:"));

	x->now = d;
	x->written = 0;
	if (add_header(x, name, d->size, err) < 0)
		return -1;
	if (x->store->ops->blob_read(x->store, d->digest, add_data, x, err) < 0)
		return hp_wrap(err, "blob %s", d->digest);
	if (x->written != d->size)
		return hp_fail(err, HP_ECORRUPT, "blob %s has %lld bytes, not %lld", d->digest,
			       (long long)x->written, (long long)d->size);
	return 0;
}

static int add_text(struct exporting *x, const char *name, const char *text,
		    struct hp_error *err)
{
	const size_t len = strlen(text);

	if (add_header(x, name, (int64_t)len, err) < 0)
		return -1;
	return check_tar(x, archive_write_data(x->tar, text, len) == (la_ssize_t)len, err);
}

static char *index_text(struct exporting *x)
{
	AUTO(hp_json_free) struct hp_json *index = hp_json_object();

	hp_json_set_i64(index, "schemaVersion", 2);
	hp_json_set_str(index, "mediaType", HP_MT_OCI_INDEX);
	hp_json_set(index, "manifests", TAKE(x->index));
	return hp_json_text(index, false);
}

static int write_all(struct exporting *x, struct hp_error *err)
{
	AUTO_FREE char *index = index_text(x);
	AUTO_FREE char *docker = hp_json_text(x->docker, false);

	x->tar = archive_write_new();
	/* No padding of the last block, so that a pipe gets what there is and no more. */
	const bool opened = archive_write_set_format_pax_restricted(x->tar) == ARCHIVE_OK &&
			    archive_write_set_bytes_in_last_block(x->tar, 1) == ARCHIVE_OK &&
			    archive_write_open(x->tar, x, NULL, write_out, NULL) == ARCHIVE_OK;
	if (check_tar(x, opened, err) < 0)
		return -1;
	if (add_text(x, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", err) < 0 ||
	    add_text(x, "index.json", index, err) < 0 ||
	    add_text(x, "manifest.json", docker, err) < 0)
		return -1;
	for (size_t i = 0; i < x->n_blobs; i++)
		if (add_blob(x, &x->blobs[i], err) < 0)
			return -1;
	return check_tar(x, archive_write_close(x->tar) == ARCHIVE_OK, err);
}

int hp_image_export(struct hp_store *s, const char *const *names, int fd, struct hp_error *err)
{
	AUTO(export_clear)
	struct exporting x = {
		.store = s,
		.fd = fd,
		.index = hp_json_array(),
		.docker = hp_json_array(),
	};

	if (!names[0])
		return hp_fail(err, HP_EINVALID, "no image to export");
	for (size_t i = 0; names[i]; i++)
		if (collect_image(&x, names[i], err) < 0)
			return hp_wrap(err, "export '%s'", names[i]);
	if (write_all(&x, err) < 0)
		return hp_wrap(err, "export");
	return 0;
}
