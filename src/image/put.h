/* SPDX-License-Identifier: Apache-2.0 */
/* put.h - write whole blobs to a store and read small ones back. */
#pragma once
#include "image/store.h"
#include "wire/digest.h"
#include "wire/json.h"

/* Manifests, indexes and configs are JSON of some kilobytes; nobody's is larger than this.
 * From: distribution/distribution handlers, maxManifestBodySize. */
#define HP_DOCUMENT_MAX ((size_t)4 << 20)

/* The labels by which an engine's garbage collection finds what a blob needs, and what a layer is
 * when unpacked. From: containerd docs/garbage-collection.md; images/handlers, labels.go. */
#define HP_GC_CONTENT         "containerd.io/gc.ref.content."
#define HP_GC_SNAPSHOT        "containerd.io/gc.ref.snapshot."
#define HP_LABEL_UNCOMPRESSED "containerd.io/uncompressed"

/* A name for a write that no other one has. Owns: the caller. */
char *hp_put_ref(const char *kind);

/* A blob in memory. All is borrowed. */
struct hp_document {
	const char *kind; /* for messages: "config", "manifest" */
	struct hp_bytes data;
	const struct hp_blob_label *labels;
	size_t n_labels;
};
/* Write it. ret_digest: its digest. */
int hp_put__document(struct hp_store *s, const struct hp_document *d,
		     char ret_digest[HP_DIGEST_TEXT], struct hp_error *err) MUST_CHECK;
/* Read a blob of at most HP_DOCUMENT_MAX bytes. Fails: HP_ENOTFOUND; HP_ECORRUPT - too large. */
int hp_put__read(struct hp_store *s, const char *digest, struct hp_buf *ret,
		 struct hp_error *err) MUST_CHECK;

/* {"mediaType", "digest", "size"} */
struct hp_json *hp_put__descriptor(const char *media_type, const char *digest, int64_t size);
