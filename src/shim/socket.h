/* SPDX-License-Identifier: Apache-2.0 */
/* socket.h - the shim's own socket: where it is, and who has it. */
#pragma once
#include "base/error.h"

/* From: containerd pkg/shim/util_unix.go, socketRoot. */
#define HP_SHIM_SOCKET_ROOT "/run/containerd/s"

/* The path of the socket of container @id: the digest of all three names, in @root.
 * Owns: *ret_path. Fails: HP_EINVALID - @root is too long for the address of a socket.
 * From: containerd pkg/shim/util_unix.go, SocketAddress(). */
int hp_shim_socket_path(const char *root, const char *address, const char *ns, const char *id,
			char **ret_path, struct hp_error *err) MUST_CHECK;
/* Listen there; its directory is made, and one that nobody answers is replaced.
 * Fails: HP_EEXISTS - another shim of this container answers. */
int hp_shim_socket_listen(const char *path, int *ret_fd, struct hp_error *err) MUST_CHECK;
/* Remove the socket unless somebody answers. */
void hp_shim_socket_remove(const char *path);
