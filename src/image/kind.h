/* SPDX-License-Identifier: Apache-2.0 */
/* kind.h - tell an archive of images from one of a root filesystem. */
#pragma once
#include "image/source.h"

enum hp_archive_kind { HP_ARCHIVE_ROOTFS, HP_ARCHIVE_IMAGES };

/* Look at the names of its first members, up to one that tells, without taking anything from
 * @source: all of a file, the first HP_SOURCE_AHEAD bytes of a pipe. Damage is not found here. */
int hp_archive__kind(struct hp_source *source, enum hp_archive_kind *ret,
		     struct hp_error *err) MUST_CHECK;
