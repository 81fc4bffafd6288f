/* SPDX-License-Identifier: Apache-2.0 */
/* fd.h - descriptors and files. Every descriptor made here is close-on-exec. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* Write or read all; short reads end at end of file. All retry on EINTR and poll on EAGAIN. */
int hp_fd_write_all(int fd, const void *data, size_t len, struct hp_error *err) MUST_CHECK;
/* Append what is left of @fd to @buf, up to its maximum. */
int hp_fd_read_all(int fd, struct hp_buf *buf, struct hp_error *err) MUST_CHECK;
/* The whole file, at most @max bytes. */
int hp_file_read(const char *path, size_t max, struct hp_buf *ret,
		 struct hp_error *err) MUST_CHECK;
/* Write a file by way of a temporary one and rename, so that readers see all or nothing. */
int hp_file_write(const char *path, const void *data, size_t len, mode_t mode,
		  struct hp_error *err) MUST_CHECK;
int hp_fd_set_nonblock(int fd, bool on, struct hp_error *err) MUST_CHECK;
int hp_pipe(int ret_fds[2], struct hp_error *err) MUST_CHECK; /* blocking, close-on-exec */

/* Wait until one of @events of poll(2) is there on @fd, at most @timeout_ms (-1: for ever).
 * Returns: the events, 0 when the time is over, -1. EINTR is not an error: it waits on. */
int hp_fd_poll(int fd, short events, int64_t timeout_ms, struct hp_error *err) MUST_CHECK;

/* Make a directory and its parents. */
int hp_mkdirs(const char *path, mode_t mode, struct hp_error *err) MUST_CHECK;
/* Remove a file or a whole tree without following links or crossing mounts. Missing is fine.
 * Fails: HP_ESTATE - something in it is a mount point. */
int hp_remove_tree(const char *path, struct hp_error *err) MUST_CHECK;
/* Connect to or listen on a unix socket; paths longer than sun_path are reached through their
 * directory. Listening replaces a socket that nobody answers.
 * Fails: connecting: HP_EUNAVAILABLE - no such socket, or nobody listens (sys tells which);
 * HP_EDENIED; HP_ETIMEOUT - not taken in within 10 s. Listening: HP_EEXISTS - somebody answers, or
 * a file that is no socket is there. */
int hp_unix_connect(const char *path, int *ret_fd, struct hp_error *err) MUST_CHECK;
int hp_unix_listen(const char *path, mode_t mode, int *ret_fd, struct hp_error *err) MUST_CHECK;
/* Send and receive one message with descriptors (SCM_RIGHTS), at most 253. Receiving takes as many
 * as *n_fds has room for, close-on-exec, writes how many those are to it, and closes the rest.
 * Returns: receiving: bytes, 0 when the peer has closed. */
int hp_fd_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds,
	       struct hp_error *err) MUST_CHECK;
ssize_t hp_fd_recv(int sock, void *data, size_t len, int *ret_fds, size_t *n_fds,
		   struct hp_error *err) MUST_CHECK;
/* Open @path below @root_fd, treating @root_fd as "/": links and ".." cannot lead out.
 * From: openat2(2), RESOLVE_IN_ROOT. */
int hp_open_in_root(int root_fd, const char *path, int flags, int *ret_fd,
		    struct hp_error *err) MUST_CHECK;
