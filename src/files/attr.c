/* SPDX-License-Identifier: Apache-2.0 */
/* attr.c - turn statx(2) into keys and FUSE attributes. */
#include "files/attr.h"

#include <linux/magic.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* Inode numbers up to here are told apart with certainty between file systems. */
#define INO_BITS 48

void hp_files__devs_init(struct hp_devs *d)
{
	*d = (struct hp_devs){0};
	pthread_mutex_init(&d->lock, NULL);
}

void hp_files__devs_free(struct hp_devs *d)
{
	pthread_mutex_destroy(&d->lock);
}

uint64_t hp_files__dev(const struct statx *st)
{
	return makedev(st->stx_dev_major, st->stx_dev_minor);
}

struct hp_node_key hp_files__key(const struct statx *st, uint32_t share)
{
	return (struct hp_node_key){.dev = hp_files__dev(st),
				    .ino = st->stx_ino,
				    .mount = st->stx_mnt_id,
				    .share = share};
}

int64_t hp_files__born_ns(const struct statx *st)
{
	if (!(st->stx_mask & STATX_BTIME))
		return 0;
	return st->stx_btime.tv_sec * 1000000000 + st->stx_btime.tv_nsec;
}

bool hp_files__is_node(const struct statx *st, const struct hp_node *n)
{
	return n->key.ino == st->stx_ino && n->key.dev == hp_files__dev(st) &&
	       n->key.mount == st->stx_mnt_id && n->type == (st->stx_mode & S_IFMT) &&
	       n->born_ns == hp_files__born_ns(st);
}

/* The number of a file system. Those that do not fit in the table share what is left. */
static uint64_t number_of(struct hp_devs *d, uint64_t dev)
{
	unsigned i = 0;
	unsigned known = __atomic_load_n(&d->n, __ATOMIC_ACQUIRE);

	while (i < known && d->dev[i] != dev)
		i++;
	if (i < known)
		return i;
	pthread_mutex_lock(&d->lock);
	while (i < d->n && d->dev[i] != dev)
		i++;
	if (i == d->n && i < HP_DEVS_MAX) {
		d->dev[i] = dev;
		__atomic_store_n(&d->n, i + 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&d->lock);
	return i < HP_DEVS_MAX ? i : HP_DEVS_MAX + dev % (UINT16_MAX - HP_DEVS_MAX);
}

uint64_t hp_files__ino(struct hp_devs *d, uint64_t dev, uint64_t ino)
{
	return ino ^ number_of(d, dev) << INO_BITS;
}

struct fuse_attr hp_files__attr(struct hp_devs *d, const struct statx *st)
{
	return (struct fuse_attr){
		.ino = hp_files__ino(d, hp_files__dev(st), st->stx_ino),
		.size = st->stx_size,
		.blocks = st->stx_blocks,
		.atime = (uint64_t)st->stx_atime.tv_sec,
		.mtime = (uint64_t)st->stx_mtime.tv_sec,
		.ctime = (uint64_t)st->stx_ctime.tv_sec,
		.atimensec = st->stx_atime.tv_nsec,
		.mtimensec = st->stx_mtime.tv_nsec,
		.ctimensec = st->stx_ctime.tv_nsec,
		.mode = st->stx_mode,
		.nlink = st->stx_nlink,
		.uid = st->stx_uid,
		.gid = st->stx_gid,
		.rdev = hp_fuse_dev_encode(st->stx_rdev_major, st->stx_rdev_minor),
		.blksize = st->stx_blksize,
	};
}

bool hp_files__makes_contents(int fd)
{
	static const uint32_t kinds[] = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,   CGROUP_SUPER_MAGIC,
					 CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
					 SECURITYFS_MAGIC};
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return false;
	for (size_t i = 0; i < HP_ARRAY_LEN(kinds); i++)
		if ((uint32_t)st.f_type == kinds[i])
			return true;
	return false;
}
