/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_parts.h - what the child of rootfs.c does, step by step; for this folder only. */
#pragma once
#include "files/files.h"
#include "shim/rootfs.h"

/* The child of @parent: never returns. @report_fd hears of its readiness (an error with code HP_OK),
 * and of why it ended when it did not end well. */
_Noreturn void hp_shim__rootfs_child(const struct hp_shim_rootfs_spec *spec, int report_fd,
				     pid_t parent);

/* Be in the network namespace that hp_shim_rootfs_spec.netns means. */
int hp_shim__rootfs_network(const char *netns, struct hp_error *err) MUST_CHECK;

/* Apply containerd's mounts to the directory @root, in this mount namespace. Changes the working
 * directory. */
int hp_shim__rootfs_mounts(const char *root, const struct hp_shim_mount *mounts, size_t n,
			   struct hp_error *err) MUST_CHECK;
/* Shorten @data, an overlay's options, to what mount(2) takes, by making its lower directories
 * relative to one that they share. ret_dir: that one, to be the working directory; NULL when nothing
 * was to be done. Both are the caller's. */
void hp_shim__overlay_shorten(const char *data, size_t max, char **ret_data, char **ret_dir);

/* What the server is given: the root, which is mounted at @root, and @spec's shares. Descriptors stay
 * open as long as the process. */
int hp_shim__rootfs_shares(const char *root, const struct hp_shim_rootfs_spec *spec,
			   struct hp_files_share *ret_shares, struct hp_error *err) MUST_CHECK;
