/* SPDX-License-Identifier: Apache-2.0 */
/* oci_image.h - image manifests, indexes and configs, of OCI and of docker.
 * From: OCI image-spec manifest.md, image-index.md, config.md, and docker's
 * image/spec/v1.2 and distribution manifest v2 schema 2, which use the same fields. */
#pragma once
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include <harpoon/container.h>

#define HP_MT_OCI_MANIFEST      "application/vnd.oci.image.manifest.v1+json"
#define HP_MT_OCI_INDEX         "application/vnd.oci.image.index.v1+json"
#define HP_MT_OCI_CONFIG        "application/vnd.oci.image.config.v1+json"
#define HP_MT_OCI_LAYER         "application/vnd.oci.image.layer.v1.tar"
#define HP_MT_OCI_LAYER_GZIP    "application/vnd.oci.image.layer.v1.tar+gzip"
#define HP_MT_OCI_LAYER_ZSTD    "application/vnd.oci.image.layer.v1.tar+zstd"
#define HP_MT_DOCKER_MANIFEST   "application/vnd.docker.distribution.manifest.v2+json"
#define HP_MT_DOCKER_INDEX      "application/vnd.docker.distribution.manifest.list.v2+json"
#define HP_MT_DOCKER_CONFIG     "application/vnd.docker.container.image.v1+json"
#define HP_MT_DOCKER_LAYER      "application/vnd.docker.image.rootfs.diff.tar"
#define HP_MT_DOCKER_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"

/* A pointer to content. Strings are never NULL in a filled descriptor. */
struct hp_descriptor {
	char *media_type;
	char *digest; /* always hp_digest_valid() */
	int64_t size;
	char *os; /* of "platform" in an index, "" when not said */
	char *arch;
	char *variant;
	char *ref_name;   /* annotation org.opencontainers.image.ref.name, "" when absent */
	char *image_name; /* annotation io.containerd.image.name, "" when absent */
};
void hp_descriptor_clear(struct hp_descriptor *d);
void hp_descriptor_copy(struct hp_descriptor *to, const struct hp_descriptor *from);
HP_AUTO_VALUE(struct hp_descriptor, hp_descriptor_clear);

/* A manifest (config and layers) or an index (manifests), as its media type or fields say. */
struct hp_manifest {
	bool is_index;
	struct hp_descriptor config;
	struct hp_descriptor *children; /* layers, or manifests of an index; n_children */
	size_t n_children;
};
/* Fails: HP_ECORRUPT - no JSON, no manifest, a bad digest or size, over 1,024 children. */
int hp_manifest_parse(struct hp_bytes text, struct hp_manifest *ret,
		      struct hp_error *err) MUST_CHECK;
void hp_manifest_clear(struct hp_manifest *m);
HP_AUTO_VALUE(struct hp_manifest, hp_manifest_clear);
/* The child of an index that fits linux and this machine's architecture best; -1: none does. */
int hp_manifest_pick(const struct hp_manifest *index);
/* This machine's architecture in Go's words ("amd64", "arm64") . Returns: static. */
const char *hp_machine_arch(void);

/* What an image says about its containers. */
struct hp_image_config {
	char *os, *arch, *variant;
	int64_t created_ns;
	struct hp_strv entrypoint, cmd, env, diff_ids, volumes;
	char *user, *workdir, *stop_signal; /* "" when not said */
	struct hp_labels labels;
};
/* Fails: HP_ECORRUPT. */
int hp_image_config_parse(struct hp_bytes text, struct hp_image_config *ret,
			  struct hp_error *err) MUST_CHECK;
void hp_image_config_clear(struct hp_image_config *c);
HP_AUTO_VALUE(struct hp_image_config, hp_image_config_clear);
