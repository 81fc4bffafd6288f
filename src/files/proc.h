/* SPDX-License-Identifier: Apache-2.0 */
/* proc.h - reach what a descriptor stands for through /proc/self/fd, wherever our root is. */
#pragma once
#include "base/error.h"

/* Open /proc/self/fd. What is at /proc may be the container's own, so only a procfs is taken, and
 * where there is none, one is made that is mounted nowhere. */
int hp_files__proc_dir(int *ret_fd, struct hp_error *err) MUST_CHECK;

/* The name of descriptor @fd in it. */
#define HP_PROC_NAME 12
const char *hp_files__proc_name(int fd, char ret_name[HP_PROC_NAME]);

/* Open the regular file or directory that @fd, an O_PATH descriptor, stands for. Never waits.
 * Returns: a descriptor, or -1 with errno. */
int hp_files__proc_open(int proc_fd, int fd, int flags);
