/* SPDX-License-Identifier: Apache-2.0 */
/* op_look.c - find files and forget them, and how the conversation begins and ends. */
#include <errno.h>
#include <fcntl.h>

#include "files/call.h"
#include "files/node_spare.h"

/* What nobody else changes is good for ever, that is for 30 years; what others change too, for
 * about as long as it takes somebody to look at the other end. */
#define VALID_ALONE_S  (UINT64_C(1) << 30)
#define VALID_SHARED_S 1

uint64_t hp_files__valid_s(const struct hp_files *f, const struct hp_node *n)
{
	if (n->live)
		return 0;
	return hp_files__root_of(f, n)->share->shared ? VALID_SHARED_S : VALID_ALONE_S;
}

static struct fuse_entry_out entry_of(struct hp_files *f, const struct hp_node *n,
				      const struct statx *st)
{
	uint64_t valid = hp_files__valid_s(f, n);

	return (struct fuse_entry_out){.nodeid = n->id,
				       .generation = n->id >> 32,
				       .entry_valid = valid,
				       .attr_valid = valid,
				       .attr = hp_files__attr(&f->devs, st)};
}

int hp_files__look(struct hp_files_call *c, const char *name, int take_fd,
		   struct fuse_entry_out *ret)
{
	AUTO_CLOSE int fd = take_fd;
	struct hp_nodes *nodes = &c->files->nodes;
	struct hp_node_found found = {.parent = c->node->id, .name = name};
	struct hp_node *n;
	struct statx st;

	hp_files__nodes_spare(nodes);
	/* One component below a directory that is held open: nothing is followed, so that whatever
	 * is swapped meanwhile, this stays inside. */
	if (fd < 0)
		fd = openat(c->node->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, HP_STATX_MASK, &st) < 0)
		return errno;
	found.key = hp_files__key(&st, c->node->key.share);
	found.born_ns = hp_files__born_ns(&st);
	found.type = st.stx_mode & S_IFMT;
	/* What is mounted below a share may be of another kind than the share. */
	found.live = found.key.dev == c->node->key.dev ? c->node->live
						       : hp_files__makes_contents(fd);
	found.fd = TAKE_FD(fd);
	n = hp_files__node_enter(nodes, &found);
	if (!n)
		return errno;
	*ret = entry_of(c->files, n, &st);
	hp_files__node_put(nodes, n);
	return 0;
}

int hp_files__reply_look(struct hp_files_call *c, const char *name, int take_fd)
{
	struct fuse_entry_out entry;
	int rc = hp_files__look(c, name, take_fd, &entry);

	return rc ? rc : hp_files__reply(c, &entry, sizeof(entry));
}

/* In the top directory there are the shares. */
static int look_at_top(struct hp_files_call *c)
{
	struct hp_files *f = c->files;

	for (size_t i = 0; i < f->n_roots; i++) {
		struct hp_node *n = f->roots[i].node;
		struct fuse_entry_out entry;
		struct statx st;

		if (strcmp(f->roots[i].share->name, c->r->name) != 0)
			continue;
		if (statx(n->fd, "", AT_EMPTY_PATH, HP_STATX_MASK, &st) < 0)
			return errno;
		entry = entry_of(f, n, &st);
		/* Another process may serve other shares to the same guest later. */
		entry.entry_valid = 0;
		return hp_files__reply(c, &entry, sizeof(entry));
	}
	return ENOENT;
}

int hp_files__lookup(struct hp_files_call *c)
{
	struct fuse_entry_out none = {0};
	int rc;

	if (!c->node)
		return look_at_top(c);
	rc = hp_files__reply_look(c, c->r->name, -1);
	/* That there is no such file is worth remembering too. From: Linux fs/fuse/dir.c,
	 * fuse_lookup_name(): "Zero nodeid is same as -ENOENT, but with valid timeout". */
	none.entry_valid = hp_files__valid_s(c->files, c->node);
	if (rc == ENOENT && none.entry_valid > 0)
		return hp_files__reply(c, &none, sizeof(none));
	return rc;
}

int hp_files__forget(struct hp_files_call *c)
{
	hp_files__node_forget(&c->files->nodes, c->r->node, c->r->in.forget.nlookup);
	return 0;
}

int hp_files__batch_forget(struct hp_files_call *c)
{
	for (size_t i = 0; i < c->r->in.forgets.count; i++) {
		struct fuse_forget_one one = hp_fuse_forget_at(c->r->data, i);

		hp_files__node_forget(&c->files->nodes, one.nodeid, one.nlookup);
	}
	return 0;
}

int hp_files__init(struct hp_files_call *c)
{
	struct fuse_init_out out;
	int rc = hp_fuse_init_answer(&c->r->in.init, &out);

	return rc ? rc : hp_files__reply(c, &out, sizeof(out));
}

/* The guest unmounts: it knows nothing any more. */
int hp_files__destroy(struct hp_files_call *c)
{
	hp_files__dirs_remove_all(&c->files->dirs);
	hp_files__nodes_forget_all(&c->files->nodes);
	return 0;
}
