/* SPDX-License-Identifier: Apache-2.0 */
/* files.h - serve directories and files of the host to a guest, by FUSE over a byte channel.
 * The guest is hostile: nothing it sends leads out of what is shared, or makes this process read or
 * write memory that it should not. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* One entry of the top directory that the guest sees. */
struct hp_files_share {
	const char *name; /* one path component, such as "rootfs" or "3" */
	int fd;           /* O_PATH, of a directory or of one file; the caller's */
	bool read_only;   /* every change is refused with EROFS */
	bool shared;      /* others change it too: the guest's caches live for a second only */
	bool live;        /* /proc or the like is mounted below it; whether it is one is seen */
};

/* Answer requests on @port until the other end closes it. Requests are served by @workers threads
 * (0: 4). The top directory has the @n shares and cannot be changed. An INIT request is answered;
 * a connection whose INIT another process has answered is taken over as it is.
 * @port is a stream socket. Whoever is at its other end takes answers while it sends requests, in
 * pieces of any size; messages have up to HP_FUSE_MESSAGE_MAX bytes.
 * Runs as root: files are made with the owner that the request names. Permissions are the guest's
 * kernel's to judge. The process is the server's alone: its limit on open files is raised.
 * Returns: 0 when the port was closed.
 * Fails: HP_EPROTO - what came can be no FUSE request: nothing more can be read. */
int hp_files_serve(int port, const struct hp_files_share *shares, size_t n, unsigned workers,
		   struct hp_error *err) MUST_CHECK;
