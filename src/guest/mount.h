/* SPDX-License-Identifier: Apache-2.0 */
/* mount.h - one mount of a container, put into its root before it is entered. */
#pragma once
#include "base/error.h"
#include "guest.pb-c.h"

/* Make mount @m at its destination below @root_fd. @shares is where the host's files are.
 * A tmpfs that shall be read-only at /dev stays writable: its devices are made first. */
int hp_guest_mount(int root_fd, const char *shares, const Hp__Guest__Mount *m,
		   struct hp_error *err) MUST_CHECK;

/* Make the mount that @path is in read-only, as hard as it was otherwise: nosuid and so on stay. */
int hp_guest_mount_read_only(const char *path, struct hp_error *err) MUST_CHECK;
