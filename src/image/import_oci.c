/* SPDX-License-Identifier: Apache-2.0 */
/* import_oci.c - bring in what the index.json of an OCI image layout leads to.
 * From: OCI image-spec image-layout.md and annotations.md. */
#include "image/import.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "image/tree.h"

#define PIECE_SIZE ((size_t)256 << 10)

/* What the walk over an image carries. */
struct layout {
	struct hp_store *store;
	const struct hp_import *what;
	int fd; /* the directory, -1 for none */
	uint64_t done;
};

static int copy_file(struct layout *l, int fd, const struct hp_descriptor *d,
		     struct hp_error *err)
{
	AUTO_FREE uint8_t *piece = hp_alloc(PIECE_SIZE);
	int64_t size = 0;

	for (;;) {
		const ssize_t n = read(fd, piece, PIECE_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hp_fail_errno(err, errno, "read blob %s", d->digest);
		if (n == 0)
			break;
		if (hp_source__check_stop(l->what, err) < 0)
			return -1;
		size += n;
		l->done += (uint64_t)n;
		if (l->store->ops->blob_data(l->store, piece, (size_t)n, err) < 0)
			return -1;
		if (l->what->progress)
			l->what->progress(l->what->progress_arg, d->digest, l->done, 0);
	}
	return l->store->ops->blob_commit(l->store, size, d->digest, NULL, 0, err);
}

/* Bring a blob from the directory. Its links are followed, but none out of the directory. */
static int fetch(void *arg, const struct hp_descriptor *d, struct hp_error *err)
{
	struct layout *l = arg;
	AUTO_FREE char *path = hp_sprintf("blobs/sha256/%s", d->digest + strlen("sha256:"));
	AUTO_FREE char *ref = hp_sprintf("harpoon-blob-%s", d->digest);
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (l->fd < 0)
		return 0;
	if (hp_open_in_root(l->fd, path, O_RDONLY | O_NONBLOCK, &fd, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	if (fstat(fd, &st) < 0)
		return hp_fail_errno(err, errno, "look at blob %s", d->digest);
	if (!S_ISREG(st.st_mode) || st.st_size != d->size)
		return hp_fail(err, HP_ECORRUPT, "blob %s is no file of %lld bytes", d->digest,
			       (long long)d->size);
	if (l->store->ops->blob_open(l->store, ref, st.st_size, d->digest, err) < 0)
		return -1;
	if (copy_file(l, fd, d, err) < 0) {
		l->store->ops->blob_abort(l->store);
		return -1;
	}
	return 1;
}

static int visit(void *arg, const struct hp_descriptor *d, struct hp_error *err)
{
	(void)arg;
	(void)d;
	(void)err;
	return 0;
}

/* Both ends are there: let garbage collection know that one needs the other. */
static int label_edge(void *arg, const struct hp_descriptor *parent,
		      const struct hp_descriptor *child, const char *name, struct hp_error *err)
{
	const struct layout *l = arg;
	AUTO_FREE char *key = hp_sprintf(HP_GC_CONTENT "%s", name);

	return l->store->ops->blob_label(l->store, parent->digest, key, child->digest, err);
}

/* The name that the layout gives, NULL when it gives none. A reference name that is a bare tag
 * ("latest") names nothing by itself. */
static const char *given_name(const struct hp_descriptor *d)
{
	if (!hp_str_empty(d->image_name))
		return d->image_name;
	if (!hp_str_empty(d->ref_name) && strpbrk(d->ref_name, "/:@"))
		return d->ref_name;
	return NULL;
}

static bool all_same(const struct hp_manifest *index)
{
	for (size_t i = 1; i < index->n_children; i++)
		if (!hp_str_eq(index->children[i].digest, index->children[0].digest))
			return false;
	return true;
}

static int import_index(struct layout *l, const struct hp_manifest *index,
			struct hp_founds *found, struct hp_error *err)
{
	const struct hp_tree tree = {.store = l->store,
				     .fetch = fetch,
				     .visit = visit,
				     .edge = label_edge,
				     .arg = l};

	for (size_t i = 0; i < index->n_children; i++) {
		const struct hp_descriptor *d = &index->children[i];
		const char *name = l->what->name ? l->what->name : given_name(d);
		if (!name)
			return hp_import__nameless(d->digest, err);
		if (hp_tree__walk(&tree, d, err) < 0)
			return hp_wrap(err, "image %s", name);
		if (hp_founds__add(found, name, d, err) < 0)
			return -1;
		if (l->what->name)
			return 0;
	}
	return 0;
}

int hp_import__oci(struct hp_store *s, const struct hp_import *what, struct hp_bytes index,
		   int layout_fd, struct hp_founds *found, struct hp_error *err)
{
	struct layout l = {.store = s, .what = what, .fd = layout_fd};
	AUTO(hp_manifest_clear) struct hp_manifest parsed = {0};

	if (hp_manifest_parse(index, &parsed, err) < 0)
		return hp_wrap(err, "index.json");
	if (!parsed.is_index)
		return hp_fail(err, HP_ECORRUPT, "index.json is no image index");
	if (what->name && !all_same(&parsed))
		return hp_import__too_many(parsed.n_children, what->name, err);
	return import_index(&l, &parsed, found, err);
}

int hp_import__oci_dir(struct hp_store *s, const struct hp_import *what,
		       struct hp_founds *found, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(what->path, "index.json");
	AUTO(hp_buf_free) struct hp_buf text;
	AUTO_CLOSE int fd = open(what->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	hp_buf_init(&text, HP_DOCUMENT_MAX);
	if (fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", what->path);
	if (hp_file_read(path, HP_DOCUMENT_MAX, &text, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return -1;
		hp_error_clear(err);
		return hp_fail(err, HP_ECORRUPT,
			       "the directory has no index.json, so it is no OCI image layout");
	}
	return hp_import__oci(s, what, hp_buf_bytes(&text), fd, found, err);
}
