/* SPDX-License-Identifier: Apache-2.0 */
/* spec.h - turn a container spec and this host into the OCI config.json of a container. */
#pragma once
#include "engine/containerd/containerd.h"
#include "engine/containerd/host.h"
#include "wire/oci_spec.h"

/* Mounts with their sources found or made, and their words split. */
struct hp_spec_mounts {
	struct hp_oci_mount *items;
	struct hp_strv *options; /* one a mount; count of them */
	size_t count;
	struct hp_strv texts;     /* owns sources and targets */
	struct hp_strv anonymous; /* names of volumes made for this container alone */
};
void hp_spec__mounts_clear(struct hp_spec_mounts *m);
HP_AUTO_VALUE(struct hp_spec_mounts, hp_spec__mounts_clear);

/* Find the source of each mount of @spec; volumes and sources that may be missing are made.
 * Fails: HP_ENOTFOUND - a bind's source is missing. */
int hp_spec__mounts(const struct containerd *c, const struct hp_container_spec *spec,
		    struct hp_spec_mounts *ret, struct hp_error *err);

/* What the spec is made of. */
struct hp_spec_job {
	const struct containerd *c;
	const struct hp_container_spec *spec;
	const struct hp_image_config *image;
	const struct hp_spec_mounts *mounts;
	const char *id;
	const char *netns_path; /* as in struct hp_oci_input */
};
/* Build config.json for @user. Owns: *ret_text. Fails: HP_EINVALID, HP_ENOTFOUND - a device, a
 * seccomp profile, an init that this host does not have. */
int hp_spec__build(const struct hp_spec_job *job, const struct hp_user *user, char **ret_text,
		   struct hp_error *err);
