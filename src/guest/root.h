/* SPDX-License-Identifier: Apache-2.0 */
/* root.h - what a container sees as its file system: built in a mount namespace of its own by the
 * process that becomes its init. Nothing here runs in the machine's first process. */
#pragma once
#include "base/error.h"
#include "guest.pb-c.h"

#define HP_GUEST_RUN    "/run/harpoon"
#define HP_GUEST_SHARES HP_GUEST_RUN "/shares" /* what the host serves */
#define HP_GUEST_ROOT   HP_GUEST_RUN "/root"   /* where a root is put together; must be there */

/* Put the root of @c together, name the host, set sysctls, and go into it: "/" is the container's
 * afterwards. The calling process has its own mount namespace, whose mounts are all private. */
int hp_guest_root_enter(const Hp__Guest__Container *c, struct hp_error *err) MUST_CHECK;
/* From inside: let /dev/console be the terminal @path. */
int hp_guest_root_console(const char *path, struct hp_error *err) MUST_CHECK;
/* From inside: hide and protect what shall be. Nothing can be made in the root after that. */
int hp_guest_root_finish(const Hp__Guest__Container *c, struct hp_error *err) MUST_CHECK;
