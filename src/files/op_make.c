/* SPDX-License-Identifier: Apache-2.0 */
/* op_make.c - make files of every kind, owned by whom the request names. */
#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

#include "files/call.h"
#include "files/proc.h"

/* As whom and with which umask the request is done, until leave(). */
static void enter(const struct hp_files_call *c, uint32_t mask)
{
	hp_files__cred_umask(c->cred, mask);
	hp_files__cred_become(c->r->uid, c->r->gid);
}

static void leave(const struct hp_files_call *c)
{
	hp_files__cred_back(c->r->uid, c->r->gid);
}

/* The answer to CREATE and TMPFILE. @take_fd was opened for reading and writing; with -1, @name was
 * there already. */
static int reply_open(struct hp_files_call *c, const char *name, int take_fd)
{
	AUTO_CLOSE int fd = take_fd;
	struct hp_files *f = c->files;
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out = {.open = {.open_flags = FOPEN_KEEP_CACHE}};
	struct hp_node *n;
	int path_fd = -1;
	int rc;

	if (fd >= 0) {
		path_fd = hp_files__proc_open(f->proc_fd, fd, O_PATH);
		if (path_fd < 0)
			return errno;
	}
	rc = hp_files__look(c, name, path_fd, &out.entry);
	if (rc)
		return rc;
	/* The guest did not know that it is there: it is to look again. */
	if (!S_ISREG(out.entry.attr.mode)) {
		hp_files__node_forget(&f->nodes, out.entry.nodeid, 1);
		return ESTALE;
	}
	n = fd < 0 ? NULL : hp_files__node_get(&f->nodes, out.entry.nodeid);
	if (n && !hp_files__root_of(f, n)->share->shared)
		hp_files__data_give(&f->cache, n, TAKE_FD(fd));
	if (n)
		hp_files__node_put(&f->nodes, n);
	return hp_files__reply(c, &out, sizeof(out));
}

/* Empty the file @name that was there already. It may not be opened by its name: it may be a device
 * by now. */
static int empty(const struct hp_files_call *c, const char *name)
{
	AUTO_CLOSE int path_fd = openat(c->node->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (path_fd < 0 || fstat(path_fd, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return ESTALE;
	if (c->r->in.create.open_flags & FUSE_OPEN_KILL_SUIDGID)
		hp_files__cred_drop_fsetid(c->cred);
	fd = hp_files__proc_open(c->files->proc_fd, path_fd, O_WRONLY | O_TRUNC);
	if (c->r->in.create.open_flags & FUSE_OPEN_KILL_SUIDGID)
		hp_files__cred_take_fsetid(c->cred);
	return fd < 0 ? errno : 0;
}

int hp_files__create(struct hp_files_call *c)
{
	const struct fuse_create_in *in = &c->r->in.create;
	int fd;
	int rc;

	enter(c, in->umask);
	fd = openat(c->node->fd, c->r->name,
		    O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		    in->mode & 07777);
	rc = fd < 0 ? errno : 0;
	leave(c);
	if (rc == EEXIST && !(in->flags & O_EXCL))
		rc = in->flags & O_TRUNC ? empty(c, c->r->name) : 0;
	return rc ? rc : reply_open(c, c->r->name, fd);
}

int hp_files__tmpfile(struct hp_files_call *c)
{
	const struct fuse_create_in *in = &c->r->in.create;
	int excl = (int)in->flags & O_EXCL; /* then it can never be given a name */
	char name[HP_PROC_NAME];
	int fd;
	int rc;

	enter(c, in->umask);
	fd = openat(c->files->proc_fd, hp_files__proc_name(c->node->fd, name),
		    O_TMPFILE | O_RDWR | O_CLOEXEC | excl, in->mode & 07777);
	rc = fd < 0 ? errno : 0;
	leave(c);
	return rc ? rc : reply_open(c, NULL, fd);
}

int hp_files__mknod(struct hp_files_call *c)
{
	const struct fuse_mknod_in *in = &c->r->in.mknod;
	unsigned major;
	unsigned minor;
	int rc;

	if (S_ISDIR(in->mode) || S_ISLNK(in->mode))
		return EINVAL;
	hp_fuse_dev_decode(in->rdev, &major, &minor);
	enter(c, in->umask);
	rc = mknodat(c->node->fd, c->r->name, in->mode & (S_IFMT | 07777),
		     makedev(major, minor)) < 0
		     ? errno
		     : 0;
	leave(c);
	return rc ? rc : hp_files__reply_look(c, c->r->name, -1);
}

int hp_files__mkdir(struct hp_files_call *c)
{
	int rc;

	enter(c, c->r->in.mkdir.umask);
	rc = mkdirat(c->node->fd, c->r->name, c->r->in.mkdir.mode & 07777) < 0 ? errno : 0;
	leave(c);
	return rc ? rc : hp_files__reply_look(c, c->r->name, -1);
}

int hp_files__symlink(struct hp_files_call *c)
{
	int rc;

	enter(c, 0);
	rc = symlinkat(c->r->name2, c->node->fd, c->r->name) < 0 ? errno : 0;
	leave(c);
	return rc ? rc : hp_files__reply_look(c, c->r->name, -1);
}

int hp_files__link(struct hp_files_call *c)
{
	struct hp_files *f = c->files;
	struct hp_node *old = hp_files__node_get(&f->nodes, c->r->in.link.oldnodeid);
	char name[HP_PROC_NAME];
	int rc = 0;

	if (!old)
		return errno;
	/* One share may be written to and another not, though both are on one file system. */
	if (old->key.share != c->node->key.share)
		rc = EXDEV;
	/* From: proc(5), /proc/pid/fd: following ends at the file itself, also at a link. */
	else if (linkat(f->proc_fd, hp_files__proc_name(old->fd, name), c->node->fd, c->r->name,
			AT_SYMLINK_FOLLOW) < 0)
		rc = errno;
	hp_files__node_put(&f->nodes, old);
	return rc ? rc : hp_files__reply_look(c, c->r->name, -1);
}
