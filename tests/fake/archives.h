/* SPDX-License-Identifier: Apache-2.0 */
/* archives.h - archives made for tests: tars of any members, and images in docker's and OCI's form. */
#pragma once
#include "base/buf.h"
#include "image/image.h"
#include "image/tarball.h"

#define FAKE_ARCHIVE_MAX ((size_t)64 << 20)

/* A tar in the making. */
struct fake_tar {
	struct archive *archive;
	struct hp_buf out;
};
void fake_tar_begin(struct fake_tar *t, enum hp_packing packing);
void fake_tar_file(struct fake_tar *t, const char *name, const void *data, size_t len);
void fake_tar_text(struct fake_tar *t, const char *name, const char *text);
void fake_tar_dir(struct fake_tar *t, const char *name);
void fake_tar_symlink(struct fake_tar *t, const char *name, const char *to);
void fake_tar_hardlink(struct fake_tar *t, const char *name, const char *to);
/* Finish it. ret: the bytes, for hp_buf_free(). */
void fake_tar_end(struct fake_tar *t, struct hp_buf *ret);

/* Pack @data with gzip once more. */
void fake_pack_gzip(const struct hp_buf *data, struct hp_buf *ret);

/* A small root filesystem with a file that holds @text. */
void fake_rootfs(enum hp_packing packing, const char *text, struct hp_buf *ret);
/* Write an archive to a new file in @dir. Owns: the caller, the path. */
char *fake_archive_file(const char *dir, const char *name, const struct hp_buf *data);
/* A pipe that gives @data and then ends; a child writes it. The descriptor is the caller's. */
int fake_archive_pipe(const struct hp_buf *data);

/* An image of two layers, the second packed with gzip, with all its documents. */
struct fake_docs {
	struct hp_buf layers[2];
	char layer_digests[2][HP_DIGEST_TEXT];
	char diff_ids[2][HP_DIGEST_TEXT];
	char *config, *manifest;
	char config_digest[HP_DIGEST_TEXT], manifest_digest[HP_DIGEST_TEXT];
};
/* @text makes the image differ from others; @arch is NULL for this machine. */
void fake_docs_make(struct fake_docs *d, const char *text, const char *arch);
void fake_docs_clear(struct fake_docs *d);
HP_AUTO_VALUE(struct fake_docs, fake_docs_clear);

/* Add the blobs of @d under the names of an OCI layout. */
void fake_docs_blobs(struct fake_tar *t, const struct fake_docs *d);
/* An entry of an index.json that points to @d. annotations: JSON text or NULL. Owns: the caller. */
char *fake_docs_entry(const struct fake_docs *d, const char *annotations);
/* "oci-layout" and an index.json of @entries, comma separated. */
void fake_layout_files(struct fake_tar *t, const char *entries);
/* A whole layout of one image. annotations: as above. */
void fake_layout(const struct fake_docs *d, const char *annotations, enum hp_packing packing,
		 struct hp_buf *ret);
