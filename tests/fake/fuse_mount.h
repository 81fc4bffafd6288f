/* SPDX-License-Identifier: Apache-2.0 */
/* fuse_mount.h - a machine's end of the file channel without a machine: this host's kernel mounts
 * what a file server serves, by way of /dev/fuse. */
#pragma once
#include <sys/types.h>

#include "files/files.h"

struct fuse_mount {
	pid_t server; /* hp_files_serve() */
	pid_t pump;   /* between /dev/fuse and the server's port */
	const char *at;
};

/* Mount @shares at the directory @at, which is borrowed, in a mount namespace of our own.
 * Fails: HP_EDENIED - we may not. */
int fuse_mount_start(const char *at, const struct hp_files_share *shares, size_t n,
		     struct fuse_mount *ret, struct hp_error *err) MUST_CHECK;
/* Unmount, and wait for the server and the pump to end by themselves.
 * Fails: HP_ESTATE - one of them did not end well. */
int fuse_mount_stop(struct fuse_mount *m, struct hp_error *err) MUST_CHECK;
