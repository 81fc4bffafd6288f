/* SPDX-License-Identifier: Apache-2.0 */
/* reference.h - image references, "[host[:port]/]path[:tag][@digest]".
 * From: distribution/reference grammar; docker's short names. */
#pragma once
#include "base/error.h"

/* Expand as docker does: "busybox" is docker.io/library/busybox:latest. At most 1,024 bytes.
 * Owns: the caller. Fails: HP_EINVALID, saying what is wrong with it. */
int hp_reference_expand(const char *text, char **ret_full, struct hp_error *err) MUST_CHECK;
/* The other way, for people: docker.io/library/busybox:latest is "busybox:latest". Owns: caller. */
char *hp_reference_short(const char *full);
/* "name" and "tag" of a full reference; tag is "<none>" when it has a digest only. Own: caller. */
void hp_reference_split(const char *full, char **ret_name, char **ret_tag);
