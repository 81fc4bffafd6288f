/* SPDX-License-Identifier: Apache-2.0 */
/* spec_text.h - what the parsers of mount texts share; for spec.c and spec_mount.c only. */
#pragma once
#include <harpoon/spec.h>

#include "base/error.h"
#include "base/str.h"

HP_AUTO_VALUE(struct hp_mount, hp_mount_clear);

/* Fill m->target. Fails: HP_EINVALID - not absolute, or "/". */
int hp_spec__set_target(struct hp_mount *m, const char *path, struct hp_error *err) MUST_CHECK;
/* Fill m->source and m->type from a path (also "./x") or the name of a volume.
 * Fails: HP_EINVALID - neither. */
int hp_spec__set_source(struct hp_mount *m, const char *source,
			struct hp_error *err) MUST_CHECK;
/* Fill m->options with the words; NULL when there are none. */
void hp_spec__take_options(struct hp_mount *m, const struct hp_strv *options);
