/* SPDX-License-Identifier: Apache-2.0 */
/* platform.h - which machine an image is for, "os/architecture[/variant]".
 * From: OCI image-spec image-index.md; containerd platforms/platforms.go. */
#pragma once
#include "wire/oci_image.h"

struct hp_platform {
	char os[16];
	char arch[16];
	char variant[16]; /* "" is any */
};

/* "linux/arm64", "linux/arm/v7"; "arm64" alone is linux's. uname's words for machines are taken
 * too. Fails: HP_EINVALID. */
int hp_platform_parse(const char *text, struct hp_platform *ret,
		      struct hp_error *err) MUST_CHECK;
/* The child of @index for that platform; -1: there is none. */
int hp_platform_pick(const struct hp_platform *p, const struct hp_manifest *index);
