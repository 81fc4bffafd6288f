/* SPDX-License-Identifier: Apache-2.0 */
/* image-world.h - images put straight into a store in memory, for tests that begin with some. */
#pragma once
#include "base/alloc.h"
#include "fake/archives.h"
#include "fake/store.h"
#include "scratch.h"

/* A descriptor for tests. Owns: the caller, until hp_descriptor_clear(). */
static inline void world_descriptor(struct hp_descriptor *d, const char *media_type,
				    const char *digest, size_t size)
{
	*d = (struct hp_descriptor){
		.media_type = hp_strdup(media_type),
		.digest = hp_strdup(digest),
		.size = (int64_t)size,
		.os = hp_strdup(""),
		.arch = hp_strdup(""),
		.variant = hp_strdup(""),
		.ref_name = hp_strdup(""),
		.image_name = hp_strdup(""),
	};
}

/* All documents and layers of @d, without labels. ret: its manifest's descriptor. */
static inline void world_add(struct fake_store *f, const struct fake_docs *d,
			     struct hp_descriptor *ret)
{
	for (int i = 0; i < 2; i++)
		fake_store_add(f, d->layers[i].data, d->layers[i].len, NULL);
	fake_store_add(f, d->config, strlen(d->config), NULL);
	fake_store_add(f, d->manifest, strlen(d->manifest), NULL);
	world_descriptor(ret, HP_MT_OCI_MANIFEST, d->manifest_digest, strlen(d->manifest));
}

/* An index of two manifests: @here for this machine, @there for s390x. */
static inline void world_add_index(struct fake_store *f, const struct fake_docs *here,
				   const struct fake_docs *there, struct hp_descriptor *ret)
{
	char digest[HP_DIGEST_TEXT];
	AUTO_FREE char *text = hp_sprintf(
		"{\"schemaVersion\":2,\"mediaType\":\"" HP_MT_OCI_INDEX "\",\"manifests\":["
		"{\"mediaType\":\"" HP_MT_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,"
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}},"
		"{\"mediaType\":\"" HP_MT_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,"
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}]}",
		there->manifest_digest, strlen(there->manifest), here->manifest_digest,
		strlen(here->manifest), hp_machine_arch());

	fake_store_add(f, text, strlen(text), digest);
	world_descriptor(ret, HP_MT_OCI_INDEX, digest, strlen(text));
}

/* Take one blob away again. */
static inline void world_lose(struct fake_store *f, const char *digest)
{
	struct fake_blob *b = fake_store_blob(f, digest);

	assert_non_null(b);
	free(b->data);
	hp_labels_clear(&b->labels);
	*b = f->blobs[--f->n_blobs];
}

static inline void world_name(struct fake_store *f, const char *name,
			      const struct hp_descriptor *target)
{
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(f->base.ops->image_put(&f->base, name, target, &err), 0);
}
