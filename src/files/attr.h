/* SPDX-License-Identifier: Apache-2.0 */
/* attr.h - what the host says of a file, as keys of nodes and as attributes for the guest. */
#pragma once
#include <pthread.h>
#include <sys/stat.h>

#include "files/node.h"
#include "wire/fuse.h"

/* What is asked of statx(2) for each file. */
#define HP_STATX_MASK (STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID)

/* File systems are numbered as they are met, so that all files have inode numbers of their own on
 * the guest's one file system. The first one, that of share 0, keeps its numbers. */
#define HP_DEVS_MAX 255
struct hp_devs {
	pthread_mutex_t lock;
	unsigned n;
	uint64_t dev[HP_DEVS_MAX];
};

void hp_files__devs_init(struct hp_devs *d);
void hp_files__devs_free(struct hp_devs *d);

uint64_t hp_files__dev(const struct statx *st);
struct hp_node_key hp_files__key(const struct statx *st, uint32_t share);
int64_t hp_files__born_ns(const struct statx *st); /* 0: the file system does not say */
/* Is it the file that @n stands for, and no later one of the same number? */
bool hp_files__is_node(const struct statx *st, const struct hp_node *n);

/* The inode number that the guest sees. */
uint64_t hp_files__ino(struct hp_devs *d, uint64_t dev, uint64_t ino);
struct fuse_attr hp_files__attr(struct hp_devs *d, const struct statx *st);

/* Do files of the file system at @fd get their contents when they are read, as in /proc? */
bool hp_files__makes_contents(int fd);
