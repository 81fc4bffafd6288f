/* SPDX-License-Identifier: Apache-2.0 */
/* op_dir.c - open and list directories. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "files/call.h"
#include "files/proc.h"

int hp_files__opendir(struct hp_files_call *c)
{
	struct hp_files *f = c->files;
	struct fuse_open_out out = {0};
	int fd = -1;

	if (c->node) {
		fd = hp_files__proc_open(f->proc_fd, c->node->fd, O_RDONLY | O_DIRECTORY);
		if (fd < 0)
			return errno;
		/* The guest may keep the listing of what only it changes. */
		if (!c->node->live && !hp_files__root_of(f, c->node)->share->shared)
			out.open_flags = FOPEN_KEEP_CACHE | FOPEN_CACHE_DIR;
	}
	out.fh = hp_files__dir_add(&f->dirs, c->r->node, fd);
	return out.fh ? hp_files__reply(c, &out, sizeof(out)) : errno;
}

int hp_files__releasedir(struct hp_files_call *c)
{
	hp_files__dir_remove(&c->files->dirs, c->r->in.release.fh);
	return 0;
}

int hp_files__fsyncdir(struct hp_files_call *c)
{
	struct hp_files *f = c->files;
	struct hp_dir *d = hp_files__dir_get(&f->dirs, c->r->in.fsync.fh, c->r->node);
	int rc = 0;

	if (!d)
		return EBADF;
	if (d->fd >= 0)
		rc = fsync(d->fd) < 0 ? errno : 0;
	hp_files__dir_put(&f->dirs, d);
	return rc;
}

/* How much of the answer's room the guest wants to be used. */
static size_t room_left(const struct hp_files_call *c)
{
	size_t room = c->r->in.read.size < c->room ? c->r->in.read.size : c->room;

	return room - c->len;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Add one entry to the answer. Returns: false when it does not fit. */
static bool add_entry(struct hp_files_call *c, const struct hp_dir_entry *e, bool plus)
{
	struct fuse_dirent head = {.ino = e->ino,
				   .off = e->next,
				   .namelen = (uint32_t)strlen(e->name),
				   .type = e->type};
	/* No node: the guest then looks it up when it wants to know more. */
	struct fuse_entry_out entry = {0};
	size_t least = (plus ? sizeof(entry) : 0) + FUSE_NAME_OFFSET + head.namelen;
	size_t used;

	/* A lookup is counted, so it must not be done for what cannot be told. */
	if (FUSE_REC_ALIGN(least) > room_left(c))
		return false;
	if (plus && c->node && !is_dots(e->name) && hp_files__look(c, e->name, -1, &entry) != 0)
		entry = (struct fuse_entry_out){0};
	used = hp_fuse_dirent_put(c->out + c->len, room_left(c), &head, e->name,
				  plus ? &entry : NULL);
	c->len += used;
	return used > 0;
}

/* The top directory: "." and "..", then the shares. */
static int list_top(struct hp_files_call *c, bool plus)
{
	const struct hp_files *f = c->files;

	for (uint64_t i = c->r->in.read.offset; i < f->n_roots + 2; i++) {
		const struct hp_files_root *root = i < 2 ? NULL : &f->roots[i - 2];
		struct hp_dir_entry e = {
			.ino = FUSE_ROOT_ID + i, .next = i + 1, .type = DT_DIR};

		e.name = i == 0 ? "." : i == 1 ? ".." : root->share->name;
		if (root)
			e.type = (unsigned char)IFTODT(root->node->type);
		if (!add_entry(c, &e, plus))
			break;
	}
	return 0;
}

/* Under d->lock. */
static int list(struct hp_files_call *c, struct hp_dir *d, bool plus)
{
	struct hp_dir_entry e;
	int rc = hp_files__dir_seek(d, c->r->in.read.offset);

	if (rc)
		return rc;
	while ((rc = hp_files__dir_peek(d, &e)) > 0) {
		e.ino = hp_files__ino(&c->files->devs, c->node->key.dev, e.ino);
		if (!add_entry(c, &e, plus))
			break;
		hp_files__dir_next(d);
	}
	/* What was found before a failure is told first; it comes up again. */
	return rc < 0 && c->len == 0 ? -rc : 0;
}

int hp_files__readdir(struct hp_files_call *c)
{
	struct hp_files *f = c->files;
	bool plus = c->r->opcode == FUSE_READDIRPLUS;
	struct hp_dir *d = hp_files__dir_get(&f->dirs, c->r->in.read.fh, c->r->node);
	int rc;

	if (!d)
		return EBADF;
	if (!c->node) {
		rc = list_top(c, plus);
	} else {
		pthread_mutex_lock(&d->lock);
		rc = list(c, d, plus);
		pthread_mutex_unlock(&d->lock);
	}
	hp_files__dir_put(&f->dirs, d);
	return rc;
}
