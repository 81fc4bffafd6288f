/* SPDX-License-Identifier: Apache-2.0 */
/* op_attr.c - attributes of files and of file systems. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/vfs.h>

#include "files/call.h"
#include "files/proc.h"

/* An inode number that no file has: those of file systems but the first have other upper bits, and
 * none counts that far. */
#define TOP_INO (UINT64_C(1) << 63)

static int reply_attr(struct hp_files_call *c)
{
	struct fuse_attr_out out = {.attr_valid = hp_files__valid_s(c->files, c->node)};
	struct statx st;

	if (statx(c->node->fd, "", AT_EMPTY_PATH, HP_STATX_MASK, &st) < 0)
		return errno;
	out.attr = hp_files__attr(&c->files->devs, &st);
	return hp_files__reply(c, &out, sizeof(out));
}

int hp_files__getattr(struct hp_files_call *c)
{
	struct fuse_attr_out top = {.attr = {.ino = TOP_INO,
					     .mode = S_IFDIR | 0755,
					     .nlink = 2 + (uint32_t)c->files->n_roots,
					     .blksize = 4096}};

	return c->node ? reply_attr(c) : hp_files__reply(c, &top, sizeof(top));
}

static int set_mode(const struct hp_files_call *c, const char *self)
{
	if (S_ISLNK(c->node->type))
		return EOPNOTSUPP;
	return fchmodat(c->files->proc_fd, self, c->r->in.setattr.mode & 07777, 0) < 0 ? errno
										       : 0;
}

static int set_owner(const struct hp_files_call *c)
{
	const struct fuse_setattr_in *in = &c->r->in.setattr;
	uid_t uid = in->valid & FATTR_UID ? in->uid : (uid_t)-1;
	gid_t gid = in->valid & FATTR_GID ? in->gid : (gid_t)-1;

	return fchownat(c->node->fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? errno : 0;
}

static int set_size(const struct hp_files_call *c, const char *self)
{
	const struct fuse_setattr_in *in = &c->r->in.setattr;
	bool kill = (in->valid & FATTR_KILL_SUIDGID) != 0;
	int rc;

	if (!S_ISREG(c->node->type) || in->size > INT64_MAX)
		return EINVAL;
	if (kill)
		hp_files__cred_drop_fsetid(c->cred);
	/* There is no truncate(2) for O_PATH; the thread works in /proc/self/fd. */
	rc = truncate(self, (off_t)in->size) < 0 ? errno : 0;
	if (kill)
		hp_files__cred_take_fsetid(c->cred);
	return rc;
}

static struct timespec time_of(uint32_t valid, uint32_t set, uint32_t now, uint64_t s,
			       uint32_t ns)
{
	if (!(valid & set))
		return (struct timespec){.tv_nsec = UTIME_OMIT};
	if (valid & now)
		return (struct timespec){.tv_nsec = UTIME_NOW};
	return (struct timespec){.tv_sec = (time_t)s, .tv_nsec = ns % 1000000000};
}

static int set_times(const struct hp_files_call *c, const char *self)
{
	const struct fuse_setattr_in *in = &c->r->in.setattr;
	struct timespec times[2] = {
		time_of(in->valid, FATTR_ATIME, FATTR_ATIME_NOW, in->atime, in->atimensec),
		time_of(in->valid, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime, in->mtimensec),
	};

	return utimensat(c->files->proc_fd, self, times, 0) < 0 ? errno : 0;
}

int hp_files__setattr(struct hp_files_call *c)
{
	uint32_t valid = c->r->in.setattr.valid;
	char name[HP_PROC_NAME];
	const char *self = hp_files__proc_name(c->node->fd, name);
	int rc = 0;

	if (valid & FATTR_MODE)
		rc = set_mode(c, self);
	if (rc == 0 && valid & (FATTR_UID | FATTR_GID))
		rc = set_owner(c);
	if (rc == 0 && valid & FATTR_SIZE)
		rc = set_size(c, self);
	if (rc == 0 && valid & (FATTR_ATIME | FATTR_MTIME))
		rc = set_times(c, self);
	return rc ? rc : reply_attr(c);
}

int hp_files__readlink(struct hp_files_call *c)
{
	ssize_t n;

	if (!S_ISLNK(c->node->type))
		return EINVAL;
	/* The kernel asks with a page's room. */
	n = readlinkat(c->node->fd, "", (char *)c->out,
		       c->room < PATH_MAX ? c->room : PATH_MAX);
	if (n < 0)
		return errno;
	c->len = (size_t)n;
	return 0;
}

int hp_files__statfs(struct hp_files_call *c)
{
	const struct hp_files *f = c->files;
	const struct hp_node *n = c->node;
	struct fuse_statfs_out out = {0};
	struct statfs st;

	/* The top directory is where the first share is, when there is one. */
	if (!n && f->n_roots == 0)
		return hp_files__reply(c, &out, sizeof(out));
	if (!n)
		n = f->roots[0].node;
	if (fstatfs(n->fd, &st) < 0)
		return errno;
	out.st = (struct fuse_kstatfs){.blocks = st.f_blocks,
				       .bfree = st.f_bfree,
				       .bavail = st.f_bavail,
				       .files = st.f_files,
				       .ffree = st.f_ffree,
				       .bsize = (uint32_t)st.f_bsize,
				       .namelen = (uint32_t)st.f_namelen,
				       .frsize = (uint32_t)st.f_frsize};
	return hp_files__reply(c, &out, sizeof(out));
}

static int sync_one(const struct hp_files *f, const struct hp_node *n)
{
	AUTO_CLOSE int fd = hp_files__proc_open(f->proc_fd, n->fd, O_RDONLY);

	return fd < 0 || syncfs(fd) < 0 ? errno : 0;
}

int hp_files__syncfs(struct hp_files_call *c)
{
	struct hp_files *f = c->files;
	int rc = 0;

	/* Of one share, by its root, as not everything can be opened. */
	if (c->node)
		return sync_one(f, hp_files__root_of(f, c->node)->node);
	for (size_t i = 0; i < f->n_roots; i++) {
		int one = sync_one(f, f->roots[i].node);

		rc = rc ? rc : one;
	}
	return rc;
}
