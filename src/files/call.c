/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - owns the table of operations, and what holds for all of them: a node that is known, of the
 * right kind, on a share that may be changed. */
#include "files/call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/alloc.h"
#include "files/proc.h"

/* Descriptors that are not nodes': the shares', the port, those of calls under way. */
#define SPARE_FDS      96
#define CACHE_MAX      64
/* The host's memory for files that the guest knows is bounded by their descriptors. */
#define NODES_OPEN_MAX (64U * 1024)
/* What the limit is raised to when we may. From: Linux fs/file.c, sysctl_nr_open. */
#define NOFILE_WANTED  (1024U * 1024)

/* What an operation wants. */
enum {
	ON_NODE = 1 << 0, /* c->node */
	ON_DIR = 1 << 1,  /* ...and it is a directory */
	ON_FILE = 1 << 2, /* ...and it is a regular file */
	ON_TOP = 1 << 3,  /* the top directory too, then without c->node */
	CHANGES = 1 << 4, /* not on a share that is only read */
	SLOW = 1 << 5,    /* may wait for a disk for long */
};

/* So many bytes are read or written without letting another thread go on meanwhile. */
#define LITTLE (16 * 1024)

struct op {
	hp_files_op_fn *fn;
	unsigned wants;
};

static const struct op ops[] = {
	[FUSE_LOOKUP] = {hp_files__lookup, ON_DIR | ON_TOP},
	[FUSE_FORGET] = {hp_files__forget, 0},
	[FUSE_GETATTR] = {hp_files__getattr, ON_NODE | ON_TOP},
	[FUSE_SETATTR] = {hp_files__setattr, ON_NODE | CHANGES},
	[FUSE_READLINK] = {hp_files__readlink, ON_NODE},
	[FUSE_SYMLINK] = {hp_files__symlink, ON_DIR | CHANGES},
	[FUSE_MKNOD] = {hp_files__mknod, ON_DIR | CHANGES},
	[FUSE_MKDIR] = {hp_files__mkdir, ON_DIR | CHANGES},
	[FUSE_UNLINK] = {hp_files__unlink, ON_DIR | CHANGES},
	[FUSE_RMDIR] = {hp_files__rmdir, ON_DIR | CHANGES},
	[FUSE_RENAME] = {hp_files__rename, ON_DIR | CHANGES},
	[FUSE_LINK] = {hp_files__link, ON_DIR | CHANGES},
	[FUSE_OPEN] = {hp_files__file_open, ON_FILE},
	[FUSE_READ] = {hp_files__read, ON_FILE},
	[FUSE_WRITE] = {hp_files__write, ON_FILE | CHANGES},
	[FUSE_STATFS] = {hp_files__statfs, ON_NODE | ON_TOP},
	[FUSE_RELEASE] = {hp_files__release, 0},
	[FUSE_FSYNC] = {hp_files__fsync, ON_FILE | SLOW},
	[FUSE_SETXATTR] = {hp_files__setxattr, ON_NODE | CHANGES},
	[FUSE_GETXATTR] = {hp_files__getxattr, ON_NODE | ON_TOP},
	[FUSE_LISTXATTR] = {hp_files__listxattr, ON_NODE | ON_TOP},
	[FUSE_REMOVEXATTR] = {hp_files__removexattr, ON_NODE | CHANGES},
	[FUSE_INIT] = {hp_files__init, 0},
	[FUSE_OPENDIR] = {hp_files__opendir, ON_DIR | ON_TOP},
	[FUSE_READDIR] = {hp_files__readdir, ON_DIR | ON_TOP},
	[FUSE_RELEASEDIR] = {hp_files__releasedir, 0},
	[FUSE_FSYNCDIR] = {hp_files__fsyncdir, ON_DIR | ON_TOP | SLOW},
	[FUSE_CREATE] = {hp_files__create, ON_DIR | CHANGES},
	[FUSE_DESTROY] = {hp_files__destroy, 0},
	[FUSE_BATCH_FORGET] = {hp_files__batch_forget, 0},
	[FUSE_FALLOCATE] = {hp_files__fallocate, ON_FILE | CHANGES | SLOW},
	[FUSE_READDIRPLUS] = {hp_files__readdir, ON_DIR | ON_TOP},
	[FUSE_RENAME2] = {hp_files__rename, ON_DIR | CHANGES},
	[FUSE_LSEEK] = {hp_files__lseek, ON_FILE | SLOW},
	[FUSE_COPY_FILE_RANGE] = {hp_files__copy, ON_FILE | SLOW},
	[FUSE_SYNCFS] = {hp_files__syncfs, ON_NODE | ON_TOP | SLOW},
	[FUSE_TMPFILE] = {hp_files__tmpfile, ON_DIR | CHANGES},
};

bool hp_files__is_slow(const struct hp_fuse_request *r)
{
	/* Little is mostly in memory, or read in one go. */
	if (r->opcode == FUSE_READ)
		return r->in.read.size > LITTLE;
	if (r->opcode == FUSE_WRITE)
		return r->data.len > LITTLE;
	return r->opcode < HP_ARRAY_LEN(ops) && (ops[r->opcode].wants & SLOW) != 0;
}

int hp_files__reply(struct hp_files_call *c, const void *body, size_t size)
{
	if (size > c->room)
		return ERANGE;
	memcpy(c->out, body, size);
	c->len = size;
	return 0;
}

const struct hp_files_root *hp_files__root_of(const struct hp_files *f, const struct hp_node *n)
{
	return &f->roots[n->key.share];
}

static int check(const struct hp_files_call *c, unsigned wants)
{
	if ((wants & ON_DIR) && !S_ISDIR(c->node->type))
		return ENOTDIR;
	if ((wants & ON_FILE) && !S_ISREG(c->node->type))
		return S_ISDIR(c->node->type) ? EISDIR : EINVAL;
	if ((wants & CHANGES) && hp_files__root_of(c->files, c->node)->read_only)
		return EROFS;
	return 0;
}

int hp_files__answer(struct hp_files_call *c)
{
	const struct op *op = c->r->opcode < HP_ARRAY_LEN(ops) ? &ops[c->r->opcode] : NULL;
	bool on_top = c->r->node == FUSE_ROOT_ID;
	int rc;

	c->len = 0;
	c->node = NULL;
	if (!op || !op->fn)
		return ENOSYS;
	if (on_top && (op->wants & ON_TOP))
		return op->fn(c);
	if (on_top && op->wants)
		return op->wants & CHANGES ? EROFS : EISDIR;
	if (!(op->wants & (ON_NODE | ON_DIR | ON_FILE)))
		return op->fn(c);

	c->node = hp_files__node_get(&c->files->nodes, c->r->node);
	if (!c->node)
		return errno;
	rc = check(c, op->wants);
	if (rc == 0)
		rc = op->fn(c);
	hp_files__node_put(&c->files->nodes, c->node);
	/* It is not the guest's process that has too many files open. */
	return rc == EMFILE ? ENFILE : rc;
}

/* Raise the limit on open files as far as it goes. Returns: the limit. */
static unsigned raise_limit(void)
{
	struct rlimit limit = {.rlim_cur = NOFILE_WANTED, .rlim_max = NOFILE_WANTED};
	struct rlimit now;

	if (getrlimit(RLIMIT_NOFILE, &now) < 0)
		return 1024;
	if (now.rlim_cur < NOFILE_WANTED && setrlimit(RLIMIT_NOFILE, &limit) < 0) {
		now.rlim_cur = now.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &now) < 0)
			return 1024;
	}
	if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur > NOFILE_WANTED)
		return NOFILE_WANTED;
	return (unsigned)now.rlim_cur;
}

static int open_root(struct hp_files *f, uint32_t i, const struct hp_files_share *share,
		     struct hp_error *err)
{
	struct hp_files_root *root = &f->roots[i];
	struct hp_node_found found = {.fd = share->fd};
	struct statx st;
	struct statfs fs;

	if (statx(share->fd, "", AT_EMPTY_PATH, HP_STATX_MASK, &st) < 0 ||
	    fstatfs(share->fd, &fs) < 0)
		return hp_fail_errno(err, errno, "look at share '%s'", share->name);
	found.key = hp_files__key(&st, i);
	found.born_ns = hp_files__born_ns(&st);
	found.type = st.stx_mode & S_IFMT;
	found.live = hp_files__makes_contents(share->fd);
	/* A file system that cannot be written to says so before anything is tried. */
	*root = (struct hp_files_root){.share = share,
				       .read_only = share->read_only || fs.f_flags & ST_RDONLY,
				       .live = found.live};
	root->node = hp_files__node_root(&f->nodes, &found);
	/* It is the first file system of all that keeps its inode numbers. */
	hp_files__ino(&f->devs, found.key.dev, found.key.ino);
	f->opens = f->opens || found.live || share->live;
	return 0;
}

int hp_files__open(struct hp_files *f, const struct hp_files_share *shares, size_t n,
		   struct hp_error *err)
{
	unsigned limit = raise_limit();
	unsigned dirs = limit / 8 < HP_DIRS_MAX ? limit / 8 : HP_DIRS_MAX;
	unsigned other = dirs + CACHE_MAX + SPARE_FDS + (unsigned)n;
	unsigned nodes = limit > other + SPARE_FDS ? limit - other : SPARE_FDS;

	*f = (struct hp_files){.proc_fd = -1};
	hp_files__nodes_init(&f->nodes, nodes < NODES_OPEN_MAX ? nodes : NODES_OPEN_MAX);
	hp_files__dirs_init(&f->dirs, dirs);
	hp_files__devs_init(&f->devs);
	f->roots = hp_alloc_array(n, sizeof(*f->roots));
	hp_files__cache_init(&f->cache, CACHE_MAX);
	if (hp_files__proc_dir(&f->proc_fd, err) < 0)
		return -1;
	f->cache.proc_fd = f->nodes.proc_fd = f->proc_fd;
	for (uint32_t i = 0; i < n; i++, f->n_roots++)
		if (open_root(f, i, &shares[i], err) < 0)
			return -1;
	return 0;
}

void hp_files__close(struct hp_files *f)
{
	hp_files__dirs_free(&f->dirs);
	hp_files__nodes_free(&f->nodes);
	hp_files__cache_free(&f->cache);
	hp_files__devs_free(&f->devs);
	free(f->roots);
	if (f->proc_fd >= 0)
		close(f->proc_fd);
}
