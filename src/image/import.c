/* SPDX-License-Identifier: Apache-2.0 */
/* import.c - bring images in: find the kind of archive, hold, read, unpack, name. */
#include "image/import.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "image/kind.h"
#include "image/reference.h"
#include "image/unpack.h"

#define IMAGES_MAX 256

void hp_founds__clear(struct hp_founds *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->items[i].name);
		hp_descriptor_clear(&f->items[i].target);
	}
	free(f->items);
	*f = (struct hp_founds){0};
}

int hp_founds__add(struct hp_founds *f, const char *name, const struct hp_descriptor *target,
		   struct hp_error *err)
{
	char *full;

	if (f->count >= IMAGES_MAX)
		return hp_fail(err, HP_ECORRUPT, "the archive has over %d images", IMAGES_MAX);
	if (hp_reference_expand(name, &full, err) < 0)
		return -1;
	f->items = hp_realloc_array(f->items, f->count + 1, sizeof(*f->items));
	f->items[f->count] = (struct hp_found){.name = full};
	hp_descriptor_copy(&f->items[f->count].target, target);
	f->count++;
	return 0;
}

int hp_import__nameless(const char *digest, struct hp_error *err)
{
	return hp_fail(
		err, HP_EINVALID,
		"the archive gives image %.19s no name: give one, as in `harpoon import FILE NAME`",
		digest);
}

int hp_import__too_many(size_t n, const char *name, struct hp_error *err)
{
	return hp_fail(err, HP_EINVALID,
		       "the archive has %zu images, which cannot all be named '%s': import it "
		       "without a name",
		       n, name);
}

const char *hp_import__layer_type(enum hp_packing packing)
{
	if (packing == HP_PACKING_GZIP)
		return HP_MT_OCI_LAYER_GZIP;
	return packing == HP_PACKING_ZSTD ? HP_MT_OCI_LAYER_ZSTD : HP_MT_OCI_LAYER;
}

void hp_import__describe(struct hp_descriptor *ret, const char *media_type, const char *digest,
			 int64_t size)
{
	*ret = (struct hp_descriptor){
		.media_type = hp_strdup(media_type),
		.digest = hp_strdup(digest),
		.size = size,
		.os = hp_strdup(""),
		.arch = hp_strdup(""),
		.variant = hp_strdup(""),
		.ref_name = hp_strdup(""),
		.image_name = hp_strdup(""),
	};
}

/* From: OCI image-spec manifest.md. */
static char *manifest_text(const struct hp_descriptor *config,
			   const struct hp_descriptor *layers, size_t n_layers)
{
	AUTO(hp_json_free) struct hp_json *m = hp_json_object();
	struct hp_json *list = hp_json_array();

	hp_json_set_i64(m, "schemaVersion", 2);
	hp_json_set_str(m, "mediaType", HP_MT_OCI_MANIFEST);
	hp_json_set(m, "config",
		    hp_put__descriptor(config->media_type, config->digest, config->size));
	for (size_t i = 0; i < n_layers; i++)
		hp_json_add(list, hp_put__descriptor(layers[i].media_type, layers[i].digest,
						     layers[i].size));
	hp_json_set(m, "layers", list);
	return hp_json_text(m, false);
}

int hp_import__manifest(struct hp_store *s, const struct hp_descriptor *config,
			const struct hp_descriptor *layers, size_t n_layers,
			struct hp_descriptor *ret, struct hp_error *err)
{
	AUTO_FREE char *text = manifest_text(config, layers, n_layers);
	AUTO_FREE struct hp_blob_label *labels =
		hp_alloc_array(n_layers + 1, sizeof(struct hp_blob_label));
	AUTO(hp_strv_free) struct hp_strv keys = {0};
	char digest[HP_DIGEST_TEXT];

	hp_strv_add(&keys, HP_GC_CONTENT "config");
	for (size_t i = 0; i < n_layers; i++)
		hp_strv_addf(&keys, HP_GC_CONTENT "l.%zu", i);
	for (size_t i = 0; i <= n_layers; i++)
		labels[i] = (struct hp_blob_label){
			.key = keys.items[i],
			.value = i ? layers[i - 1].digest : config->digest,
		};
	const struct hp_document document = {
		.kind = "manifest",
		.data = hp_bytes_str(text),
		.labels = labels,
		.n_labels = n_layers + 1,
	};
	if (hp_put__document(s, &document, digest, err) < 0)
		return -1;
	hp_import__describe(ret, HP_MT_OCI_MANIFEST, digest, (int64_t)strlen(text));
	return 0;
}

/* The document @name of the archive, as it is in memory. */
static const struct hp_member *document(struct hp_members *m, const char *name)
{
	const struct hp_member *one = hp_members__find(m, name);

	return one && one->text ? one : NULL;
}

static int import_images(struct hp_store *s, struct hp_source *source, struct hp_founds *found,
			 struct hp_error *err)
{
	AUTO(hp_tarball__free) struct hp_tarball *tar = NULL;
	AUTO(hp_members__clear) struct hp_members m = {0};

	if (hp_tarball__open(source, false, &tar, err) < 0 ||
	    hp_members__read(s, tar, &m, err) < 0)
		return -1;
	/* Newer docker writes both; the layout is the one that loses nothing. */
	const struct hp_member *index = document(&m, "index.json");
	if (index && hp_members__find(&m, "oci-layout"))
		return hp_import__oci(s, source->what,
				      HP_BYTES(index->text, (size_t)index->size), -1, found,
				      err);
	if (document(&m, "manifest.json"))
		return hp_import__docker(s, source->what, &m, found, err);
	return hp_fail(err, HP_ECORRUPT,
		       "the archive begins like one of images, but has neither oci-layout with "
		       "index.json nor manifest.json");
}

static int import_file(struct hp_store *s, const struct hp_import *what,
		       struct hp_founds *found, struct hp_error *err)
{
	AUTO(hp_source__close) struct hp_source source = {0};
	enum hp_archive_kind kind;

	if (hp_source__open(what, &source, err) < 0 ||
	    hp_archive__kind(&source, &kind, err) < 0)
		return -1;
	if (kind == HP_ARCHIVE_IMAGES)
		return import_images(s, &source, found, err);
	return hp_import__rootfs(s, &source, found, err);
}

static int unpack_found(struct hp_store *s, const struct hp_import *what,
			const struct hp_descriptor *target, struct hp_error *err)
{
	AUTO(hp_resolved_image_clear) struct hp_resolved_image image = {0};

	if (hp_source__check_stop(what, err) < 0)
		return -1;
	if (hp_image_resolve_target(s, target, &image, err) < 0) {
		/* An image for other machines can be kept and exported, though not run. */
		if (err->code != HP_ENOTFOUND)
			return -1;
		hp_error_clear(err);
		return 0;
	}
	return hp_image__unpack_held(s, &image, err);
}

/* Take back the first @n names: each goes back to what it was. */
static void take_back(struct hp_store *s, const struct hp_founds *found,
		      const struct hp_founds *before, size_t n)
{
	while (n-- > 0) {
		struct hp_error ignored = HP_ERROR_INIT;
		const struct hp_descriptor *old = &before->items[n].target;
		if (old->digest)
			(void)s->ops->image_put(s, found->items[n].name, old, &ignored);
		else
			(void)s->ops->image_drop(s, found->items[n].name, &ignored);
	}
}

/* Give all names or none. */
static int put_names(struct hp_store *s, const struct hp_founds *found, struct hp_error *err)
{
	AUTO(hp_founds__clear) struct hp_founds before = {0};

	before.items = hp_alloc_array(found->count, sizeof(*before.items));
	before.count = found->count;
	for (size_t i = 0; i < found->count; i++)
		if (s->ops->image_get(s, found->items[i].name, &before.items[i].target, err) <
		    0)
			return -1;
	for (size_t i = 0; i < found->count; i++)
		if (s->ops->image_put(s, found->items[i].name, &found->items[i].target, err) <
		    0) {
			/* A call that failed may still have done its work. */
			take_back(s, found, &before, i + 1);
			return -1;
		}
	return 0;
}

static int import_held(struct hp_store *s, const struct hp_import *what,
		       struct hp_founds *found, struct hp_error *err)
{
	struct stat st;

	const bool dir = !hp_str_eq(what->path, "-") && stat(what->path, &st) == 0 &&
			 S_ISDIR(st.st_mode);
	const int rc = dir ? hp_import__oci_dir(s, what, found, err)
			   : import_file(s, what, found, err);
	if (rc < 0)
		return -1;
	if (found->count == 0)
		return hp_fail(err, HP_ECORRUPT, "the archive has no image");
	for (size_t i = 0; !what->no_unpack && i < found->count; i++)
		if (unpack_found(s, what, &found->items[i].target, err) < 0)
			return hp_wrap(err, "image '%s'", found->items[i].name);
	if (hp_source__check_stop(what, err) < 0)
		return -1;
	return put_names(s, found, err);
}

int hp_image_import(struct hp_store *s, const struct hp_import *what, struct hp_strv *ret_names,
		    struct hp_error *err)
{
	AUTO(hp_founds__clear) struct hp_founds found = {0};
	struct hp_error ignored = HP_ERROR_INIT;
	char *full = NULL;

	/* A bad name shows before anything is read. */
	if (what->name) {
		if (hp_reference_expand(what->name, &full, err) < 0)
			return -1;
		free(full);
	}
	if (s->ops->hold_begin(s, err) < 0)
		return hp_wrap(err, "import '%s'", what->path);
	if (import_held(s, what, &found, err) < 0) {
		(void)s->ops->hold_end(s, &ignored);
		return hp_wrap(err, "import '%s'", what->path);
	}
	if (s->ops->hold_end(s, err) < 0)
		return hp_wrap(err, "import '%s'", what->path);
	for (size_t i = 0; i < found.count; i++)
		hp_strv_add(ret_names, found.items[i].name);
	return 0;
}
