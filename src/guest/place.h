/* SPDX-License-Identifier: Apache-2.0 */
/* place.h - find a place in a container's root, and make it when it is missing. The image decides
 * where its links lead, so each step is resolved with the container's root as "/". */
#pragma once
#include <stdbool.h>

#include "base/error.h"

/* Room for "/proc/self/fd/" and any descriptor, by which mount(2) takes what an O_PATH one names. */
#define HP_GUEST_FD_PATH 32
void hp_guest_fd_path(int fd, char ret_path[HP_GUEST_FD_PATH]);

/* Open @path below @root_fd with O_PATH. What is missing is made: directories of mode 0755, and an
 * empty file at the end when @file. Links are followed, also ones to what is not there yet.
 * Fails: HP_ENOTFOUND, HP_EIO and so on with errno; sys is ELOOP when links go round. */
int hp_guest_place(int root_fd, const char *path, bool file, int *ret_fd,
		   struct hp_error *err) MUST_CHECK;

/* Open the directory that @path is in, made as above, for *at() calls with hp_path_base(path). */
int hp_guest_place_parent(int root_fd, const char *path, int *ret_fd,
			  struct hp_error *err) MUST_CHECK;
